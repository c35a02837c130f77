"""RFC 7009: a client ends its tokens, whatever else ends with them, and what is refused."""

from __future__ import annotations

import typing

import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_DONE = (200, None, {"Cache-Control": "no-store", "Pragma": "no-cache"})


@pytest.fixture
def crm(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policies that the test asks for."""
    return mock.client("crm", client_secret="s3cret", **getattr(request, "param", {}))


def revoke(http: typing.Any, token: str, *, basic: tuple[str, str] | None = _CRM, **more: str) -> typing.Any:
    return http.post("/revoke", {"token": token, **more}, basic=basic)


def live(http: typing.Any, *tokens: typing.Any) -> list[tuple[bool, bool]]:
    """Whether the API takes each one's access token, and the token endpoint could take its refresh token."""
    found = []
    for token in tokens:
        asked = [
            http.post("/introspect", {"token": value}, basic=_CRM).get_json()["active"]
            for value in (token.access_token, token.refresh_token)
        ]
        assert asked[0] is (http.api(token.access_token).status_code == 200)
        found.append((asked[0], asked[1]))
    return found


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", ""])
@pytest.mark.parametrize(
    ("kind", "left"), [("access_token", (False, True)), ("refresh_token", (False, False))], ids=["access", "refresh"]
)
def test_either_kind_whatever_the_hint_says(
    http: typing.Any, crm: typing.Any, kind: str, left: tuple[bool, bool], hint: str
) -> None:
    """RFC 7009 2.1: a refresh token takes its access tokens along, an access token goes alone; again: to no effect."""
    token, other = crm.grant(user="alice"), crm.grant(user="alice")

    for _ in range(2):
        answer = revoke(http, getattr(token, kind), token_type_hint=hint)
        assert (answer.status_code, answer.data) == (200, b"")
        assert http.answer(answer)[2] == _DONE[2]
        assert live(http, token, other) == [left, (True, True)]


def test_an_unknown_token_is_revoked_already(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.2: 200, since the client cannot do anything about it."""
    answer = revoke(http, "never-issued")

    assert (answer.status_code, answer.data) == (200, b"")
    assert "nothing to revoke" in mock.journal.last.why


def test_an_expired_token_can_be_revoked(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.2: what has ended by itself is no error."""
    token = crm.grant(user="alice")
    mock.clock.advance(hours=2)

    assert revoke(http, token.access_token).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_clients_token(http: typing.Any, mock: OAuthMock, crm: typing.Any, kind: str) -> None:
    """RFC 7009 2.1, RFC 6749 5.2: refused, and nothing is revoked."""
    token = mock.client("erp").grant(user="alice")

    answer = revoke(http, getattr(token, kind))

    assert http.answer(answer) == http.refused(400, "invalid_grant")
    assert live(http, token) == [(True, True)]
    assert "of client 'erp'" in mock.journal.last.why


def test_a_public_client_revokes_its_own(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.1: a client without credentials says who it is, and that is compared."""
    spa = mock.client("spa", token_endpoint_auth_method="none")
    own, others = spa.grant(user="alice"), crm.grant(user="alice")

    assert revoke(http, own.refresh_token, basic=None, client_id="spa").status_code == 200
    assert http.answer(revoke(http, others.refresh_token, basic=None, client_id="spa")) == http.refused(
        400, "invalid_grant"
    )
    assert live(http, own, others) == [(False, False), (True, True)]


def test_wrong_credentials_revoke_nothing(http: typing.Any, crm: typing.Any) -> None:
    """RFC 7009 2.1, RFC 6749 5.2: the client is authenticated before the token is looked at."""
    token = crm.grant(user="alice")

    answer = revoke(http, token.refresh_token, basic=("crm", "wr0ng"))

    assert http.answer(answer) == http.refused(401, "invalid_client", challenge='Basic realm="token endpoint"')
    assert live(http, token) == [(True, True)]


@pytest.mark.parametrize("form", [[], [("token", "")], [("token", "a"), ("token", "b")]], ids=["none", "empty", "two"])
def test_malformed_requests(http: typing.Any, crm: typing.Any, form: typing.Any) -> None:
    """RFC 7009 2.1, RFC 6749 5.2."""
    assert http.answer(http.post("/revoke", form, basic=_CRM)) == http.refused(400, "invalid_request")


# -- what ends with it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crm", "kind", "left"),
    [
        pytest.param({}, "refresh_token", [(False, False), (True, True), (True, True)], id="by default, refresh"),
        pytest.param({}, "access_token", [(False, True), (True, True), (True, True)], id="by default, access"),
        *(
            pytest.param({"revocation_cascade": cascade}, kind, left, id=f"{cascade}, {kind}")
            for cascade, kind, left in (
                ("token", "refresh_token", [(True, False), (True, True), (True, True)]),
                ("token", "access_token", [(False, True), (True, True), (True, True)]),
                ("both", "refresh_token", [(False, False), (True, True), (True, True)]),
                ("both", "access_token", [(False, False), (True, True), (True, True)]),
                ("user", "refresh_token", [(False, False), (False, False), (True, True)]),
                ("user", "access_token", [(False, False), (False, False), (True, True)]),
            )
        ),
    ],
    indirect=["crm"],
)
def test_cascades(http: typing.Any, mock: OAuthMock, crm: typing.Any, kind: str, left: list[tuple[bool, bool]]) -> None:
    """RFC 7009 2.1: one authorization, another of the same person, one of somebody else."""
    mock.user("bob")
    tokens = [crm.grant(user="alice"), crm.grant(user="alice"), crm.grant(user="bob")]
    others = mock.client("erp").grant(user="alice")

    assert revoke(http, getattr(tokens[0], kind)).status_code == 200

    assert live(http, *tokens) == left
    assert live(http, others) == [(True, True)]


def test_a_refresh_token_takes_every_access_token_along(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.1: those from before a rotation as well; and one that has been used ends what came of it."""
    first = crm.grant(user="alice")
    http.token({"grant_type": "refresh_token", "refresh_token": first.refresh_token}, basic=_CRM)
    second = mock.tokens.last

    assert revoke(http, first.refresh_token).status_code == 200

    assert live(http, first, second) == [(False, False), (False, False)]


@pytest.mark.parametrize("crm", [{"revocation_cascade": "user"}], indirect=True)
def test_a_token_of_nobody_takes_those_of_nobody_along(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.1: what a client has for itself, and nothing that it has of a person."""
    person = crm.grant(user="alice")
    for _ in range(2):
        http.token({"grant_type": "client_credentials"}, basic=_CRM)
    tokens = list(mock.tokens)[-2:]

    assert revoke(http, tokens[0].access_token).status_code == 200

    assert [token.alive for token in (*tokens, person)] == [False, False, True]


# -- on, off, and going wrong ------------------------------------------------------------------------------------------


def test_access_tokens_may_not_be_revocable(http: typing.Any) -> None:
    """RFC 7009 2.2.1: unsupported_token_type, for a server whose access tokens live until they expire."""
    mock = OAuthMock(issuer="http://localhost", revocation="refresh_token")
    http = type(http)(mock)
    token = mock.client("crm", client_secret="s3cret").grant()

    assert http.answer(revoke(http, token.access_token)) == http.refused(400, "unsupported_token_type")
    assert live(http, token) == [(True, True)]
    assert revoke(http, token.refresh_token).status_code == 200


def test_switched_off(http: typing.Any) -> None:
    """It is nowhere."""
    mock = OAuthMock(issuer="http://localhost", revocation="off")
    http = type(http)(mock)
    mock.client("crm", client_secret="s3cret")
    document = http.client.get("/.well-known/openid-configuration").get_json()

    assert revoke(http, "x").status_code == 404
    assert [name for name in document if name.startswith("revocation")] == []
    with pytest.raises(ConfigurationError, match="switched off"):
        _ = mock.revocation_endpoint.url


def test_discovery_tells_of_it(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 8414 2: where, and for whom; public clients are among them (RFC 7009 2.1)."""
    document = http.client.get("/.well-known/openid-configuration").get_json()

    assert document["revocation_endpoint"] == "http://localhost/revoke" == mock.revocation_url
    assert document["revocation_endpoint_auth_methods_supported"] == document["token_endpoint_auth_methods_supported"]


def test_a_busy_server(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7009 2.2.1: 503 with Retry-After, after which the client must assume that the token lives."""
    token = crm.grant(user="alice")
    mock.revocation_endpoint.fail(503, retry_after=30)

    answer = revoke(http, token.refresh_token)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert live(http, token) == [(True, True)]
    assert revoke(http, token.refresh_token).status_code == 200
    assert live(http, token) == [(False, False)]


def test_revoked_at_once_and_by_many(http: typing.Any, crm: typing.Any) -> None:
    """RFC 7009 2: idempotent, also for those who come at the same time."""
    token = crm.grant(user="alice")

    answers = http.at_once([lambda: revoke(http, token.refresh_token).status_code] * 8)

    assert answers == [200] * 8
    assert live(http, token) == [(False, False)]
