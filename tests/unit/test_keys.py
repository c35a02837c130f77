"""Signing keys and the JWK Set."""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import hashlib
import json
import threading
import typing

import jwt
import pytest

from mockserver import keys
from mockserver.keys import KeySet
from mockserver.keys import SigningKey
from mockserver.policies import SigningAlgorithm

_PUBLIC: dict[str, set[str]] = {
    "ES256": {"kty", "crv", "x", "y", "use", "alg", "kid"},
    "ES512": {"kty", "crv", "x", "y", "use", "alg", "kid"},
    "EdDSA": {"kty", "crv", "x", "use", "alg", "kid"},
    "RS256": {"kty", "n", "e", "use", "alg", "kid"},
}
_REQUIRED: dict[str, list[str]] = {
    "ES256": ["crv", "kty", "x", "y"],
    "ES512": ["crv", "kty", "x", "y"],
    "EdDSA": ["crv", "kty", "x"],
    "RS256": ["e", "kty", "n"],
}

_ALGORITHMS = pytest.mark.parametrize("alg", ["ES256", "ES512", "EdDSA", "RS256"])


@pytest.fixture
def unmade(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has no RSA key yet; the one it has is back afterwards."""
    fresh = functools.cache(keys._process_rsa_key.__wrapped__)
    monkeypatch.setattr(keys, "_process_rsa_key", fresh)


def _size(number: str) -> int:
    """The length in octets of a base64url number."""
    return len(base64.urlsafe_b64decode(number + "=" * (-len(number) % 4)))


@_ALGORITHMS
def test_a_key_is_named_by_its_thumbprint(alg: SigningAlgorithm) -> None:
    """RFC 7638 3: SHA-256 over the required members, in lexicographic order, without white space."""
    jwk = KeySet().signing(alg).public_jwk()
    text = json.dumps({name: jwk[name] for name in _REQUIRED[alg]}, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

    assert jwk["kid"] == thumbprint


def test_the_thumbprint_of_the_rfcs_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7638 3.1: the key of the example has the name of the example."""
    members = {
        "kty": "RSA",
        "n": (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
            "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgd"
            "AZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur"
            "-kEgU8awapJzKnqDKgw"
        ),
        "e": "AQAB",
    }
    monkeypatch.setattr(keys, "_public_members", lambda private: members)

    assert keys._named("RS256", typing.cast("typing.Any", None)).kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@_ALGORITHMS
def test_a_published_key_has_public_members_only(alg: SigningAlgorithm) -> None:
    """RFC 7517 4, RFC 7518 6: `use`, `alg` and `kid` beside the public half; no d, p, q, dp, dq, qi, oth, k."""
    jwks = KeySet().jwks([alg])

    assert [set(key) for key in jwks["keys"]] == [_PUBLIC[alg]]
    assert (jwks["keys"][0]["use"], jwks["keys"][0]["alg"]) == ("sig", alg)


def test_the_set_has_the_keys_in_the_order_that_was_asked() -> None:
    """RFC 7517 5: and nothing beside `keys`."""
    made = KeySet()

    assert made.jwks(["ES256", "RS256"]) == {
        "keys": [made.signing("ES256").public_jwk(), made.signing("RS256").public_jwk()]
    }
    assert made.jwks([]) == {"keys": []}


def test_keys_are_as_long_as_their_algorithm_asks() -> None:
    """RFC 7518 3.3, 6.2.1: RSA has 2048 bits at least, both coordinates of P-256 have 32 octets."""
    elliptic, rsa = KeySet().jwks(["ES256", "RS256"])["keys"]

    assert (elliptic["crv"], _size(elliptic["x"]), _size(elliptic["y"])) == ("P-256", 32, 32)
    assert (rsa["e"], _size(rsa["n"])) == ("AQAB", 256)


@_ALGORITHMS
@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
def test_what_is_signed_can_be_verified_with_the_set(alg: SigningAlgorithm, typ: str) -> None:
    """RFC 7515 3.1, 4.1: the header has typ, alg and kid and nothing else; the claims are unchanged."""
    made = KeySet()
    claims = {"sub": "alice", "n": 1}

    token = made.signing(alg).sign(claims, typ=typ)

    header = jwt.get_unverified_header(token)
    key = jwt.PyJWKSet.from_dict(typing.cast("dict[str, typing.Any]", made.jwks([alg])))[header["kid"]]
    assert header == {"typ": typ, "alg": alg, "kid": made.signing(alg).kid}
    assert jwt.decode(token, key, algorithms=[alg]) == claims == {"sub": "alice", "n": 1}


@_ALGORITHMS
def test_a_token_of_another_key_cannot(alg: SigningAlgorithm) -> None:
    """RFC 7515 5.2: a signature is good for one key and one text."""
    made = KeySet()
    key = jwt.PyJWK(typing.cast("dict[str, typing.Any]", made.signing(alg).public_jwk()))
    head, _, signature = made.signing(alg).sign({"sub": "alice"}, typ="JWT").split(".")
    other = base64.urlsafe_b64encode(b'{"sub":"mallory"}').rstrip(b"=").decode()

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{other}.{signature}", key, algorithms=[alg])


def test_the_elliptic_key_is_the_key_sets_own() -> None:
    """Made once; two issuers do not share it."""
    one, other = KeySet(), KeySet()

    assert one.signing("ES256") is one.signing("ES256")
    assert one.signing("ES256").kid != other.signing("ES256").kid


def test_the_elliptic_key_is_made_once_whoever_asks_first() -> None:
    """Twenty threads ask at the same time."""
    made, barrier = KeySet(), threading.Barrier(20)

    def ask(_: int) -> SigningKey:
        barrier.wait()
        return made.signing("ES256")

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = list(pool.map(ask, range(20)))

    assert {id(key) for key in got} == {id(made.signing("ES256"))}


def test_the_rsa_key_is_shared_in_a_process() -> None:
    """It is slow to make: all key sets have the same."""
    assert KeySet().signing("RS256") is KeySet().signing("RS256")


@pytest.mark.usefixtures("unmade")
def test_preparing_returns_at_once_and_signing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is made in the background, once, however often it is prepared."""
    generate = keys.rsa.generate_private_key
    began, go, calls = threading.Event(), threading.Event(), []

    def slow(**options: int) -> typing.Any:
        calls.append(options)
        began.set()
        assert go.wait(30)
        return generate(**options)

    monkeypatch.setattr(keys.rsa, "generate_private_key", slow)
    made = KeySet()
    made.prepare("RS256")
    KeySet().prepare("RS256")
    assert began.wait(30)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(made.signing, "RS256")
        early = waiting.done()
        go.set()
        key = waiting.result(30)

    assert (early, key.alg, key is made.signing("RS256")) == (False, "RS256", True)
    assert calls == [{"public_exponent": 65537, "key_size": 2048}]


@pytest.mark.usefixtures("unmade")
def test_whoever_waits_for_a_key_that_cannot_be_made_gets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hangs."""

    def fail(**options: int) -> typing.NoReturn:
        raise MemoryError("no room for a key")

    monkeypatch.setattr(keys.rsa, "generate_private_key", fail)

    with pytest.raises(MemoryError, match="no room for a key"):
        KeySet().signing("RS256")


@pytest.mark.usefixtures("unmade")
def test_preparing_es256_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made in no time when it is needed."""
    made: list[object] = []
    monkeypatch.setattr(keys.rsa, "generate_private_key", lambda **options: made.append(options))

    KeySet().prepare("ES256")

    assert made == []


@_ALGORITHMS
def test_the_repr_of_a_key_shows_no_private_half(alg: SigningAlgorithm) -> None:
    """Pytest prints reprs."""
    key = KeySet().signing(alg)

    assert repr(key) == f"SigningKey(kid={key.kid!r}, alg={alg!r})"
