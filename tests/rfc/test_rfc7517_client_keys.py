"""RFC 7517, RFC 7591 2: the keys that clients sign their assertions with, by value and by URL, and their rotation."""

from __future__ import annotations

import functools
import json
import time
import typing

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import jws

_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@functools.cache
def key(name: str) -> typing.Any:
    """A private key by any name; those that begin with `rsa` are RSA."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def jwk(name: str, **members: object) -> dict[str, typing.Any]:
    """Its public half; a member that is None is left out."""
    alg = "RS256" if name.startswith("rsa") else "ES256"
    whole = {**jwt.get_algorithm_by_name(alg).to_jwk(key(name).public_key(), as_dict=True), "kid": name, **members}
    whole.pop("key_ops", None)
    return {member: value for member, value in whole.items() if value is not None}


def private_jwk(name: str) -> dict[str, typing.Any]:
    return dict(jwt.get_algorithm_by_name("ES256").to_jwk(key(name), as_dict=True))


def jwks(*keys: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return {"keys": list(keys)}


def asked(client_id: str, name: str, kid: str | None = None) -> dict[str, str]:
    """A token request with an assertion under a key."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": "http://localhost", "exp": now + 60}
    alg, header = "RS256" if name.startswith("rsa") else "ES256", {} if kid is None else {"kid": kid}
    assertion = jwt.encode(claims, key(name), algorithm=alg, headers=header)
    return {"grant_type": "client_credentials", "client_assertion_type": _TYPE, "client_assertion": assertion}


def refused(http: typing.Any, parameters: dict[str, str], why: str) -> None:
    assert http.answer(http.token(parameters)) == http.refused(401, "invalid_client")
    assert why in http.mock.journal.last.why


def taken(http: typing.Any, parameters: dict[str, str]) -> None:
    assert http.answer(http.token(parameters)) == http.tokens(refresh_token=False)


@pytest.fixture(params=["jwks", "jwks_uri"])
def register(request: pytest.FixtureRequest, mock: OAuthMock) -> typing.Callable[..., object]:
    """Registers a client with keys, by value or by URL."""

    def with_keys(*keys: dict[str, typing.Any], **settings: typing.Any) -> object:
        if request.param == "jwks_uri":
            settings["jwks_uri"] = mock.publish_jwks("/crm/jwks.json", jwks(*keys))
        else:
            settings["jwks"] = jwks(*keys)
        return mock.client("crm", token_endpoint_auth_method="private_key_jwt", **settings)

    return with_keys


def test_an_assertion_is_verified_with_the_key_that_it_names(http: typing.Any, register: typing.Any) -> None:
    """RFC 7515 4.1.4: kid picks one of several; without one, each that fits is tried."""
    register(jwk("a"), jwk("b"), jwk("rsa"))

    taken(http, asked("crm", "a", kid="a"))
    taken(http, asked("crm", "b", kid="b"))
    taken(http, asked("crm", "b"))
    taken(http, asked("crm", "rsa"))
    refused(http, asked("crm", "b", kid="a"), "the signature is not by the registered key")
    refused(
        http, asked("crm", "b", kid="c"), "no registered key has the kid 'c' (registered: 'a', 'b', 'rsa'); was the"
    )
    refused(http, asked("crm", "c"), "the signature is not by the registered key")
    refused(http, asked("crm", "b", kid="rsa"), "alg is 'ES256', and the registered key is for RS256")


def test_a_key_without_kid_fits_any(http: typing.Any, register: typing.Any) -> None:
    """RFC 7517 4.5: kid is optional, so an assertion may have one that the key has not."""
    register(jwk("a", kid=None))

    taken(http, asked("crm", "a", kid="whatever"))
    taken(http, asked("crm", "a"))


def test_the_alg_of_a_key_is_the_only_one(mock: OAuthMock, http: typing.Any, register: typing.Any) -> None:
    """RFC 7517 4.4."""
    register(jwk("rsa", alg="PS256"))

    refused(http, asked("crm", "rsa"), "alg is 'RS256', and the registered key is for PS256")


def test_a_key_for_encryption_verifies_nothing(http: typing.Any, register: typing.Any) -> None:
    """RFC 7517 4.2, 5: it may be in the set; alone it is refused."""
    register(jwk("a", use="enc", alg="ECDH-ES"), jwk("b", use="sig"))

    taken(http, asked("crm", "b", kid="b"))
    refused(http, asked("crm", "a", kid="a"), "no registered key has the kid 'a' (registered: 'b')")


@pytest.mark.parametrize("alg", ["RS256", "PS512"])
def test_a_short_key_is_taken(mock: OAuthMock, http: typing.Any, alg: str) -> None:
    """RFC 7518 3.3 asks for 2048 bits; old keys have 1024, and the warnings of libraries do not get out."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024 if alg == "RS256" else 1536)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key(), as_dict=True)
    mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks=jwks(public))
    claims = {"iss": "crm", "sub": "crm", "aud": "http://localhost", "exp": int(time.time()) + 60}
    assertion = jws.sign(claims, short, alg=alg, headers={})

    taken(http, {**asked("crm", "a"), "client_assertion": assertion})


def test_the_keys_are_as_they_were_given(mock: OAuthMock, http: typing.Any) -> None:
    """Whoever goes on to change the set that was handed over changes nothing here, and breaks nothing."""
    given = jwks(jwk("a"))
    url = mock.publish_jwks("/keys", given)
    mock.client("inline", token_endpoint_auth_method="private_key_jwt", jwks=given)
    mock.client("by-url", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    given["keys"][0]["kty"] = "x"
    given["keys"].append("no key")

    for client_id in ("inline", "by-url"):
        taken(http, asked(client_id, "a"))


# -- rotation ----------------------------------------------------------------------------------------------------------


def test_the_published_keys_can_be_replaced(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7517 5, OpenID Connect Core 10.1.1: old and new side by side, then the new one alone."""
    url = mock.publish_jwks("/keys", jwks(jwk("old")))
    mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    assert url == "http://localhost/keys"
    refused(http, asked("crm", "new", kid="new"), "no registered key has the kid 'new' (registered: 'old')")

    assert mock.publish_jwks("/keys", jwks(jwk("new"), jwk("old"))) == url
    taken(http, asked("crm", "new", kid="new"))
    taken(http, asked("crm", "old", kid="old"))

    mock.publish_jwks("/keys", jwks(jwk("new")))
    taken(http, asked("crm", "new", kid="new"))
    refused(
        http, asked("crm", "old", kid="old"), "no registered key has the kid 'old' (registered: 'new'); was the key"
    )
    refused(http, asked("crm", "old"), "the signature is not by the registered key")


def test_the_published_keys_are_served(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7517 8.5.2: the client's set, at its path, by GET."""
    mock.publish_jwks("/keys", jwks(jwk("a")))
    response = http.client.get("/keys")

    assert (response.status_code, json.loads(response.data)) == (200, jwks(jwk("a")))
    assert http.client.post("/keys").status_code == 405
    assert http.client.get("/other").status_code == 404


def test_published_keys_that_are_gone_are_named(mock: OAuthMock, http: typing.Any) -> None:
    """The tester is told what is missing, the client only that it is refused."""
    url = mock.publish_jwks("/keys", jwks(jwk("a")))
    mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    del mock.state.issuers[""].published["/keys"]

    assert http.told(http.token(asked("crm", "a"))) == (
        401,
        "invalid_client",
        "Client authentication failed.",
        "nothing is published at 'http://localhost/keys', the jwks_uri of client 'crm'",
    )


def test_an_issuers_published_keys_are_its_own(mock: OAuthMock, http: typing.Any) -> None:
    """A path is below the issuer that published it."""
    tenant = mock.issuer("tenant-a")
    url = tenant.publish_jwks("/keys", jwks(jwk("a")))
    tenant.client("crm", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    with pytest.raises(ConfigurationError, match="keys are fetched from this server alone"):
        mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    assertion = asked("crm", "a")
    refused_here = http.token(assertion)
    assert refused_here.status_code == 401

    claims = {"iss": "crm", "sub": "crm", "aud": tenant.identifier, "exp": int(time.time()) + 60}
    assertion["client_assertion"] = jwt.encode(claims, key("a"), algorithm="ES256")
    assert http.answer(http.client.post("/tenant-a/token", data=assertion)) == http.tokens(refresh_token=False)


def test_a_client_gets_a_new_key(mock: OAuthMock, http: typing.Any) -> None:
    """What was signed with the old key is refused at once; both are looked for in leaks."""
    crm = mock.client("crm", token_endpoint_auth_method="private_key_jwt")
    old_key, old_kid = crm.private_key, crm.key_id
    body = {"grant_type": "client_credentials", "client_assertion_type": _TYPE}
    early, late = crm.client_assertion(), crm.client_assertion(headers={"kid": None})
    assert crm.rotate_key() == crm.private_key != old_key
    assert crm.key_id != old_kid

    refused(http, {**body, "client_assertion": early}, f"no registered key has the kid {old_kid!r}")
    refused(http, {**body, "client_assertion": late}, "the signature is not by the registered key")
    taken(http, {**body, "client_assertion": crm.client_assertion()})
    for pem in (old_key, crm.private_key):
        with pytest.raises(AssertionError, match="private key of client 'crm'"):
            mock.assert_no_secret_leak(pem)


# -- sets that are none ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({}, "a JWK Set has a list 'keys' with at least one key (RFC 7517 5)", id="no keys"),
        pytest.param({"keys": []}, "a JWK Set has a list 'keys' with at least one key", id="empty"),
        pytest.param({"keys": "a"}, "a JWK Set has a list 'keys'", id="no list"),
        pytest.param({"keys": {"a": 1}}, "a JWK Set has a list 'keys'", id="a table"),
        pytest.param(jwk("a"), "a JWK Set has a list 'keys'", id="a key and no set"),
        pytest.param({"keys": ["a"]}, "keys[0] is no table of JWK members (RFC 7517 4)", id="text"),
        pytest.param({"keys": [jwk("a"), 5]}, "keys[1] is no table of JWK members", id="the second"),
        pytest.param({"keys": [{}]}, "keys[0] has kty None and crv None; there are RSA, EC (P-256,", id="no members"),
        pytest.param({"keys": [jwk("a", kty="RSAA")]}, "keys[0] has kty 'RSAA' and crv 'P-256'; there are", id="kty"),
        pytest.param({"keys": [jwk("a", crv="P-257")]}, "keys[0] has kty 'EC' and crv 'P-257'; there are", id="crv"),
        pytest.param({"keys": [jwk("a", crv=["P-256"])]}, "keys[0] has kty 'EC' and crv ['P-256']", id="crv a list"),
        pytest.param({"keys": [jwk("a", kty="OKP")]}, "keys[0] has kty 'OKP' and crv 'P-256'", id="kty of another"),
        pytest.param({"keys": [jwk("a", kid=5)]}, "keys[0] has kid 5; write a string (RFC 7517 4.5)", id="kid"),
        pytest.param(
            {"keys": [jwk("a", alg="RS256")]}, "keys[0] has alg 'RS256', which its key does not fit", id="alg"
        ),
        pytest.param({"keys": [jwk("a", alg="HS256")]}, "keys[0] has alg 'HS256', which its key does not", id="MAC"),
        pytest.param({"keys": [jwk("a", alg=["ES256"])]}, "it fits ES256", id="alg a list"),
        pytest.param({"keys": [jwk("a", x=None)]}, "keys[0] is no key: ", id="no x"),
        pytest.param({"keys": [jwk("a", x="AAAA")]}, "keys[0] is no key: ", id="x too short"),
        pytest.param({"keys": [jwk("a", x=5)]}, "keys[0] is no key: ", id="x a number"),
        pytest.param({"keys": [jwk("a", x=jwk("b")["x"])]}, "keys[0] is no key: ", id="not on the curve"),
        pytest.param({"keys": [jwk("rsa", n=None)]}, "keys[0] is no key: ", id="no n"),
        pytest.param({"keys": [jwk("rsa", e=["AQAB"])]}, "keys[0] is no key: ", id="e a list"),
        pytest.param({"keys": [jwk("rsa", n="é")]}, "keys[0] is no key: ", id="n not ASCII"),
        pytest.param({"keys": [private_jwk("a")]}, "register its public half alone, without 'd'", id="private"),
        pytest.param(
            {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
            "keys[0] is a symmetric key; with a shared secret the method is client_secret_jwt",
            id="oct",
        ),
        pytest.param(jwks(jwk("a", use="enc")), "every key is for encryption (use 'enc', RFC 7517 4.2)", id="enc"),
    ],
)
def test_a_set_that_is_none_is_refused_when_it_is_registered(
    mock: OAuthMock, http: typing.Any, wrong: dict[str, typing.Any], message: str
) -> None:
    """By value and by URL; what was published before stays, and the client that was not registered is not."""
    url = mock.publish_jwks("/keys", jwks(jwk("b")))
    with pytest.raises(ConfigurationError) as published:
        mock.publish_jwks("/keys", wrong)
    with pytest.raises(ConfigurationError) as registered:
        mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks=wrong)

    assert str(published.value).startswith("publish_jwks('/keys'): ")
    assert message in str(published.value)
    assert str(registered.value).startswith("client 'crm': jwks: ")
    assert message in str(registered.value)
    mock.client("crm", token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    taken(http, asked("crm", "b"))


@pytest.mark.parametrize("path", ["keys", "/keys?a=b", "/keys#a", "", "/token", "/jwks", "/callback", "/authorize"])
def test_keys_are_published_at_a_free_path(mock: OAuthMock, path: str) -> None:
    """Not where the protocol is served, nor where nothing can be."""
    with pytest.raises(ConfigurationError, match=r"choose another path|write a path that begins with /"):
        mock.publish_jwks(path, jwks(jwk("a")))


def test_a_client_without_a_key_of_ours_has_none_to_give(mock: OAuthMock) -> None:
    """Its private key stayed with whoever made it; a client with a secret signs with that."""
    own = mock.client("own", token_endpoint_auth_method="private_key_jwt", jwks=jwks(jwk("a")))
    public = mock.client("public", token_endpoint_auth_method="none")
    for client in (own, public):
        for use in (
            lambda c=client: c.private_key,
            lambda c=client: c.key_id,
            client.client_assertion,
            client.rotate_key,
        ):
            with pytest.raises(ConfigurationError, match=f"client '{client.client_id}' has no private key here"):
                use()
