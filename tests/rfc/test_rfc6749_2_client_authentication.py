"""RFC 6749 2.3: every grant with every way for a client to show who it is."""

from __future__ import annotations

import base64
import itertools
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock
from mockserver import pkce

if typing.TYPE_CHECKING:
    from mockserver import RegisteredClient

# Every character that form-urlencoding changes, and one beyond ASCII
_SECRET = "p:ss w+rd%2F/?&=~é"
_VERIFIER = "v" * 43
_CHALLENGE = 'Basic realm="token endpoint"'

GRANTS = ["authorization_code", "authorization_code+pkce", "password", "client_credentials", "refresh_token"]
CONFIDENTIAL = ["basic raw", "basic form-encoded", "post", "json"]
REGISTERED = {
    "basic raw": "client_secret_basic",
    "basic form-encoded": "client_secret_basic",
    "post": "client_secret_post",
    "json": "client_secret_json",
    "none": "none",
}


def ready(grant: str, client: RegisteredClient) -> dict[str, str]:
    """The parameters of a token request that is right but for the client's credentials."""
    if grant == "authorization_code":
        return {"grant_type": grant, "code": client.issue_code(user="alice", scope="orders:read")}
    if grant == "authorization_code+pkce":
        code = client.issue_code(
            user="alice",
            scope="orders:read",
            code_challenge=pkce.challenge_of(_VERIFIER),
            code_challenge_method="S256",
        )
        return {"grant_type": "authorization_code", "code": code, "code_verifier": _VERIFIER}
    if grant == "password":
        return {"grant_type": grant, "username": "alice", "password": "wonderland", "scope": "orders:read"}
    if grant == "refresh_token":
        token = client.grant(user="alice", scope="orders:read")
        assert token.refresh_token is not None
        return {"grant_type": grant, "refresh_token": token.refresh_token}
    return {"grant_type": grant, "scope": "orders:read"}


def sent(
    http: typing.Any, method: str, parameters: dict[str, str], client_id: str, secret: str = _SECRET
) -> typing.Any:
    """The token request with credentials in one of the places."""
    if method == "basic raw":
        return http.token(parameters, basic=(client_id, secret))
    if method == "basic form-encoded":
        return http.token(parameters, basic=(urllib.parse.quote_plus(client_id), urllib.parse.quote_plus(secret)))
    if method == "post":
        return http.token({**parameters, "client_id": client_id, "client_secret": secret})
    if method == "json":
        return http.token_as_json({**parameters, "client_id": client_id, "client_secret": secret})
    if method == "none":
        return http.token({**parameters, "client_id": client_id})
    if method == "query":
        query = urllib.parse.urlencode({"client_id": client_id, "client_secret": secret})
        return http.token(parameters, query=query)
    assert method == "missing"
    return http.token(parameters)


def cells(*columns: list[str]) -> list[tuple[str, ...]]:
    """The product of the columns but for the clients that cannot be: public ones with client_credentials (4.4)."""
    return [
        cell for cell in itertools.product(*columns) if not (cell[0] == "client_credentials" and cell[-1] == "none")
    ]


@pytest.mark.parametrize(("grant", "method"), cells(GRANTS, [*CONFIDENTIAL[1:], "none"]))
def test_each_grant_takes_each_registered_method(mock: OAuthMock, http: typing.Any, grant: str, method: str) -> None:
    """RFC 6749 2.3.1, 3.2.1: credentials in the one place that is registered open every grant of the client."""
    client = mock.client(
        "crm & Co: 100%",
        client_secret=None if method == "none" else _SECRET,
        token_endpoint_auth_method=REGISTERED[method],
    )
    parameters = ready(grant, client)

    response = sent(http, method, parameters, "crm & Co: 100%")

    assert http.answer(response) == http.tokens(scope="orders:read", refresh_token=grant != "client_credentials")
    exchange = mock.journal.last
    assert (exchange.verdict, exchange.status, exchange.error) == ("accepted", 200, None)
    assert (exchange.client_id, exchange.client_auth) == ("crm & Co: 100%", REGISTERED[method])
    assert exchange.grant_type == grant.partition("+")[0]
    assert exchange.basic_encoding == ("form" if method == "basic form-encoded" else "")
    assert mock.tokens.last.client_auth == REGISTERED[method]


@pytest.mark.parametrize("grant", GRANTS)
def test_raw_basic_credentials_open_every_grant(mock: OAuthMock, http: typing.Any, grant: str) -> None:
    """RFC 7617 2: the client that does not form-encode is taken too, and the journal tells the two apart."""
    client = mock.client("crm", client_secret=_SECRET, token_endpoint_auth_method="client_secret_basic")
    parameters = ready(grant, client)

    response = sent(http, "basic raw", parameters, "crm")

    assert http.answer(response) == http.tokens(scope="orders:read", refresh_token=grant != "client_credentials")
    assert mock.journal.last.basic_encoding == "raw"


@pytest.mark.parametrize(
    ("grant", "method", "registered"),
    [
        (grant, method, registered)
        for grant, method, registered in cells(
            GRANTS, [*CONFIDENTIAL, "none", "missing", "query"], [*dict.fromkeys(REGISTERED.values())]
        )
        if REGISTERED.get(method) != registered
    ],
)
def test_a_method_that_is_not_registered_is_refused(
    mock: OAuthMock,
    http: typing.Any,
    grant: str,
    method: str,
    registered: str,
) -> None:
    """RFC 6749 2.3, 5.2: the wrong method, no method and the query are invalid_client, and cost no code or token."""
    client = mock.client(
        "crm", client_secret=None if registered == "none" else _SECRET, token_endpoint_auth_method=registered
    )
    parameters = ready(grant, client)

    response = sent(http, method, parameters, "crm")

    challenge = _CHALLENGE if method.startswith("basic") else None
    assert http.answer(response) == http.refused(401, "invalid_client", challenge=challenge)
    exchange = mock.journal.last
    assert (exchange.verdict, exchange.error) == ("refused", "invalid_client")
    if method not in ("missing", "query"):
        assert f"client 'crm' is registered with {registered}" in exchange.why
        assert REGISTERED[method] in exchange.why
    right = next(name for name, iana in REGISTERED.items() if iana == registered)
    assert sent(http, right, parameters, "crm").status_code == 200


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        pytest.param("p4ss:Word ", "white space around it", id="white space"),
        pytest.param("p4ss:word", "upper and lower case", id="case"),
        pytest.param("nothing like it", "15 characters were sent, the registered one has 9", id="other"),
    ],
)
@pytest.mark.parametrize("method", CONFIDENTIAL)
@pytest.mark.parametrize("grant", GRANTS)
def test_a_wrong_secret_is_refused_and_costs_nothing(
    http: typing.Any,
    grant: str,
    method: str,
    secret: str,
    why: str,
) -> None:
    """RFC 6749 5.2: a wrong secret is invalid_client with the challenge of the scheme in use; no code is spent."""
    client = http.mock.client("crm", client_secret="p4ss:Word", token_endpoint_auth_method=REGISTERED[method])
    parameters = ready(grant, client)

    response = sent(http, method, parameters, "crm", secret)

    challenge = _CHALLENGE if method.startswith("basic") else None
    assert http.answer(response) == http.refused(401, "invalid_client", challenge=challenge)
    assert why in http.mock.journal.last.why
    assert sent(http, method, parameters, "crm", "p4ss:Word").status_code == 200


@pytest.mark.parametrize("method", [*CONFIDENTIAL, "none"])
def test_an_unknown_client_is_refused(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 5.2: an unknown client is invalid_client, with the challenge if it used the Authorization header."""
    mock.client("crm-app", client_secret=_SECRET)

    response = sent(http, method, {"grant_type": "client_credentials"}, "crm-ap")

    challenge = _CHALLENGE if method.startswith("basic") else None
    assert http.answer(response) == http.refused(401, "invalid_client", challenge=challenge)
    assert mock.journal.last.why == ("no client is called 'crm-ap' (registered: 'crm-app'); did you mean 'crm-app'?")


@pytest.mark.parametrize("grant", GRANTS)
def test_two_methods_at_once_are_refused(mock: OAuthMock, http: typing.Any, grant: str) -> None:
    """RFC 6749 2.3: more than one method in a request is invalid_request; each alone is accepted."""
    client = mock.client("crm", client_secret=_SECRET)
    parameters = ready(grant, client)
    in_body = {**parameters, "client_id": "crm", "client_secret": _SECRET}

    response = http.token(in_body, basic=("crm", _SECRET))

    assert http.answer(response) == http.refused(400, "invalid_request")
    assert mock.journal.last.why == (
        "the request authenticates twice, by client_secret_basic and client_secret_post (RFC 6749 2.3): send the secret"
        " in one place"
    )
    assert mock.journal.last.client_auth == "client_secret_basic+client_secret_post"
    assert http.token(in_body).status_code == 200


def test_basic_and_a_json_secret_are_two_methods(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3: the secret as a JSON member beside the Authorization header is two methods too."""
    mock.client("crm", client_secret="s", token_endpoint_auth_method=["client_secret_basic", "client_secret_json"])

    response = http.client.post(
        "/token",
        json={"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s"},
        headers={"Authorization": http.basic("crm", "s")},
    )

    assert http.answer(response) == http.refused(400, "invalid_request")


@pytest.mark.parametrize(
    ("client_id", "status"),
    [pytest.param("crm", 200, id="the same"), pytest.param("other", 400, id="another")],
)
def test_a_client_id_beside_basic_must_be_the_same(
    mock: OAuthMock, http: typing.Any, client_id: str, status: int
) -> None:
    """RFC 6749 3.2.1: client_id in the body identifies; it may stand beside the header, and may not contradict it."""
    mock.client("crm", client_secret="s")
    mock.client("other", client_secret="t")

    response = http.token({"grant_type": "client_credentials", "client_id": client_id}, basic=("crm", "s"))

    right, wrong = http.tokens(refresh_token=False), http.refused(400, "invalid_request")
    assert http.answer(response) == (right if status == 200 else wrong)


@pytest.mark.parametrize("method", ["basic raw", "post"])
def test_one_client_may_use_several_registered_methods(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 2.3.1: a client that was registered with both places may use either."""
    mock.client("crm", client_secret=_SECRET)

    response = sent(http, method, {"grant_type": "client_credentials"}, "crm")

    assert http.answer(response) == http.tokens(refresh_token=False)


def test_a_code_survives_a_probe_by_the_wrong_method(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1, 4.1.2: clients that try the header first and the body next do it with one code."""
    client = mock.client("crm", client_secret=_SECRET, token_endpoint_auth_method="client_secret_post")
    parameters = ready("authorization_code", client)

    first = sent(http, "basic raw", parameters, "crm")
    second = sent(http, "post", parameters, "crm")

    assert http.answer(first) == http.refused(401, "invalid_client", challenge=_CHALLENGE)
    assert http.answer(second) == http.tokens(scope="orders:read")


def test_an_empty_secret_counts_as_left_out(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1: an empty client_secret may be omitted, so it is no authentication by client_secret_post."""
    mock.client("crm", client_secret="s", token_endpoint_auth_method="client_secret_post")

    response = http.token({"grant_type": "client_credentials", "client_id": "crm", "client_secret": ""})

    assert http.answer(response) == http.refused(401, "invalid_client")
    assert "client_secret was empty" in mock.journal.last.why


def test_a_secret_without_client_id_is_refused(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1: client_id is required beside client_secret."""
    mock.client("crm", client_secret="s")

    response = http.token({"grant_type": "client_credentials", "client_secret": "s"})

    assert http.answer(response) == http.refused(401, "invalid_client")
    assert mock.journal.last.why == "client_secret came without client_id (RFC 6749 2.3.1)"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Basic", id="nothing behind Basic"),
        pytest.param("Basic ", id="blank behind Basic"),
        pytest.param("Basic !!!!", id="no base64"),
        pytest.param("Basic Y3Jt", id="no colon"),
        pytest.param("Basic Y3JtOnM", id="no padding"),
        pytest.param("Basic Y3JtOnM= trailing", id="something behind it"),
        pytest.param("Basic Og==", id="colon alone"),
        pytest.param("Basic é", id="not ASCII"),
        pytest.param("Bearer abc", id="Bearer"),
        pytest.param("Digest username=crm", id="Digest"),
        pytest.param("Y3JtOnM=", id="no scheme"),
    ],
)
def test_a_malformed_authorization_header_is_challenged(mock: OAuthMock, http: typing.Any, header: str) -> None:
    """RFC 6749 5.2: whoever used the Authorization header and failed gets 401 with WWW-Authenticate."""
    mock.client("crm", client_secret="s")
    challenge = _CHALLENGE.replace("Basic", "Bearer") if header.startswith("Bearer") else _CHALLENGE

    response = http.token({"grant_type": "client_credentials"}, headers=[("Authorization", header)])

    assert http.answer(response) == http.refused(401, "invalid_client", challenge=challenge)
    assert mock.journal.last.why


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "\tBasic", "Basic  "])
def test_the_scheme_is_case_insensitive(mock: OAuthMock, http: typing.Any, scheme: str) -> None:
    """RFC 9110 11.1: the name of the scheme is case-insensitive, white space around it is nothing."""
    mock.client("crm", client_secret="s")
    value = f"{scheme} {base64.b64encode(b'crm:s').decode()}"

    response = http.token({"grant_type": "client_credentials"}, headers=[("Authorization", value)])

    assert http.answer(response) == http.tokens(refresh_token=False)


@pytest.mark.parametrize("first", ["Basic Y3JtOnM=", "Bearer abc"])
def test_a_repeated_authorization_header_is_refused(mock: OAuthMock, http: typing.Any, first: str) -> None:
    """RFC 9110 5.3, RFC 6749 2.3: two Authorization headers are two claims, whichever comes first."""
    mock.client("crm", client_secret="s")
    mock.client("app", token_endpoint_auth_method="none", grant_types=["password"])
    raw = [(b"Authorization", first.encode()), (b"Authorization", b"Basic Y3JtOnM=")]

    response = http.client.post(
        "/token",
        data={"grant_type": "password", "username": "alice", "password": "wonderland", "client_id": "app"},
        environ_overrides={"serving.raw_headers": raw},
    )

    assert http.answer(response) == http.refused(401, "invalid_client", challenge=_CHALLENGE)
    assert mock.journal.last.why == "the Authorization header came 2 times"


def test_a_latin_1_secret_is_read_too(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7617 3: clients differ in how they encode what is beyond ASCII; requests sends latin-1."""
    mock.client("crm", client_secret="é", token_endpoint_auth_method="client_secret_basic")
    value = "Basic " + base64.b64encode("crm:é".encode("latin-1")).decode()

    response = http.token({"grant_type": "client_credentials"}, headers=[("Authorization", value)])

    assert http.answer(response) == http.tokens(refresh_token=False)


@pytest.mark.parametrize(("grant", "method"), cells(GRANTS, ["client_secret_basic", "client_secret_post", "none"]))
def test_a_json_body_is_for_clients_that_are_registered_for_it(
    mock: OAuthMock, http: typing.Any, grant: str, method: str
) -> None:
    """RFC 6749 4: parameters come form-urlencoded; a JSON body is refused however the client authenticates."""
    client = mock.client("crm", client_secret=None if method == "none" else "s", token_endpoint_auth_method=method)
    parameters = ready(grant, client)
    if method == "client_secret_basic":
        response = http.client.post("/token", json=parameters, headers={"Authorization": http.basic("crm", "s")})
    elif method == "client_secret_post":
        response = http.token_as_json({**parameters, "client_id": "crm", "client_secret": "s"})
    else:
        response = http.token_as_json({**parameters, "client_id": "crm"})

    refused = http.refused(401, "invalid_client") if method == "client_secret_post" else None
    assert http.answer(response) == (refused or http.refused(400, "invalid_request"))
    assert "json" in mock.journal.last.why.lower()
