"""The environment of a command: the proxy, whom to trust, and where the mock is."""

from __future__ import annotations

import collections.abc as cabc
import shlex
import typing
import urllib.parse

from cryptography.hazmat.primitives.serialization import pkcs12

from ..origin import parse
from ..settings import GIVEN_TO_COMMANDS
from ..tls import trusted

if typing.TYPE_CHECKING:
    from ..server import Issuer
    from ..tls import Authority

__all__ = ["variables"]

_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_STORE_PASSWORD = "changeit"  # what Java's own trust store has
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Each names a file with everybody who is trusted
_BUNDLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "HTTPLIB2_CA_CERTS",
    "GIT_SSL_CAINFO",
)


def variables(
    environ: cabc.Mapping[str, str], proxy: str, authority: Authority, issuers: cabc.Sequence[Issuer]
) -> dict[str, str]:
    """
    What is there, with what leads common clients to the proxy and lets them trust it.

    Proxies that were set are replaced, and so are exemptions: past our proxy a secret would leave the machine. Whom
    these variables had named as trusted still is. Scripts find the first of `issuers` in `OAUTHMOCK_...`.
    """
    mounted = {urllib.parse.urlsplit(issuer.url).hostname for issuer in issuers}
    exempt = ",".join(host for host in _LOOPBACK if host not in mounted)
    told = {**dict.fromkeys(_PROXY, proxy), "NO_PROXY": exempt}
    return {
        **environ,
        **told,
        **{name.lower(): value for name, value in told.items()},
        "NODE_USE_ENV_PROXY": "1",  # Node 22.21, 24 and later; before, it has no proxy at all
        **_trust(environ, authority),
        "JAVA_TOOL_OPTIONS": _java(environ.get("JAVA_TOOL_OPTIONS"), proxy, exempt, authority),
        **_whereabouts(issuers[0], proxy, authority),
    }


def _trust(environ: cabc.Mapping[str, str], authority: Authority) -> dict[str, str]:
    named = {name: environ.get(name) or None for name in _BUNDLES}
    files = {
        others: str(authority.bundle(f"bundle-{number}.pem", others))
        for number, others in enumerate(dict.fromkeys(named.values()))
    }
    extra = environ.get("NODE_EXTRA_CA_CERTS")
    return {
        **{name: files[others] for name, others in named.items()},
        # Node trusts these beside those that it has built in.
        "NODE_EXTRA_CA_CERTS": str(authority.bundle("extra.pem", extra) if extra else authority.ca_path),
    }


def _java(options: str | None, proxy: str, exempt: str, authority: Authority) -> str:
    """After what is there: of a property that comes twice the last one counts."""
    origin = parse(proxy)
    added = {f"{scheme}.proxyHost": origin.host for scheme in ("http", "https")}
    added |= {f"{scheme}.proxyPort": str(origin.port) for scheme in ("http", "https")}
    added["http.nonProxyHosts"] = "|".join(f"[{host}]" if ":" in host else host for host in exempt.split(","))
    if hasattr(pkcs12, "serialize_java_truststore"):  # not before cryptography 45
        system = trusted.certificates(trusted.trusted())
        added["javax.net.ssl.trustStore"] = str(authority.truststore_path(_STORE_PASSWORD, *system))
        added["javax.net.ssl.trustStoreType"] = "PKCS12"
        added["javax.net.ssl.trustStorePassword"] = _STORE_PASSWORD
    words = [f"-D{name}={value}" for name, value in added.items()]
    # Java knows both quotes and no backslashes, which is how shlex quotes what has a blank.
    return " ".join([*([options] if options else []), *(shlex.quote(word) for word in words)])


def _whereabouts(issuer: Issuer, proxy: str, authority: Authority) -> dict[str, str]:
    client = next(iter(issuer.context.clients.values()), None)
    told = {
        "OAUTHMOCK_URL": issuer.url,
        "OAUTHMOCK_TOKEN_URL": issuer.token_url,
        "OAUTHMOCK_AUTHORIZE_URL": issuer.authorize_url,
        "OAUTHMOCK_API_URL": issuer.api_url,
        "OAUTHMOCK_CLIENT_ID": None if client is None else client.client_id,
        "OAUTHMOCK_CLIENT_SECRET": None if client is None else client.client_secret,
        "OAUTHMOCK_PROXY_URL": proxy,
        "OAUTHMOCK_CA_PATH": str(authority.ca_path),
    }
    assert told.keys() == GIVEN_TO_COMMANDS
    return {name: value for name, value in told.items() if value is not None}
