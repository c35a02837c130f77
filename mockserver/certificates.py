"""Client certificates as OAuth has them: who they name, what they bind a token to (RFC 8705)."""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import datetime as dt
import hashlib
import ipaddress
import typing

from .messages import Presented
from .request import Request

if typing.TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "BadCertificate",
    "check_name",
    "malformed_name",
    "names",
    "presented",
    "read",
    "registered",
    "thumbprint",
    "while_valid",
]


class BadCertificate(ValueError):
    """The certificate, or what is written of one, is not what it should be; the message says why, for the tester."""


def presented(request: Request, *, method: str) -> Presented | None:
    """
    The certificate of the connection as client authentication, where the request says whose it is (RFC 8705 2).

    Never raises.
    """
    if request.peer_certificate is None:
        return None
    for pairs in (request.form, request.query):
        for key, value in pairs:
            if key == "client_id" and value:
                return Presented(method=method, client_id=value, in_url=pairs is request.query)
    return None


def thumbprint(octets: bytes) -> str:
    """SHA-256 of a certificate in DER, base64url without padding: `x5t#S256` (RFC 8705 3.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode("ascii")


def read(octets: bytes) -> x509.Certificate:
    """A certificate in DER. Raises `BadCertificate`."""
    from cryptography import x509

    try:
        return x509.load_der_x509_certificate(octets)
    except ValueError as error:
        raise BadCertificate(f"the certificate cannot be read: {error}") from None


def while_valid(certificate: x509.Certificate, now: float) -> None:
    """RFC 5280 4.1.2.5; `now` is seconds since the epoch, UTC. Raises `BadCertificate`."""
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= at <= end:
        raise BadCertificate(f"the certificate is valid from {begin:%F %T} to {end:%F %T} UTC; now it is {at:%F %T}")


def registered(jwks: cabc.Mapping[str, typing.Any]) -> tuple[bytes, ...]:
    """
    The certificates of a JWK Set, in DER: the first of each `x5c` (RFC 7517 4.7, RFC 8705 2.2.2).

    Raises `BadCertificate` for what is none, and for one that has another key than its JWK.
    """
    found: list[bytes] = []
    for number, jwk in enumerate(jwks.get("keys", ())):
        if "x5c" not in jwk:
            continue
        chain = jwk["x5c"]
        try:
            octets = base64.b64decode(chain[0], validate=True)
            own = read(octets)
        except (TypeError, IndexError, KeyError, ValueError, binascii.Error):
            raise BadCertificate(
                f"keys[{number}] has an x5c that is no list of certificates, each DER in base64 (RFC 7517 4.7)"
            ) from None
        if not _is_of(own, jwk):
            raise BadCertificate(f"keys[{number}] has an x5c whose certificate is for another key (RFC 7517 4.7)")
        found.append(octets)
    return tuple(found)


def _is_of(certificate: x509.Certificate, jwk: cabc.Mapping[str, typing.Any]) -> bool:
    import jwt

    try:
        return bool(jwt.PyJWK({**jwk, "alg": _alg(jwk)}).key == certificate.public_key())
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def _alg(jwk: cabc.Mapping[str, typing.Any]) -> str:
    from .jwk import fits

    return next(iter(fits(jwk)), "none")


# -- who is named ------------------------------------------------------------------------------------------------------


def names(certificate: x509.Certificate, kind: str) -> list[str]:
    """
    Who a certificate is of, as `tls_client_auth_<kind>` would be written (RFC 8705 2.1.2).

    `kind`: `subject_dn`, `san_dns`, `san_uri`, `san_ip` or `san_email`.
    """
    from cryptography import x509

    if kind == "subject_dn":
        return [certificate.subject.rfc4514_string()]
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    types: dict[str, type[x509.GeneralName]] = {
        "san_dns": x509.DNSName,
        "san_uri": x509.UniformResourceIdentifier,
        "san_ip": x509.IPAddress,
        "san_email": x509.RFC822Name,
    }
    return [str(name.value) for name in alternative if isinstance(name, types[kind])]


def malformed_name(name: str, kind: str) -> str | None:
    """Why nothing can be called so in a certificate, and what to write; or None."""
    from cryptography import x509

    try:
        if kind == "subject_dn":
            return None if x509.Name.from_rfc4514_string(name).rdns else "is empty; write 'CN=crm'"
        if kind == "san_ip":
            ipaddress.ip_address(name)
    except ValueError:
        return "write 'CN=crm,O=Acme' (RFC 4514)" if kind == "subject_dn" else "write an IPv4 or IPv6 address"
    return None if name else "write what stands in the certificate"


def check_name(wanted: str, certificate: x509.Certificate, kind: str) -> None:
    """Whether a certificate is of whom it should be of. Raises `BadCertificate`."""
    found = names(certificate, kind)
    if not any(_same(wanted, name, kind) for name in found):
        said = " and ".join(map(repr, found)) or "none"
        raise BadCertificate(f"the certificate has the {kind} {said}; {wanted!r} is registered (RFC 8705 2.1)")


def _same(wanted: str, found: str, kind: str) -> bool:
    if kind == "subject_dn":
        return _distinguished(wanted) == _distinguished(found)
    if kind == "san_dns":
        return wanted.casefold() == found.casefold()
    if kind == "san_ip":
        return ipaddress.ip_address(wanted) == ipaddress.ip_address(found)
    if kind == "san_email":
        # RFC 5280 7.5: of the address the part behind the @ is without case
        (one, _, here), (other, _, there) = wanted.rpartition("@"), found.rpartition("@")
        return (one, here.casefold()) == (other, there.casefold())
    return wanted == found


def _distinguished(text: str) -> object:
    """A name as RFC 5280 7.1 compares them: attributes in their order, values without case and outer white space."""
    from cryptography import x509

    try:
        name = x509.Name.from_rfc4514_string(text)
    except ValueError:
        return text
    return [
        {(each.oid.dotted_string, " ".join(str(each.value).casefold().split())) for each in rdn} for rdn in name.rdns
    ]
