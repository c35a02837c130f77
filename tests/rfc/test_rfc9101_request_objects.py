"""RFC 9101: authorization requests as a JWT that the client signed."""

from __future__ import annotations

import base64
import json
import time
import typing
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import RegisteredClient
from mockserver import jws
from signing.prover import Prover

_CALLBACK = "http://127.0.0.1:9/callback"
# Two, so that a request without one says nothing of where to send the browser
_CALLBACKS = [_CALLBACK, "http://127.0.0.1:9/other"]
_ASKED = {"response_type": "code", "redirect_uri": _CALLBACK, "scope": "orders:read", "state": "xyz"}
_TYPES = ["oauth-authz-req+jwt", "OAUTH-AUTHZ-REQ+JWT", "application/oauth-authz-req+jwt", "JWT"]
_BAD = {"error": "invalid_request_object", "error_description": "The request object is not acceptable."}


@pytest.fixture
def client(mock: OAuthMock) -> RegisteredClient:
    return mock.client(
        "crm", redirect_uris=_CALLBACKS, scope="orders:read", consent="auto", request_object_signing_alg="ES256"
    )


def authorize(http: typing.Any, text: str, **more: str) -> TestResponse:
    return http.authorize({"client_id": "crm", "request": text, **more})  # type: ignore[no-any-return]


def came(response: TestResponse) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response.headers["Location"]).query))


def test_a_signed_request(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9101 5.1, 6.3: its parameters count."""
    response = authorize(http, client.request_object(**_ASKED))

    assert http.callback(response)[1:3] == (_CALLBACK, [("code", http.some.code), ("state", "xyz")])
    form = {"grant_type": "authorization_code", "code": came(response)["code"], "redirect_uri": _CALLBACK}
    assert http.token(form, basic=("crm", client.client_secret)).get_json()["scope"] == "orders:read"


def test_it_may_be_posted(http: typing.Any, client: RegisteredClient) -> None:
    """OpenID Connect Core 3.1.2.1: by a form in place of a URL."""
    response = http.client.post("/authorize", data={"client_id": "crm", "request": client.request_object(**_ASKED)})

    assert came(response) == {"code": http.some.code, "state": "xyz"}


def test_what_stands_beside_it_does_not_count(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9101 6.3: even where the request object leaves it out."""
    asked = {name: value for name, value in _ASKED.items() if name != "state"}
    response = authorize(http, client.request_object(**asked), state="other", scope="orders:delete")

    assert (response.headers["Location"].startswith(_CALLBACK), came(response)) == (True, {"code": http.some.code})


@pytest.mark.parametrize(
    "typ", ["oauth-authz-req+jwt", "OAUTH-AUTHZ-REQ+JWT", "application/oauth-authz-req+jwt", "JWT"]
)
def test_types(http: typing.Any, client: RegisteredClient, typ: str) -> None:
    """RFC 9101 10.8: its own, or the one from before there was one."""
    assert "code" in came(authorize(http, client.request_object(headers={"typ": typ}, **_ASKED)))


def test_values_that_are_no_text(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9101 4: numbers and objects as JSON has them, a list of resources."""
    details = [{"type": "payment", "amount": {"value": 5}}]
    resources = ["https://a.example", "https://b.example"]
    more = {"authorization_details": details, "resource": resources, "max_age": 300, "nonce": None}
    code = came(authorize(http, client.request_object(**_ASKED, **more)))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _CALLBACK}

    answer = http.token(form, basic=("crm", client.client_secret)).get_json()

    assert answer["authorization_details"] == details
    assert list(mock.tokens.last.audience) == resources


def test_it_may_be_pushed(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 3: `request` in the body, and nothing beside it counts."""
    form = {"request": client.request_object(**_ASKED), "state": "other", "client_id": "crm"}
    pushed = http.client.post("/par", data={**form, "client_secret": client.client_secret})

    response = http.authorize({"client_id": "crm", "request_uri": pushed.get_json()["request_uri"]})

    assert came(response)["state"] == "xyz"
    wrong = http.client.post("/par", data={**form, "request": "rubbish", "client_secret": client.client_secret})
    assert http.answer(wrong) == http.refused(400, "invalid_request_object")


def other_key() -> str:
    return Prover().proof("GET", "x", headers={"typ": "oauth-authz-req+jwt"}, client_id="crm", **_ASKED)


_NOW = int(time.time())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"headers": {"typ": "at+jwt"}}, "the header has typ 'at+jwt'", id="typ"),
        pytest.param({"headers": {"typ": "dpop+jwt"}}, "the header has typ 'dpop+jwt'", id="a proof"),
        pytest.param({"headers": {"crit": ["x"], "x": 1}}, "the header has crit ['x']", id="crit"),
        pytest.param({"headers": {"kid": "other"}}, "no registered key has the kid 'other'", id="kid"),
        pytest.param(
            {"headers": {"kid": "../../etc/passwd"}}, "no registered key has the kid", id="kid that is a path"
        ),
        pytest.param({"client_id": "erp"}, "client_id in it is 'erp', and beside it 'crm'", id="another client"),
        pytest.param({"client_id": None}, "client_id in it is None", id="no client_id"),
        pytest.param({"iss": "erp"}, "iss is 'erp'; it is by the client", id="iss"),
        pytest.param({"aud": "https://login.example"}, "it is for http://localhost", id="aud"),
        pytest.param({"aud": ["https://login.example", 7]}, "it is for http://localhost", id="aud that is a list"),
        pytest.param({"exp": _NOW - 3600}, "it has expired; is the client's clock slow?", id="exp"),
        pytest.param({"exp": "soon"}, "exp is 'soon': write seconds", id="exp that is text"),
        pytest.param({"exp": 10**400}, "write seconds since the epoch", id="exp beyond every float"),
        pytest.param({"nbf": _NOW + 3600}, "it is not valid yet", id="nbf"),
        pytest.param({"nbf": float("nan")}, "nbf is nan", id="nbf that is no number"),
        pytest.param({"request": "a.b.c"}, "it has request, which it must not have", id="request"),
        pytest.param({"request_uri": "https://evil.example"}, "it has request_uri, which it must", id="request_uri"),
    ],
)
def test_a_request_object_that_is_wrong(
    http: typing.Any, client: RegisteredClient, changes: dict[str, typing.Any], why: str
) -> None:
    """RFC 9101 4, 5, 6.2, 6.3: shown, since nobody knows where to send the browser."""
    response = authorize(http, client.request_object(**{**_ASKED, **changes}))

    assert (response.status_code, "Location" in response.headers) == (400, False)
    assert http.mock.journal.last.error == "invalid_request_object"
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("rubbish", "it has 1 parts", id="rubbish"),
        pytest.param("a.b.c.d.e", "it has 5 parts", id="encrypted"),
        pytest.param("e30.e30.", "alg is 'None'", id="empty"),
        pytest.param("W10.W10.x", "is no JSON object", id="lists"),
        pytest.param("e" * 100_000 + ".e30.x", "more than 65536 are not read", id="long"),
        pytest.param(other_key(), "the signature is not by the registered key", id="another key"),
    ],
)
def test_a_request_object_that_is_none(http: typing.Any, client: RegisteredClient, text: str, why: str) -> None:
    """RFC 9101 6.1, 6.2: whatever comes, keys in the header too; nothing breaks and nothing is fetched."""
    response = authorize(http, text)

    assert (response.status_code, http.mock.journal.last.error) == (400, "invalid_request_object")
    assert why in http.mock.journal.last.why


def test_an_error_travels_where_that_is_safe(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9101 7, RFC 6749 4.1.2.1: to a redirect URI beside it that is registered, and to no other."""
    assert came(authorize(http, "rubbish", redirect_uri=_CALLBACK, state="s")) == {**_BAD, "state": "s"}
    unsafe = authorize(http, "rubbish", redirect_uri="https://evil.example/")
    assert (unsafe.status_code, "Location" in unsafe.headers) == (400, False)


def test_what_it_asks_for_is_judged_as_ever(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9101 6.3: the redirect URI in it, then the rest."""
    evil = authorize(http, client.request_object(**{**_ASKED, "redirect_uri": "https://evil.example/"}))
    assert (evil.status_code, http.mock.journal.last.error) == (400, "invalid_request")
    assert (
        came(authorize(http, client.request_object(**{**_ASKED, "scope": "orders:delete"})))["error"] == "invalid_scope"
    )


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_an_algorithm_that_is_not_registered(http: typing.Any, client: RegisteredClient, alg: str) -> None:
    """RFC 9101 6.2, 10.1: `none` and a MAC under the public key are taken of nobody who did not register that."""
    key = json.dumps(client._key.public_jwk()).encode()  # type: ignore[union-attr]
    forged = Prover().proof("GET", "x", alg=alg, key=key, headers={"typ": "JWT"}, client_id="crm", **_ASKED)

    response = authorize(http, forged)

    assert (response.status_code, http.mock.journal.last.error) == (400, "invalid_request_object")
    assert f"alg is {alg!r}, which is not accepted of this client (request_object_signing_alg)" in (
        http.mock.journal.last.why
    )


def test_an_unsigned_request_of_who_registered_that(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9101 10.5: `request_object_signing_alg = "none"`."""
    mock.client("crm", redirect_uris=_CALLBACKS, consent="auto", request_object_signing_alg="none")
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
        for each in ({"alg": "none"}, {"client_id": "crm", **_ASKED})
    ]

    assert "code" in came(authorize(http, ".".join([*parts, ""])))
    assert authorize(http, ".".join([*parts, "c2ln"])).status_code == 400
    assert "alg is 'none', and there is a signature all the same" in mock.journal.last.why


def test_a_request_under_the_secret(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect Core 6.1: a MAC, of a client that registered one."""
    client = mock.client("crm", redirect_uris=_CALLBACKS, consent="auto", request_object_signing_alg="HS256")

    assert "code" in came(authorize(http, client.request_object(**_ASKED)))
    forged = jws.sign({"client_id": "crm", **_ASKED}, b"other", alg="HS256", headers={})
    assert authorize(http, forged).status_code == 400


def test_a_client_without_keys(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9101 6.2: there is nothing to verify it with."""
    mock.client("crm", redirect_uris=_CALLBACKS, consent="auto")

    assert authorize(http, other_key()).status_code == 400
    assert "no key is registered that could have signed it (jwks)" in mock.journal.last.why


def test_keys_that_are_published(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9101 6.2: at the client's `jwks_uri`, which is of this server."""
    prover = Prover(ec.generate_private_key(ec.SECP384R1()), "ES384")
    url = mock.publish_jwks("/crm.json", {"keys": [prover.jwk]})
    mock.client("crm", redirect_uris=_CALLBACKS, consent="auto", jwks_uri=url)
    text = prover.proof("GET", "x", headers={"typ": "oauth-authz-req+jwt", "jwk": None}, client_id="crm", **_ASKED)

    assert "code" in came(authorize(http, text))


def test_a_client_that_must_sign(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9101 10.5: `require_signed_request_object`, in the URL and pushed; `none` is no signature."""
    client = mock.client(
        "crm",
        redirect_uris=_CALLBACKS,
        request_object_signing_alg="ES256",
        require_signed_request_object=True,
        consent="auto",
    )
    who = {"client_id": "crm", "client_secret": client.client_secret}

    assert came(http.authorize({**_ASKED, "client_id": "crm"}))["error"] == "invalid_request"
    assert "has require_signed_request_object" in mock.journal.last.why
    assert http.told(http.client.post("/par", data={**_ASKED, **who}))[1] == "invalid_request"
    assert "code" in came(authorize(http, client.request_object(**_ASKED)))
    assert http.client.post("/par", data={"request": client.request_object(**_ASKED), **who}).status_code == 201


def test_a_client_that_must_push(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9126 6: a signed request in the URL was not pushed either."""
    client = mock.client(
        "crm",
        redirect_uris=_CALLBACKS,
        request_object_signing_alg="ES256",
        require_pushed_authorization_requests=True,
    )

    assert authorize(http, client.request_object(**_ASKED)).status_code == 400
    assert "has require_pushed_authorization_requests" in mock.journal.last.why


def test_metadata() -> None:
    """OpenID Connect Discovery 3, RFC 9101 10.5; and a server without it, which ignores the parameter."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", require_signed_request_object=True)
    document = Client(mock.wsgi).get("/.well-known/openid-configuration").get_json()
    assert document["request_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is False
    assert document["require_signed_request_object"] is True
    assert {"ES256", "none"} <= {*document["request_object_signing_alg_values_supported"]}

    mock = OAuthMock(issuer="http://localhost", request_parameter_supported=False, consent="auto")
    mock.client("crm", redirect_uris=_CALLBACKS)
    http = Client(mock.wsgi)
    document = http.get("/.well-known/openid-configuration").get_json()
    assert document["request_parameter_supported"] is False
    assert "request_object_signing_alg_values_supported" not in document
    answer = http.get("/authorize", query_string={**_ASKED, "client_id": "crm", "request": "rubbish"})
    assert "code" in came(answer)
    assert mock.exceptions == []


def test_an_algorithm_that_there_is_not(mock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError, match="request_object_signing_alg = 'ES257': "):
        mock.client("crm", request_object_signing_alg="ES257")
    with pytest.raises(ConfigurationError, match="request_object_signing_alg = 'HS256': "):
        mock.client("crm", token_endpoint_auth_method="none", request_object_signing_alg="HS256")
