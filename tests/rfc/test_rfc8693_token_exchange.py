"""RFC 8693: a token for somebody becomes another; impersonation, delegation, and what is refused."""

from __future__ import annotations

import typing

import jwt
import pytest

from mockserver import OAuthMock

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_API = ("api", "s3cret")
_IDP = "https://idp.example"


@pytest.fixture
def api(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """The client that exchanges, with the policies that the test asks for."""
    return mock.client("api", client_secret="s3cret", **getattr(request, "param", {}))


@pytest.fixture
def crm(mock: OAuthMock, api: typing.Any) -> typing.Any:
    """The client whose tokens are exchanged."""
    return mock.client("crm")


def exchange(
    http: typing.Any,
    token: str,
    *more: tuple[str, str],
    kind: str = "access_token",
    basic: tuple[str, str] | None = _API,
    **parameters: str,
) -> typing.Any:
    form = {"grant_type": _GRANT, "subject_token": token, "subject_token_type": _TYPE + kind, **parameters}
    return http.token([*form.items(), *more], basic=basic)


def exchanged(
    http: typing.Any, *arguments: typing.Any, issued: str = "access_token", **options: typing.Any
) -> typing.Any:
    """The members of a success."""
    status, members, headers = http.answer(exchange(http, *arguments, **options))
    assert (status, headers) == (200, http.json_headers), members
    assert members["issued_token_type"] == _TYPE + issued
    assert members["token_type"] == ("Bearer" if issued in ("access_token", "jwt") else "N_A")
    return members


def refused(http: typing.Any, answer: typing.Any, error: str, why: str) -> None:
    assert http.answer(answer) == http.refused(400, error)
    assert why in http.mock.journal.last.why


def claims(token: str) -> dict[str, typing.Any]:
    return jwt.decode(token, options={"verify_signature": False})


# -- for whom ----------------------------------------------------------------------------------------------------------


def test_impersonation(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 1.1, 2.2.1: the new token is for the same person, and nothing says who exchanged it but client_id."""
    subject = crm.grant(user="alice", scope="orders:read orders:write")

    members = exchanged(http, subject.access_token)

    assert sorted(members) == ["access_token", "expires_in", "issued_token_type", "scope", "token_type"]
    assert (members["expires_in"], members["scope"]) == (3600, "orders:read orders:write")
    found = claims(members["access_token"])
    assert (found["sub"], found["client_id"], "act" in found) == ("alice", "api", False)
    token = mock.tokens.last
    assert (token.grant_type, token.username, token.refresh_token) == (_GRANT, "alice", None)
    assert http.api(token.access_token).status_code == 200
    assert http.api(subject.access_token).status_code == 200


def test_delegation(http: typing.Any, mock: OAuthMock, api: typing.Any, crm: typing.Any) -> None:
    """RFC 8693 1.1, 4.1: `act` says who acts, and inside of it who did before; introspection says so too."""
    http.token({"grant_type": "client_credentials"}, basic=_API)
    own = mock.tokens.last.access_token
    acting = {"actor_token": own, "actor_token_type": _TYPE + "access_token"}

    first = exchanged(http, crm.grant(user="alice").access_token, **acting)["access_token"]
    worker = mock.client("worker", client_secret="s3cret-too")
    http.token({"grant_type": "client_credentials"}, basic=("worker", "s3cret-too"))
    next_one = {"actor_token": mock.tokens.last.access_token, "actor_token_type": _TYPE + "jwt"}
    second = exchanged(http, first, basic=("worker", worker.client_secret), **next_one)["access_token"]

    assert claims(first)["act"] == {"sub": "api"}
    assert claims(second)["act"] == {"sub": "worker", "act": {"sub": "api"}}
    assert (claims(second)["sub"], claims(second)["client_id"]) == ("alice", "worker")
    told = http.post("/introspect", {"token": second}, basic=_API).get_json()
    assert told["act"] == {"sub": "worker", "act": {"sub": "api"}}
    # RFC 8693 4.1: who acted before is not forgotten by an exchange without an actor
    assert claims(exchanged(http, second)["access_token"])["act"] == claims(second)["act"]


def test_a_client_exchanges_its_own(http: typing.Any, mock: OAuthMock, api: typing.Any) -> None:
    """RFC 8693 2.1: what it makes of its own token ends with it; what another makes of it does not."""
    other = mock.client("worker", client_secret="s3cret-too")
    subject = api.grant(user="alice", scope="orders:read")
    own = exchanged(http, subject.access_token)["access_token"]
    others = exchanged(http, subject.access_token, basic=("worker", other.client_secret))["access_token"]

    subject.revoke()

    assert (http.api(own).status_code, http.api(others).status_code) == (401, 200)


@pytest.mark.parametrize("api", [{"access_token_format": "opaque"}], indirect=True)
@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "id_token", "jwt"])
def test_every_type_of_subject(http: typing.Any, mock: OAuthMock, api: typing.Any, kind: str) -> None:
    """RFC 8693 3: tokens of this issuer, and a JWT of somebody who is trusted."""
    code = api.issue_code(user="alice", scope="openid orders:read")
    http.token({"grant_type": "authorization_code", "code": code}, basic=_API)
    token = mock.tokens.last
    text = {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "id_token": token.id_token,
        "jwt": mock.identity_provider(_IDP).assertion("alice"),
    }[kind]

    members = exchanged(http, text, kind=kind, scope="orders:read")

    assert members["scope"] == "orders:read"
    assert mock.tokens.last.username == "alice"


@pytest.mark.parametrize("kind", ["access_token", "id_token", "jwt"])
def test_every_type_of_actor(http: typing.Any, mock: OAuthMock, api: typing.Any, crm: typing.Any, kind: str) -> None:
    """RFC 8693 2.1, 4.1: a client, or another person."""
    mock.user("bob")
    code = api.issue_code(user="bob", scope="openid")
    http.token({"grant_type": "authorization_code", "code": code}, basic=_API)
    token = mock.tokens.last
    text = {
        "access_token": token.access_token,
        "id_token": token.id_token,
        "jwt": mock.identity_provider(_IDP).assertion("bob"),
    }[kind]

    members = exchanged(http, crm.grant(user="alice").access_token, actor_token=text, actor_token_type=_TYPE + kind)

    assert claims(members["access_token"])["act"] == {"sub": "bob"}


def test_a_jwt_may_be_an_access_token_of_ours(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 3: and then it is judged as one."""
    token = crm.grant(user="alice", scope="orders:read")

    assert exchanged(http, token.access_token, kind="jwt")["scope"] == "orders:read"
    token.revoke()
    refused(http, exchange(http, token.access_token, kind="jwt"), "invalid_request", "has been revoked")


def test_a_token_of_a_client(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.1: a subject that is no person."""
    http.token({"grant_type": "client_credentials", "scope": "a"}, basic=("crm", crm.client_secret))

    found = claims(exchanged(http, mock.tokens.last.access_token)["access_token"])

    assert (found["sub"], found["client_id"], found["scope"]) == ("crm", "api", "a")


def test_a_public_client(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.1: client authentication is a matter of policy."""
    mock.client("app", token_endpoint_auth_method="none")

    exchanged(http, crm.grant(user="alice").access_token, basic=None, client_id="app")

    assert mock.tokens.last.client_auth == "none"


# -- what is issued ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", [{"access_token_format": "opaque"}], indirect=True)
def test_a_jwt_is_asked_for(http: typing.Any, api: typing.Any, crm: typing.Any) -> None:
    """RFC 8693 2.1, 2.2.1: `requested_token_type`, of a client whose access tokens are opaque."""
    token = crm.grant(user="alice").access_token

    assert exchanged(http, token)["access_token"].startswith("oam_at_")
    asked = exchanged(http, token, requested_token_type=f"{_TYPE}jwt", issued="jwt")
    assert claims(asked["access_token"])["sub"] == "alice"
    assert http.api(asked["access_token"]).status_code == 200


def test_an_id_token_is_asked_for(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.2.1: in `access_token`, and `N_A` says that it is none."""
    members = exchanged(
        http, crm.grant(user="alice").access_token, requested_token_type=f"{_TYPE}id_token", issued="id_token"
    )

    found = claims(members["access_token"])
    assert (found["sub"], found["aud"], found["email"]) == ("alice", "api", "alice@example.com")
    assert "id_token" not in members
    assert http.api(members["access_token"]).status_code == 401


def test_a_refresh_token_is_asked_for(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.2.1: and it is good for refreshing."""
    members = exchanged(
        http,
        crm.grant(user="alice", scope="a b").access_token,
        requested_token_type=f"{_TYPE}refresh_token",
        issued="refresh_token",
    )

    assert (members["access_token"], members["expires_in"]) == (http.some.refresh_token, 30 * 24 * 3600)
    assert "refresh_token" not in members
    answer = http.token({"grant_type": "refresh_token", "refresh_token": members["access_token"]}, basic=_API)
    assert http.answer(answer) == http.tokens(scope="a b")


def test_an_id_token_of_nobody(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.2.2: a client is no person."""
    http.token({"grant_type": "client_credentials"}, basic=_API)
    answer = exchange(http, mock.tokens.last.access_token, requested_token_type=f"{_TYPE}id_token")

    refused(http, answer, "invalid_request", "stands for no person")


# -- what it is good for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "asked", "granted"),
    [
        pytest.param({}, None, "a b c", id="all"),
        pytest.param({}, "b", "b", id="narrower"),
        pytest.param({"scope": "c a"}, None, "a c", id="what this client may have of it"),
        pytest.param({"scope": "c a"}, "a", "a", id="narrower, of a limited client"),
    ],
    indirect=["api"],
)
def test_scope_is_narrowed(http: typing.Any, crm: typing.Any, asked: str | None, granted: str) -> None:
    """RFC 8693 2.1, RFC 6749 3.3."""
    more = {} if asked is None else {"scope": asked}

    assert exchanged(http, crm.grant(user="alice", scope="a b c").access_token, **more)["scope"] == granted


@pytest.mark.parametrize(
    ("api", "asked"),
    [pytest.param({}, "a d", id="not in the subject's"), pytest.param({"scope": "a"}, "b", id="not this client's")],
    indirect=["api"],
)
def test_scope_is_never_widened(http: typing.Any, crm: typing.Any, asked: str) -> None:
    """RFC 8693 2.1, RFC 6749 5.2."""
    answer = exchange(http, crm.grant(user="alice", scope="a b c").access_token, scope=asked)

    assert http.answer(answer) == http.refused(400, "invalid_scope")


@pytest.mark.parametrize(
    ("asked", "audience"),
    [
        pytest.param([], "http://localhost/api", id="nothing"),
        pytest.param([("audience", "orders")], "orders", id="audience"),
        pytest.param([("resource", "https://a.example/")], "https://a.example/", id="resource"),
        pytest.param([("audience", "a"), ("audience", "b")], ["a", "b"], id="several audiences"),
        pytest.param(
            [("resource", "https://a.example/"), ("resource", "https://b.example/"), ("audience", "c")],
            ["https://a.example/", "https://b.example/", "c"],
            id="both",
        ),
    ],
)
def test_what_the_token_is_for(
    http: typing.Any, crm: typing.Any, asked: list[tuple[str, str]], audience: typing.Any
) -> None:
    """RFC 8693 2.1: each may come several times, and both may come."""
    found = claims(exchanged(http, crm.grant(user="alice").access_token, *asked)["access_token"])

    assert found["aud"] == audience


@pytest.mark.parametrize("api", [{"audiences": ["orders"]}], indirect=True)
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(("audience", "billing"), id="unknown audience"),
        pytest.param(("resource", "https://a.example/"), id="unknown resource"),
        pytest.param(("resource", "/orders"), id="relative resource"),
        pytest.param(("resource", "https://a.example/#x"), id="fragment"),
    ],
)
def test_invalid_target(http: typing.Any, crm: typing.Any, asked: tuple[str, str]) -> None:
    """RFC 8693 2.2.2, RFC 8707 2."""
    token = crm.grant(user="alice").access_token

    assert http.answer(exchange(http, token, asked)) == http.refused(400, "invalid_target")
    assert http.answer(exchange(http, token, ("audience", "orders"), asked)) == http.refused(400, "invalid_target")
    assert exchanged(http, token, ("audience", "orders"))


# -- who may act -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("may_act", "right"),
    [
        pytest.param({"sub": "api"}, True, id="this client"),
        pytest.param({"sub": "api", "iss": "http://localhost"}, True, id="of this issuer"),
        pytest.param({"client_id": "api"}, True, id="by client_id"),
        pytest.param({"sub": "worker"}, False, id="another"),
        pytest.param({"sub": "api", "iss": "https://other.example"}, False, id="of another issuer"),
        pytest.param({"sub": "api", "email": "api@example.com"}, False, id="somebody more particular"),
        pytest.param({}, False, id="nobody"),
        pytest.param("api", False, id="no object"),
    ],
)
@pytest.mark.parametrize("with_actor", [False, True], ids=["impersonation", "delegation"])
def test_may_act(http: typing.Any, crm: typing.Any, may_act: typing.Any, right: bool, with_actor: bool) -> None:
    """RFC 8693 4.4: nobody else than whom the subject's token names."""
    mock = http.mock
    mock.user("bob", may_act=may_act)
    subject = crm.grant(user="bob")
    assert subject.claims["may_act"] == may_act
    more = {}
    if with_actor:
        http.token({"grant_type": "client_credentials"}, basic=_API)
        more = {"actor_token": mock.tokens.last.access_token, "actor_token_type": _TYPE + "access_token"}

    answer = exchange(http, subject.access_token, **more)

    if right:
        assert answer.status_code == 200
    else:
        refused(http, answer, "invalid_request", "(RFC 8693 4.4)")


def test_may_act_of_a_trusted_issuers_token(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 4.4: where the claim is in a JWT of somebody else's."""
    idp = mock.identity_provider(_IDP)

    assert exchanged(http, idp.assertion("alice", may_act={"sub": "api"}), kind="jwt")
    answer = exchange(http, idp.assertion("alice", may_act={"sub": "worker"}), kind="jwt")
    refused(http, answer, "invalid_request", "client 'api' is somebody else")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        pytest.param({"subject_token": ""}, "subject_token", id="no subject_token"),
        pytest.param({"subject_token_type": ""}, "subject_token_type", id="no subject_token_type"),
        pytest.param({"subject_token_type": "access_token"}, "subject_token_type is 'access_token'", id="short type"),
        pytest.param({"subject_token_type": f"{_TYPE}saml1"}, "there are urn:", id="unknown type"),
        pytest.param({"actor_token": "x"}, "actor_token_type", id="no actor_token_type"),
        pytest.param({"actor_token_type": f"{_TYPE}jwt"}, "send both, or neither", id="no actor_token"),
        pytest.param({"requested_token_type": f"{_TYPE}saml2"}, "requested_token_type is", id="unknown request"),
        pytest.param({"actor_token": "x", "actor_token_type": f"{_TYPE}jwt"}, "has 1 parts", id="actor no JWT"),
        pytest.param(
            {"actor_token": "x", "actor_token_type": f"{_TYPE}access_token"}, "never issued it", id="actor unknown"
        ),
    ],
)
def test_malformed_requests(http: typing.Any, crm: typing.Any, parameters: dict[str, str], why: str) -> None:
    """RFC 8693 2.1, 2.2.2."""
    form = {"subject_token_type": f"{_TYPE}access_token", "subject_token": crm.grant(user="alice").access_token}

    refused(http, http.token({"grant_type": _GRANT, **form, **parameters}, basic=_API), "invalid_request", why)


def expired(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    token = client.grant(user="alice").access_token
    mock.clock.advance(hours=1)
    return "access_token", token


def revoked(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    token = client.grant(user="alice")
    token.revoke()
    return "access_token", token.access_token


def another_kind(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "access_token", str(client.grant(user="alice").refresh_token)


def anothers_refresh_token(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "refresh_token", str(mock.client("worker").grant(user="alice").refresh_token)


def access_as_id_token(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "id_token", client.grant(user="alice").access_token


def stranger(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "jwt", OAuthMock(issuer="http://elsewhere").client("crm").grant().access_token


def nobody(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "jwt", mock.identity_provider(_IDP).assertion("mallory")


def for_somebody_else(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "jwt", mock.identity_provider(_IDP).assertion("alice", audience="https://elsewhere.example")


def old(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "jwt", mock.identity_provider(_IDP).assertion("alice", lifetime=-1)


def unsigned(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    return "jwt", mock.identity_provider(_IDP).assertion("alice").rpartition(".")[0] + ".AAAA"


def locked(mock: OAuthMock, client: typing.Any) -> tuple[str, str]:
    mock.change_user("alice", account="locked")
    return "jwt", mock.identity_provider(_IDP).assertion("alice")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (expired, "expired 0 s ago"),
        (revoked, "has been revoked"),
        (another_kind, "never issued it as an access token"),
        (anothers_refresh_token, "it is a refresh token of client 'worker'"),
        (access_as_id_token, "the header has typ 'at+jwt': this is another kind of JWT"),
        (stranger, "iss is 'http://elsewhere', who is not trusted"),
        (nobody, "sub is 'mallory', whom nobody registered"),
        (for_somebody_else, "aud is 'https://elsewhere.example'"),
        (old, "expired"),
        (unsigned, "the signature is not by the registered key"),
        (locked, "the account of 'alice' is locked"),
    ],
)
@pytest.mark.parametrize("which", ["subject", "actor"])
def test_tokens_that_are_no_good(http: typing.Any, api: typing.Any, spoil: typing.Any, why: str, which: str) -> None:
    """RFC 8693 2.2.2: invalid_request, whatever is wrong with either; nothing is issued."""
    mock = http.mock
    kind, token = spoil(mock, api)
    good = mock.identity_provider("https://good.example")
    mock.user("bob")
    tokens = {"subject": (f"{_TYPE}jwt", good.assertion("bob")), which: (_TYPE + kind, token)}
    form = {"grant_type": _GRANT}
    for name, (of_type, text) in tokens.items():
        form |= {f"{name}_token": text, f"{name}_token_type": of_type}
    before = len(mock.tokens)

    refused(http, http.token(form, basic=_API), "invalid_request", f"the {which}_token: ")

    assert why in mock.journal.last.why
    assert len(mock.tokens) == before


def test_an_id_token_for_another_client(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.7: its audience is the client that may use it."""
    code = crm.issue_code(user="alice", scope="openid")
    http.token({"grant_type": "authorization_code", "code": code}, basic=("crm", crm.client_secret))
    answer = exchange(http, mock.tokens.last.id_token, kind="id_token")

    refused(http, answer, "invalid_request", "aud is 'crm'; accepted: api")


def test_a_client_that_may_not(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 6749 5.2."""
    mock.client("web", client_secret="s3cret-too", grant_types=["authorization_code"])
    answer = exchange(http, crm.grant(user="alice").access_token, basic=("web", "s3cret-too"))

    assert http.answer(answer) == http.refused(400, "unauthorized_client")


def test_a_token_may_be_exchanged_again_and_again(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 8693 2.1: unlike an assertion that is a grant, a subject's token is not used up."""
    assertion = mock.identity_provider(_IDP).assertion("alice", jti="one")

    for _ in range(2):
        exchanged(http, assertion, kind="jwt")
