"""RFC 7522: SAML 2.0 assertions as grants; what is signed, for whom, when, and once."""

from __future__ import annotations

import base64
import typing

import pytest
import signxml
import time_machine
from lxml import etree

import outgoing
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import saml

_GRANT = "urn:ietf:params:oauth:grant-type:saml2-bearer"
_CRM = ("crm", "s3cret")
_IDP = "https://idp.example"
_NS = {"saml": saml.NAMESPACE, "ds": "http://www.w3.org/2000/09/xmldsig#"}


@pytest.fixture
def idp(mock: OAuthMock) -> typing.Any:
    """An identity provider, and a client that brings its assertions."""
    mock.client("crm", client_secret="s3cret")
    return mock.identity_provider(_IDP)


def present(http: typing.Any, assertion: str, *, basic: tuple[str, str] | None = _CRM, **more: str) -> typing.Any:
    return http.token({"grant_type": _GRANT, "assertion": assertion, **more}, basic=basic)


def taken(http: typing.Any, assertion: str, **options: typing.Any) -> None:
    assert http.answer(present(http, assertion, **options)) == http.tokens(refresh_token=False)


def refused(http: typing.Any, assertion: str, why: str) -> None:
    """RFC 7521 4.1.1: the whole answer, no token, no connection; and what the tester is told."""
    before = len(http.mock.tokens)
    with outgoing.heard() as connections:
        answer = present(http, assertion)
    assert http.answer(answer) == http.refused(400, "invalid_grant")
    assert why in http.mock.journal.last.why
    assert (len(http.mock.tokens), connections) == (before, [])


def opened(assertion: str) -> typing.Any:
    return etree.fromstring(base64.urlsafe_b64decode(assertion + "=" * (-len(assertion) % 4)))


def sealed(document: typing.Any) -> str:
    octets = document if isinstance(document, bytes) else etree.tostring(document)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def signed_anew(idp: typing.Any, document: typing.Any, **options: typing.Any) -> str:
    """The same document, changed, under the identity provider's own key."""
    old = document.find("ds:Signature", _NS)
    if old is not None:
        document.remove(old)
    signer = signxml.XMLSigner(**{"signature_algorithm": signxml.SignatureMethod.ECDSA_SHA256, **options})
    reference = document.get("ID")
    return sealed(
        signer.sign(document, key=idp.private_key, cert=idp.certificate, reference_uri=reference, id_attribute="ID")
    )


# -- what is taken -----------------------------------------------------------------------------------------------------


def test_an_identity_provider_vouches_for_a_person(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7522 2.1: a token for the subject, no refresh token (RFC 7521 4.1)."""
    answer = present(http, idp.saml_assertion("alice"), scope="orders:read")

    assert http.answer(answer) == http.tokens(scope="orders:read", refresh_token=False)
    token = mock.tokens.last
    assert (token.grant_type, token.username, token.client_id) == (_GRANT, "alice", "crm")


def test_padding_may_be_there(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7522 2.1: it should be left out."""
    assertion = idp.saml_assertion("alice")

    taken(http, assertion + "=" * (-len(assertion) % 4))


def test_a_public_client(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7521 4.1: client authentication is optional."""
    mock.client("app", token_endpoint_auth_method="none")

    taken(http, idp.saml_assertion("alice"), basic=None, client_id="app")


def test_audience_and_token_endpoint(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7522 3: the token endpoint's URL may be the audience, too."""
    taken(http, idp.saml_assertion("alice", audience="http://localhost/token"))


def test_by_settings(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7521 3: a certificate that was agreed on beforehand."""
    server = OAuthMock(issuer="http://localhost", trusted_issuers={_IDP: {"certificate": idp.certificate}})
    server.client("crm", client_secret="s3cret")
    server.user("alice")

    taken(type(http)(server), idp.saml_assertion("alice"))


def test_a_certificate_that_is_none() -> None:
    """Named by its key."""
    with pytest.raises(ConfigurationError, match=r"trusted_issuers.+certificate: write one in PEM"):
        OAuthMock(trusted_issuers={_IDP: {"certificate": "MIIB"}})


# -- what it says ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        pytest.param({"audience": "https://other.example"}, "Audience is 'https://other.example'", id="audience"),
        pytest.param({"recipient": "https://other.example"}, "Recipient is 'https://other.example'", id="recipient"),
        pytest.param({"recipient": "http://localhost"}, "this token endpoint is http://localhost/token", id="issuer"),
        pytest.param({"lifetime": -1}, "the assertion expired", id="expired"),
        pytest.param({"lifetime": 4000}, "ahead; at most 3600 are taken", id="lives too long"),
        pytest.param({"subject": "mallory"}, "sub is 'mallory', whom nobody registered", id="stranger"),
        pytest.param({"subject": ""}, "NameID is empty", id="no subject"),
    ],
)
def test_claims_that_are_wrong(http: typing.Any, idp: typing.Any, claims: dict[str, typing.Any], why: str) -> None:
    """RFC 7522 3."""
    refused(http, idp.saml_assertion(**{"subject": "alice", **claims}), why)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param("saml:Conditions/saml:AudienceRestriction", "Audience is missing", id="no audience"),
        pytest.param("saml:Conditions", "", id="no conditions"),
        pytest.param("saml:Subject/saml:SubjectConfirmation", "no confirmation by the method", id="no confirmation"),
        pytest.param(
            "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData", "Recipient is None", id="no data"
        ),
        pytest.param("saml:Subject", "no confirmation by the method", id="no subject"),
        pytest.param("saml:Issuer", "has 0 elements Issuer", id="no issuer"),
    ],
)
def test_elements_that_are_missing(http: typing.Any, idp: typing.Any, path: str, why: str) -> None:
    """RFC 7522 3: in an assertion that is signed as it should be."""
    document = opened(idp.saml_assertion("alice"))
    found = document.find(path, _NS)
    found.getparent().remove(found)

    refused(http, signed_anew(idp, document), why)


@pytest.mark.parametrize(
    ("path", "change", "why"),
    [
        pytest.param(".", ("Version", "1.1"), "Version is '1.1'", id="version"),
        pytest.param(".", ("IssueInstant", "2999-01-01T00:00:00Z"), "IssueInstant is", id="issued in the future"),
        pytest.param(".", ("IssueInstant", "1999-01-01T00:00:00Z"), "at most 3600 are taken", id="issued long ago"),
        pytest.param(".", ("IssueInstant", None), "IssueInstant is None", id="no instant"),
        pytest.param(".", ("IssueInstant", "yesterday"), "write UTC as", id="no time"),
        pytest.param(".", ("IssueInstant", "2027-13-45T99:00:00Z"), "write UTC as", id="impossible time"),
        pytest.param("saml:Conditions", ("NotBefore", "2999-01-01T00:00:00Z"), "NotBefore is", id="not yet"),
        pytest.param(
            "saml:Subject/saml:SubjectConfirmation", ("Method", "urn:x:holder-of-key"), "no confirmation", id="method"
        ),
        pytest.param(
            "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData",
            ("NotOnOrAfter", "1999-01-01T00:00:00Z"),
            "the confirmation of the subject expired",
            id="confirmation expired",
        ),
    ],
)
def test_attributes_that_are_wrong(
    http: typing.Any, idp: typing.Any, path: str, change: tuple[str, str | None], why: str
) -> None:
    """RFC 7522 3, SAML Core 2.3.3, 2.4.1.2."""
    document = opened(idp.saml_assertion("alice"))
    found, (name, value) = document.find(path, _NS), change
    if value is None:
        del found.attrib[name]
    else:
        found.set(name, value)

    refused(http, signed_anew(idp, document), why)


def test_no_end_at_all(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7522 3: NotOnOrAfter, in one place or the other."""
    document = opened(idp.saml_assertion("alice"))
    del document.find("saml:Conditions", _NS).attrib["NotOnOrAfter"]
    data = document.find(".//saml:SubjectConfirmationData", _NS)
    taken(http, signed_anew(idp, document))
    del data.attrib["NotOnOrAfter"]
    document.set("ID", "_another")

    refused(http, signed_anew(idp, document), "neither Conditions nor SubjectConfirmationData has NotOnOrAfter")


def test_the_clocks_of_both_sides_may_differ(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7522 3: just inside the limit and just outside, by the server's wall clock."""
    with time_machine.travel(1_800_000_000, tick=False):
        assertion = idp.saml_assertion("alice", lifetime=60)
        mock.clock.skew(seconds=60)
        refused(http, assertion, "the assertion expired 0 s ago")
        mock.clock.skew(seconds=-1)
        refused(http, assertion, "IssueInstant is")
        mock.clock.skew(seconds=59)
        taken(http, assertion)


def test_an_assertion_is_good_once(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7522 3: by its ID, of one issuer; one that was refused may come again."""
    other = mock.identity_provider("https://other.example")
    refused(http, idp.saml_assertion("alice", identifier="_one", audience="x"), "Audience is")
    assertion = idp.saml_assertion("alice", identifier="_one")
    taken(http, assertion)

    refused(http, assertion, "'_one' has been used before")
    refused(http, idp.saml_assertion("alice", identifier="_one", lifetime=90), "'_one' has been used before")
    taken(http, other.saml_assertion("alice", identifier="_one"))


def test_of_many_uses_one_wins(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7522 3: one atomic step."""
    assertion = idp.saml_assertion("alice")

    answers = http.at_once([lambda: present(http, assertion).status_code] * 4)

    assert sorted(answers) == [200, 400, 400, 400]


# -- who signed what ---------------------------------------------------------------------------------------------------


def test_a_stranger(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7522 3: an issuer whom nobody trusts; and one who says that it is somebody else."""
    stranger = OAuthMock(issuer="http://localhost").identity_provider("https://stranger.example")
    liar = OAuthMock(issuer="http://localhost").identity_provider(_IDP)

    refused(http, stranger.saml_assertion("alice"), "iss is 'https://stranger.example', who is not trusted")
    refused(http, liar.saml_assertion("alice"), "the signature is not by the trusted certificate")


def test_a_rotated_certificate(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """RFC 7522 3: the certificate inside of the signature does not make itself known."""
    old = idp.saml_assertion("alice")
    new = mock.identity_provider(_IDP)

    refused(http, old, "the signature is not by the trusted certificate")
    taken(http, new.saml_assertion("alice"))


def test_without_a_signature(http: typing.Any, idp: typing.Any) -> None:
    """RFC 7522 3: it must be signed."""
    document = opened(idp.saml_assertion("alice"))
    document.remove(document.find("ds:Signature", _NS))

    refused(http, sealed(document), "the signature is not by the trusted certificate")


@pytest.mark.parametrize("path", ["saml:Subject/saml:NameID", "saml:Conditions/saml:AudienceRestriction/saml:Audience"])
def test_changed_after_it_was_signed(http: typing.Any, mock: OAuthMock, idp: typing.Any, path: str) -> None:
    """XML Signature 3.2.1: the digest does not fit any more."""
    mock.user("bob")
    document = opened(idp.saml_assertion("alice"))
    document.find(path, _NS).text = "bob"

    refused(http, sealed(document), "the signature is not by the trusted certificate")


def test_a_mac_under_the_certificate(http: typing.Any, idp: typing.Any) -> None:
    """RFC 8725 2.1: a method that makes a secret of what is public proves nothing."""
    document = opened(idp.saml_assertion("alice"))
    document.find(".//ds:SignatureMethod", _NS).set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")

    refused(http, sealed(document), "the signature is not by the trusted certificate")


def _wrapped_in_a_forged_one(document: typing.Any) -> typing.Any:
    """The forged assertion outside, the signed one inside of its signature."""
    forged = etree.fromstring(etree.tostring(document))
    forged.set("ID", "_forged")
    forged.find("saml:Subject/saml:NameID", _NS).text = "bob"
    inner = etree.SubElement(forged.find("ds:Signature", _NS), "{http://www.w3.org/2000/09/xmldsig#}Object")
    inner.append(document)
    document.remove(document.find("ds:Signature", _NS))
    return forged


def _same_id_twice(document: typing.Any) -> typing.Any:
    """Two assertions with one ID, of which the reference means either."""
    forged = _wrapped_in_a_forged_one(document)
    forged.set("ID", document.get("ID"))
    return forged


def _inside_advice(document: typing.Any) -> typing.Any:
    """The signed one with its signature inside of the forged one, which has none."""
    forged = etree.fromstring(etree.tostring(document))
    forged.remove(forged.find("ds:Signature", _NS))
    forged.set("ID", "_forged")
    forged.find("saml:Subject/saml:NameID", _NS).text = "bob"
    advice = etree.SubElement(forged, f"{{{saml.NAMESPACE}}}Advice")
    advice.append(document)
    return forged


def _second_subject(document: typing.Any) -> typing.Any:
    subject = etree.fromstring(etree.tostring(document.find("saml:Subject", _NS)))
    subject.find("saml:NameID", _NS).text = "bob"
    document.insert(1, subject)
    return document


def _response(document: typing.Any) -> typing.Any:
    response = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Response")
    response.append(document)
    return response


@pytest.mark.parametrize("wrap", [_wrapped_in_a_forged_one, _same_id_twice, _inside_advice, _second_subject, _response])
def test_signature_wrapping(http: typing.Any, mock: OAuthMock, idp: typing.Any, wrap: typing.Any) -> None:
    """SAML Security 6.5: what is signed is what is read, or nothing is."""
    mock.user("bob")

    refused(http, sealed(wrap(opened(idp.saml_assertion("alice")))), "")


def test_a_comment_cuts_nothing_off(http: typing.Any, mock: OAuthMock, idp: typing.Any) -> None:
    """XML Signature 4.4.3.4: comments are not signed, so that a name must not end at one."""
    mock.user("alice.evil.example")
    document = opened(idp.saml_assertion("alice.evil.example"))
    name = document.find("saml:Subject/saml:NameID", _NS)
    name.text = "alice"
    comment = etree.Comment("x")
    comment.tail = ".evil.example"
    name.append(comment)

    taken(http, sealed(document))

    assert mock.tokens.last.username == "alice.evil.example"


# -- what is no assertion ----------------------------------------------------------------------------------------------

_LAUGHS = b"""<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>"""
_XXE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>"""
_DTD = b"""<!DOCTYPE a SYSTEM "http://attacker.example/a.dtd">"""


@pytest.mark.parametrize("doctype", [_LAUGHS, _XXE, _DTD], ids=["entities", "file", "fetched"])
def test_a_document_type(http: typing.Any, idp: typing.Any, doctype: bytes) -> None:
    """XXE: nothing is resolved, and nothing fetched, whoever signed it."""
    whole = etree.tostring(opened(idp.saml_assertion("alice")))

    refused(http, sealed(doctype + whole.replace(b">alice<", b">&x;<")), "DOCTYPE")


@pytest.mark.parametrize(
    ("assertion", "why"),
    [
        pytest.param("*", "is not in base64url", id="no base64"),
        pytest.param("ab+/", "is not in base64url", id="base64 of the other kind"),
        pytest.param("A", "is no XML", id="one character"),
        pytest.param(sealed(b"{}"), "is no XML", id="JSON"),
        pytest.param(sealed(b"<a/>"), "is no SAML 2.0 assertion, but 'a'", id="other XML"),
        pytest.param(sealed(b"<a>" * 5000), "is no XML", id="deep"),
        pytest.param(sealed(b"<a>" * 5000 + b"</a>" * 5000), "is no", id="deep and closed"),
        pytest.param(sealed(b"\xff\xfe<"), "is no XML", id="no text"),
        pytest.param("A" * 300_000, "more than 262144 are not read", id="300 kB"),
        pytest.param(
            sealed(b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'), "has 0 elements Issuer", id="empty"
        ),
        pytest.param(
            sealed(
                b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https://idp.example</Issuer>'
                b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></Assertion>'
            ),
            "the signature",
            id="empty signature",
        ),
    ],
)
def test_what_is_no_assertion(http: typing.Any, idp: typing.Any, assertion: str, why: str) -> None:
    """RFC 7521 4.1.1: invalid_grant, never an error of ours."""
    refused(http, assertion, why)


def test_no_assertion(http: typing.Any, idp: typing.Any) -> None:
    """RFC 6749 5.2."""
    assert http.answer(present(http, "")) == http.refused(400, "invalid_request")


def test_without_the_library(http: typing.Any, idp: typing.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not installed: no such grant, discovery says so, and the tester is told what to install."""
    assertion = idp.saml_assertion("alice")
    monkeypatch.setattr(saml, "installed", lambda: False)
    monkeypatch.setattr("mockserver.server.saml_assertion.installed", lambda: False)

    assert http.answer(present(http, assertion)) == http.refused(400, "unsupported_grant_type")
    assert "pip install 'pytest-oauthmock[saml]'" in http.mock.journal.last.why
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()
    assert _GRANT not in document["grant_types_supported"]
    with pytest.raises(ConfigurationError, match="signxml is not installed"):
        idp.saml_assertion("alice")
