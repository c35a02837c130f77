"""RFC 9449: tokens that are bound to a key, and the proofs of that key."""

from __future__ import annotations

import base64
import json
import time
import typing
import urllib.parse

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.test import TestResponse

from mockserver import Bearer
from mockserver import OAuthMock
from mockserver import RegisteredClient
from signing.prover import Prover

_TOKEN = "http://localhost/token"
_API = "http://localhost/api/orders"
_ALGS = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512"
_BAD = "The DPoP proof is not acceptable."
_CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture
def client(mock: OAuthMock) -> RegisteredClient:
    return mock.client("crm", scope="orders:read")


@pytest.fixture
def prover() -> Prover:
    return Prover()


def ask(http: typing.Any, client: RegisteredClient, *proofs: str, **form: str) -> TestResponse:
    """A token request with these DPoP headers."""
    parameters = {"grant_type": "client_credentials", **form}
    headers = [("DPoP", proof) for proof in proofs]
    if client.token_endpoint_auth_method == ("none",):
        return http.token({**parameters, "client_id": client.client_id}, headers=headers)  # type: ignore[no-any-return]
    return http.token(parameters, basic=(client.client_id, client.client_secret), headers=headers)  # type: ignore[no-any-return]


def bound(http: typing.Any, client: RegisteredClient, prover: Prover, **form: str) -> dict[str, typing.Any]:
    response = ask(http, client, prover.proof("POST", _TOKEN), **form)
    assert response.status_code == 200
    return dict(response.get_json())


def call(
    http: typing.Any, token: str, *proofs: str, scheme: str = "DPoP", path: str = "/api/orders", method: str = "GET"
) -> TestResponse:
    """A request to the API."""
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
    return http.client.open(path, method=method, headers=headers)  # type: ignore[no-any-return]


def challenged(http: typing.Any, error: str, description: str = _BAD, scheme: str = "DPoP") -> typing.Any:
    """RFC 9449 7.1."""
    challenge = f'{scheme} realm="api", error="{error}", error_description="{description}", algs="{_ALGS}"'
    body = {"error": error, "error_description": description}
    return 401, body, {**http.json_headers, "WWW-Authenticate": challenge}


# -- a token is bound, 5 and 6 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["jwt", "opaque"])
def test_a_token_is_bound_to_the_key_of_the_proof(
    mock: OAuthMock, http: typing.Any, prover: Prover, format_: typing.Literal["jwt", "opaque"]
) -> None:
    """RFC 9449 5, 6.1: `token_type` and `cnf`; the API takes it with a proof for this request and this token."""
    client = mock.client("crm", access_token_format=format_)

    answer = bound(http, client, prover)

    assert answer == {
        "access_token": http.some.jwt if format_ == "jwt" else http.some.opaque,
        "token_type": "DPoP",
        "expires_in": 3600,
    }
    assert (mock.tokens.last.cnf, mock.tokens.last.token_type) == ({"jkt": prover.jkt}, "DPoP")
    assert (mock.tokens.last.claims or {"cnf": {"jkt": prover.jkt}})["cnf"] == {"jkt": prover.jkt}
    assert mock.journal.last.why.endswith("; bound to a DPoP key")
    token = answer["access_token"]
    assert call(http, token, prover.proof("GET", _API, token)).status_code == 200
    assert call(http, token, prover.proof("POST", _API, token), method="POST").status_code == 200


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        pytest.param("ES256", None, id="ES256"),
        pytest.param("ES384", ec.generate_private_key(ec.SECP384R1()), id="ES384"),
        pytest.param("ES512", ec.generate_private_key(ec.SECP521R1()), id="ES512"),
        pytest.param("EdDSA", ed25519.Ed25519PrivateKey.generate(), id="EdDSA"),
        pytest.param("RS256", rsa.generate_private_key(65537, 2048), id="RS256"),
        pytest.param("PS256", rsa.generate_private_key(65537, 2048), id="PS256"),
    ],
)
def test_every_algorithm_of_the_metadata(http: typing.Any, client: RegisteredClient, alg: str, key: object) -> None:
    """RFC 9449 5.1, RFC 7638 3.2: and the thumbprint of each type of key."""
    prover = Prover(key, alg)
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()
    assert alg in document["dpop_signing_alg_values_supported"]

    token = bound(http, client, prover)["access_token"]

    assert call(http, token, prover.proof("GET", _API, token)).status_code == 200


def test_a_token_without_a_proof_is_a_bearer_token(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9449 5: DPoP is the client's choice."""
    assert http.answer(ask(http, client)) == http.tokens(scope="orders:read", refresh_token=False)


def test_a_client_that_must_have_bound_tokens(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 9449 5.2: `dpop_bound_access_tokens`."""
    client = mock.client("crm", dpop_bound_access_tokens=True)

    assert http.told(ask(http, client)) == (
        400,
        "invalid_request",
        "A DPoP proof is missing.",
        "client 'crm' has dpop_bound_access_tokens, and the request has no DPoP header",
    )
    assert bound(http, client, prover)["token_type"] == "DPoP"


def test_a_server_without_dpop() -> None:
    """RFC 9449 5.1: a header that means nothing there is ignored, and so is the scheme."""
    mock = OAuthMock(issuer="http://localhost", dpop_signing_alg_values_supported=[])
    client, prover = mock.client("crm", redirect_uris=[_CALLBACK], consent="auto"), Prover()
    from werkzeug.test import Client

    http = Client(mock.wsgi)
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": client.client_secret}
    answer = http.post("/token", data=form, headers={"DPoP": "rubbish"}).get_json()
    assert answer["token_type"] == "Bearer"
    headers = {"Authorization": f"DPoP {answer['access_token']}", "DPoP": prover.proof("GET", _API)}
    assert http.get("/api/orders", headers=headers).status_code == 401
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "dpop_jkt": "x"}
    assert "code=" in http.get("/authorize", query_string=asked).headers["Location"]
    assert "dpop_signing_alg_values_supported" not in http.get("/.well-known/openid-configuration").get_json()
    assert mock.exceptions == []


# -- proofs, 4.3 -------------------------------------------------------------------------------------------------------


_PRIVATE = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"headers": {"typ": "JWT"}}, "the header has typ 'JWT'; write 'dpop+jwt'", id="typ"),
        pytest.param({"headers": {"typ": None}}, "the header has typ 'JWT'", id="no typ"),
        pytest.param({"headers": {"jwk": None}}, "the header has no jwk with the public key", id="no jwk"),
        pytest.param({"headers": {"jwk": "key"}}, "the header has no jwk", id="a jwk that is no object"),
        pytest.param({"headers": {"jwk": _PRIVATE}}, "the jwk has a private key", id="a private key"),
        pytest.param({"headers": {"jwk": {"kty": "oct", "k": "AA"}}}, "the jwk has a private key", id="a secret"),
        pytest.param({"headers": {"jwk": {"kty": "RSA"}}}, "which the key in jwk does not fit", id="another type"),
        pytest.param(
            {"headers": {"jwk": {"kty": "EC", "crv": "P-256"}}}, "the jwk is no key (RFC 7517 4)", id="half a key"
        ),
        pytest.param(
            {"headers": {"jwk": {"kty": "EC", "crv": "P-256", "x": [], "y": {}}}}, "the jwk is no key", id="no numbers"
        ),
        pytest.param({"headers": {"crit": ["x"], "x": 1}}, "the header has crit ['x']", id="crit"),
        pytest.param(
            {"key": ec.generate_private_key(ec.SECP256R1())}, "the signature is not by the key in jwk", id="another key"
        ),
        pytest.param({"htm": "GET"}, "htm is 'GET', and the method is 'POST'", id="htm"),
        pytest.param({"htm": "post"}, "htm is 'post'", id="htm in lower case"),
        pytest.param({"htm": None}, "htm is None", id="no htm"),
        pytest.param({"htm": 7}, "htm is 7", id="htm that is no text"),
        pytest.param({"htu": "http://localhost/other"}, "htu is 'http://localhost/other', and the URL is", id="htu"),
        pytest.param({"htu": "https://localhost/token"}, "htu is 'https://", id="htu of another scheme"),
        pytest.param({"htu": "http://localhost:8080/token"}, "htu is", id="htu of another port"),
        pytest.param({"htu": "http://localhost/TOKEN"}, "htu is", id="htu in another case"),
        pytest.param({"htu": "http://[::1/token"}, "htu is", id="htu that is no URL"),
        pytest.param({"htu": None}, "htu is None", id="no htu"),
        pytest.param({"iat": None}, "iat is None: write seconds", id="no iat"),
        pytest.param({"iat": "1"}, "iat is '1': write seconds", id="iat that is text"),
        pytest.param({"iat": True}, "iat is True: write seconds", id="iat that is true"),
        pytest.param({"iat": 10**400}, "write seconds since the epoch", id="iat beyond every float"),
        pytest.param({"iat": float("nan")}, "iat is nan", id="iat that is no number"),
        pytest.param({"jti": None}, "jti is None; write a string", id="no jti"),
        pytest.param({"jti": ""}, "jti is ''; write a string", id="empty jti"),
        pytest.param({"jti": 7}, "jti is 7; write a string", id="jti that is no text"),
    ],
)
def test_a_proof_that_is_wrong(
    http: typing.Any, client: RegisteredClient, prover: Prover, changes: dict[str, typing.Any], why: str
) -> None:
    """RFC 9449 4.3: each check, and nothing is issued."""
    response = ask(http, client, prover.proof("POST", _TOKEN, **changes))

    assert http.answer(response) == http.refused(400, "invalid_dpop_proof")
    assert response.get_json()["error_description"] == _BAD
    assert why in http.mock.journal.last.why
    assert len(http.mock.tokens) == 0


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        pytest.param("", "it has 1 parts and not three", id="empty"),
        pytest.param("rubbish", "it has 1 parts and not three", id="rubbish"),
        pytest.param("a.b.c", "its header part is no JSON", id="no JSON"),
        pytest.param("a.b.c.d.e", "it has 5 parts", id="encrypted"),
        pytest.param(f"{'e' * 70_000}.e30.e30", "more than 65536 are not read", id="long"),
        pytest.param("W10.e30.e30", "its header part is no JSON object", id="a list"),
        pytest.param(
            base64.urlsafe_b64encode(b"[" * 40_000).decode().rstrip("=") + ".e30.e30", "no JSON", id="nested deeply"
        ),
        pytest.param("\u00e9.\u00e9.\u00e9", "is no JWT", id="no ASCII"),
    ],
)
def test_a_proof_that_is_none(http: typing.Any, client: RegisteredClient, proof: str, why: str) -> None:
    """RFC 9449 4.3: the RFC's error, whatever comes."""
    assert http.answer(ask(http, client, proof)) == http.refused(400, "invalid_dpop_proof")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("alg", "form"), [("none", "jwk"), ("HS256", "jwk"), ("HS256", "PEM"), ("HS256", "DER"), ("HS256", "modulus")]
)
def test_a_signature_that_proves_nothing(http: typing.Any, client: RegisteredClient, alg: str, form: str) -> None:
    """RFC 9449 4.3: not `none`, and no MAC, be it under the public key in whichever form."""
    prover = Prover(rsa.generate_private_key(65537, 2048), "RS256")
    public, spki = prover.key.public_key(), serialization.PublicFormat.SubjectPublicKeyInfo
    forms = {
        "jwk": json.dumps(prover.jwk).encode(),
        "PEM": public.public_bytes(serialization.Encoding.PEM, spki),
        "DER": public.public_bytes(serialization.Encoding.DER, spki),
        "modulus": prover.jwk["n"].encode(),
    }
    proof = prover.proof("POST", _TOKEN, alg=alg, key=forms[form])

    assert http.answer(ask(http, client, proof)) == http.refused(400, "invalid_dpop_proof")
    assert f"alg is {alg!r}, and must be one of ES256" in http.mock.journal.last.why


def test_keys_that_the_header_names_are_not_looked_for(
    http: typing.Any, client: RegisteredClient, prover: Prover
) -> None:
    """RFC 9449 4.2: the key is the one in jwk; jku, x5u, x5c and kid are never used and never fetched."""
    elsewhere = {"jku": "http://169.254.169.254/", "x5u": "https://evil.example/", "x5c": ["AA"], "kid": "../../etc"}

    assert ask(http, client, prover.proof("POST", _TOKEN, headers=elsewhere)).status_code == 200


def test_two_proofs(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 4.3: not more than one DPoP header."""
    proofs = [prover.proof("POST", _TOKEN) for _ in range(2)]

    assert http.answer(ask(http, client, *proofs)) == http.refused(400, "invalid_dpop_proof")
    assert "the DPoP header came 2 times" in http.mock.journal.last.why


@pytest.mark.parametrize(
    "htu",
    [
        "http://LOCALHOST/token",
        "HTTP://localhost:80/token",
        "http://localhost/%74oken",
        "http://localhost/token?a=b",
        "http://localhost/token#fragment",
    ],
)
def test_a_url_that_is_the_same(http: typing.Any, client: RegisteredClient, prover: Prover, htu: str) -> None:
    """RFC 9449 4.3, RFC 3986 6.2: after normalisation, without query and fragment."""
    assert ask(http, client, prover.proof("POST", htu)).status_code == 200


@pytest.mark.parametrize(("lifetime", "age", "status"), [(60, 61, 400), (60, 50, 200), (60, -50, 200), (60, -61, 400)])
def test_the_age_of_a_proof(mock: OAuthMock, http: typing.Any, lifetime: int, age: int, status: int) -> None:
    """RFC 9449 4.3, 11.1: just inside and outside of `dpop_proof_lifetime`, by the clock of those who prove."""
    client, prover = mock.client("crm", dpop_proof_lifetime=lifetime), Prover()
    mock.clock.advance(hours=1)  # moves what the server issued alone

    response = ask(http, client, prover.proof("POST", _TOKEN, iat=int(time.time()) - age))

    assert response.status_code == status
    assert status == 200 or "at most 60 are taken (dpop_proof_lifetime)" in mock.journal.last.why


def test_a_clock_that_is_wrong(mock: OAuthMock, http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 11.1."""
    mock.clock.skew(minutes=2)

    assert ask(http, client, prover.proof("POST", _TOKEN)).status_code == 400
    assert "iat is 12" in mock.journal.last.why


def test_a_proof_is_good_once(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 11.1: a replayed jti; of many at once exactly one is taken."""
    proof = prover.proof("POST", _TOKEN)

    outcomes = http.at_once([lambda: ask(http, client, proof).status_code] * 8)

    assert sorted(outcomes) == [200] + [400] * 7
    assert http.told(ask(http, client, proof))[1] == "invalid_dpop_proof"
    assert "has been used before: make a new proof for each request" in http.mock.journal.last.why


def test_the_same_jti_of_another_key_or_for_another_url(
    http: typing.Any, client: RegisteredClient, prover: Prover
) -> None:
    """RFC 9449 11.1: it is unique for the URL; another client cannot use one up."""
    token = bound(http, client, prover, scope="orders:read")["access_token"]

    assert ask(http, client, prover.proof("POST", _TOKEN, jti="1")).status_code == 200
    assert ask(http, client, Prover().proof("POST", _TOKEN, jti="1")).status_code == 200
    assert call(http, token, prover.proof("GET", _API, token, jti="1")).status_code == 200


def test_a_wrong_proof_costs_no_code(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 6749 4.1.2: the code is looked at after the proof."""
    client = mock.client("crm")
    code = {"grant_type": "authorization_code", "code": client.issue_code(user="alice")}

    assert ask(http, client, "rubbish", **code).status_code == 400
    assert ask(http, client, prover.proof("POST", _TOKEN), **code).status_code == 200


@pytest.mark.parametrize("where", ["tenant", "mount"])
def test_the_url_as_the_client_has_it(mock: OAuthMock, http: typing.Any, prover: Prover, where: str) -> None:
    """RFC 9449 4.3: of an issuer with a path, and of a mounted origin."""
    if where == "tenant":
        issuer, origin, path = mock.issuer("tenant"), "http://localhost", "/tenant"
    else:
        issuer, origin, path = mock.mount("https://login.example", connect=False), "https://login.example", ""
    client = issuer.client("crm")
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": client.client_secret}
    headers = {"DPoP": prover.proof("POST", f"{origin}{path}/token")}

    token = http.client.post(f"{path}/token", base_url=origin, data=form, headers=headers).get_json()["access_token"]

    url = f"{origin}{path}/api/orders"
    headers = {"Authorization": f"DPoP {token}", "DPoP": prover.proof("GET", url, token)}
    assert http.client.get(f"{path}/api/orders", base_url=origin, headers=headers).status_code == 200


# -- at the API, 7 -----------------------------------------------------------------------------------------------------


def test_a_bound_token_as_a_bearer_token(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 7.2: refused, with a proof and without."""
    token = bound(http, client, prover)["access_token"]
    wanted = challenged(http, "invalid_token", "The access token is bound to a DPoP key.")

    assert http.answer(call(http, token, scheme="Bearer")) == wanted
    assert http.answer(call(http, token, prover.proof("GET", _API, token), scheme="Bearer")) == wanted
    assert "send Authorization: DPoP, and a proof" in http.mock.journal.last.why


def test_a_bearer_token_as_a_bound_one(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 4.3: there is no key that it could be compared with."""
    token = ask(http, client).get_json()["access_token"]

    response = call(http, token, prover.proof("GET", _API, token))

    assert http.answer(response) == challenged(http, "invalid_token", "The access token is bound to no DPoP key.")


def test_a_bound_token_without_a_proof(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 7.1."""
    token = bound(http, client, prover)["access_token"]

    assert http.answer(call(http, token)) == challenged(http, "invalid_dpop_proof", "The DPoP proof is missing.")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"ath": "x"}, "ath is of another token", id="ath"),
        pytest.param({"ath": None}, "ath is missing", id="no ath"),
        pytest.param({"ath": 7}, "ath is of another token", id="ath that is no text"),
        pytest.param({"htm": "POST"}, "htm is 'POST', and the method is 'GET'", id="htm"),
        pytest.param({"htu": "http://localhost/api/other"}, "and the URL is 'http://localhost/api/orders'", id="htu"),
        pytest.param({"iat": 1}, "at most 60 are taken", id="iat"),
        pytest.param({"headers": {"typ": "at+jwt"}}, "the header has typ 'at+jwt'", id="typ"),
    ],
)
def test_a_proof_at_the_api_that_is_wrong(
    http: typing.Any, client: RegisteredClient, prover: Prover, changes: dict[str, typing.Any], why: str
) -> None:
    """RFC 9449 7.1: 401, the challenge says which algorithms there are."""
    token = bound(http, client, prover)["access_token"]

    response = call(http, token, prover.proof("GET", _API, token, **changes))

    assert http.answer(response) == challenged(http, "invalid_dpop_proof")
    assert why in http.mock.journal.last.why


def test_a_proof_by_another_key(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 4.3, 7.1: who stole the token has not the key."""
    token = bound(http, client, prover)["access_token"]

    response = call(http, token, Prover().proof("GET", _API, token))

    assert http.answer(response) == challenged(http, "invalid_token", "The access token is bound to another DPoP key.")


def test_a_proof_at_the_api_is_good_once(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 11.1."""
    token = bound(http, client, prover)["access_token"]
    proof = prover.proof("GET", _API, token)

    assert [call(http, token, proof).status_code for _ in range(2)] == [200, 401]


def test_guards_and_userinfo_look_at_the_proof(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 9449 7: in front of an application, at a fixed answer, at userinfo; the query is not in `htu`."""
    client = mock.client("crm", scope="openid")
    mock.protect("/v1", guard=Bearer(scope="openid"), app=mock.echo)
    mock.protect("/orders", json=[])
    person = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    token = bound(http, client, prover, **person)["access_token"]

    for path in ("/v1/orders?page=2", "/orders", "/userinfo"):
        url = "http://localhost" + path.partition("?")[0]
        assert call(http, token, prover.proof("GET", url, token), path=path).status_code == 200
        refused = call(http, token, prover.proof("GET", _API, token), path=path)
        assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_dpop_proof")
        assert refused.headers["WWW-Authenticate"].startswith('DPoP realm="api", error="invalid_dpop_proof"')


def test_the_scheme_is_without_case(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9110 11.1."""
    token = bound(http, client, prover)["access_token"]

    assert call(http, token, prover.proof("GET", _API, token), scheme="dpop").status_code == 200


def test_a_token_and_a_proof_are_not_shown(http: typing.Any, client: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 11.2: the report of a failing test has neither."""
    token = bound(http, client, prover)["access_token"]
    proof = prover.proof("GET", _API, token)
    call(http, token, proof)

    shown = f"{http.mock.journal.last!r} {http.mock.journal.last.why}"
    assert token not in shown
    assert proof not in shown


# -- nonces, 8 and 9 ---------------------------------------------------------------------------------------------------


@pytest.fixture
def strict(mock: OAuthMock) -> RegisteredClient:
    return mock.client("crm", dpop_nonce=True, scope="orders:read")


def test_the_token_endpoint_wants_its_nonce(mock: OAuthMock, http: typing.Any, strict: RegisteredClient) -> None:
    """RFC 9449 8, 8.2: 400, the nonce in the header, another with each answer; nothing is used up meanwhile."""
    prover, code = Prover(), {"grant_type": "authorization_code", "code": strict.issue_code(user="alice")}

    first = ask(http, strict, prover.proof("POST", _TOKEN), **code)
    nonce = first.headers["DPoP-Nonce"]
    assert http.answer(first) == http.refused(400, "use_dpop_nonce")
    assert "the proof has no nonce; make a new one with the DPoP-Nonce" in mock.journal.last.why
    second = ask(http, strict, prover.proof("POST", _TOKEN, nonce=nonce), **code)
    assert second.get_json()["token_type"] == "DPoP"
    assert second.headers["DPoP-Nonce"] not in ("", nonce)
    third = ask(http, strict, prover.proof("POST", _TOKEN, nonce=second.headers["DPoP-Nonce"]))
    assert third.status_code == 200


def test_the_api_wants_its_nonce(mock: OAuthMock, http: typing.Any, strict: RegisteredClient) -> None:
    """RFC 9449 9: 401 with the challenge; the token endpoint's nonce is not good there, nor the other way round."""
    prover = Prover()
    of_server = ask(http, strict, prover.proof("POST", _TOKEN)).headers["DPoP-Nonce"]
    answer = ask(http, strict, prover.proof("POST", _TOKEN, nonce=of_server))
    token = answer.get_json()["access_token"]

    first = call(http, token, prover.proof("GET", _API, token, nonce=answer.headers["DPoP-Nonce"]))
    of_api = first.headers["DPoP-Nonce"]
    description = "A nonce of this server must be in the DPoP proof."
    assert http.answer(first) == challenged(http, "use_dpop_nonce", description)
    second = call(http, token, prover.proof("GET", _API, token, nonce=of_api))
    assert (second.status_code, second.headers["DPoP-Nonce"] == of_api) == (200, False)
    assert ask(http, strict, prover.proof("POST", _TOKEN, nonce=of_api)).get_json()["error"] == "use_dpop_nonce"


@pytest.mark.parametrize("nonce", ["made-up", "", "\u2603", "A" * 10_000])
def test_a_nonce_that_is_not_the_servers(
    http: typing.Any, strict: RegisteredClient, prover: Prover, nonce: str
) -> None:
    """RFC 9449 8: the answer has one that is."""
    response = ask(http, strict, prover.proof("POST", _TOKEN, nonce=nonce))

    assert http.answer(response) == http.refused(400, "use_dpop_nonce")
    assert "has a nonce that is not of this server, or too old" in http.mock.journal.last.why


def test_a_nonce_ends(mock: OAuthMock, http: typing.Any, strict: RegisteredClient, prover: Prover) -> None:
    """RFC 9449 8.2: a client that does not heed the new ones is told so in the end (`dpop_nonce_lifetime`)."""
    nonce = ask(http, strict, prover.proof("POST", _TOKEN)).headers["DPoP-Nonce"]
    for advanced, status in ((299, 200), (1, 400)):
        mock.clock.advance(seconds=advanced)
        assert ask(http, strict, prover.proof("POST", _TOKEN, nonce=nonce)).status_code == status


# -- refresh tokens and codes, 5 and 10 --------------------------------------------------------------------------------


def test_a_refresh_token_of_a_public_client_is_bound(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 9449 5: the same key proves each refresh; an attempt with another, or without, costs nothing."""
    client = mock.client("app", token_endpoint_auth_method="none", scope="orders:read")
    code = {"grant_type": "authorization_code", "code": client.issue_code(user="alice")}
    refresh = {"grant_type": "refresh_token", "refresh_token": bound(http, client, prover, **code)["refresh_token"]}

    for proofs, has in (([Prover().proof("POST", _TOKEN)], "another"), ([], "no")):
        assert http.answer(ask(http, client, *proofs, **refresh)) == http.refused(400, "invalid_grant")
        assert f"the request has {has} DPoP key (RFC 9449 5)" in mock.journal.last.why
    answer = bound(http, client, prover, **refresh)
    assert answer["token_type"] == "DPoP"
    again = {**refresh, "refresh_token": answer["refresh_token"]}
    assert ask(http, client, Prover().proof("POST", _TOKEN), **again).status_code == 400


def test_a_refresh_token_of_a_confidential_client_is_not(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 9449 5: it authenticates, and may have another key by then."""
    client = mock.client("crm")
    code = {"grant_type": "authorization_code", "code": client.issue_code(user="alice")}
    refresh = {"grant_type": "refresh_token", "refresh_token": bound(http, client, prover, **code)["refresh_token"]}
    other = Prover()

    assert bound(http, client, other, **refresh)["token_type"] == "DPoP"
    assert mock.tokens.last.cnf == {"jkt": other.jkt}


def authorized(http: typing.Any, client: RegisteredClient, **more: str) -> str:
    asked = {"response_type": "code", "client_id": client.client_id, "redirect_uri": _CALLBACK, **more}
    return dict(http.callback(http.authorize(asked))[2])["code"]


@pytest.mark.parametrize("way", ["authorize", "pushed", "pushed with a proof"])
def test_a_code_is_bound_to_the_key(mock: OAuthMock, http: typing.Any, prover: Prover, way: str) -> None:
    """RFC 9449 10, 10.1: by `dpop_jkt`, there or pushed, or by the proof of the pushed request."""
    client = mock.client("crm", consent="auto", redirect_uris=[_CALLBACK])
    redeem = {"grant_type": "authorization_code", "redirect_uri": _CALLBACK}

    def code() -> str:
        if way == "authorize":
            return authorized(http, client, dpop_jkt=prover.jkt)
        form = {"response_type": "code", "redirect_uri": _CALLBACK}
        form |= {"client_id": "crm", "client_secret": client.client_secret}
        headers = {}
        if way == "pushed":
            form["dpop_jkt"] = prover.jkt
        else:
            headers["DPoP"] = prover.proof("POST", "http://localhost/par")
        answer = http.client.post("/par", data=form, headers=headers).get_json()
        return authorized(http, client, request_uri=answer["request_uri"])

    assert bound(http, client, prover, code=code(), **redeem)["token_type"] == "DPoP"
    for proofs, said in (([Prover().proof("POST", _TOKEN)], "one by "), ([], "no proof (RFC 9449 10)")):
        response = ask(http, client, *proofs, code=code(), **redeem)
        assert http.answer(response) == http.refused(400, "invalid_grant")
        assert f"the code is bound to the DPoP key {prover.jkt}; the request has {said}" in mock.journal.last.why


def test_a_pushed_request_with_two_keys(mock: OAuthMock, http: typing.Any, prover: Prover) -> None:
    """RFC 9449 10.1: the proof and dpop_jkt have to agree; a wrong proof is refused there, too."""
    client = mock.client("crm", redirect_uris=[_CALLBACK])
    form = {"response_type": "code", "redirect_uri": _CALLBACK}
    form |= {"client_id": "crm", "client_secret": client.client_secret}

    def push(proof: str, **more: str) -> TestResponse:
        return http.client.post("/par", data={**form, **more}, headers={"DPoP": proof})  # type: ignore[no-any-return]

    right = "http://localhost/par"
    assert push(prover.proof("POST", right), dpop_jkt=prover.jkt).status_code == 201
    assert http.told(push(prover.proof("POST", right), dpop_jkt=Prover().jkt))[1] == "invalid_request"
    assert http.told(push(prover.proof("POST", _TOKEN)))[1] == "invalid_dpop_proof"


def test_a_pushed_request_gets_a_nonce(http: typing.Any, mock: OAuthMock, prover: Prover) -> None:
    """RFC 9449 8, 10.1."""
    client = mock.client("crm", redirect_uris=[_CALLBACK], dpop_nonce=True)
    form = {"response_type": "code", "redirect_uri": _CALLBACK}
    form |= {"client_id": "crm", "client_secret": client.client_secret}
    url = "http://localhost/par"

    first = http.client.post("/par", data=form, headers={"DPoP": prover.proof("POST", url)})
    assert http.answer(first) == http.refused(400, "use_dpop_nonce")
    proof = prover.proof("POST", url, nonce=first.headers["DPoP-Nonce"])
    second = http.client.post("/par", data=form, headers={"DPoP": proof})
    assert (second.status_code, "DPoP-Nonce" in second.headers) == (201, True)


@pytest.mark.parametrize("dpop_jkt", ["x", "x" * 44, "\u00e9" * 43])
def test_a_thumbprint_that_is_none(mock: OAuthMock, http: typing.Any, dpop_jkt: str) -> None:
    """RFC 9449 10: told by way of the browser."""
    mock.client("crm", consent="auto", redirect_uris=[_CALLBACK])
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "dpop_jkt": dpop_jkt}

    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(http.authorize(asked).headers["Location"]).query))

    assert query == {"error": "invalid_request", "error_description": "dpop_jkt is no thumbprint."}


def test_a_client_registers_what_it_is_bound_by(http: typing.Any) -> None:
    """RFC 9449 5.2, RFC 8705 2.1.2, RFC 9126 6: the members of a registration (RFC 7591)."""
    members = {
        "dpop_bound_access_tokens": True,
        "require_pushed_authorization_requests": True,
        "tls_client_certificate_bound_access_tokens": False,
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "crm.example",
        "redirect_uris": [_CALLBACK],
    }

    answer = http.client.post("/register", json=members)

    assert answer.status_code == 201
    assert {name: answer.get_json()[name] for name in members} == members
