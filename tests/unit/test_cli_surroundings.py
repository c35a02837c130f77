"""The environment of a command that `oauthmock exec` runs: proxies, trust, and where the mock is."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import shlex
import ssl
import warnings

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from mockserver import OAuthMock
from mockserver import settings
from mockserver.cli import surroundings
from mockserver.tls import Authority

_PROXY = "http://127.0.0.1:4000"


@pytest.fixture
def authority() -> cabc.Iterator[Authority]:
    made = Authority()
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: pathlib.Path) -> cabc.Iterator[str]:
    """The CA of somebody else."""
    made = Authority()
    path = tmp_path / "other.pem"
    path.write_bytes(made.ca_path.read_bytes())
    yield str(path)
    made.close()


def _told(authority: Authority, *urls: str, **environ: str) -> dict[str, str]:
    mock = OAuthMock(clients=[{"client_id": "crm", "client_secret": "s3cret"}])
    keys = {"clients": [{"client_id": "crm", "client_secret": "s3cret"}]}
    mounts = [mock.mount(url, connect=False, settings=keys) for url in urls or ["https://login.example.com"]]
    return surroundings.variables(environ, _PROXY, authority, mounts)


def _certificates(path: pathlib.Path | str) -> list[bytes]:
    """In DER: systems trust some that a parser warns of."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return context.get_ca_certs(binary_form=True)


def _stored(path: pathlib.Path | str) -> list[bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificates = pkcs12.load_pkcs12(pathlib.Path(path).read_bytes(), b"changeit").additional_certs
    return [each.certificate.public_bytes(serialization.Encoding.DER) for each in certificates]


def test_proxies_are_told_in_both_spellings_and_replace_those_that_were_set(authority: Authority) -> None:
    """Past ours a secret would leave the machine, so exemptions go too."""
    told = _told(authority, HTTPS_PROXY="http://proxy.corp:8080", all_proxy="socks5://x", NO_PROXY="*", PATH="/bin")

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        assert (told[name], told[name.lower()]) == (_PROXY, _PROXY)
    assert (told["NO_PROXY"], told["no_proxy"]) == ("localhost,127.0.0.1,::1",) * 2
    assert told["NODE_USE_ENV_PROXY"] == "1"
    assert told["PATH"] == "/bin"


def test_a_mounted_loopback_name_is_not_exempt(authority: Authority) -> None:
    told = _told(authority, "http://localhost:8080", "https://127.0.0.1:8443")

    assert told["NO_PROXY"] == "::1"
    assert "'-Dhttp.nonProxyHosts=[::1]'" in told["JAVA_TOOL_OPTIONS"]


@pytest.mark.parametrize(
    "name",
    [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
        "HTTPLIB2_CA_CERTS",
        "GIT_SSL_CAINFO",
    ],
)
def test_a_bundle_has_our_ca_beside_the_systems_or_those_that_were_named(
    authority: Authority, other: str, name: str
) -> None:
    (ours,), (theirs,) = _certificates(authority.ca_path), _certificates(other)
    unset = _certificates(_told(authority)[name])
    named = _certificates(_told(authority, **{name: other})[name])

    assert ours in unset
    assert len(unset) > 10
    assert {*named} == {ours, theirs}


@pytest.mark.parametrize("named", ["missing.pem", "."])
def test_what_is_named_and_no_file_of_certificates_is_as_if_it_were_not(authority: Authority, named: str) -> None:
    """A folder, as SSL_CERT_DIR has, or nothing."""
    assert len(_certificates(_told(authority, REQUESTS_CA_BUNDLE=named)["REQUESTS_CA_BUNDLE"])) > 10


def test_node_trusts_our_ca_beside_its_own_and_those_that_were_named(authority: Authority, other: str) -> None:
    (ours,), (theirs,) = _certificates(authority.ca_path), _certificates(other)

    assert _certificates(_told(authority)["NODE_EXTRA_CA_CERTS"]) == [ours]
    assert {*_certificates(_told(authority, NODE_EXTRA_CA_CERTS=other)["NODE_EXTRA_CA_CERTS"])} == {ours, theirs}


def test_java_is_told_after_what_it_was_told_before(authority: Authority) -> None:
    """Of a property that comes twice the last one counts; the trust store is PKCS #12."""
    options = shlex.split(_told(authority, JAVA_TOOL_OPTIONS="-Xmx1g -Dhttp.proxyHost=x")["JAVA_TOOL_OPTIONS"])
    properties = dict(option.removeprefix("-D").split("=", 1) for option in options[1:])

    assert options[:2] == ["-Xmx1g", "-Dhttp.proxyHost=x"]
    store = properties.pop("javax.net.ssl.trustStore")
    assert properties == {
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": "4000",
        "https.proxyHost": "127.0.0.1",
        "https.proxyPort": "4000",
        "http.nonProxyHosts": "localhost|127.0.0.1|[::1]",
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": "changeit",
    }
    assert _certificates(authority.ca_path)[0] in _stored(store)
    assert len(_stored(store)) > 10


def test_without_a_trust_store_java_has_the_proxy_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """cryptography before 45."""
    monkeypatch.delattr(pkcs12, "serialize_java_truststore", raising=False)
    options = _told(authority)["JAVA_TOOL_OPTIONS"]

    assert "trustStore" not in options
    assert options.startswith("-Dhttp.proxyHost=127.0.0.1 ")


def test_scripts_are_told_of_the_first_mount_and_of_nothing_that_is_a_setting(authority: Authority) -> None:
    told = _told(authority, "https://login.example.com", "https://api.example.com")
    ours = {name: value for name, value in told.items() if name.startswith("OAUTHMOCK_")}

    assert ours == {
        "OAUTHMOCK_URL": "https://login.example.com",
        "OAUTHMOCK_TOKEN_URL": "https://login.example.com/token",
        "OAUTHMOCK_AUTHORIZE_URL": "https://login.example.com/authorize",
        "OAUTHMOCK_API_URL": "https://login.example.com/api",
        "OAUTHMOCK_CLIENT_ID": "crm",
        "OAUTHMOCK_CLIENT_SECRET": "s3cret",
        "OAUTHMOCK_PROXY_URL": _PROXY,
        "OAUTHMOCK_CA_PATH": str(authority.ca_path),
    }
    assert settings.environment({**ours, "OAUTHMOCK_PORT": "1"}).values == {"port": 1}


def test_without_a_client_scripts_are_told_of_none(authority: Authority) -> None:
    with OAuthMock() as mock:
        told = surroundings.variables({}, _PROXY, authority, [mock])

    assert "OAUTHMOCK_CLIENT_ID" not in told
    assert "OAUTHMOCK_CLIENT_SECRET" not in told


def test_a_certificate_that_the_system_trusts_and_nobody_can_read_is_left_out(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the trust store; a bundle is copied as it is."""
    monkeypatch.setattr(
        "mockserver.tls.trusted.trusted",
        lambda others=None: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    options = shlex.split(_told(authority)["JAVA_TOOL_OPTIONS"])
    (path,) = (option.partition("=")[2] for option in options if option.startswith("-Djavax.net.ssl.trustStore="))

    assert _stored(path) == _certificates(authority.ca_path)
