"""SigV4: what is taken, and how it goes with other guards, issuers and reports."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import time
import typing

import pytest

from mockserver import AccessKey
from mockserver import AnyOf
from mockserver import Bearer
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import SigV4
from signing.judge import guarded
from signing.judge import refused
from signing.judge import resigned
from signing.signer import ACCESS_KEY
from signing.signer import SECRET
from signing.signer import sign
from signing.wire import Wire
from signing.wire import at
from signing.wire import send

# -- what is taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "service", ["s3", "execute-api", "glacier", "mobileanalytics", "codepipeline", "AWS CodePipeline"]
)
@pytest.mark.parametrize("region", ["us-east-1", "ap-south-2", "moon-1"])
def test_any_service_and_region(mock: OAuthMock, service: str, region: str) -> None:
    """Requirements 29 to 32: also those that AWS does not have, and PATCH with a body."""
    guarded(mock, service=service, region=region)
    wire = sign("PATCH", "http://127.0.0.1:9400/a%20b//c/../d?x=1&y=", body=b"{}", service=service, region=region)

    assert send(mock, wire)[0] == 200, mock.journal.last.why
    last = mock.journal.last
    day = wire.header("X-Amz-Date")[:8]
    assert (last.guard, last.caller, last.credentials) == ("sigv4", ACCESS_KEY, "aws4-hmac-sha256")
    assert last.why == f"/ took the signature of {ACCESS_KEY} for {day}/{region}/{service}/aws4_request in the header"
    assert send(mock, wire)[0] == 200
    assert mock.journal.last.why.endswith("; the same signature came before")


def test_a_date_header_will_do(mock: OAuthMock) -> None:
    """Requirement 28: in either format, where X-Amz-Date is not there."""
    guarded(mock)
    wire = sign(headers={"Date": "x"})

    assert wire.header("Date").endswith(" -0000")
    assert send(mock, wire)[0] == 200, mock.journal.last.why


def test_a_presigned_url(mock: OAuthMock) -> None:
    """As long as it says, and no longer; S3's does not cover the body, others' does."""
    guarded(mock)
    now = time.time()
    for service in ("s3", "execute-api"):
        wire = sign("PUT", expires=600, service=service)
        assert send(mock, wire)[0] == 200, mock.journal.last.why
        assert " in the URL" in mock.journal.last.why
        assert mock.journal.last.credentials == "sigv4"
        with_body = Wire(wire.method, wire.target, wire.headers, b"anything")
        assert send(mock, with_body)[0] == (200 if service == "s3" else 403)
    at(mock, now + 500)
    assert send(mock, wire)[0] == 200
    at(mock, now + 700)
    assert refused(mock, wire)[:2] == (403, "InvalidSignatureException")


def test_a_session(mock: OAuthMock) -> None:
    """Its token, and its end by the server's clock."""
    key = AccessKey(SECRET, session_token="the-token", expires=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    guarded(mock, keys={"ASIA": key})

    def sent(**options: typing.Any) -> Wire:
        return sign(access_key="ASIA", **{"token": "the-token", **options})

    assert send(mock, sent())[0] == 200
    assert send(mock, sent(expires=60))[0] == 200
    assert refused(mock, sent(token="another-token"))[:2] == (403, "UnrecognizedClientException")
    assert mock.journal.last.why == "the session token is not that of ASIA"
    assert "another-token" not in "".join(mock.journal.last.lines())
    assert refused(mock, sent(token=None))[:2] == (403, "UnrecognizedClientException")
    assert refused(mock, sent(token="another-token", service="s3"))[:2] == (400, "InvalidToken")
    assert refused(mock, sent(token=None, service="s3"))[:2] == (403, "InvalidAccessKeyId")
    mock.clock.advance(hours=1, seconds=1)
    assert refused(mock, sent())[:2] == (403, "ExpiredTokenException")
    assert refused(mock, sent(service="s3"))[:2] == (400, "ExpiredToken")
    assert refused(mock, sent(service="sts"))[:2] == (403, "ExpiredToken")
    assert mock.journal.last.why == "the session of ASIA ended 1 s ago (server clock)"


def test_keys_may_be_looked_up(mock: OAuthMock) -> None:
    """Whoever makes sessions at run time gives a function."""
    keys = {"AKIA1": AccessKey(SECRET), "AKIA2": AccessKey(SECRET, active=False)}
    guarded(mock, keys=keys.get)

    assert send(mock, sign(access_key="AKIA1"))[0] == 200
    assert refused(mock, sign(access_key="AKIA2"))[1] == "UnrecognizedClientException"
    assert mock.journal.last.why == "the access key AKIA2 is not active"
    assert refused(mock, sign(access_key="AKIA3"))[1] == "UnrecognizedClientException"
    assert mock.journal.last.why == "there is no access key 'AKIA3'"


def test_an_unsigned_payload(mock: OAuthMock) -> None:
    """S3 takes it, others where they are told to."""
    wire = sign("PUT", body=b"x", service="s3", headers={})
    for service, setting, status in (
        ("s3", None, 200),
        ("s3", False, 400),
        ("glacier", None, 403),
        ("glacier", True, 200),
    ):
        guarded(mock, unsigned_payload=setting)
        wire = resigned(service, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, payload="UNSIGNED-PAYLOAD")
        assert send(mock, wire)[0] == status, mock.journal.last.why
        if status == 200:
            assert "; the body is not signed" in mock.journal.last.why


# -- with others -------------------------------------------------------------------------------------------------------


def test_a_path_behind_an_issuers_name(mock: OAuthMock) -> None:
    """The signature is over the path that was sent, whatever of it names an issuer or a door."""
    mock.issuer("tenant").protect("/s3", app=mock.echo, guard=SigV4({ACCESS_KEY: SECRET}))

    assert send(mock, sign(url="http://localhost/tenant/s3/a%20b/c"))[0] == 200, mock.journal.last.why


def test_a_fixed_answer_behind_a_signature(mock: OAuthMock) -> None:
    """Requirement 5: GET, POST and PATCH; the body of what is read whole is hashed as well."""
    mock.protect("/orders", guard=SigV4({ACCESS_KEY: SECRET}), json={"ok": True})

    for method in ("GET", "POST", "PATCH"):
        wire = sign(method, "http://localhost/orders", body=b"" if method == "GET" else b"{}")
        assert send(mock, wire)[0] == 200, mock.journal.last.why
    assert send(mock, Wire(wire.method, wire.target, wire.headers, b"{ }"))[0] == 403


def test_a_signature_or_a_token(mock: OAuthMock) -> None:
    """AnyOf: a Bearer token is not a malformed signature."""
    mock.protect("/orders", guard=AnyOf(SigV4({ACCESS_KEY: SECRET}), Bearer()), json={})
    token = mock.client("crm").grant().access_token
    headers = [("Host", "localhost"), ("Authorization", f"Bearer {token}")]

    assert send(mock, Wire("GET", "/orders", headers))[0] == 200
    assert send(mock, sign(url="http://localhost/orders"))[0] == 200
    bare = send(mock, Wire("GET", "/orders", [("Host", "localhost")]))
    assert (bare[0], bare[1]["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_secrets_are_shown_nowhere(mock: OAuthMock) -> None:
    """Neither in a repr nor in a report; a presigned URL is meant to have its credentials."""
    key = AccessKey(SECRET, session_token="the-session-token")
    guard = SigV4({"ASIA": key})
    mock.protect("/", app=mock.echo, guard=guard)
    send(mock, sign(access_key="ASIA", token="the-session-token", expires=60))
    send(mock, sign(access_key="ASIA", token="the-session-token", secret="x"))

    mock.assert_no_secret_leak()
    shown = "\n".join([*(line for exchange in mock.journal for line in exchange.lines()), repr(guard), repr(key)])
    assert SECRET not in shown
    assert "the-session-token" not in shown
    with pytest.raises(AssertionError, match="secret of the guard at /"):
        mock.assert_no_secret_leak(f"log: {SECRET}")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SigV4({}), "there is no key; write SigV4"),
        (lambda: SigV4({"a": "b"}, dialect="xml"), "choose one of query, ec2, s3, json, or leave it out"),  # type: ignore[arg-type]
        (lambda: SigV4({"a": "b"}, max_skew=0), "write seconds, more than 0"),
        (lambda: AccessKey("x", expires=dt.datetime(2030, 1, 1)), "the datetime has no time zone"),  # noqa: DTZ001
    ],
)
def test_a_guard_that_cannot_be(make: cabc.Callable[[], object], message: str) -> None:
    """Said where it is written."""
    with pytest.raises(ConfigurationError, match=message):
        make()


def test_a_signature_has_no_challenge(mock: OAuthMock) -> None:
    """Clients of AWS sign at once."""
    with pytest.raises(ConfigurationError, match="SigV4 has no challenge"):
        mock.protect("/orders", guard=SigV4({"a": "b"}), challenge=True)
