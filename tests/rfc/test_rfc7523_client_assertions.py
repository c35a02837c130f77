"""RFC 7523 2.2 and 3, RFC 7521 4.2, OpenID Connect Core 9: clients that show themselves with a signed JWT."""

from __future__ import annotations

import base64
import functools
import hmac
import json
import threading
import time
import typing

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa

from mockserver import OAuthMock
from mockserver import pkce
from mockserver.model import Kind
from mockserver.server import RegisteredClient
from mockserver.stores import MemoryStore

_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ISSUER = "http://localhost"
_SECRET = "a-secret-that-is-as-long-as-the-longest-of-the-three-hashes-is, é"
_VERIFIER = "v" * 43

GRANTS = ["authorization_code", "authorization_code+pkce", "password", "client_credentials", "refresh_token"]
MACS = ["HS256", "HS384", "HS512"]
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed448"]


@functools.cache
def private_key(alg: str) -> typing.Any:
    """A key for the algorithm; the RSA ones share one."""
    if alg in ("EdDSA", "Ed448"):
        return (ed25519.Ed25519PrivateKey if alg == "EdDSA" else ed448.Ed448PrivateKey).generate()
    if alg.startswith("ES"):
        return ec.generate_private_key({"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}[alg]())
    return _rsa()


@functools.cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(alg: str, **members: object) -> dict[str, typing.Any]:
    family = {"R": "RS256", "P": "RS256", "E": "ES256"}[alg[0]] if alg not in ("EdDSA", "Ed448") else "EdDSA"
    return {**jwt.get_algorithm_by_name(family).to_jwk(private_key(alg).public_key(), as_dict=True), **members}


def signed(claims: object, key: typing.Any, alg: str, **header: typing.Any) -> str:
    """Whatever the claims are: `jwt.encode` would look into them."""
    payload = json.dumps(claims).encode()
    return jwt.api_jws.encode(payload, key, algorithm="EdDSA" if alg == "Ed448" else alg, headers=header)


def made(client_id: str, **claims: object) -> dict[str, object]:
    """The claims of an assertion that is right, but for those that are given; None leaves one out."""
    now = int(time.time())
    whole = {"iss": client_id, "sub": client_id, "aud": _ISSUER, "iat": now, "exp": now + 60, "jti": "j", **claims}
    return {name: value for name, value in whole.items() if value is not None}


def asked(assertion: str | None, **parameters: str) -> dict[str, str]:
    """A token request by client credentials with an assertion."""
    body = {"grant_type": "client_credentials", "client_assertion_type": _TYPE, **parameters}
    return body if assertion is None else {**body, "client_assertion": assertion}


def ready(grant: str, client: RegisteredClient) -> dict[str, str]:
    """The parameters of a token request that is right but for the client's assertion."""
    if grant.startswith("authorization_code"):
        challenged = {"code_challenge": pkce.challenge_of(_VERIFIER), "code_challenge_method": "S256"}
        with_pkce = grant.endswith("pkce")
        code = client.issue_code(user="alice", scope="orders:read", **challenged if with_pkce else {})
        verifier = {"code_verifier": _VERIFIER} if with_pkce else {}
        return {"grant_type": "authorization_code", "code": code, **verifier}
    if grant == "password":
        return {"grant_type": grant, "username": "alice", "password": "wonderland", "scope": "orders:read"}
    if grant == "refresh_token":
        return {"grant_type": grant, "refresh_token": client.grant(user="alice", scope="orders:read").refresh_token}
    return {"grant_type": grant, "scope": "orders:read"}


@pytest.fixture
def crm(mock: OAuthMock) -> RegisteredClient:
    """A client with a key pair of the server's making."""
    return mock.client("crm", token_endpoint_auth_method="private_key_jwt")


def refused(http: typing.Any, parameters: typing.Any, why: str, **options: typing.Any) -> None:
    """The whole answer of RFC 6749 5.2, RFC 7521 4.2.1; and what the tester is told."""
    assert http.answer(http.token(parameters, **options)) == http.refused(401, "invalid_client")
    exchange = http.mock.journal.last
    assert (exchange.verdict, exchange.error) == ("refused", "invalid_client")
    assert why in exchange.why


def taken(http: typing.Any, parameters: typing.Any) -> None:
    assert http.answer(http.token(parameters)) == http.tokens(refresh_token=False)


# -- who is who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_client_id", [False, True], ids=["alone", "with client_id"])
@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("alg", [*SIGNATURES, *MACS])
def test_each_grant_takes_each_algorithm(
    mock: OAuthMock, http: typing.Any, alg: str, grant: str, with_client_id: bool
) -> None:
    """RFC 7523 2.2, RFC 7518 3.1, RFC 8037 3.1: under the private key, or under the secret."""
    if alg in MACS:
        method, key = "client_secret_jwt", _SECRET
        client = mock.client("crm", token_endpoint_auth_method=method, client_secret=_SECRET)
    else:
        method, key = "private_key_jwt", private_key(alg)
        client = mock.client("crm", token_endpoint_auth_method=method, jwks={"keys": [public_jwk(alg)]})
    parameters = {**ready(grant, client), **({"client_id": "crm"} if with_client_id else {})}
    proof = asked(signed(made("crm"), key, alg))

    response = http.token({**proof, **parameters})

    assert http.answer(response) == http.tokens(scope="orders:read", refresh_token=grant != "client_credentials")
    exchange = mock.journal.last
    assert (exchange.verdict, exchange.client_id, exchange.client_auth) == ("accepted", "crm", method)
    assert exchange.grant_type == grant.partition("+")[0]
    assert mock.tokens.last.client_auth == method


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
@pytest.mark.parametrize("grant", GRANTS)
def test_a_refused_assertion_costs_no_code_or_token(mock: OAuthMock, http: typing.Any, grant: str, method: str) -> None:
    """RFC 6749 5.2: the grant is good for the next assertion."""
    client = mock.client("crm", token_endpoint_auth_method=method)
    parameters = ready(grant, client)

    refused(http, {**asked(client.client_assertion(aud="http://other")), **parameters}, "aud is 'http://other'")
    response = http.token({**asked(client.client_assertion()), **parameters})

    assert http.answer(response) == http.tokens(scope="orders:read", refresh_token=grant != "client_credentials")


def test_the_client_makes_its_own_assertions(mock: OAuthMock, http: typing.Any) -> None:
    """`client_assertion` signs with what the client has; claims and headers are replaced or left out."""
    by_secret = mock.client(
        "a", token_endpoint_auth_method="client_secret_jwt", token_endpoint_auth_signing_alg="HS512"
    )
    by_rsa = mock.client("b", token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg="RS256")
    by_ec = mock.client("c", token_endpoint_auth_method=["private_key_jwt", "client_secret_jwt"])
    for client, alg in ((by_secret, "HS512"), (by_rsa, "RS256"), (by_ec, "ES256")):
        assertion = client.client_assertion(headers={"typ": None}, jti=None, extra=1)
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})

        assert header == {"alg": alg, **({} if client is by_secret else {"kid": client.key_id})}
        assert {*claims} == {"iss", "sub", "aud", "iat", "exp", "extra"}
        taken(http, asked(assertion))


# -- claims ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        pytest.param({"iss": None}, "iss is None and not 'crm' (RFC 7523 3)", id="iss missing"),
        pytest.param({"iss": "erp"}, "iss is 'erp' and not 'crm' (RFC 7523 3)", id="iss other"),
        pytest.param({"iss": 5}, "iss is 5 and not 'crm'", id="iss a number"),
        pytest.param({"sub": None}, "sub is None and not 'crm' (RFC 7523 3)", id="sub missing"),
        pytest.param({"sub": "erp"}, "iss is 'crm' and not 'erp' (RFC 7523 3)", id="sub another client's"),
        pytest.param({"sub": "nobody"}, "no client is called 'nobody'", id="sub unknown"),
        pytest.param({"sub": ["crm"]}, "sub is ['crm'] and not 'crm'", id="sub a list"),
        pytest.param({"sub": ""}, "sub is '' and not 'crm'", id="sub empty"),
        pytest.param({"sub": "CRM"}, "no client is called 'CRM'", id="sub in capitals"),
        pytest.param({"aud": None}, "aud is None; accepted: http://localhost or http://localhost/token", id="no aud"),
        pytest.param({"aud": "http://localhost/"}, "aud is 'http://localhost/'; accepted", id="aud with slash"),
        pytest.param({"aud": "http://localhost/token/"}, "aud is 'http://localhost/token/'", id="token URL with slash"),
        pytest.param({"aud": "https://localhost"}, "aud is 'https://localhost'", id="aud of another scheme"),
        pytest.param({"aud": "http://localhost:80"}, "aud is 'http://localhost:80'", id="aud with the port"),
        pytest.param({"aud": "HTTP://LOCALHOST"}, "aud is 'HTTP://LOCALHOST'", id="aud in capitals"),
        pytest.param({"aud": "http://localhost/authorize"}, "(client_assertion_audiences; RFC 7523 3)", id="endpoint"),
        pytest.param({"aud": []}, "aud is []", id="aud an empty list"),
        pytest.param({"aud": ["http://other", 5]}, "aud is ['http://other', 5]", id="aud a list without us"),
        pytest.param({"aud": [["http://localhost"]]}, "aud is [['http://localhost']]", id="aud a list in a list"),
        pytest.param({"aud": {"http://localhost": 1}}, "aud is {", id="aud an object"),
        pytest.param({"aud": "issuer"}, "aud is 'issuer'", id="aud the word of the setting"),
        pytest.param({"exp": None}, "exp is missing (RFC 7523 3)", id="exp missing"),
        pytest.param({"exp": 0}, "the assertion expired ", id="exp zero"),
        pytest.param({"exp": -1}, "the assertion expired ", id="exp negative"),
        pytest.param({"exp": True}, "exp is True: write seconds since the epoch", id="exp a bool"),
        pytest.param({"exp": "9999999999"}, "exp is '9999999999': write seconds", id="exp a string"),
        pytest.param({"exp": [1]}, "exp is [1]: write seconds", id="exp a list"),
        pytest.param({"exp": float("nan")}, "exp is nan: write seconds", id="exp NaN"),
        pytest.param({"exp": float("inf")}, "exp is inf: write seconds", id="exp Infinity"),
        pytest.param({"exp": float("-inf")}, "exp is -inf: write seconds", id="exp -Infinity"),
        pytest.param({"exp": 10**400}, "exp is 1000", id="exp beyond every float"),
        pytest.param({"exp": -(10**400)}, "exp is -1000", id="exp below every float"),
        pytest.param({"exp": 2**53}, "s ahead; at most 3600 are taken (client_assertion_lifetime)", id="exp far"),
        pytest.param({"nbf": 2**53}, "the assertion is not valid yet; is the client's clock fast?", id="nbf future"),
        pytest.param({"nbf": "0"}, "nbf is '0': write seconds", id="nbf a string"),
        pytest.param({"nbf": float("-inf")}, "nbf is -inf: write seconds", id="nbf -Infinity"),
        pytest.param({"nbf": 10**400}, "nbf is 1000", id="nbf beyond every float"),
        pytest.param({"iat": 2**53}, "s ahead; is the client's clock fast?", id="iat future"),
        pytest.param({"iat": 0}, "s ago; at most 3600 are taken (client_assertion_lifetime)", id="iat old"),
        pytest.param({"iat": False}, "iat is False: write seconds", id="iat a bool"),
        pytest.param({"iat": -(10**400)}, "iat is -1000", id="iat below every float"),
        pytest.param({"jti": 5}, "jti is 5; write a string (RFC 7519 4.1.7)", id="jti a number"),
        pytest.param({"jti": []}, "jti is []; write a string", id="jti a list"),
    ],
)
@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_an_assertion_with_a_wrong_claim_is_refused(
    mock: OAuthMock, http: typing.Any, method: str, claims: dict[str, object], why: str
) -> None:
    """RFC 7523 3: client, audience and time; a right one is taken afterwards."""
    mock.client("erp", token_endpoint_auth_method=method, jwks=None if method != "private_key_jwt" else _jwks("ES256"))
    alg, key = ("ES256", private_key("ES256")) if method == "private_key_jwt" else ("HS256", _SECRET)
    client = {"client_secret": _SECRET} if method == "client_secret_jwt" else {"jwks": _jwks("ES256")}
    mock.client("crm", token_endpoint_auth_method=method, **client)
    if claims.get("sub") == "erp" and method == "client_secret_jwt":
        why = "the signature is not by the registered key"

    refused(http, asked(signed(made("crm", **claims), key, alg)), why)
    taken(http, asked(signed(made("crm"), key, alg)))


def _jwks(*algs: str) -> dict[str, typing.Any]:
    return {"keys": [public_jwk(alg) for alg in algs]}


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": _ISSUER}, id="the issuer"),
        pytest.param({"aud": f"{_ISSUER}/token"}, id="the token URL"),
        pytest.param({"aud": ["http://other", f"{_ISSUER}/token"]}, id="a list with us"),
        pytest.param({"nbf": 0}, id="nbf past"),
        pytest.param({"iat": None, "jti": None}, id="neither iat nor jti, which may be missing"),
        pytest.param({"exp": lambda: time.time() + 500.5}, id="a fraction of a second"),
        pytest.param({"jti": ""}, id="jti empty"),
        pytest.param({"jti": "\ud800"}, id="jti a lone surrogate"),
        pytest.param({"more": {"nested": [None, float("nan")]}}, id="claims of one's own"),
    ],
)
def test_an_assertion_that_is_right_is_taken(
    http: typing.Any, crm: RegisteredClient, claims: dict[str, object]
) -> None:
    """RFC 7523 3: by default both names of ours are taken, alone or among others."""
    now = {name: value() if callable(value) else value for name, value in claims.items()}

    taken(http, asked(crm.client_assertion(**now)))


@pytest.mark.parametrize(
    ("audiences", "right", "wrong"),
    [
        pytest.param(["issuer"], _ISSUER, f"{_ISSUER}/token", id="issuer alone"),
        pytest.param(["token_endpoint"], f"{_ISSUER}/token", _ISSUER, id="token URL alone"),
        pytest.param(["https://as.example/oauth"], "https://as.example/oauth", _ISSUER, id="a value as it is"),
        pytest.param(["issuer", "urn:as"], "urn:as", f"{_ISSUER}/token", id="several"),
    ],
)
def test_the_audiences_can_be_narrowed(
    mock: OAuthMock, http: typing.Any, audiences: list[str], right: str, wrong: str
) -> None:
    """RFC 7523 3: providers differ in what they take; a client may have its own."""
    crm = mock.client("crm", token_endpoint_auth_method="private_key_jwt", client_assertion_audiences=audiences)

    refused(http, asked(crm.client_assertion(audience=wrong)), f"aud is {wrong!r}; accepted: ")
    taken(http, asked(crm.client_assertion(audience=right)))


def test_the_audiences_are_the_issuers_that_was_asked(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7523 3: an assertion for one issuer is none for its neighbour."""
    tenant = mock.issuer("tenant-a")
    crm = tenant.client("crm", token_endpoint_auth_method="private_key_jwt")
    here = http.client.post("/tenant-a/token", data=asked(crm.client_assertion(audience=_ISSUER)))

    assert http.answer(here) == http.refused(401, "invalid_client")
    assert "accepted: http://localhost/tenant-a or http://localhost/tenant-a/token" in mock.journal.last.why
    there = http.client.post("/tenant-a/token", data=asked(crm.client_assertion()))
    assert http.answer(there) == http.tokens(refresh_token=False)


def test_the_clocks_of_both_sides_may_differ(mock: OAuthMock, http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 7523 3: by the server's wall clock, which `skew` sets apart; `advance` ages tokens, not the client."""
    with time_machine.travel(1_800_000_000, tick=False):
        assertions = [crm.client_assertion(lifetime=60) for _ in range(5)]
        mock.clock.skew(seconds=60)
        refused(http, asked(assertions[0]), "the assertion expired 0 s ago; is the client's clock slow?")
        mock.clock.skew(seconds=-30)
        refused(http, asked(assertions[1]), "iat is 30 s ahead; is the client's clock fast?")
        refused(
            http, asked(crm.client_assertion(nbf=1_800_000_001)), "nbf is 31 s ahead: the assertion is not valid yet"
        )
        mock.clock.skew(seconds=59)
        taken(http, asked(assertions[2]))
        mock.clock.skew(seconds=0)
        mock.clock.advance(days=1)
        taken(http, asked(assertions[3]))


@pytest.mark.parametrize(("lifetime", "right"), [(299, True), (302, False)])
def test_an_assertion_may_live_so_long(mock: OAuthMock, http: typing.Any, lifetime: int, right: bool) -> None:
    """RFC 7523 3: an exp that is unreasonably far is refused (`client_assertion_lifetime`)."""
    crm = mock.client("crm", token_endpoint_auth_method="private_key_jwt", client_assertion_lifetime=300)
    parameters = asked(crm.client_assertion(lifetime=lifetime))
    if right:
        taken(http, parameters)
    else:
        refused(http, parameters, "s ahead; at most 300 are taken (client_assertion_lifetime)")


@pytest.mark.parametrize(
    ("claims", "right"),
    [
        ({"exp": 1_800_003_600}, True),
        ({"exp": 1_800_003_600.5}, False),
        ({"exp": 1_800_000_000.5}, True),
        ({"exp": 1_800_000_000}, False),
        ({"nbf": 1_800_000_000}, True),
        ({"nbf": 1_800_000_000.5}, False),
        ({"iat": 1_800_000_000}, True),
        ({"iat": 1_800_000_000.5}, False),
        ({"iat": 1_799_996_400}, True),
        ({"iat": 1_799_996_399.5}, False),
    ],
)
def test_times_are_exact(http: typing.Any, crm: RegisteredClient, claims: dict[str, object], right: bool) -> None:
    """RFC 7519 4.1.4 to 4.1.6: not on or after exp, not before nbf; `client_assertion_lifetime` to the second."""
    with time_machine.travel(1_800_000_000, tick=False):
        parameters = asked(crm.client_assertion(**claims))
        if right:
            taken(http, parameters)
        else:
            refused(http, parameters, "the assertion of client 'crm': ")


# -- once --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_an_assertion_is_good_once(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 7523 3: whoever sees it cannot use it again; another client's jti is another."""
    crm, erp = (mock.client(name, token_endpoint_auth_method=method) for name in ("crm", "erp"))
    parameters = asked(crm.client_assertion(jti="one"))

    taken(http, parameters)
    refused(http, parameters, "jti 'one' has been used before: make a new assertion for each request (RFC 7523 3)")
    refused(http, asked(crm.client_assertion(jti="one", lifetime=90)), "jti 'one' has been used before")
    taken(http, asked(erp.client_assertion(jti="one")))
    taken(http, asked(crm.client_assertion(jti="One")))


def test_a_jti_may_come_again_when_it_has_expired(mock: OAuthMock, http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 7519 4.1.7, RFC 7523 3: it is remembered as long as the assertion would be good."""
    with time_machine.travel(1_800_000_000, tick=False):
        taken(http, asked(crm.client_assertion(jti="one", lifetime=60)))
        mock.clock.skew(seconds=59)
        refused(http, asked(crm.client_assertion(jti="one")), "jti 'one' has been used before")
        mock.clock.skew(seconds=60)

        taken(http, asked(crm.client_assertion(jti="one")))


def test_a_refused_assertion_burns_no_jti(http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 7523 3: only what was taken is remembered."""
    refused(http, asked(crm.client_assertion(jti="one", aud="http://other")), "aud is")
    refused(http, asked(crm.client_assertion(jti="one")[:-4] + "AAAA"), "the signature is not by the registered key")

    taken(http, asked(crm.client_assertion(jti="one")))


def test_an_assertion_without_jti_may_come_again(http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 7523 3: jti is optional, and without one nothing can be told apart."""
    parameters = asked(crm.client_assertion(jti=None))

    taken(http, parameters)
    taken(http, parameters)


class UnlockedStore(MemoryStore):
    """The same store with a look and a mark that are two steps: what the race below must catch."""

    looked: threading.Barrier | None = None

    def claim(self, kind: Kind, value: str, *, now: float, expires_at: float) -> bool:
        new = self._claimed[kind].get(value.encode(), now) <= now
        if self.looked is not None:
            self.looked.wait()
        self._claimed[kind][value.encode()] = expires_at
        return new


def _winners(mock: OAuthMock, http: typing.Any, assertion: str, rivals: int) -> int:
    """How many of so many simultaneous requests with one assertion are answered with tokens."""
    barrier = threading.Barrier(rivals)
    statuses: list[int] = []

    def ask() -> None:
        barrier.wait()
        statuses.append(http.token(asked(assertion)).status_code)

    threads = [threading.Thread(target=ask) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted({*statuses}) == ([200, 401] if statuses.count(200) < rivals else [200])
    return statuses.count(200)


@pytest.mark.race
def test_of_fifty_uses_of_an_assertion_one_wins(mock: OAuthMock, http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 7523 3: ten rounds of fifty threads."""
    assert [_winners(mock, http, crm.client_assertion(), 50) for _ in range(10)] == [1] * 10


@pytest.mark.race
def test_an_unlocked_store_fails_the_same_race(mock: OAuthMock, http: typing.Any, crm: RegisteredClient) -> None:
    """The check can fail: where looking and marking are two steps, all win who look before the first has marked."""
    store = UnlockedStore()
    store.looked = threading.Barrier(5)
    mock.state.issuers[""].store = store

    assert _winners(mock, http, crm.client_assertion(), 5) == 5


# -- signature and header ----------------------------------------------------------------------------------------------


def _unsigned(header: object, claims: object, signature: str = "") -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256x", None, 5, ["ES256"], "ES256K", "RS256", "dir"])
def test_an_algorithm_that_is_not_accepted_is_refused(http: typing.Any, crm: RegisteredClient, alg: object) -> None:
    """RFC 8725 3.1: `none` too, with a signature or without."""
    for signature in ("", "AAAA"):
        assertion = _unsigned({"alg": alg, "typ": "JWT"}, made("crm"), signature)
        refused(http, asked(assertion), "alg is ")


@pytest.mark.parametrize("methods", ["private_key_jwt", ["private_key_jwt", "client_secret_jwt"]])
@pytest.mark.parametrize("alg", MACS)
def test_the_public_key_is_no_secret(mock: OAuthMock, http: typing.Any, alg: str, methods: str | list[str]) -> None:
    """RFC 8725 2.1: a MAC under the public key, in any form of it, proves nothing."""
    public = private_key("RS256").public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    forms = [
        public.public_bytes(encoding, kind) for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
    ]
    mock.client("crm", token_endpoint_auth_method=methods, jwks=_jwks("RS256"))
    why = "is registered with private_key_jwt; the request sent client_secret_jwt"
    for form in [*forms, forms[0].strip(), json.dumps(public_jwk("RS256")).encode()]:
        text = _unsigned({"alg": alg}, made("crm")).rstrip(".")
        digest = jwt.get_algorithm_by_name(alg).hash_alg  # PyJWT itself refuses to sign with such a key

        mac = base64.urlsafe_b64encode(hmac.digest(form, text.encode(), digest().name)).rstrip(b"=").decode()
        refused(
            http,
            asked(f"{text}.{mac}"),
            why if methods == "private_key_jwt" else "the signature is not by the registered",
        )


def test_another_kind_of_key_is_refused(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8725 3.1: the header cannot choose an algorithm that the registered key does not fit."""
    mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks=_jwks("ES256"))

    for alg in ("RS256", "ES384", "EdDSA"):
        refused(
            http, asked(signed(made("crm"), private_key(alg), alg)), f"alg is {alg!r}, and the registered key is for"
        )
    lie = signed(made("crm"), private_key("ES256"), "ES256")
    header, rest = _unsigned({"alg": "ES384"}, {}).partition(".")[0], lie.partition(".")[2]
    refused(http, asked(f"{header}.{rest}"), "alg is 'ES384'")


def test_the_registered_algorithm_is_the_only_one(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect Registration 2: `token_endpoint_auth_signing_alg`; without it any that the key fits."""
    for alg, other, method in (("PS256", "RS256", "private_key_jwt"), ("HS384", "HS256", "client_secret_jwt")):
        own = {"jwks": _jwks("RS256")} if alg == "PS256" else {"client_secret": _SECRET}
        key = private_key("RS256") if alg == "PS256" else _SECRET
        mock.client(alg, token_endpoint_auth_method=method, token_endpoint_auth_signing_alg=alg, **own)

        refused(http, asked(signed(made(alg), key, other)), f"alg is {other!r}, which is not accepted of this client")
        taken(http, asked(signed(made(alg), key, alg)))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param({"crit": ["exp"], "exp": 1}, "the header has crit ['exp'], which is not understood", id="crit"),
        pytest.param({"crit": ["b64"], "b64": True}, "the header has crit ['b64']", id="crit b64"),
        pytest.param({"crit": []}, "the header has crit []", id="crit empty"),
        pytest.param({"typ": "at+jwt"}, "the header has typ 'at+jwt': this is another kind of JWT", id="access token"),
        pytest.param({"typ": "dpop+jwt"}, "the header has typ 'dpop+jwt'", id="DPoP proof"),
        pytest.param({"typ": "logout+jwt"}, "the header has typ 'logout+jwt'", id="logout token"),
        pytest.param({"kid": "other"}, "no registered key has the kid 'other' (registered: ", id="kid unknown"),
    ],
)
def test_a_header_that_means_something_else_is_refused(
    http: typing.Any, crm: RegisteredClient, header: dict[str, object], why: str
) -> None:
    """RFC 7515 4.1.4, 4.1.9, 4.1.11; RFC 8725 3.11: another kind of JWT is no client assertion."""
    refused(http, asked(crm.client_assertion(headers=header)), why)


@pytest.mark.parametrize("kid", [5, ["k"], {}, True])
def test_a_kid_is_a_string(http: typing.Any, crm: RegisteredClient, kid: object) -> None:
    """RFC 7515 4.1.4."""
    refused(http, asked(_unsigned({"alg": "ES256", "kid": kid}, made("crm"), "AAAA")), f"the header has kid {kid!r}")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt", None])
def test_a_header_may_say_what_it_is(http: typing.Any, crm: RegisteredClient, typ: str | None) -> None:
    """RFC 7515 4.1.9: case-insensitive, optional; the newer explicit type too."""
    taken(http, asked(crm.client_assertion(headers={"typ": typ})))


# -- what is no JWT ----------------------------------------------------------------------------------------------------

_DEEP = base64.urlsafe_b64encode(b"[" * 30_000).rstrip(b"=").decode()
_HEADER = base64.urlsafe_b64encode(b'{"alg":"ES256"}').rstrip(b"=").decode()
_NO_JSON = "part is no JSON in base64url (RFC 7515 3)"


@pytest.mark.parametrize(
    ("assertion", "why"),
    [
        pytest.param("a", "the assertion is no signed JWT: it has 1 parts and not three", id="one part"),
        pytest.param("a.b", "it has 2 parts and not three", id="two parts"),
        pytest.param("a.b.c.d", "it has 4 parts and not three", id="four parts"),
        pytest.param("a.b.c.d.e", "it has 5 parts and not three", id="encrypted"),
        pytest.param("." * 5000, "it has 5001 parts", id="dots"),
        pytest.param("..", f"its header {_NO_JSON}", id="three empty parts"),
        pytest.param(f"{_HEADER}..", f"its claims {_NO_JSON}", id="no claims"),
        pytest.param("!!.b.c", f"its header {_NO_JSON}", id="no base64"),
        pytest.param(f"{_HEADER}=.e30.AAAA", f"its header {_NO_JSON}", id="padding"),
        pytest.param(f"{_HEADER[:4]} {_HEADER[4:]}.e30.AAAA", f"its header {_NO_JSON}", id="white space"),
        pytest.param(f"{_HEADER[:4]}+{_HEADER[4:]}.e30.AAAA", f"its header {_NO_JSON}", id="base64 of the other kind"),
        pytest.param(f"{_HEADER}é.e30.AAAA", f"its header {_NO_JSON}", id="not ASCII"),
        pytest.param(f"{_HEADER}.e30.é", "its signature is not in base64url", id="signature not ASCII"),
        pytest.param(f"{_HEADER}.e30.AAAA==", "its signature is not in base64url", id="signature padded"),
        pytest.param("YWJj.e30.AAAA", f"its header {_NO_JSON}", id="header no JSON"),
        pytest.param("gIGC.e30.AAAA", f"its header {_NO_JSON}", id="header no UTF-8"),
        pytest.param("W10.e30.AAAA", "its header part is no JSON object", id="header an array"),
        pytest.param("bnVsbA.e30.AAAA", "its header part is no JSON object", id="header null"),
        pytest.param(f"{_HEADER}.W10.AAAA", "its claims part is no JSON object", id="claims an array"),
        pytest.param(f"{_HEADER}.MQ.AAAA", "its claims part is no JSON object", id="claims a number"),
        pytest.param(f"{_HEADER}.{_DEEP}.AAAA", f"its claims {_NO_JSON}", id="deep nesting"),
        pytest.param(f"{_DEEP}.e30.AAAA", f"its header {_NO_JSON}", id="deep nesting in the header"),
        pytest.param(f"{_HEADER}.{'A' * 65536}.AAAA", "more than 65536 are not read", id="64 KiB"),
        pytest.param(
            f"{_HEADER}.e30.AAAA", "the assertion names no client: it has neither sub nor iss", id="no claims"
        ),
        pytest.param(
            f"{_HEADER}.{base64.urlsafe_b64encode(b'9' * 5000).decode().rstrip('=')}.A", _NO_JSON, id="digits"
        ),
    ],
)
@pytest.mark.usefixtures("crm")
def test_what_is_no_jwt_is_refused(http: typing.Any, assertion: str, why: str) -> None:
    """RFC 7515 7.1, RFC 7521 4.2.1: invalid_client, never an error of ours."""
    refused(http, asked(assertion), why)


# -- how it is presented -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        pytest.param({"client_assertion_type": ""}, "client_assertion_type is missing; write urn:", id="missing"),
        pytest.param(
            {"client_assertion_type": "jwt-bearer"}, "client_assertion_type is 'jwt-bearer'; write", id="short"
        ),
        pytest.param({"client_assertion_type": _TYPE.upper()}, "client_assertion_type is 'URN:", id="in capitals"),
        pytest.param(
            {"client_assertion_type": _TYPE.replace("jwt-bearer", "saml2-bearer")}, "saml2-bearer'; write", id="SAML"
        ),
        pytest.param({"client_assertion": ""}, "client_assertion_type came without client_assertion", id="alone"),
        pytest.param(
            {"client_id": "erp"}, "by private_key_jwt the client is 'crm', the body says 'erp'", id="other id"
        ),
    ],
)
def test_an_assertion_that_is_presented_wrongly_is_refused(
    http: typing.Any, crm: RegisteredClient, parameters: dict[str, str], why: str
) -> None:
    """RFC 7521 4.2: its type is required and exact; client_id may stand beside it, and may not contradict it."""
    refused(http, {**asked(crm.client_assertion()), **parameters}, why)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_query"])
def test_an_assertion_and_a_secret_are_two_methods(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 2.3, RFC 7521 4.2: one in each request, also for a client that is registered for both."""
    crm = mock.client("crm", client_secret=_SECRET, token_endpoint_auth_method=[method, "client_secret_jwt"])
    parameters = asked(crm.client_assertion())
    secret = {"client_id": "crm", "client_secret": _SECRET}
    if method == "client_secret_basic":
        response = http.token(parameters, basic=("crm", _SECRET))
    elif method == "client_secret_post":
        response = http.token({**parameters, **secret})
    else:
        response = http.client.post("/token", data=parameters, query_string=secret)

    assert http.answer(response) == http.refused(400, "invalid_request")
    assert f"the request authenticates twice, by {method} and client_secret_jwt (RFC 6749 2.3)" in mock.journal.last.why
    taken(http, parameters)


def test_a_repeated_assertion_is_refused(http: typing.Any, crm: RegisteredClient) -> None:
    """RFC 6749 3.2: no parameter more than once; nothing of it is used up."""
    parameters = asked(crm.client_assertion())

    twice = http.token([*parameters.items(), ("client_assertion", parameters["client_assertion"])])

    assert http.answer(twice) == http.refused(400, "invalid_request")
    taken(http, parameters)


def test_an_assertion_in_the_url_is_for_clients_that_may(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1, RFC 7521 4.2: in the body, unless `request_encodings` has `query`."""
    method = "private_key_jwt"
    strict, lenient = (
        mock.client("a", token_endpoint_auth_method=method),
        mock.client("b", token_endpoint_auth_method=method, request_encodings=["form", "query"]),
    )
    for client in (strict, lenient):
        parameters = asked(client.client_assertion())
        grant = {"grant_type": parameters.pop("grant_type")}
        response = http.client.post("/token", data=grant, query_string=parameters)
        if client is lenient:
            assert http.answer(response) == http.tokens(refresh_token=False)
        else:
            assert http.answer(response) == http.refused(401, "invalid_client")
            assert "client_assertion is in the URL; client 'a' has to send it in the body" in mock.journal.last.why


@pytest.mark.parametrize("registered", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"])
def test_a_method_that_is_not_registered_is_refused(mock: OAuthMock, http: typing.Any, registered: str) -> None:
    """RFC 7523 2.2, RFC 6749 5.2: an assertion proves nothing of a client that is registered otherwise."""
    mock.client("crm", token_endpoint_auth_method=registered)

    refused(
        http,
        asked(signed(made("crm"), private_key("ES256"), "ES256")),
        f"client 'crm' is registered with {registered}; the request sent private_key_jwt",
    )


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_a_secret_is_refused_of_a_client_that_signs(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 2.3.1: the right secret too, and no credentials at all."""
    own = {"client_secret": _SECRET} if method == "client_secret_jwt" else {}
    mock.client("crm", token_endpoint_auth_method=method, **own)
    body = {"grant_type": "client_credentials", "client_id": "crm"}

    why = f"client 'crm' is registered with {method}; the request sent "
    refused(http, {**body, "client_secret": _SECRET}, f"{why}client_secret_post")
    refused(http, body, f"{why}none")


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_a_disabled_client_is_refused(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 5.2: whatever it signs; its assertion is not used up by that."""
    crm = mock.client("crm", token_endpoint_auth_method=method)
    parameters = asked(crm.client_assertion())
    crm.disable()
    refused(http, parameters, "client 'crm' is disabled; to switch it on again: client.enable()")
    crm.enable()

    taken(http, parameters)
