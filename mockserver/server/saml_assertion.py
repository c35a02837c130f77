"""A SAML 2.0 assertion as an identity provider would make it (RFC 7522 2.1, 3), right or wrong."""

from __future__ import annotations

import base64
import datetime as dt
import secrets

from cryptography.hazmat.primitives.asymmetric import ec

from ..errors import ConfigurationError
from ..saml import MISSING
from ..saml import NAMESPACE
from ..saml import installed

__all__ = ["made", "self_signed"]

_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


def made(
    key: ec.EllipticCurvePrivateKey,
    certificate: str,
    *,
    issuer: str,
    subject: str,
    audience: str,
    recipient: str,
    now: float,
    lifetime: float,
    identifier: str | None,
) -> str:
    """
    Signed, in base64url. `now` is seconds since the epoch, UTC; `lifetime` is seconds.

    Raises `ConfigurationError` where the library that signs is not installed.
    """
    if not installed():
        raise ConfigurationError(MISSING)
    from lxml import etree
    from lxml.builder import ElementMaker
    from signxml.algorithms import SignatureMethod
    from signxml.signer import XMLSigner

    saml = ElementMaker(namespace=NAMESPACE, nsmap={"saml": NAMESPACE})
    begins, ends = _time(now), _time(now + lifetime)
    assertion = saml.Assertion(
        saml.Issuer(issuer),
        saml.Subject(
            saml.NameID(subject),
            saml.SubjectConfirmation(
                saml.SubjectConfirmationData(Recipient=recipient, NotOnOrAfter=ends), Method=_BEARER
            ),
        ),
        saml.Conditions(saml.AudienceRestriction(saml.Audience(audience)), NotBefore=begins, NotOnOrAfter=ends),
        saml.AuthnStatement(
            saml.AuthnContext(saml.AuthnContextClassRef("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")),
            AuthnInstant=begins,
        ),
        ID=identifier or f"_{secrets.token_hex(16)}",
        IssueInstant=begins,
        Version="2.0",
    )
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"
    )
    signed = signer.sign(assertion, key=key, cert=certificate, reference_uri=assertion.get("ID"), id_attribute="ID")
    return base64.urlsafe_b64encode(etree.tostring(signed)).rstrip(b"=").decode("ascii")


def self_signed(key: ec.EllipticCurvePrivateKey, name: str) -> str:
    """A certificate of the key, PEM, good for ten years before and after now."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization

    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    now, decade = dt.datetime.now(dt.UTC), dt.timedelta(days=3650)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - decade)
        .not_valid_after(now + decade)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
