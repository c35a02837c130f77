"""Guards that are not a book of their own: open, keys, certificates, any and all of several; `protect`'s arguments."""

from __future__ import annotations

import base64
import collections.abc as cabc
import datetime as dt
import http as http_
import json
import pathlib
import typing

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import Client
from werkzeug.test import TestResponse

import mockserver
from mockserver import AllOf
from mockserver import AnyOf
from mockserver import ApiKey
from mockserver import Basic
from mockserver import Bearer
from mockserver import ClientCertificate
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import Open
from mockserver.guards import GUARDS

_BASIC = "Basic " + base64.b64encode(b"crm:s3cret").decode()


def whole(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer that is not the date and the length."""
    headers = [(name, value) for name, value in answer.headers if name not in ("Date", "Content-Length")]
    return answer.status_code, answer.data, headers


def refused(text: str, *challenges: str, status: int = 401) -> tuple[int, bytes, list[tuple[str, str]]]:
    return (
        status,
        f"{text}\n".encode(),
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            *(("WWW-Authenticate", challenge) for challenge in challenges),
        ],
    )


# -- open --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "leaked"),
    [
        ({}, None),
        ({"headers": {"Accept": "*/*", "X-Request-Id": "7"}, "query_string": "page=2"}, None),
        ({"headers": {"Authorization": "Bearer oam_at_abcdefghijkl"}}, "header Authorization"),
        ({"headers": {"Proxy-Authorization": _BASIC}}, "header Proxy-Authorization"),
        ({"headers": {"Cookie": "sid=1"}}, "header Cookie"),
        ({"headers": {"X-Api-Key": "k"}}, "header X-Api-Key"),
        ({"headers": {"X-Amz-Security-Token": "t"}}, "header X-Amz-Security-Token"),
        ({"query_string": "access_token=t&page=2"}, "query parameter access_token"),
        ({"query_string": "X-Amz-Signature=t"}, "query parameter X-Amz-Signature"),
        ({"method": "POST", "data": {"client_secret": "s"}}, "body parameter client_secret"),
        ({"environ_overrides": {"serving.peer_certificate": b"x"}}, "a client certificate"),
        (
            {"headers": {"Authorization": _BASIC, "Cookie": "sid=1"}},
            "header Authorization, header Cookie",
        ),
    ],
)
def test_open_lets_everybody_in_and_says_what_leaked(
    mock: OAuthMock, http: Client, sent: dict[str, typing.Any], leaked: str | None
) -> None:
    """Requirement 1: 200 in any case, and credentials that nobody asked for are in the why."""
    mock.protect("/free", guard=Open(), json=[])
    sent = {"method": "GET", **sent}

    assert whole(http.open("/free", **sent)) == (200, b"[]", [("Content-Type", "application/json")])
    told = f"the request leaked credentials: {leaked}" if leaked else "no credentials came"
    assert mock.journal.last.why == f"/free is open, and {told}"
    assert mock.journal.last.guard == ("open" if leaked else None)


def test_open_may_be_strict(mock: OAuthMock, http: Client) -> None:
    """Requirement 1: then a leak fails the connector."""
    mock.protect("/free", guard=Open(strict=True), json=[])

    leak = http.get("/free", headers={"Cookie": "sid=1"})
    assert whole(leak) == refused("Credentials were sent where none are asked for.", status=400)
    assert mock.journal.last.why == "the path is open, and the request leaked credentials: header Cookie"
    assert http.get("/free").status_code == 200


# -- keys --------------------------------------------------------------------------------------------------------------

_KEY = "key-of-the-crm"


@pytest.mark.parametrize(
    ("guard", "good", "told"),
    [
        (ApiKey(_KEY), {"headers": {"x-api-key": _KEY}}, ("header X-Api-Key", None)),
        (ApiKey(_KEY, header="apikey"), {"headers": {"ApiKey": _KEY}}, ("header apikey", None)),
        (ApiKey(_KEY, query="api_key"), {"query_string": {"api_key": _KEY}}, ("query api_key", None)),
        (ApiKey(_KEY, cookie="sid"), {"headers": {"Cookie": f"a=b; sid={_KEY}"}}, ("cookie sid", None)),
        (
            ApiKey(_KEY, scheme="Zoho-oauthtoken"),
            {"headers": {"Authorization": f"zoho-OAUTHTOKEN {_KEY}"}},
            ("header Authorization", 'Zoho-oauthtoken realm="api"'),
        ),
        (
            ApiKey(_KEY, header="X-Auth", scheme="Token"),
            {"headers": {"X-Auth": f"Token {_KEY}"}},
            ("header X-Auth", 'Token realm="api"'),
        ),
        (ApiKey(_KEY, header="Authorization"), {"headers": {"Authorization": _KEY}}, ("header Authorization", None)),
    ],
)
def test_a_key_is_taken_in_its_place_alone(
    mock: OAuthMock, http: Client, guard: ApiKey, good: dict[str, typing.Any], told: tuple[str, str | None]
) -> None:
    """Requirement 6: header, query, cookie, with a scheme of any name or without."""
    mock.protect("/orders", guard=guard, json=[])
    place, challenge = told
    kind, name = place.split()
    challenge = challenge or f'ApiKey realm="api", in="{kind}", name="{name}"'

    assert whole(http.get("/orders", **good)) == (200, b"[]", [("Content-Type", "application/json")])
    assert (mock.journal.last.guard, mock.journal.last.why) == ("api_key", f"/orders took the key in the {place}")
    assert whole(http.get("/orders")) == refused("A valid API key is required.", challenge)
    assert mock.journal.last.why == f"no key came in the {place}"
    assert mock.journal.last.guard is None


@pytest.mark.parametrize(
    ("guard", "sent", "why"),
    [
        (
            ApiKey(_KEY),
            {"headers": {"X-Api-Key": "other"}},
            "is wrong: 5 characters were sent, the registered one has 14",
        ),
        (ApiKey(_KEY), {"headers": {"X-Api-Key": _KEY.upper()}}, "is wrong: only upper and lower case differ"),
        (ApiKey(_KEY), {"headers": {"X-Api-Key": ""}}, "is wrong: it is empty"),
        (
            ApiKey(_KEY),
            {"query_string": {"key": _KEY}},
            "no key came in the header X-Api-Key; it came in the query as key",
        ),
        (ApiKey(_KEY), {"headers": {"Cookie": f"k={_KEY}"}}, "; it came in the cookie k"),
        (ApiKey(_KEY, query="k"), {"headers": {"X-K": _KEY}}, "no key came in the query k; it came in the header X-K"),
        (
            ApiKey(_KEY, scheme="Token"),
            {"headers": {"Authorization": f"Bearer {_KEY}"}},
            "the header Authorization has the scheme 'Bearer'; Token goes before the key",
        ),
        (
            ApiKey(_KEY, scheme="Token"),
            {"headers": {"Authorization": "no-scheme-just-a-word"}},
            "the header Authorization has no scheme; Token goes before the key",
        ),
        (ApiKey(_KEY, scheme="Token"), {"headers": {"Authorization": "Token"}}, "is wrong: it is empty"),
    ],
)
def test_a_wrong_key_is_refused(
    mock: OAuthMock, http: Client, guard: ApiKey, sent: dict[str, typing.Any], why: str
) -> None:
    """Requirement 6: in its place, or in another; and it is shown nowhere."""
    mock.protect("/orders", guard=guard, json=[])

    assert http.get("/orders", **sent).status_code == 401
    assert mock.journal.last.why.endswith(why)
    assert _KEY not in "\n".join(mock.journal.last.lines())


def test_two_keys_are_one_too_many(mock: OAuthMock, http: Client) -> None:
    """Requirement 6: sent twice."""
    mock.protect("/orders", guard=ApiKey(_KEY, query="k", status=403), json=[])

    assert whole(http.get(f"/orders?k={_KEY}&k={_KEY}")) == refused("A valid API key is required.", status=400)
    assert mock.journal.last.why == "the query k came 2 times; one key is asked for"
    assert whole(http.get("/orders")) == refused("A valid API key is required.", status=403)


def test_keys_may_have_names(mock: OAuthMock, http: Client) -> None:
    """So that the journal says whose it was; the keys are in no repr."""
    guard = ApiKey({"crm": "key-one", "erp": "key-two"})
    mock.protect("/orders", guard=guard, json=[])
    http.get("/orders", headers={"X-Api-Key": "key-two"})

    assert (mock.journal.last.caller, mock.journal.last.credentials) == ("erp", "api_key")
    assert "key-" not in repr(guard)


# -- certificates ------------------------------------------------------------------------------------------------------


def certificate(name: str, *, days: int = 1) -> x509.Certificate:
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


_CRM, _OLD, _OTHER = certificate("crm"), certificate("crm", days=-1), certificate("erp")


@pytest.mark.parametrize(
    ("guard", "sent", "why"),
    [
        (ClientCertificate(), _CRM, None),
        (ClientCertificate(subject="crm"), _CRM, None),
        (ClientCertificate(subject="CN=crm"), _CRM, None),
        (ClientCertificate(_CRM.public_bytes(Encoding.PEM)), _CRM, None),
        (ClientCertificate(_CRM.public_bytes(Encoding.PEM).decode()), _CRM, None),
        (ClientCertificate(), None, "the connection has no client certificate"),
        (ClientCertificate(), b"no DER", "the client certificate cannot be read"),
        (ClientCertificate(), _OLD, "the certificate of 'CN=crm' is valid from"),
        (ClientCertificate(subject="crm"), _OTHER, "the certificate is that of 'CN=erp'; 'crm' is asked for"),
        (
            ClientCertificate(_CRM.public_bytes(Encoding.DER)),
            _OTHER,
            "the certificate of 'CN=erp' is another than the one that is asked for",
        ),
    ],
)
def test_a_client_certificate(
    mock: OAuthMock, http: Client, guard: ClientCertificate, sent: x509.Certificate | bytes | None, why: str | None
) -> None:
    """Requirement 34: as far as the TLS server hands it on; 403, since nothing can be asked for within HTTP."""
    mock.protect("/orders", guard=guard, json=[])
    octets = sent.public_bytes(Encoding.DER) if isinstance(sent, x509.Certificate) else sent
    answer = http.get("/orders", environ_overrides={"serving.peer_certificate": octets})

    if why is None:
        assert whole(answer) == (200, b"[]", [("Content-Type", "application/json")])
        assert (mock.journal.last.guard, mock.journal.last.caller) == ("client_certificate", "CN=crm")
    else:
        assert whole(answer) == refused("A client certificate is required.", status=403)
        assert mock.journal.last.why.startswith(why)


def test_the_servers_clock_for_peers_judges_a_certificate(mock: OAuthMock, http: Client) -> None:
    """Requirement 35: as it judges all that the client made."""
    mock.protect("/orders", guard=ClientCertificate(), json=[])
    mock.clock.skew(minutes=60 * 48)
    octets = _CRM.public_bytes(Encoding.DER)

    assert http.get("/orders", environ_overrides={"serving.peer_certificate": octets}).status_code == 403


def test_a_client_certificate_over_tls() -> None:
    """Requirement 34: asked for by the server, so that one guard takes it and another does without."""
    with OAuthMock(https=True, client_certificates="optional") as server:
        crm, erp = server.client_certificate("crm"), server.client_certificate("erp")
        orders = server.protect("/orders", guard=ClientCertificate(subject="crm"), json=[])
        free = server.protect("/free", guard=Open(), json=[])
        options: dict[str, typing.Any] = {"verify": server.ca_path, "timeout": 10}

        assert requests.get(orders.url, cert=crm.cert, **options).status_code == 200
        assert (server.journal.last.guard, server.journal.last.caller) == ("client_certificate", "CN=crm")
        assert requests.get(orders.url, cert=erp.cert, **options).status_code == 403
        assert requests.get(orders.url, **options).status_code == 403
        assert requests.get(free.url, **options).status_code == 200


# -- several -----------------------------------------------------------------------------------------------------------

_BASIC_CHALLENGE = 'Basic realm="api", charset="UTF-8"'
_KEY_CHALLENGE = 'ApiKey realm="api", in="header", name="X-Api-Key"'


def test_any_of_several_opens(mock: OAuthMock, http: Client) -> None:
    """RFC 9110 11.6.1: and a refusal has all challenges; what is said besides is said to what came."""
    token = mock.client("crm", client_secret="s").grant(scope="a").access_token
    guard = AnyOf(Bearer(scope="a"), Basic({"crm": "s3cret"}), ApiKey(_KEY))
    mock.protect("/orders", guard=guard, json=[])

    for headers in ({"Authorization": f"Bearer {token}"}, {"Authorization": _BASIC}, {"X-Api-Key": _KEY}):
        assert http.get("/orders", headers=headers).status_code == 200
    assert [exchange.guard for exchange in mock.journal] == ["bearer", "basic", "api_key"]

    bare = http.get("/orders")
    assert (bare.status_code, bare.json, bare.headers.getlist("WWW-Authenticate")) == (
        401,
        {},
        ['Bearer realm="api", scope="a"', _BASIC_CHALLENGE, _KEY_CHALLENGE],
    )
    assert mock.journal.last.why == (
        "the request has no Authorization header (RFC 6750 2.1)"
        "; or: Basic is asked for in Authorization: no such header came"
        "; or: no key came in the header X-Api-Key"
    )

    wrong = http.get("/orders", headers={"X-Api-Key": "no"})
    assert whole(wrong) == refused(
        "A valid API key is required.", 'Bearer realm="api", scope="a"', _BASIC_CHALLENGE, _KEY_CHALLENGE
    )
    assert mock.journal.last.why == (
        "the key in the header X-Api-Key is wrong: 2 characters were sent, the registered one has 14"
    )

    poor = mock.client("erp").grant(scope="b").access_token
    insufficient = http.get("/orders", headers={"Authorization": f"Bearer {poor}"})
    assert (insufficient.status_code, mock.journal.last.error) == (403, "insufficient_scope")
    assert "WWW-Authenticate" in insufficient.headers


def test_challenges_may_be_in_one_field(mock: OAuthMock, http: Client) -> None:
    """RFC 9110 11.6.1 and 5.3: the same to a client that can read it."""
    mock.protect("/orders", guard=AnyOf(Basic({"crm": "s3cret"}), ApiKey(_KEY), one_field=True))

    assert http.get("/orders").headers.getlist("WWW-Authenticate") == [f"{_BASIC_CHALLENGE}, {_KEY_CHALLENGE}"]


def test_who_has_a_challenge_speaks_first(mock: OAuthMock, http: Client) -> None:
    """RFC 9110 15.5.2: 403 of a guard that nobody asked must not hide a way in."""
    mock.protect("/orders", guard=AnyOf(ClientCertificate(), Basic({"crm": "s3cret"})))

    assert whole(http.get("/orders")) == refused("Basic authentication is required.", _BASIC_CHALLENGE)


def test_all_of_several_have_to_open(mock: OAuthMock, http: Client) -> None:
    """A proxy's password and the API's key: each refuses by itself."""
    mock.protect("/orders", guard=AllOf(Basic({"crm": "s3cret"}, proxy=True), ApiKey(_KEY)), json=[])
    proxy = {"Proxy-Authorization": _BASIC}

    assert http.get("/orders", headers={"X-Api-Key": _KEY}).status_code == 407
    assert http.get("/orders", headers=proxy).status_code == 401
    assert http.get("/orders", headers={**proxy, "X-Api-Key": _KEY}).status_code == 200
    assert mock.journal.last.guard == "basic+api_key"
    assert mock.journal.last.why == (
        "/orders took the password of user 'crm' (Basic) and took the key in the header X-Api-Key"
    )


@pytest.mark.parametrize("combine", [AnyOf, AllOf])
def test_one_guard_is_no_combination(combine: cabc.Callable[..., object]) -> None:
    """And a combination hides what its parts hide."""
    with pytest.raises(ConfigurationError, match="combines guards; name two of them or more"):
        combine(Basic())
    guard: typing.Any = combine(Basic({"crm": "hidden"}), ApiKey("concealed"))
    assert list(guard.secrets()) == ["hidden", "concealed"]
    assert "hidden" not in repr(guard)
    assert repr(guard).startswith(f"{combine.__name__}(Basic(")  # type: ignore[attr-defined]


# -- protect -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guard", "challenge"),
    [
        (Basic({"crm": "s3cret"}), _BASIC_CHALLENGE),
        (AnyOf(ClientCertificate(), Basic({"crm": "s3cret"})), _BASIC_CHALLENGE),
        (AllOf(ClientCertificate(), Basic({"crm": "s3cret"})), _BASIC_CHALLENGE),
        (ApiKey(_KEY), _KEY_CHALLENGE),
        (Bearer(scope="a"), 'Bearer realm="api", scope="a"'),
    ],
)
def test_the_first_request_may_be_challenged(mock: OAuthMock, http: Client, guard: typing.Any, challenge: str) -> None:
    """Requirement 10: whatever it brings, by the guard's own challenge; the journal says that it came too early."""
    orders = mock.protect("/orders", guard=guard, challenge=True)
    answer = http.patch("/orders", data=b"x", headers={"Authorization": _BASIC})

    assert answer.headers.getlist("WWW-Authenticate") == [challenge]
    (first,) = orders.exchanges
    assert (first.status, first.preemptive, first.body.content) == (401, True, b"x")
    assert first.why == ("/orders is protected with challenge=True: the first request is challenged whatever it brings")


@pytest.mark.parametrize("guard", [Open(), ClientCertificate(), AnyOf(Open(), ClientCertificate())])
def test_what_has_no_challenge_cannot_challenge(mock: OAuthMock, guard: typing.Any) -> None:
    """Said where it is written."""
    with pytest.raises(ConfigurationError, match=r"has no challenge; leave challenge out$"):
        mock.protect("/orders", guard=guard, challenge=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"guard": Basic(), "scope": "a"}, "a scope is a Bearer token's; write guard=Bearer(scope=...)"),
        ({"guard": Basic}, "that is no guard; write for example guard=Basic()"),
        ({"guard": "basic"}, "that is no guard; write for example guard=Basic()"),
        ({"app": print, "json": []}, "an app answers for itself; leave out json, status and headers"),
        ({"app": print, "status": 204}, "an app answers for itself; leave out json, status and headers"),
        ({"status": 99}, "a status is a number from 200 to 599; choose one"),
        ({"headers": {"X": "a\r\nb"}}, "'X' or its value is no header; correct it"),
        ({"headers": {"X Y": "a"}}, "'X Y' or its value is no header; correct it"),
        ({"json": {1j}}, "give values that JSON has"),
    ],
)
def test_arguments_that_contradict_each_other(mock: OAuthMock, arguments: dict[str, typing.Any], message: str) -> None:
    """Said at once, with the remedy."""
    with pytest.raises(ConfigurationError) as caught:
        mock.protect("/orders", **arguments)
    assert str(caught.value).endswith(message)
    assert mock.context.doors == {}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ApiKey(""), "there is no key, or an empty one"),
        (lambda: ApiKey({}), "there is no key, or an empty one"),
        (lambda: ApiKey("k", header="a", query="b"), "are three places; name one of them"),
        (lambda: ApiKey("k", query="a", scheme="T"), "a scheme is one word in a header"),
        (lambda: ApiKey("k", scheme="a b"), "a scheme is one word in a header"),
        (lambda: ApiKey("k", status=400), "a key is refused with 401 or 403"),
        (lambda: Bearer(scope='"'), "correct it"),
        (lambda: Bearer(methods=["url"]), "'url' is none of header, body, query"),  # type: ignore[list-item]
        (lambda: ClientCertificate(b"x"), "give a certificate as PEM or DER"),
    ],
)
def test_guards_that_cannot_be(make: cabc.Callable[[], object], message: str) -> None:
    """Said where they are written."""
    with pytest.raises(ConfigurationError, match=message):
        make()


def test_a_fixed_answer_may_have_headers(mock: OAuthMock, http: Client) -> None:
    """A redirection, or a media type of its own."""
    mock.protect("/a", guard=Open(), status=307, headers={"Location": "/b"})
    mock.protect("/b", guard=Open(), json={}, headers={"content-type": "application/vnd.acme+json"})

    assert whole(http.get("/a")) == (307, b"null", [("Content-Type", "application/json"), ("Location", "/b")])
    assert whole(http.get("/b")) == (200, b"{}", [("content-type", "application/vnd.acme+json")])


def test_every_guard_is_registered_and_public() -> None:
    """By the name that the journal has."""
    assert {guard.__name__ for guard in GUARDS.values()} <= set(mockserver.__all__)
    assert all(name == guard.name for name, guard in GUARDS.items())


def test_what_guards_are_shown_is_in_no_log(mock: OAuthMock, http: Client, tmp_path: pathlib.Path) -> None:
    """Neither a key that is known nor one that was tried, wherever it came; who it was is."""
    mock.protect("/orders", guard=AnyOf(ApiKey({"crm": "key-that-is-known"}), ApiKey("k" * 9, query="k")), json=[])
    http.get("/orders", headers={"X-Api-Key": "key-that-is-known"})
    http.get("/orders?k=key-that-was-tried", headers={"X-Api-Key": "key-that-was-tried-too"})
    mock.save_exchanges(tmp_path / "log.jsonl")

    text = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert "key-that" not in text
    first = json.loads(text.splitlines()[0])["_oauthmock"]
    assert (first["guard"], first["caller"]) == ("api_key", "crm")


def test_a_guards_secrets_are_looked_for_in_leaks(mock: OAuthMock, http: Client) -> None:
    """A key or a password is a secret of this server like any other."""
    mock.protect("/orders", guard=ApiKey("key-that-leaks"))

    with pytest.raises(AssertionError, match="secret of the guard at /orders"):
        mock.assert_no_secret_leak("log: key-that-leaks")
    mock.assert_no_secret_leak("log: ***")


def test_statuses_are_known() -> None:
    """Of refusals: each has a phrase."""
    assert {http_.HTTPStatus(status).phrase for status in (400, 401, 403, 407)}
