"""RFC 6749 5.2: each refusal of a client word for word: what it is told, and why for the tester."""

from __future__ import annotations

import base64
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KNOWN = "(registered: 'crm', 'erp', 'form', 'key', 'mac')"


def invalid_client(description: str, why: str) -> tuple[int, str, str, str]:
    return 401, "invalid_client", description, why


def invalid_request(description: str, why: str) -> tuple[int, str, str, str]:
    return 400, "invalid_request", description, why


def failed(why: str) -> tuple[int, str, str, str]:
    return invalid_client("Client authentication failed.", why)


def basic(credentials: str) -> dict[str, list[tuple[str, str]]]:
    return header(f"Basic {base64.b64encode(credentials.encode()).decode()}")


def header(*values: str) -> dict[str, list[tuple[str, str]]]:
    return {"headers": [("Authorization", value) for value in values]}


@pytest.fixture(autouse=True)
def clients(mock: OAuthMock) -> dict[str, typing.Any]:
    """More of them than a hint shows; their secrets expire, though not yet."""
    far = {"client_secret_expires_at": 2**40}
    registered = [
        mock.client("crm", client_secret="s3cret", **far),
        mock.client("erp", client_secret="0ther", disabled=True),
        mock.client("form", client_secret="a b+c", basic_encoding="form", **far),
        mock.client("key", token_endpoint_auth_method="private_key_jwt"),
        mock.client("mac", token_endpoint_auth_method="client_secret_jwt"),
        mock.client("post", client_secret="p", token_endpoint_auth_method=["client_secret_post", "client_secret_json"]),
        mock.client("raw", client_secret="a b+c", basic_encoding="raw", **far),
        mock.client("spa", token_endpoint_auth_method="none"),
    ]
    return {client.client_id: client for client in registered}


@pytest.mark.parametrize(
    ("body", "sent", "told"),
    [
        pytest.param(
            {},
            {},
            invalid_client(
                "Client authentication failed: no credentials.",
                "the request says nowhere which client is asking: no Authorization header, no client_id in the body"
                " (RFC 6749 2.3, 3.2.1)",
            ),
            id="nothing",
        ),
        pytest.param(
            {},
            header("Digest username=crm, realm=x"),
            invalid_client(
                "Client authentication failed: unsupported method.",
                "the Authorization header has the scheme 'Digest'; clients authenticate here by Basic or in the body"
                " (RFC 6749 2.3.1)",
            ),
            id="another scheme",
        ),
        pytest.param(
            {},
            header("Y3JtOnMzY3JldA=="),
            invalid_client(
                "Client authentication failed: unsupported method.",
                "the Authorization header has no scheme; clients authenticate here by Basic or in the body"
                " (RFC 6749 2.3.1)",
            ),
            id="no scheme",
        ),
        pytest.param(
            {},
            header("Basic !!!"),
            invalid_client(
                "Client authentication is malformed.",
                "the Authorization header is malformed: what follows Basic is not base64",
            ),
            id="malformed",
        ),
        pytest.param(
            {"client_secret": "s3cret"},
            {},
            invalid_client(
                "Client authentication is malformed.", "client_secret came without client_id (RFC 6749 2.3.1)"
            ),
            id="a secret alone",
        ),
        pytest.param(
            {},
            basic("cmr:s3cret"),
            failed(f"no client is called 'cmr' {_KNOWN}; did you mean 'crm'?"),
            id="nearly a client",
        ),
        pytest.param(
            {},
            basic("zz:s3cret"),
            failed(f"no client is called 'zz' {_KNOWN}; register it: oauthmock.client('zz')"),
            id="no client",
        ),
        pytest.param(
            {},
            basic(":s3cret"),
            failed("the Authorization header has no client_id before the colon (RFC 6749 2.3.1)"),
            id="Basic without client_id",
        ),
        pytest.param(
            {},
            header("Bearer s4cret"),
            failed("no client has the secret that came as client_secret_bearer, and no client_id says whose it is"),
            id="Bearer of nobody",
        ),
        pytest.param(
            {},
            basic("erp:0ther"),
            failed("client 'erp' is disabled; to switch it on again: client.enable()"),
            id="disabled",
        ),
        pytest.param(
            {},
            basic("post:p"),
            invalid_client(
                "The client authentication method is not registered for this client.",
                "client 'post' is registered with client_secret_post or client_secret_json; the request sent"
                " client_secret_basic (RFC 6749 2.3.1)",
            ),
            id="another method",
        ),
        pytest.param(
            {"client_id": "post", "client_secret": ""},
            {},
            invalid_client(
                "The client authentication method is not registered for this client.",
                "client 'post' is registered with client_secret_post or client_secret_json; the request sent none"
                " (client_secret was empty, which counts as left out) (RFC 6749 2.3.1)",
            ),
            id="an empty secret",
        ),
        pytest.param(
            {"client_id": "crm", "x": ""},
            {},
            invalid_client(
                "The client authentication method is not registered for this client.",
                "client 'crm' is registered with client_secret_basic or client_secret_post; the request sent none"
                " (RFC 6749 2.3.1)",
            ),
            id="no secret, and something else empty",
        ),
        pytest.param(
            {},
            {"query": "client_id=spa"},
            failed(
                "client_id is in the URL; client 'spa' has to send it in the body (RFC 6749 2.3.1, 4;"
                " request_encodings)"
            ),
            id="in the URL",
        ),
        pytest.param(
            {"client_id": "crm", "client_secret": "s3cret"},
            basic("crm:s3cret"),
            invalid_request(
                "More than one client authentication method was used.",
                "the request authenticates twice, by client_secret_basic and client_secret_post (RFC 6749 2.3): send"
                " the secret in one place",
            ),
            id="two methods",
        ),
        pytest.param(
            {"client_id": "erp"},
            basic("crm:s3cret"),
            invalid_request(
                "client_id differs in the body.",
                "by client_secret_basic the client is 'crm', the body says 'erp' (RFC 6749 2.3)",
            ),
            id="another client_id in the body",
        ),
        pytest.param(
            {},
            {**basic("crm:s3cret"), "query": "client_id=erp"},
            invalid_request(
                "client_id differs in the URL.",
                "by client_secret_basic the client is 'crm', the URL says 'erp' (RFC 6749 2.3)",
            ),
            id="another client_id in the URL",
        ),
        pytest.param(
            {},
            basic("crm:secret"),
            failed(
                "the secret of client 'crm' is wrong: 6 characters were sent, the registered one has 6"
                " (client_secret_basic)"
            ),
            id="a wrong secret",
        ),
        pytest.param(
            {},
            basic("form:a b+c"),
            failed(
                "client 'form' has basic_encoding 'form', and its credentials fit only when they are read as 'raw':"
                " form-urlencode client_id and client_secret before they are joined (RFC 6749 2.3.1)"
            ),
            id="raw where it should be encoded",
        ),
        pytest.param(
            {},
            basic("raw:a+b%2Bc"),
            failed(
                "client 'raw' has basic_encoding 'raw', and its credentials fit only when they are read as 'form':"
                " join client_id and client_secret as they are (RFC 7617 2)"
            ),
            id="encoded where it should be raw",
        ),
    ],
)
def test_a_refused_client(
    http: typing.Any, body: dict[str, str], sent: dict[str, typing.Any], told: tuple[int, str, str, str]
) -> None:
    """RFC 6749 2.3, 5.2: what is wrong in the description as far as the RFC lets it be known, all of it in the why."""
    assert http.told(http.token({"grant_type": "client_credentials", **body}, **sent)) == told


@pytest.mark.parametrize("setting", ["form", "raw"])
@pytest.mark.parametrize(
    ("secret", "how"),
    [
        pytest.param("A B+C", "only upper and lower case differ", id="case"),
        pytest.param("0ther", "it is the secret of client 'erp'", id="another client's"),
        pytest.param("x", "1 characters were sent, the registered one has 5", id="another"),
    ],
)
@pytest.mark.parametrize("encoded", [True, False], ids=["encoded", "as it is"])
def test_a_wrong_secret_in_whatever_encoding(
    http: typing.Any, setting: str, secret: str, how: str, encoded: bool
) -> None:
    """RFC 6749 2.3.1: that the secret is wrong comes before how it is written."""
    sent = urllib.parse.quote_plus(secret) if encoded else secret
    response = http.token({"grant_type": "client_credentials"}, basic=(setting, sent))

    assert http.told(response) == failed(f"the secret of client {setting!r} is wrong: {how} (client_secret_basic)")


@pytest.mark.parametrize(
    ("body", "query", "told"),
    [
        pytest.param(
            {"client_id": "crm"},
            {},
            invalid_client(
                "client_id is not the assertion's.",
                "by client_secret_jwt the client is 'mac', the body says 'crm' (RFC 7521 4.2)",
            ),
            id="another client_id",
        ),
        pytest.param(
            {"client_assertion": "", "client_assertion_type": ""},
            {"client_assertion": "its", "client_assertion_type": _TYPE},
            failed(
                "client_assertion is in the URL; client 'mac' has to send it in the body (RFC 6749 2.3.1, 4;"
                " request_encodings)"
            ),
            id="in the URL",
        ),
        pytest.param(
            {"client_assertion_type": "jwt"},
            {},
            invalid_client(
                "Client authentication is malformed.", f"client_assertion_type is 'jwt'; write {_TYPE} (RFC 7523 2.2)"
            ),
            id="another type",
        ),
    ],
)
def test_a_refused_assertion(
    http: typing.Any,
    clients: dict[str, typing.Any],
    body: dict[str, str],
    query: dict[str, str],
    told: tuple[int, str, str, str],
) -> None:
    """RFC 7521 4.2: about the request; what is wrong inside is tested by RFC 7523."""
    made = clients["mac"].client_assertion()
    right = {"grant_type": "client_credentials", "client_assertion": made, "client_assertion_type": _TYPE}
    in_url = urllib.parse.urlencode({**query, **({"client_assertion": made} if query else {})})

    assert http.told(http.token({**right, **body}, query=in_url)) == told


def test_where_no_client_is_registered(http: typing.Any) -> None:
    """RFC 6749 5.2: there is no near one, and none to list."""
    http.mock.reset()

    assert http.told(http.token({"grant_type": "client_credentials"}, basic=("crm", "s3cret"))) == failed(
        "no client is called 'crm' (registered: none); register it: oauthmock.client('crm')"
    )
