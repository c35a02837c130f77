"""Section 1 of the matrix: every grant by every client authentication, as `cells.toml` has them."""

from __future__ import annotations

import base64
import collections.abc as cabc
import json
import pathlib
import re
import ssl
import tomllib
import typing
import urllib.parse

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver import pkce
from mockserver.scope import Scope
from mockserver.waiting import Answer
from mockserver.waiting import Pending

if typing.TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from mockserver import RegisteredClient

Case = dict[str, typing.Any]
Form = dict[str, str]

CASES: list[Case] = tomllib.loads(pathlib.Path(__file__).with_name("cells.toml").read_text(encoding="utf-8"))["case"]

# Reads differently raw and form-urlencoded
_SECRET = "p:ss w+rd%2F/?&=~"
_VERIFIER = "v" * 43
_SIGNED = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
_METHODS = {
    "none": "none",
    "basic raw": "client_secret_basic",
    "basic form": "client_secret_basic",
    "post": "client_secret_post",
    "json": "client_secret_json",
    "query": "client_secret_query",
    "client_secret_jwt": "client_secret_jwt",
    "private_key_jwt": "private_key_jwt",
    "tls_client_auth": "tls_client_auth",
    "self_signed_tls_client_auth": "self_signed_tls_client_auth",
}
# By a certificate, which one client has of its own
_OVER_TLS = ("tls_client_auth", "self_signed_tls_client_auth")
_BEGUN_ELSEWHERE = ("device_code", "jwt-bearer", "saml2-bearer", "token-exchange")
_WITHOUT_REFRESH = ("client_credentials", "jwt-bearer", "saml2-bearer", "token-exchange", "vendor")
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_HEADERS = {"Cache-Control": "no-store", "Content-Type": "application/json", "Pragma": "no-cache"}


def case_id(case: Case) -> str:
    return "-".join((case["grant"], case["method"], case["case"], case["send"], case["registered"]))


# A grant that no RFC has (RFC 6749 4.5), as a provider's profile declares it
_VENDOR = """
[grants."urn:example:ticket"]
outcome = "person"
required = ["ticket"]
person = "holder"
"""


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a profile."""
    path = tmp_path_factory.mktemp("profiles") / "vendor.toml"
    path.write_text(_VENDOR, encoding="utf-8")
    return str(path)


@pytest.fixture
def mock(vendor: str) -> cabc.Iterator[OAuthMock]:
    server = OAuthMock(
        issuer="http://localhost",
        access_token_format="opaque",
        https=True,
        client_certificates="optional",
        profile=vendor,
    )
    server.user("alice", password="wonderland")
    yield server
    server.close()


def registered(mock: OAuthMock, case: Case) -> RegisteredClient:
    """The client: its own method alone, every method, any other one, or what a client has by default."""
    own = _METHODS.get(case["method"], "client_secret_post")
    which, _, further = case["registered"].partition(", basic_encoding ")
    methods = {
        "own": [own],
        "other": ["client_secret_post" if own != "client_secret_post" else "client_secret_basic"],
        "all": [method for method in _METHODS.values() if method not in ("none", *_OVER_TLS)],
        "default": None,
    }[which]
    secret = None if which == "own" and own in ("none", "private_key_jwt", *_OVER_TLS) else _SECRET
    settings: dict[str, typing.Any] = {"basic_encoding": further} if further else {}
    return mock.client("crm", client_secret=secret, token_endpoint_auth_method=methods, **settings)


def ready(mock: OAuthMock, grant: str, client: RegisteredClient) -> Form:
    """A token request that is right but for the client's credentials."""
    if grant in _BEGUN_ELSEWHERE:
        return {"grant_type": f"urn:ietf:params:oauth:grant-type:{grant}", **begun(mock, grant)}
    if grant == "vendor":
        return {"grant_type": "urn:example:ticket", "ticket": "t1", "holder": "alice", "scope": "orders:read"}
    if grant == "authorization_code":
        return {"grant_type": grant, "code": client.issue_code(user="alice", scope="orders:read")}
    if grant == "authorization_code+pkce":
        challenge = {"code_challenge": pkce.challenge_of(_VERIFIER), "code_challenge_method": "S256"}
        code = client.issue_code(user="alice", scope="orders:read", **challenge)  # type: ignore[arg-type]
        return {"grant_type": "authorization_code", "code": code, "code_verifier": _VERIFIER}
    if grant == "refresh_token":
        token = client.grant(user="alice", scope="orders:read")
        return {"grant_type": grant, "refresh_token": str(token.refresh_token)}
    person = {"username": "alice", "password": "wonderland"} if grant == "password" else {}
    return {"grant_type": grant, "scope": "orders:read", **person}


def begun(mock: OAuthMock, grant: str) -> Form:
    """What a grant redeems that begins somewhere else: approved, signed, or issued to another client."""
    if grant == "device_code":
        context, scope = mock.state.issuers[""], Scope.parse("orders:read")
        pending = Pending(
            family="f",
            client_id="crm",
            asked=scope,
            scope=scope,
            audience=(),
            expires_at=mock.clock.now() + 60,
        )
        context.devices.add("oam_dc_code", pending, interval=5)
        context.devices.decide(pending, Answer(user=context.users["alice"], scope=scope), now=mock.clock.now())
        return {"device_code": "oam_dc_code"}
    if grant == "jwt-bearer":
        return {"assertion": mock.identity_provider("https://idp.example").assertion("alice"), "scope": "orders:read"}
    if grant == "saml2-bearer":
        assertion = mock.identity_provider("https://idp.example").saml_assertion("alice")
        return {"assertion": assertion, "scope": "orders:read"}
    subject = mock.client("portal").grant(user="alice", scope="orders:read").access_token
    return {"subject_token": subject, "subject_token_type": _ACCESS_TOKEN}


def sent(mock: OAuthMock, case: Case, client: RegisteredClient, form: Form) -> TestResponse:
    """The request with the credentials where the case has them; two ways at once are joined by a plus."""
    what, _, wrong = case["send"].partition(", ")
    who = {"client_id": "erp" if wrong == "unknown client" else "crm"}
    secret = "wr0ng" if wrong == "wrong secret" else _SECRET
    body, headers, query, as_json = dict(form), {}, {}, False
    connection: dict[str, bytes] = {}
    for way in what.split(" + "):
        if way.startswith("basic"):
            halves = (who["client_id"], secret)
            halves = tuple(map(urllib.parse.quote_plus, halves)) if way == "basic form" else halves  # type: ignore[assignment]
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(halves).encode()).decode()
        elif way in ("post", "json"):
            body |= {**who, "client_secret": secret}
            as_json = way == "json"
        elif way == "query":
            query = {**who, "client_secret": secret}
        elif way.endswith("_jwt"):
            body |= {**_SIGNED, "client_assertion": assertion(mock, way, client)}
        elif way == "none":
            body |= who
        elif way in _OVER_TLS:
            body |= who
            connection = {"serving.peer_certificate": certificate(mock, way, client if not wrong else None)}
        else:
            assert way == "missing"
    data = json.dumps(body).encode() if as_json else urllib.parse.urlencode(body).encode()
    kind = "application/json" if as_json else "application/x-www-form-urlencoded"
    return Client(mock.wsgi).post(
        "/token", data=data, content_type=kind, headers=headers, query_string=query, environ_overrides=connection
    )


def certificate(mock: OAuthMock, way: str, client: RegisteredClient | None) -> bytes:
    """The client's own; where it has none, that of a client that is registered with the method."""
    has_own = client is not None and way in client.token_endpoint_auth_method
    owner = client if has_own else mock.client("erp", token_endpoint_auth_method=way)
    assert owner is not None
    return ssl.PEM_cert_to_DER_cert(owner.certificate.pem)


def assertion(mock: OAuthMock, way: str, client: RegisteredClient) -> str:
    """By the client itself; where it has no key, by a key that nobody registered for it."""
    if way in client.token_endpoint_auth_method or way == "client_secret_jwt":
        return client.client_assertion()
    return mock.client(token_endpoint_auth_method=way).client_assertion(iss="crm", sub="crm")


@pytest.mark.parametrize("case", [pytest.param(case, id=case_id(case)) for case in CASES])
def test_cell(mock: OAuthMock, case: Case) -> None:
    """RFC 6749 2.3, 5.2: a whole answer, right or refused, and what the journal made of the request."""
    client = registered(mock, case)
    form = ready(mock, case["grant"], client)
    tokens_before = len(mock.tokens)

    response = sent(mock, case, client, form)

    headers = {name: response.headers[name] for name in [*_HEADERS, "WWW-Authenticate"] if name in response.headers}
    exchange = mock.journal.last
    assert response.status_code == case["status"]
    assert mock.exceptions == []
    if case["status"] == 200:
        refresh = {} if case["grant"] in _WITHOUT_REFRESH else {"refresh_token": mock.tokens.last.refresh_token}
        kind = {"issued_token_type": _ACCESS_TOKEN} if case["grant"] == "token-exchange" else {}
        assert response.get_json() == {
            "access_token": mock.tokens.last.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "orders:read",
            **refresh,
            **kind,
        }
        assert headers == _HEADERS
        assert (exchange.verdict, exchange.client_id) == ("accepted", "crm")
        assert exchange.client_auth == _METHODS[case["send"]]
        assert exchange.basic_encoding == case["send"].removeprefix("basic ") * case["send"].startswith("basic")
    else:
        body = response.get_json()
        assert body.pop("error_description")
        assert body == {"error": case["error"]}
        # RFC 6749 5.2: the challenge is for clients that used the Authorization header and failed
        tried = case["error"] == "invalid_client" and case["send"].startswith("basic")
        assert headers == _HEADERS | ({"WWW-Authenticate": 'Basic realm="token endpoint"'} if tried else {})
        assert (exchange.verdict, exchange.error) == ("refused", case["error"])
        assert exchange.why
        assert not re.search(re.escape(_SECRET), exchange.why)
        assert len(mock.tokens) == tokens_before
