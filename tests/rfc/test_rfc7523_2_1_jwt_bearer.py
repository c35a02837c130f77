"""RFC 7523 2.1 and 3, RFC 7521 4.1: assertions as grants, of identity providers and of the clients themselves."""

from __future__ import annotations

import base64
import hmac
import json
import typing

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa

import outgoing
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.config import TrustedIssuer

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CRM = ("crm", "s3cret")
_IDP = "https://idp.example"
_ISSUER = "http://localhost"


@pytest.fixture
def crm(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policies that the test asks for."""
    return mock.client("crm", client_secret="s3cret", **getattr(request, "param", {}))


@pytest.fixture
def idp(mock: OAuthMock, crm: typing.Any) -> typing.Any:
    return mock.identity_provider(_IDP)


def present(http: typing.Any, assertion: str, *, basic: tuple[str, str] | None = _CRM, **more: str) -> typing.Any:
    return http.token({"grant_type": _GRANT, "assertion": assertion, **more}, basic=basic)


def taken(http: typing.Any, assertion: str, **options: typing.Any) -> None:
    assert http.answer(present(http, assertion, **options)) == http.tokens(refresh_token=False)


def refused(http: typing.Any, assertion: str, why: str, error: str = "invalid_grant", **options: typing.Any) -> None:
    """RFC 7521 4.1.1: the whole answer, and what the tester is told."""
    assert http.answer(present(http, assertion, **options)) == http.refused(400, error)
    assert why in http.mock.journal.last.why
    assert len(http.mock.tokens) == 0


# -- who vouches for whom ----------------------------------------------------------------------------------------------


def test_an_identity_provider_vouches_for_a_person(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7523 2.1: a token for the subject, no refresh token (RFC 7521 4.1)."""
    answer = present(http, idp.assertion("alice"), scope="orders:read")

    assert http.answer(answer) == http.tokens(scope="orders:read", refresh_token=False)
    token = mock.tokens.last
    assert (token.grant_type, token.username, token.client_id, token.client_auth) == (
        *(_GRANT, "alice", "crm"),
        "client_secret_basic",
    )
    assert token.claims["sub"] == "alice"


def test_by_a_subject_of_another_name(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7523 3: `sub` identifies the person; the registered one whose claim `sub` it is."""
    mock.user("bob", sub="00u1")

    taken(http, idp.assertion("00u1"))

    assert (mock.tokens.last.username, mock.tokens.last.claims["sub"]) == ("bob", "00u1")


def test_by_settings(http: typing.Any) -> None:
    """RFC 7521 3: keys that were agreed on beforehand."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    mock = OAuthMock(issuer=_ISSUER, trusted_issuers={_IDP: {"jwks": {"keys": [jwk]}}})
    mock.client("crm", client_secret="s3cret")
    claims = {"iss": _IDP, "sub": "user", "aud": _ISSUER, "exp": int(mock.clock.peer()) + 60}

    taken(type(http)(mock), jwt.encode(claims, key, algorithm="ES256"))


def test_settings_that_cannot_be_meant() -> None:
    """Named by their key."""
    with pytest.raises(ConfigurationError, match=r"trusted_issuers.+a JWK Set has a list 'keys'"):
        OAuthMock(trusted_issuers={_IDP: {"jwks": {}}})


def test_openid(http: typing.Any, idp: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.3: an ID token where the scope has openid."""
    answer = present(http, idp.assertion("alice"), scope="openid")

    assert http.answer(answer) == http.tokens(scope="openid", refresh_token=False, id_token=True)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
@pytest.mark.parametrize("subject", ["alice", None, "robot"], ids=["for a person", "without sub", "for itself"])
def test_a_client_vouches_by_its_own_key(http: typing.Any, mock: OAuthMock, alg: str, subject: str | None) -> None:
    """RFC 7523 2.1, 3: as Google's service accounts do, whose assertion is all that says who asks."""
    robot = mock.client("robot", token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg=alg)
    assertion = robot.client_assertion(sub=subject, audience=f"{_ISSUER}/token")

    taken(http, assertion, basic=None)

    token = mock.tokens.last
    assert (token.client_id, token.client_auth) == ("robot", "assertion")
    assert (token.username, token.claims["sub"]) == ("alice", "alice") if subject == "alice" else (None, "robot")


@pytest.mark.parametrize(
    ("claim", "parameter", "granted"),
    [
        pytest.param("orders:read", None, "orders:read", id="in the assertion"),
        pytest.param("orders:write", "orders:read", "orders:read", id="the parameter goes before it"),
        pytest.param("", None, None, id="none"),
        pytest.param(["orders:read"], None, None, id="no string"),
    ],
)
def test_scope_is_asked_for_in_the_assertion(
    http: typing.Any, idp: typing.Any, claim: object, parameter: str | None, granted: str | None
) -> None:
    """RFC 7523 3: it may have other claims, and service accounts say there what they want."""
    more = {} if parameter is None else {"scope": parameter}

    answer = present(http, idp.assertion("alice", scope=claim), **more)

    told = {} if granted is None else {"scope": granted}
    assert http.answer(answer) == http.tokens(refresh_token=False, **told)


@pytest.mark.parametrize("crm", [{"scope": "orders:read"}], indirect=True, ids=["limited"])
def test_an_assertion_asks_for_no_more_than_a_client_may(http: typing.Any, idp: typing.Any) -> None:
    """RFC 6749 5.2: invalid_scope, as by the parameter, and the assertion is not used up."""
    refused(http, idp.assertion("alice", scope='orders"read'), "", "invalid_scope")
    assertion = idp.assertion("alice", scope="orders:delete")
    refused(http, assertion, "orders:delete", "invalid_scope")
    answer = present(http, assertion, scope="orders:read")
    assert http.answer(answer) == http.tokens(scope="orders:read", refresh_token=False)


def test_a_client_authenticates_by_one_assertion_and_brings_another(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7521 4.1, 4.2: they are two things, even where one JWT would do for both."""
    robot = mock.client("robot", token_endpoint_auth_method="private_key_jwt")
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assertion = robot.client_assertion()

    taken(http, assertion, basic=None, client_assertion_type=kind, client_assertion=assertion)

    assert mock.tokens.last.client_auth == "private_key_jwt"


def test_a_public_client(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7521 4.1: client authentication is optional; a client_id may say whose token it is to be."""
    mock.client("app", token_endpoint_auth_method="none")

    taken(http, idp.assertion("alice"), basic=None, client_id="app")

    assert mock.tokens.last.client_auth == "none"


def test_nobody_at_all(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7521 4.1, RFC 6749 5.2: an assertion of an identity provider does not say which client asks."""
    answer = present(http, idp.assertion("alice"), basic=None)

    assert http.answer(answer) == http.refused(401, "invalid_client")


def test_wrong_credentials_use_nothing_up(http: typing.Any, idp: typing.Any) -> None:
    """RFC 6749 5.2: the client is authenticated before the assertion is looked at."""
    assertion = idp.assertion("alice")
    answer = present(http, assertion, basic=("crm", "wr0ng"))

    assert http.answer(answer) == http.refused(401, "invalid_client", challenge='Basic realm="token endpoint"')
    taken(http, assertion)


def test_a_disabled_client(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6749 5.2: its assertions say nothing any more."""
    robot = mock.client("robot", token_endpoint_auth_method="private_key_jwt")
    robot.disable()

    assert http.answer(present(http, robot.client_assertion(), basic=None)) == http.refused(401, "invalid_client")


def test_a_client_that_may_not(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 6749 5.2."""
    mock.client("web", client_secret="s3cret-too", grant_types=["authorization_code"])

    refused(
        http,
        idp.assertion("alice"),
        "is registered for authorization_code",
        "unauthorized_client",
        basic=("web", "s3cret-too"),
    )


@pytest.mark.parametrize(
    ("more", "error"),
    [
        pytest.param({"scope": "orders:delete"}, "invalid_scope", id="scope"),
        pytest.param({"resource": "/orders"}, "invalid_target", id="relative resource"),
        pytest.param({"resource": "https://b.example"}, "invalid_target", id="unknown resource"),
        pytest.param({"assertion": ""}, "invalid_request", id="no assertion"),
    ],
)
@pytest.mark.parametrize(
    "crm", [{"scope": "orders:read", "audiences": ["https://a.example"]}], indirect=True, ids=["limited"]
)
def test_what_is_asked_for_is_refused(http: typing.Any, idp: typing.Any, more: dict[str, str], error: str) -> None:
    """RFC 6749 5.2, RFC 8707 2: before the assertion is used up."""
    assertion = idp.assertion("alice")

    assert http.answer(http.token({"grant_type": _GRANT, "assertion": assertion, **more}, basic=_CRM)) == http.refused(
        400, error
    )
    answer = present(http, assertion, resource="https://a.example", scope="orders:read")
    assert http.answer(answer) == http.tokens(scope="orders:read", refresh_token=False)
    assert http.mock.tokens.last.claims["aud"] == "https://a.example"


# -- what it says ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        pytest.param({"iss": None}, "iss is missing", id="no iss"),
        pytest.param(
            {"iss": "https://other.example"}, "who is not trusted (trusted: 'https://idp.example')", id="other iss"
        ),
        pytest.param({"iss": ["https://idp.example"]}, "iss is missing", id="iss a list"),
        pytest.param({"iss": "crm"}, "who is not trusted and has no jwks", id="a client without keys"),
        pytest.param({"sub": None}, "sub is missing", id="no sub"),
        pytest.param({"sub": "mallory"}, "sub is 'mallory', whom nobody registered", id="a stranger"),
        pytest.param({"sub": 5}, "sub is missing", id="sub a number"),
        pytest.param({"aud": None}, "aud is None; accepted: http://localhost or http://localhost/token", id="no aud"),
        pytest.param({"aud": "https://other.example"}, "aud is 'https://other.example'", id="other aud"),
        pytest.param({"aud": {"a": 1}}, "aud is {'a': 1}", id="aud an object"),
        pytest.param({"exp": None}, "exp is missing", id="no exp"),
        pytest.param({"exp": "soon"}, "exp is 'soon'", id="exp a string"),
        pytest.param({"exp": 10**400}, "exp is 1000", id="exp beyond every float"),
        pytest.param({"nbf": True}, "nbf is True", id="nbf a boolean"),
        pytest.param({"jti": 5}, "jti is 5; write a string", id="jti a number"),
    ],
)
def test_claims_that_are_wrong(http: typing.Any, idp: typing.Any, claims: dict[str, typing.Any], why: str) -> None:
    """RFC 7523 3."""
    refused(http, idp.assertion(**{"subject": "alice", **claims}), why)


@pytest.mark.parametrize("account", ["locked", "disabled"])
def test_people_who_cannot_log_in(http: typing.Any, mock: OAuthMock, idp: typing.Any, account: typing.Any) -> None:
    """RFC 7521 4.1.1: whoever vouches for them."""
    mock.user("bob", account=account)

    refused(http, idp.assertion("bob"), f"whose account is {account}")


@pytest.mark.parametrize(
    ("claims", "right"),
    [
        ({"exp": 1_800_000_001}, True),
        ({"exp": 1_800_000_000}, False),
        ({"exp": 1_800_003_600}, True),
        ({"exp": 1_800_003_601}, False),
        ({"nbf": 1_800_000_000}, True),
        ({"nbf": 1_800_000_001}, False),
        ({"iat": 1_800_000_000}, True),
        ({"iat": 1_800_000_001}, False),
        ({"iat": 1_799_996_400}, True),
        ({"iat": 1_799_996_399}, False),
    ],
)
def test_times_are_exact(http: typing.Any, idp: typing.Any, claims: dict[str, int], right: bool) -> None:
    """RFC 7523 3, RFC 7519 4.1: just inside and just outside of every limit."""
    with time_machine.travel(1_800_000_000, tick=False):
        assertion = idp.assertion("alice", **claims)
        if right:
            taken(http, assertion)
        else:
            refused(http, assertion, next(iter(claims)) if "exp" not in claims else "exp")


def test_the_clocks_of_both_sides_may_differ(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7523 3: skew just inside the limit and just outside; `advance` ages what we issue, not what others do."""
    with time_machine.travel(1_800_000_000, tick=False):
        early, late = idp.assertion("alice", lifetime=60), idp.assertion("alice", lifetime=60)
        mock.clock.skew(seconds=60)
        refused(http, early, "the assertion expired 0 s ago; is the client's clock slow?")
        mock.clock.skew(seconds=-1)
        refused(http, early, "iat is 1 s ahead; is the client's clock fast?")
        mock.clock.skew(seconds=59)
        taken(http, early)
        mock.clock.skew(seconds=0)
        mock.clock.advance(days=1)
        taken(http, late)


def test_a_jti_is_good_once(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7523 3: of one issuer, and as long as the assertion would be good; one that was refused may come again."""
    other = mock.identity_provider("https://other.example")
    refused(http, idp.assertion("alice", jti="one", aud="x"), "aud is")
    taken(http, idp.assertion("alice", jti="one"))

    again = present(http, idp.assertion("alice", jti="one", lifetime=90))

    assert http.answer(again) == http.refused(400, "invalid_grant")
    assert "jti 'one' has been used before" in mock.journal.last.why
    taken(http, other.assertion("alice", jti="one"))


def test_of_many_uses_of_an_assertion_one_wins(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7523 3: one atomic step."""
    assertion = idp.assertion("alice")

    answers = http.at_once([lambda: present(http, assertion).status_code] * 8)

    assert sorted(answers) == [200, *[400] * 7]


# -- how it is signed --------------------------------------------------------------------------------------------------


def _segment(value: object) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _claims(mock: OAuthMock) -> dict[str, typing.Any]:
    return {"iss": _IDP, "sub": "alice", "aud": _ISSUER, "exp": int(mock.clock.peer()) + 60}


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 5, "HS256", "RS256", "dir"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_an_algorithm_that_proves_nothing(
    http: typing.Any, mock: OAuthMock, idp: typing.Any, alg: object, signature: str
) -> None:
    """RFC 8725 3.1: `none` in any spelling, and those that the key does not fit."""
    refused(http, f"{_segment({'alg': alg})}.{_segment(_claims(mock))}.{signature}", "alg is ")


@pytest.mark.parametrize("form", ["PEM", "PEM without its last newline", "DER", "modulus", "JWK"])
def test_the_public_key_is_no_secret(http: typing.Any, mock: OAuthMock, crm: typing.Any, form: str) -> None:
    """RFC 8725 2.1: a MAC under the public key, in any form of it, proves nothing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True)
    mock.state.issuers[""].identity_providers[_IDP] = TrustedIssuer(jwks={"keys": [jwk]})
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    pem, der = (
        key.public_bytes(encoding, kind) for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
    )
    secret = {
        "PEM": pem,
        "PEM without its last newline": pem.strip(),
        "DER": der,
        "modulus": key.public_numbers().n.to_bytes(256, "big"),
        "JWK": json.dumps(jwk).encode(),
    }[form]
    for alg in ("HS256", "HS384", "HS512"):
        text = f"{_segment({'alg': alg})}.{_segment(_claims(mock))}"
        mac = hmac.digest(secret, text.encode(), f"sha{alg[2:]}")

        refused(http, f"{text}.{_segment(mac)}", f"alg is '{alg}', which is not accepted")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"jwk": True}, id="jwk"),
        pytest.param({"jku": "https://attacker.example/jwks"}, id="jku"),
        pytest.param({"x5u": "https://attacker.example/cert.pem"}, id="x5u"),
        pytest.param({"x5c": ["MIIB"]}, id="x5c"),
    ],
)
def test_keys_that_the_header_names_are_neither_used_nor_fetched(
    http: typing.Any, mock: OAuthMock, idp: typing.Any, header: dict[str, typing.Any]
) -> None:
    """RFC 7515 10.3, RFC 8725 3.10: a stranger's key does not become a known one by being sent along."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    if "jwk" in header:
        header = {"jwk": jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key(), as_dict=True)}

    with outgoing.heard() as connections:
        forged = jwt.encode(_claims(mock), stranger, algorithm="ES256", headers=header)
        refused(http, forged, "the signature is not by the registered key")
        taken(http, idp.assertion("alice", headers=header))
    assert connections == []


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param({"crit": ["exp"], "exp": 1}, "crit ['exp'], which is not understood", id="crit"),
        pytest.param({"crit": ["b64"], "b64": True}, "crit ['b64']", id="crit b64"),
        pytest.param({"crit": []}, "crit []", id="empty crit"),
        pytest.param({"kid": "other"}, "no registered key has the kid 'other'", id="unknown kid"),
        pytest.param({"kid": 5}, "the header has kid 5; write a string", id="kid a number"),
        pytest.param({"typ": "at+jwt"}, "typ 'at+jwt': this is another kind of JWT", id="access token"),
        pytest.param({"typ": "client-authentication+jwt"}, "another kind of JWT", id="client assertion"),
        pytest.param({"typ": "dpop+jwt"}, "another kind of JWT", id="DPoP proof"),
    ],
)
def test_headers_that_mean_something_else(
    http: typing.Any, mock: OAuthMock, idp: typing.Any, header: dict[str, typing.Any], why: str
) -> None:
    """RFC 7515 4.1.4, 4.1.11, RFC 8725 3.11."""
    if header.get("kid") == 5:  # which PyJWT does not sign
        good = idp.assertion("alice").split(".")
        refused(http, ".".join([_segment({"alg": "ES256", **header}), *good[1:]]), why)
    else:
        refused(http, idp.assertion("alice", headers=header), why)


def test_a_rotated_key(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7523 3: the old key is not trusted any more."""
    old = idp.assertion("alice")
    new = mock.identity_provider(_IDP)

    refused(http, old, "was the key rotated?")
    taken(http, new.assertion("alice"))


def _nested(mock: OAuthMock) -> str:
    """A JWT in a JWT in a JWT."""
    text = f"{_segment({'alg': 'ES256'})}.{_segment(_claims(mock))}.AAAA"
    for _ in range(3):
        text = f"{_segment({'alg': 'ES256', 'cty': 'JWT'})}.{_segment(text.encode())}.AAAA"
    return text


def _cyclic(mock: OAuthMock) -> str:
    """Claims that say that they are the token in which they are."""
    claims = {**_claims(mock), "assertion": "#", "$ref": "#", "act": {"$ref": "#"}}
    return f"{_segment({'alg': 'ES256', 'cty': 'JWT'})}.{_segment(claims)}.AAAA"


@pytest.mark.parametrize(
    ("assertion", "why"),
    [
        pytest.param("abc", "it has 1 parts and not three", id="no JWT"),
        pytest.param("a.b.c.d.e", "it has 5 parts and not three", id="encrypted"),
        pytest.param("..", "its header part is no JSON", id="three empty parts"),
        pytest.param(f"{_segment({'alg': 'ES256'})}.{_segment([1])}.AAAA", "no JSON object", id="claims a list"),
        pytest.param(f"{_segment({'alg': 'ES256'})}.{_segment(b'[' * 30_000)}.AAAA", "is no JSON", id="deep nesting"),
        pytest.param("A" * 700_000 + ".e30.AAAA", "more than 65536 are not read", id="700 kB"),
        pytest.param(_nested, "its claims part is no JSON", id="nested JWTs"),
        pytest.param(_cyclic, "the signature is not by the registered key", id="cyclic"),
    ],
)
def test_what_is_no_assertion(
    http: typing.Any, mock: OAuthMock, idp: typing.Any, assertion: typing.Any, why: str
) -> None:
    """RFC 7521 4.1.1: invalid_grant, never an error of ours."""
    refused(http, assertion(mock) if callable(assertion) else assertion, why)


def test_five_megabytes(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 9110 15.5.14: such a body is not read at all."""
    answer = present(http, "A" * 5_000_000)

    assert http.answer(answer)[:1] == (413,)


def test_discovery_tells_of_it(http: typing.Any) -> None:
    """RFC 8414 2."""
    assert _GRANT in http.client.get("/.well-known/oauth-authorization-server").get_json()["grant_types_supported"]
