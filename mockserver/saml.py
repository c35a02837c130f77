"""SAML 2.0 assertions (RFC 7522 3): what they say, once signxml has found that they are signed by whom we trust."""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import datetime as dt
import functools
import importlib.util
import re
import typing

import msgspec

from .assertions import BadAssertion
from .redaction import without

if typing.TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["MISSING", "NAMESPACE", "SamlAssertion", "checked", "installed", "issuer_of"]

NAMESPACE: typing.Final = "urn:oasis:names:tc:SAML:2.0:assertion"
MISSING: typing.Final = "signxml is not installed; pip install 'pytest-oauthmock[saml]'"

_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
# More than any assertion has; before anything is decoded
_LONGEST = 256 * 1024
# RFC 7522 2.1: base64url; padding is left out, or is not
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")
# xs:dateTime in UTC (SAML Core 1.3.3)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z")


class SamlAssertion(msgspec.Struct, frozen=True, kw_only=True):
    """What an assertion says that is signed, for us, and good now."""

    id: str
    issuer: str
    subject: str
    expires_at: float
    """Seconds since the epoch, UTC."""

    def __repr__(self) -> str:
        return without(self, "subject")


@functools.cache
def installed() -> bool:
    """Whether there is the library that checks signatures."""
    return all(importlib.util.find_spec(name) for name in ("lxml", "signxml"))


def issuer_of(text: str) -> str:
    """Who says that they made it, whose certificate it is to be held against. Raises `BadAssertion`."""
    return _one(_parsed(text), "Issuer")


def checked(
    text: str,
    certificate: str,
    *,
    audiences: cabc.Collection[str],
    recipient: str,
    now: float,
    longest: int,
) -> SamlAssertion:
    """
    What an assertion says, in base64url as it was sent (RFC 7522 2.1, 3). Raises `BadAssertion`.

    `certificate` is its issuer's, PEM; `recipient` is the URL that it came to; `longest` is the seconds that it may
    live, and be old.
    """
    # From here on only what was signed is looked at: what was put around it means nothing
    signed = _signed(_parsed(text), certificate)
    identifier, issuer = signed.get("ID", ""), _one(signed, "Issuer")
    if signed.get("Version") != "2.0":
        raise BadAssertion(f"Version is {signed.get('Version')!r}, and not 2.0")
    issued = _time(signed, "IssueInstant")
    if issued is None or issued > now:
        raise BadAssertion(f"IssueInstant is {signed.get('IssueInstant')!r}: missing, or ahead of the server's clock")
    if now - issued > longest:
        raise BadAssertion(f"IssueInstant is {now - issued:.0f} s ago; at most {longest} are taken")
    _check_audience(signed, audiences)
    ends = [*_check_conditions(signed, now), *_check_confirmation(signed, recipient, now)]
    if not ends:
        raise BadAssertion("neither Conditions nor SubjectConfirmationData has NotOnOrAfter (RFC 7522 3)")
    if min(ends) - now > longest:
        raise BadAssertion(f"NotOnOrAfter is {min(ends) - now:.0f} s ahead; at most {longest} are taken")
    subject = _one(_child(signed, "Subject"), "NameID")
    return SamlAssertion(id=identifier, issuer=issuer, subject=subject, expires_at=max(ends))


def _parsed(text: str) -> _Element:
    from lxml import etree

    if len(text) > _LONGEST:
        raise BadAssertion(f"the assertion has {len(text)} characters; more than {_LONGEST} are not read")
    if not _BASE64URL.fullmatch(text):
        raise BadAssertion("the assertion is not in base64url (RFC 7522 2.1)")
    # Nothing is resolved and nothing fetched; what has a document type is not looked at any further
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False)
    try:
        octets = base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
        root = etree.fromstring(octets, parser)
    except (binascii.Error, ValueError, etree.XMLSyntaxError) as error:
        raise BadAssertion(f"the assertion is no XML: {str(error)[:80]}") from None
    if root.getroottree().docinfo.doctype:
        raise BadAssertion("the document has a DOCTYPE, which no assertion needs and entities come from")
    if root.tag != _name("Assertion"):
        raise BadAssertion(f"the document is no SAML 2.0 assertion, but {str(root.tag)[:80]!r} (RFC 7522 2.1)")
    return root


def _signed(root: _Element, certificate: str) -> _Element:
    """The assertion as it was signed: the whole document, by this certificate, by a method that proves something."""
    from signxml import exceptions
    from signxml.algorithms import SignatureMethod
    from signxml.verifier import SignatureConfiguration
    from signxml.verifier import XMLVerifier

    methods = [method for method in SignatureMethod if not re.search("SHA1|HMAC", method.name)]
    config = SignatureConfiguration(
        location="./", expect_references=1, signature_methods=frozenset(methods), ignore_ambiguous_key_info=True
    )
    try:
        result = XMLVerifier().verify(root, x509_cert=certificate, id_attribute="ID", expect_config=config)
    except (exceptions.SignXMLException, ValueError, KeyError) as error:
        raise BadAssertion(f"the signature is not by the trusted certificate: {str(error)[:120]}") from None
    except Exception as error:
        # Of a malformed signature the libraries below complain in their own ways
        raise BadAssertion(f"the signature cannot be checked: {type(error).__name__}") from None
    found: _Element | None = None if isinstance(result, list) else result.signed_xml
    if found is None or found.tag != _name("Assertion") or found.get("ID") != root.get("ID"):
        raise BadAssertion("what is signed is not the assertion, but something inside it (signature wrapping)")
    return found


def _check_audience(signed: _Element, audiences: cabc.Collection[str]) -> None:
    named = [_text(found) for found in signed.iterfind(_path("Conditions", "AudienceRestriction", "Audience"))]
    if not any(audience in audiences for audience in named):
        raise BadAssertion(
            f"Audience is {' and '.join(map(repr, named)) or 'missing'}; accepted: {' or '.join(audiences)}"
            " (client_assertion_audiences; RFC 7522 3)"
        )


def _check_conditions(signed: _Element, now: float) -> list[float]:
    """When the assertion ends; none where its conditions do not say."""
    conditions = _child(signed, "Conditions")
    begins, ends = _time(conditions, "NotBefore"), _time(conditions, "NotOnOrAfter")
    if begins is not None and now < begins:
        raise BadAssertion(f"NotBefore is {begins - now:.0f} s ahead; is the client's clock fast?")
    if ends is not None and now >= ends:
        raise BadAssertion(f"the assertion expired {now - ends:.0f} s ago (Conditions); is the client's clock slow?")
    return [] if ends is None else [ends]


def _check_confirmation(signed: _Element, recipient: str, now: float) -> list[float]:
    """RFC 7522 3: one that means the bearer, and this token endpoint, now; when it ends."""
    wrong = [f"the subject has no confirmation by the method {_BEARER} (RFC 7522 3)"]
    for confirmation in signed.iterfind(_path("Subject", "SubjectConfirmation")):
        if confirmation.get("Method") != _BEARER:
            continue
        data = confirmation.find(_path("SubjectConfirmationData"))
        if data is None or data.get("Recipient") != recipient:
            said = None if data is None else data.get("Recipient")
            wrong.append(f"Recipient is {said!r}; this token endpoint is {recipient} (RFC 7522 3)")
            continue
        ends = _time(data, "NotOnOrAfter")
        if ends is None:
            return []
        if now < ends:
            return [ends]
        wrong.append(f"the confirmation of the subject expired {now - ends:.0f} s ago")
    raise BadAssertion(wrong[-1])


def _child(element: _Element, name: str) -> _Element:
    found = element.findall(_path(name))
    if len(found) != 1:
        raise BadAssertion(f"the assertion has {len(found)} elements {name}, and needs one")
    return found[0]


def _one(element: _Element, name: str) -> str:
    text = _text(_child(element, name))
    if not text:
        raise BadAssertion(f"{name} is empty")
    return text


def _text(element: _Element) -> str:
    """All of it: a comment cuts nothing off."""
    return "".join(map(str, element.itertext())).strip()


def _time(element: _Element, name: str) -> float | None:
    text = element.get(name)
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    try:
        return dt.datetime.fromisoformat(f"{found[1]}+00:00").timestamp() if found else _no_time(name, text)
    except (ValueError, OverflowError):
        return _no_time(name, text)


def _no_time(name: str, text: str) -> float:
    raise BadAssertion(f"{name} is {text[:40]!r}: write UTC as 2027-01-15T08:00:00Z (SAML Core 1.3.3)")


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _path(*names: str) -> str:
    return "/".join(map(_name, names))
