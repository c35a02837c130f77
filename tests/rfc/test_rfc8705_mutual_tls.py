"""RFC 8705: client authentication by certificates, and tokens that are bound to one."""

from __future__ import annotations

import base64
import collections.abc as cabc
import ssl
import typing

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import Client

from mockserver import Bearer
from mockserver import ConfigurationError
from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    from mockserver.tls import IssuedCertificate

_TLS = {"https": True, "client_certificates": "optional"}
_FAILED = "Client authentication failed."


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """A server that asks for certificates, without a socket: a test puts one into the environment as TLS would."""
    server = OAuthMock(issuer="http://localhost", **_TLS)
    server.user("alice", password="wonderland")
    yield server
    assert server.exceptions == []
    server.close()


def der(certificate: IssuedCertificate) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.pem)


def ask(http: typing.Any, certificate: bytes | None, path: str = "/token", **form: str) -> typing.Any:
    """A token request over a connection with this certificate."""
    form = {"grant_type": "client_credentials", "client_id": "crm", **form}
    return http.client.post(path, data=form, environ_overrides={"serving.peer_certificate": certificate})


def call(http: typing.Any, token: str, certificate: bytes | None, path: str = "/api/orders") -> typing.Any:
    headers = {"Authorization": f"Bearer {token}"}
    return http.client.get(path, headers=headers, environ_overrides={"serving.peer_certificate": certificate})


# -- client authentication, 2 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "same", "other"),
    [
        pytest.param("subject_dn", "CN=crm,O=Acme", "CN=CRM,O=acme", "CN=crm", id="subject"),
        pytest.param("san_dns", "crm.acme.example", "CRM.acme.example", "erp.acme.example", id="DNS name"),
        pytest.param("san_uri", "spiffe://acme/crm", "spiffe://acme/crm", "spiffe://acme/CRM", id="URI"),
        pytest.param("san_ip", "2001:db8::1", "2001:DB8:0::1", "192.0.2.1", id="IP address"),
        pytest.param("san_email", "crm@acme.example", "crm@ACME.example", "CRM@acme.example", id="email"),
    ],
)
def test_the_registered_name_is_the_certificates(http: typing.Any, kind: str, name: str, same: str, other: str) -> None:
    """RFC 8705 2.1.2: each kind of name, compared as RFC 5280 7 says."""
    mock = http.mock
    mock.client("crm", token_endpoint_auth_method="tls_client_auth", **{f"tls_client_auth_{kind}": same})
    good, bad = (der(mock.client_certificate("crm", **{kind: each})) for each in (name, other))

    assert http.answer(ask(http, good)) == http.tokens(refresh_token=False)
    assert (mock.tokens.last.client_auth, mock.journal.last.client_auth) == ("tls_client_auth", "tls_client_auth")
    assert http.told(ask(http, bad)) == (
        401,
        "invalid_client",
        _FAILED,
        (
            f"client 'crm': the certificate has the {kind} {other!r}; {same!r} is registered (RFC 8705 2.1)"
            " (tls_client_auth)"
        ),
    )


def test_a_name_of_another_kind_does_not_count(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 2.1.2: exactly the kind that is registered."""
    mock.client("crm", token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="crm.example")

    assert http.told(ask(http, der(mock.client_certificate("crm.example"))))[3] == (
        "client 'crm': the certificate has the san_dns none; 'crm.example' is registered (RFC 8705 2.1)"
        " (tls_client_auth)"
    )


def test_a_name_in_a_self_signed_certificate_means_nothing(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 2.1: a certificate that somebody signed for themselves can say anything."""
    mock.client("crm", token_endpoint_auth_method="tls_client_auth")

    response = ask(http, der(mock.client_certificate("crm", self_signed=True)))

    assert http.answer(response) == http.refused(401, "invalid_client")
    assert "the certificate is self-signed, and a name in it means nothing" in mock.journal.last.why


def test_a_certificate_that_has_expired_by_the_peers_clock(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 5280 4.1.2.5."""
    client = mock.client("crm", token_endpoint_auth_method="tls_client_auth")
    mock.clock.skew(minutes=400 * 24 * 60)

    assert http.answer(ask(http, der(client.certificate))) == http.refused(401, "invalid_client")
    assert "the certificate is valid from " in mock.journal.last.why


def test_a_self_signed_certificate_is_the_registered_one_itself(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 2.2: compared as a whole; another with the same name is another."""
    client = mock.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth")

    assert http.answer(ask(http, der(client.certificate))) == http.tokens(refresh_token=False)
    assert http.told(ask(http, der(mock.client_certificate("crm", self_signed=True)))) == (
        401,
        "invalid_client",
        _FAILED,
        (
            "the certificate of the connection is not one of the 1 in its jwks (x5c): client 'crm'"
            " (self_signed_tls_client_auth; RFC 8705 2.2)"
        ),
    )


def test_a_self_signed_certificate_is_replaced_where_keys_are_published(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 2.2.2: the keys at `jwks_uri` as they are now."""
    old, new = (mock.client_certificate("crm", self_signed=True) for _ in range(2))
    url = mock.publish_jwks("/crm.json", {"keys": [old.jwk]})
    mock.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth", jwks_uri=url)

    assert [ask(http, der(each)).status_code for each in (old, new)] == [200, 401]
    mock.publish_jwks("/crm.json", {"keys": [new.jwk]})
    assert [ask(http, der(each)).status_code for each in (old, new)] == [401, 200]


def test_a_connection_without_a_certificate_says_so(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 2: the client_id alone is no proof."""
    mock.client("crm", token_endpoint_auth_method="tls_client_auth")

    assert http.told(ask(http, None)) == (
        401,
        "invalid_client",
        "The client authentication method is not registered for this client.",
        (
            "client 'crm' is registered with tls_client_auth; the request sent none (the connection has no client"
            " certificate: client_certificates) (RFC 6749 2.3.1)"
        ),
    )


def test_a_certificate_is_no_second_method(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3: it is the connection's, and whoever has a secret may come over such a connection."""
    client = mock.client("crm", token_endpoint_auth_method="client_secret_post")
    certificate = der(mock.client_certificate("crm"))

    assert ask(http, certificate, client_secret=client.client_secret).status_code == 200
    assert mock.journal.last.client_auth == "client_secret_post"


def test_a_secret_is_not_overlooked_beside_a_certificate(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1: what is sent is judged, be the certificate ever so good."""
    client = mock.client("crm", token_endpoint_auth_method="tls_client_auth")

    assert http.answer(ask(http, der(client.certificate), client_secret="s")) == http.refused(401, "invalid_client")
    assert "is registered with tls_client_auth; the request sent client_secret_post" in mock.journal.last.why


def test_a_certificate_that_is_none(mock: OAuthMock, http: typing.Any) -> None:
    """Whatever a server below hands on, it is refused and breaks nothing."""
    mock.client("crm", token_endpoint_auth_method="tls_client_auth")
    mock.client("erp", token_endpoint_auth_method="self_signed_tls_client_auth")

    assert ask(http, b"\x30\x03").status_code == 401
    assert "the certificate cannot be read" in mock.journal.last.why
    assert ask(http, b"\x30\x03", client_id="erp").status_code == 401


# -- registration, 2.1.2 and 2.2.2 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            {"token_endpoint_auth_method": "tls_client_auth"},
            "needs exactly one of tls_client_auth_subject_dn",
            id="no",
        ),
        pytest.param(
            {
                "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": "CN=crm",
                "tls_client_auth_san_dns": "crm.example",
            },
            "there are tls_client_auth_subject_dn and tls_client_auth_san_dns",
            id="two",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "crm"},
            "tls_client_auth_subject_dn = 'crm': write 'CN=crm,O=Acme' (RFC 4514)",
            id="no distinguished name",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": ""},
            "tls_client_auth_subject_dn = '': is empty; write 'CN=crm'",
            id="an empty distinguished name",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": ""},
            "tls_client_auth_san_dns = '': write what stands in the certificate",
            id="an empty name",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "crm"},
            "tls_client_auth_san_ip = 'crm': write an IPv4 or IPv6 address",
            id="no address",
        ),
        pytest.param(
            {"tls_client_auth_san_ip": "192.0.2.1"},
            "tls_client_auth_san_ip is for tls_client_auth; leave it out",
            id="a name without the method",
        ),
        pytest.param(
            {"token_endpoint_auth_method": ["tls_client_auth", "self_signed_tls_client_auth"]},
            "one certificate cannot be judged both ways",
            id="both",
        ),
        pytest.param(
            {
                "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_san_dns": "crm.example",
                "client_secret": "s",
            },
            "token_endpoint_auth_method 'tls_client_auth' has no secret",
            id="a secret",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
            "self_signed_tls_client_auth needs the client's certificate; write it into jwks",
            id="no certificate",
        ),
    ],
)
def test_a_registration_that_cannot_be_meant(settings: dict[str, typing.Any], message: str) -> None:
    """Names the key, what it is and what to write, over plain HTTP, where no certificate is made."""
    with pytest.raises(ConfigurationError) as caught:
        OAuthMock(issuer="http://localhost").client("crm", **settings)

    assert message in str(caught.value)


def _jwk(**members: object) -> dict[str, typing.Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True), **members}


@pytest.mark.parametrize(
    ("x5c", "message"),
    [
        pytest.param(None, "no key has an x5c with the client's certificate (RFC 8705 2.2.2)", id="missing"),
        pytest.param("AAAA", "keys[0] has an x5c that is no list of certificates", id="no list"),
        pytest.param([], "keys[0] has an x5c that is no list of certificates", id="empty"),
        pytest.param([7], "keys[0] has an x5c that is no list of certificates", id="no text"),
        pytest.param(["!"], "keys[0] has an x5c that is no list of certificates", id="no base64"),
        pytest.param([base64.b64encode(b"x").decode()], "keys[0] has an x5c that is no list of", id="no certificate"),
        pytest.param("own", "keys[0] has an x5c whose certificate is for another key", id="of another key"),
    ],
)
def test_a_jwk_whose_certificate_is_wrong(mock: OAuthMock, x5c: object, message: str) -> None:
    """RFC 7517 4.7: the first certificate is for the key of the JWK."""
    certificate = mock.client_certificate("crm", self_signed=True)
    chain = certificate.jwk["x5c"] if x5c == "own" else x5c
    jwk = _jwk() if x5c is None else _jwk(x5c=chain)

    with pytest.raises(ConfigurationError) as caught:
        mock.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [jwk]})

    assert message in str(caught.value)


def test_a_client_has_what_the_server_made() -> None:
    """Its certificate, signed by the CA or by itself; over plain HTTP there is none."""
    with OAuthMock(**_TLS) as mock:
        named = mock.client("crm", token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="crm.example")
        assert named.certificate.subject == "CN=crm"
        issuer = mock.issuer("tenant").client(token_endpoint_auth_method="self_signed_tls_client_auth")
        assert issuer.certificate.cert_path.exists()
        with pytest.raises(ConfigurationError, match="client 'erp' has no certificate here"):
            _ = mock.client("erp").certificate
        with pytest.raises(ConfigurationError, match=r"client_certificate\(san_ip='x'\): write an IPv4 or IPv6"):
            mock.client_certificate("crm", san_ip="x")
    deaf = OAuthMock(https=True)
    with pytest.raises(ConfigurationError, match="the server asks nobody for a certificate"):
        deaf.client(token_endpoint_auth_method="tls_client_auth")
    deaf.close()


# -- bound tokens, 3 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["jwt", "opaque"])
def test_a_token_is_bound_to_the_certificate_of_its_request(
    mock: OAuthMock, http: typing.Any, format_: typing.Literal["jwt", "opaque"]
) -> None:
    """RFC 8705 3, 3.1: `cnf` in the JWT, and the API refuses it without the certificate or with another."""
    client = mock.client(
        "crm",
        token_endpoint_auth_method="tls_client_auth",
        tls_client_certificate_bound_access_tokens=True,
        access_token_format=format_,
    )
    own, other = der(client.certificate), der(mock.client_certificate("erp"))
    token = ask(http, own).get_json()["access_token"]
    confirmation = {"x5t#S256": client.certificate.thumbprint}

    assert mock.tokens.last.cnf == confirmation
    assert (mock.tokens.last.claims or {"cnf": confirmation})["cnf"] == confirmation
    assert call(http, token, own).status_code == 200
    for certificate, has in ((other, "that with "), (None, "none")):
        assert http.answer(call(http, token, certificate)) == http.challenged(
            401, "invalid_token", description="The access token is bound to another client certificate."
        )
        assert f"the connection has {has}" in mock.journal.last.why


def test_a_guard_before_an_application_looks_at_the_certificate(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 3: likewise, and at the userinfo endpoint."""
    client = mock.client(
        "crm", token_endpoint_auth_method="tls_client_auth", tls_client_certificate_bound_access_tokens=True
    )
    mock.protect("/v1", guard=Bearer(), app=mock.echo)
    own = der(client.certificate)
    form = {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "openid"}
    token = ask(http, own, **form).get_json()["access_token"]

    for path in ("/v1/orders", "/userinfo"):
        assert call(http, token, own, path).status_code == 200
        assert call(http, token, None, path).status_code == 401


def test_a_bound_token_needs_a_certificate_to_be_bound_to(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 3.4: no unbound token in place of it."""
    client = mock.client("crm", tls_client_certificate_bound_access_tokens=True)

    response = ask(http, None, client_secret=client.client_secret)

    assert http.answer(response) == http.refused(400, "invalid_request")
    assert "the connection has no client certificate (RFC 8705 3;" in mock.journal.last.why


def test_a_token_is_not_bound_unless_the_client_wants_it(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 3.4: the default of `tls_client_certificate_bound_access_tokens` is false."""
    client = mock.client("crm", token_endpoint_auth_method="tls_client_auth")
    token = ask(http, der(client.certificate)).get_json()["access_token"]

    assert mock.tokens.last.cnf == {}
    assert "cnf" not in (mock.tokens.last.claims or {})
    assert call(http, token, None).status_code == 200


def test_a_refresh_token_of_a_public_client_is_bound(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 4, 7.1: whoever has it must have the certificate; the token is not used up by an attempt without."""
    client = mock.client(
        "crm", token_endpoint_auth_method="none", tls_client_certificate_bound_access_tokens=True, scope="orders:read"
    )
    own, other = (der(mock.client_certificate("app")) for _ in range(2))
    issued = ask(http, own, grant_type="authorization_code", code=client.issue_code(user="alice")).get_json()
    refresh = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}

    assert http.answer(ask(http, other, **refresh)) == http.refused(400, "invalid_grant")
    assert "has another client certificate (RFC 8705 4)" in mock.journal.last.why
    assert http.answer(ask(http, None, **refresh)) == http.refused(400, "invalid_request")
    assert http.answer(ask(http, own, **refresh)) == http.tokens(scope="orders:read")


def test_a_refresh_token_of_a_confidential_client_is_not(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8705 4: it authenticates with whatever certificate it has by then, and the new token has that."""
    client = mock.client("crm", tls_client_certificate_bound_access_tokens=True)
    first, second = (mock.client_certificate("app") for _ in range(2))
    secret = {"client_secret": client.client_secret}
    code = client.issue_code(user="alice")
    issued = ask(http, der(first), grant_type="authorization_code", code=code, **secret).get_json()
    refresh = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"], **secret}

    assert ask(http, der(second), **refresh).status_code == 200
    assert mock.tokens.last.cnf == {"x5t#S256": second.thumbprint}


@pytest.mark.parametrize(
    "policies", [{"access_token_policy": "same"}, {"refresh_policy": "prolong_same"}], ids=["same", "prolong_same"]
)
def test_a_token_that_is_bound_to_another_certificate_is_not_given_again(
    mock: OAuthMock, http: typing.Any, policies: dict[str, typing.Any]
) -> None:
    """RFC 8705 3: it would be of no use."""
    client = mock.client("crm", tls_client_certificate_bound_access_tokens=True, **policies)
    certificates = [der(mock.client_certificate("app")) for _ in range(2)]
    form = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    form["client_secret"] = client.client_secret
    issued = ask(http, certificates[0], **form).get_json()
    again = form
    if "refresh_policy" in policies:
        again = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
        again["client_secret"] = client.client_secret
    same, new = (ask(http, each, **again).get_json()["access_token"] for each in certificates)

    assert same == issued["access_token"]
    assert new != same
    assert call(http, new, certificates[1]).status_code == 200


# -- metadata, 3.3 and 5 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
def test_metadata_has_the_aliases(http: typing.Any, path: str) -> None:
    """RFC 8705 3.3, 5: what a client asks itself; here it is the same server."""
    document = http.client.get(path).get_json()

    assert document["tls_client_certificate_bound_access_tokens"] is True
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == "http://localhost/token"
    assert all(document[name] == url for name, url in aliases.items())
    assert ("userinfo_endpoint" in aliases) is path.endswith("openid-configuration")
    assert "authorization_endpoint" not in aliases
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= {*document["token_endpoint_auth_methods_supported"]}


def test_metadata_without_mutual_tls(mock: OAuthMock) -> None:
    """RFC 8414 2: what there is not is not advertised, at a mount neither, which is plain HTTP below."""
    mount = mock.mount("https://login.example", connect=False)
    for server, base in ((OAuthMock(issuer="http://localhost"), "http://localhost"), (mount, "https://login.example")):
        document = Client(server.wsgi).get("/.well-known/oauth-authorization-server", base_url=base).get_json()

        assert "mtls_endpoint_aliases" not in document
        assert "tls_client_certificate_bound_access_tokens" not in document
        assert not [name for name in document["token_endpoint_auth_methods_supported"] if "tls" in name]
