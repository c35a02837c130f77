"""social-auth-core 7.0's generic OpenID Connect backend, which is behind social login of Django and of Flask."""

from __future__ import annotations

import typing
import warnings

import jwt
import pytest

with warnings.catch_warnings():
    # python3-openid looks for XML parsers that have been deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from social_core.backends.open_id_connect import OpenIdConnectAuth
    from social_core.exceptions import AuthCanceled
    from social_core.exceptions import AuthResponseError
    from social_core.exceptions import AuthSessionError
    from social_core.exceptions import SocialAuthBaseException
    from social_core.storage import AssociationMixin
    from social_core.storage import BaseStorage
    from social_core.storage import NonceMixin
    from social_core.strategy import BaseStrategy

from mockserver import OAuthMock

_CALLBACK = "https://shop.example.com/complete/oidc"


def who(response: dict[str, typing.Any], details: dict[str, typing.Any], **_: typing.Any) -> tuple[typing.Any, ...]:
    """The last step of the pipeline: what a framework would keep of somebody who has logged in."""
    return response["sub"], details["email"], details["fullname"]


class Visit:
    """One visitor's session, and what the backend needs of a framework, in memory."""

    def __init__(self, oauthmock: OAuthMock) -> None:
        self.client = oauthmock.client("shop", redirect_uris=[_CALLBACK])
        self.settings: dict[str, typing.Any] = {
            "SOCIAL_AUTH_OIDC_OIDC_ENDPOINT": oauthmock.url,
            "SOCIAL_AUTH_OIDC_KEY": self.client.client_id,
            "SOCIAL_AUTH_OIDC_SECRET": self.client.client_secret,
            "SOCIAL_AUTH_OIDC_USE_PKCE": True,
            "SOCIAL_AUTH_PIPELINE": ("social_core.pipeline.social_auth.social_details", f"{__name__}.who"),
        }
        self.session: dict[str, typing.Any] = {}
        self.request: dict[str, str] = {}
        self.backend = self._backend()

    def start(self) -> str:
        """Where the visitor is sent."""
        return str(self.backend.start())

    def come_back(self, parameters: dict[str, str]) -> typing.Any:
        """The callback is another request: of the first one, the session is left."""
        self.request = parameters
        self.backend = self._backend()
        return self.backend.complete(backend=self.backend, strategy=self.backend.strategy)

    def _backend(self) -> typing.Any:
        visit = self

        class Strategy(BaseStrategy):  # type: ignore[misc]
            def get_setting(self, name: str) -> typing.Any:
                return visit.settings[name]

            def redirect(self, url: str) -> str:
                return url

            def build_absolute_uri(self, path: str | None = None) -> str:
                return str(path)

            def get_request_data(self, merge: bool = True) -> dict[str, str]:  # noqa: ARG002
                return visit.request

            def session_get(self, name: str, default: typing.Any = None) -> typing.Any:
                return visit.session.get(name, default)

            def session_set(self, name: str, value: typing.Any) -> None:
                visit.session[name] = value

            def session_pop(self, name: str) -> typing.Any:
                return visit.session.pop(name, None)

        return OpenIdConnectAuth(Strategy(storage=storage(self.session)), redirect_uri=_CALLBACK)


def storage(session: dict[str, typing.Any]) -> type[BaseStorage]:
    """The two tables of a login: states that were handed out, and nonces."""
    states: set[tuple[str, int, str]] = session.setdefault("(states)", set())
    nonces: list[typing.Any] = session.setdefault("(nonces)", [])

    class States(NonceMixin):  # type: ignore[misc]
        @classmethod
        def use(cls, server_url: str, timestamp: int, salt: str) -> bool:
            states.add((server_url, timestamp, salt))
            return True

        @classmethod
        def consume(cls, server_url: str, timestamp: int, salt: str) -> bool:
            known = (server_url, timestamp, salt) in states
            states.discard((server_url, timestamp, salt))
            return known

    class Nonces(AssociationMixin):  # type: ignore[misc]
        @classmethod
        def store(cls, server_url: str, association: typing.Any) -> None:
            kept = cls()
            kept.id, kept.server_url = len(nonces), server_url
            kept.handle, kept.assoc_type = association.handle, association.assoc_type
            kept.issued, kept.lifetime = association.issued, association.lifetime
            nonces.append(kept)

        @classmethod
        def get(cls, server_url: str | None = None, handle: str | None = None) -> list[typing.Any]:
            return [one for one in nonces if (one.server_url, one.handle) == (server_url, handle)]

        @classmethod
        def remove(cls, ids_to_delete: list[int]) -> None:
            nonces[:] = [one for one in nonces if one.id not in ids_to_delete]

    class Storage(BaseStorage):  # type: ignore[misc]
        nonce = States
        association = Nonces

    return Storage


@pytest.fixture
def visit(oauthmock: OAuthMock) -> Visit:
    return Visit(oauthmock)


def refused(visit: Visit, parameters: dict[str, str], kind: type[SocialAuthBaseException]) -> tuple[str, str]:
    """Why, in the words of social-auth-core."""
    with pytest.raises(kind) as error:
        visit.come_back(parameters)
    return error.value.code, error.value.stage


@pytest.mark.parametrize("pkce", [True, False])
def test_a_person_logs_in(oauthmock: OAuthMock, visit: Visit, pkce: bool) -> None:
    """OpenID Connect Core 3.1, 5.3: the ID token is validated, and userinfo must be of the same person."""
    visit.settings["SOCIAL_AUTH_OIDC_USE_PKCE"] = pkce
    callback = oauthmock.approve(visit.start(), user="alice")

    assert visit.come_back(dict(callback.params)) == ("alice", "alice@example.com", "Alice Liddell")

    token = oauthmock.tokens.last
    assert visit.backend.id_token == jwt.decode(str(token.id_token), options={"verify_signature": False})
    assert (token.username, token.scope) == ("alice", {"openid", "profile", "email"})
    assert token.client_auth == "client_secret_basic"
    assert [exchange.endpoint for exchange in oauthmock.journal] == [
        *("openid_configuration", "authorize", "authorize", "token", "jwks", "userinfo")
    ]
    assert ("code_verifier" in oauthmock.journal.at("token")[0].parameters) is pkce


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ("wrong_nonce", "nonce_mismatch"),
        ("expired", "response_expired"),
        ("wrong_audience", "invalid_claim"),
        ("wrong_hash", "invalid_claim"),
        ("wrong_key", "invalid_signature"),
        ("tampered", "invalid_signature"),
    ],
)
def test_a_bad_id_token_is_refused(oauthmock: OAuthMock, visit: Visit, flaw: typing.Any, code: str) -> None:
    """OpenID Connect Core 3.1.3.7: nobody is logged in, and userinfo is not asked for."""
    oauthmock.token_endpoint.forge(flaw, token="id_token")
    callback = oauthmock.approve(visit.start())

    assert refused(visit, dict(callback.params), AuthResponseError) == (code, "token_validation")

    assert oauthmock.journal.at("userinfo") == []


def test_userinfo_of_somebody_else_is_refused(oauthmock: OAuthMock, visit: Visit) -> None:
    """OpenID Connect Core 5.3.2: `sub` must be that of the ID token."""
    oauthmock.userinfo_endpoint.alter({"sub": "bob"})
    callback = oauthmock.approve(visit.start())

    assert refused(visit, dict(callback.params), AuthResponseError) == ("invalid_claim", "user_info")


def test_a_login_of_another_visitor_is_refused(oauthmock: OAuthMock, visit: Visit) -> None:
    """RFC 6749 10.12: a state that is not of this session, and one that has been used."""
    callback = oauthmock.approve(visit.start())
    stolen = {**callback.params, "state": "made-up"}

    assert refused(visit, stolen, AuthSessionError) == ("session_context_missing", "callback")
    assert oauthmock.journal.at("token") == []
    visit.come_back(dict(callback.params))
    assert refused(visit, dict(callback.params), AuthSessionError) == ("session_context_missing", "callback")
    assert len(oauthmock.journal.at("token")) == 1


def test_an_error_comes_back(oauthmock: OAuthMock, visit: Visit) -> None:
    """RFC 6749 4.1.2.1: somebody who declines is told from what went wrong."""
    callback = oauthmock.deny(visit.start())

    assert refused(visit, dict(callback.params), AuthCanceled) == ("authorization_declined", "callback")
