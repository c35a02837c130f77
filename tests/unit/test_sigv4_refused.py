"""SigV4: every way to be refused, in each service's words."""

from __future__ import annotations

import json
import re
import time
import typing
import xml.etree.ElementTree as ET

import pytest

from mockserver import OAuthMock
from signing.judge import EMPTY
from signing.judge import guarded
from signing.judge import refused
from signing.judge import resigned
from signing.signer import ACCESS_KEY
from signing.signer import sign
from signing.wire import Wire
from signing.wire import send

# -- what is refused, in each service's words --------------------------------------------------------------------------

_GOOD = "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64


def header(value: str, stamp: str | None = None) -> Wire:
    """A request with this Authorization header; {scope} is a good one."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{ACCESS_KEY}/{now[:8]}/us-east-1/SERVICE/aws4_request"
    return Wire(
        "GET",
        "/",
        [
            ("Host", "api.example"),
            ("X-Amz-Date", now if stamp is None else stamp),
            ("Authorization", value.format(scope=scope)),
        ],
    )


@pytest.mark.parametrize(
    ("value", "stamp", "kind", "why"),
    [
        ("Bearer abc", None, "algorithm", "the scheme or algorithm is 'Bearer'; AWS4-HMAC-SHA256 and"),
        ("AWS AKID:c2ln", None, "algorithm", "the scheme or algorithm is 'AWS'"),
        (
            "AWS4-ECDSA-P384-SHA384 Credential=x",
            None,
            "algorithm",
            "the scheme or algorithm is 'AWS4-ECDSA-P384-SHA384'",
        ),
        ("", None, "algorithm", "the scheme or algorithm is ''"),
        ("AWS4-HMAC-SHA256", None, "malformed", "the part '' is unknown, came twice or has no '='"),
        (
            "AWS4-HMAC-SHA256 Credential",
            None,
            "malformed",
            "the part 'Credential' is unknown, came twice or has no '='",
        ),
        (
            "AWS4-HMAC-SHA256 Credential={scope}",
            None,
            "malformed",
            "the Authorization header lacks SignedHeaders and Signature",
        ),
        (_GOOD + ", Signature=1", None, "malformed", "the part 'Signature' is unknown, came twice"),
        (_GOOD + ", Extra=1", None, "malformed", "the part 'Extra' is unknown"),
        (_GOOD[:-1], None, "malformed", "Signature is not 64 hex digits in lower case"),
        (_GOOD[:-1] + "A", None, "malformed", "Signature is not 64 hex digits in lower case"),
        (
            _GOOD.replace("host;", "Host;"),
            None,
            "malformed",
            "SignedHeaders is 'Host;x-amz-date': not names in lower case",
        ),
        (_GOOD.replace("host;x-amz-date", "x-amz-date;host"), None, "malformed", "SignedHeaders is 'x-amz-date;host'"),
        (_GOOD.replace("host;", "host;host;"), None, "malformed", "SignedHeaders is 'host;host;x-amz-date'"),
        (_GOOD.replace("host;x-amz-date", "host;;"), None, "malformed", "SignedHeaders is 'host;;'"),
        (
            _GOOD.replace("{scope}", "x"),
            None,
            "malformed",
            "the credential 'x' is not KEY/YYYYMMDD/REGION/SERVICE/aws4",
        ),
        (
            _GOOD.replace("{scope}", "a/b//d/aws4_request"),
            None,
            "malformed",
            "the credential 'a/b//d/aws4_request' is not",
        ),
        (_GOOD.replace("{scope}", "a/b/c/d/aws4"), None, "malformed", "the scope ends in 'aws4', not in aws4_request"),
        (
            _GOOD.replace("{scope}", "a/20110909/c/d/aws4_request"),
            None,
            "malformed",
            "the day of the scope is '20110909'",
        ),
        (_GOOD, "yesterday", "date", "X-Amz-Date is 'yesterday', no time like 20150830T123600Z"),
        (_GOOD, "20151345T123600Z", "date", "X-Amz-Date is '20151345T123600Z', no time like"),
        (
            _GOOD,
            "\uff12\uff10\uff11\uff15\uff10\uff18\uff13\uff10T123600Z".encode().decode("latin-1"),
            "date",
            "X-Amz-Date is ",
        ),
    ],
)
def test_a_malformed_header(mock: OAuthMock, value: str, stamp: str | None, kind: str, why: str) -> None:
    """400 in the query protocol and JSON, S3's codes for S3; and never a 500."""
    codes = {
        "query": {
            "algorithm": "IncompleteSignature",
            "malformed": "IncompleteSignature",
            "date": "IncompleteSignature",
        },
        "s3": {"algorithm": "InvalidRequest", "malformed": "AuthorizationHeaderMalformed", "date": "AccessDenied"},
        "json": dict.fromkeys(("algorithm", "malformed", "date"), "IncompleteSignatureException"),
        "ec2": dict.fromkeys(("algorithm", "malformed", "date"), "IncompleteSignature"),
    }
    for dialect, names in codes.items():
        guarded(mock, dialect=dialect)
        status, code, _ = refused(mock, header(value, stamp))
        assert (status, code) == (403 if code == "AccessDenied" else 400, names[kind])
        assert mock.journal.last.why.startswith(why)


def test_two_headers_and_none(mock: OAuthMock) -> None:
    """RFC 9110 5.3; and a request without any is told so."""
    guarded(mock, dialect="query")
    twice = header(_GOOD)
    twice.headers.append(twice.headers[-1])
    assert refused(mock, twice)[:2] == (400, "IncompleteSignature")

    for dialect, expected in {
        "query": (403, "MissingAuthenticationToken"),
        "ec2": (403, "MissingAuthenticationToken"),
        "json": (403, "MissingAuthenticationTokenException"),
        "s3": (403, "AccessDenied"),
    }.items():
        guarded(mock, dialect=dialect)
        assert refused(mock, Wire("GET", "/", [("Host", "x")]))[:2] == expected
    assert refused(mock, Wire("GET", "/", [("Host", "x"), ("Authorization", _GOOD)]))[:2] == (
        400,
        "AuthorizationHeaderMalformed",
    )
    dateless = header(_GOOD).with_header("X-Amz-Date", None)
    assert refused(mock, dateless)[:2] == (403, "AccessDenied")
    assert mock.journal.last.why == "there is neither X-Amz-Date nor Date"
    assert refused(mock, dateless.with_header("Date", "soon"))[1] == "AccessDenied"


def query(wire: Wire, **changes: str | None) -> Wire:
    """A presigned URL with other parameters; None leaves one out."""
    path, _, text = wire.target.partition("?")
    pairs = [pair.partition("=") for pair in text.split("&")]
    names = {name: value for name, _, value in pairs}
    for name, value in changes.items():
        names[name.replace("_", "-")] = value  # type: ignore[assignment]
    kept = "&".join(f"{name}={value}" for name, value in names.items() if value is not None)
    return Wire(wire.method, f"{path}?{kept}", wire.headers, wire.body)


@pytest.mark.parametrize(
    ("changes", "message", "why"),
    [
        (
            {"X_Amz_Signature": None},
            "Query-string authentication version 4 requires the",
            "the presigned URL lacks X-Amz-Sig",
        ),
        (
            {"X_Amz_Expires": None},
            "Query-string authentication version 4 requires the",
            "the presigned URL lacks X-Amz-Exp",
        ),
        ({"X_Amz_Expires": "x"}, "X-Amz-Expires should be a number", "X-Amz-Expires is 'x'; it is from 1 to 604800"),
        ({"X_Amz_Expires": "0"}, "X-Amz-Expires must be at least 1 second", "X-Amz-Expires is '0'"),
        ({"X_Amz_Expires": "-1"}, "X-Amz-Expires must be non-negative", "X-Amz-Expires is '-1'"),
        (
            {"X_Amz_Expires": "604801"},
            "X-Amz-Expires must be less than a week (in seconds)",
            "X-Amz-Expires is '604801'",
        ),
        ({"X_Amz_Expires": "9" * 30}, "X-Amz-Expires should be a number", "X-Amz-Expires is '9999"),
        ({"X_Amz_Date": "now"}, "X-Amz-Date must be in the ISO8601 Long Format", "X-Amz-Date is 'now', no time like"),
        (
            {"X_Amz_Credential": "x"},
            "Credential must have exactly 5 slash-delimited elements",
            "the credential 'x' is not",
        ),
        ({"X_Amz_SignedHeaders": "HOST"}, "SignedHeaders must be lower-case names", "SignedHeaders is 'HOST'"),
        ({"X_Amz_Signature": "x"}, "Signature must be 64 lower-case hex digits.", "Signature is not 64 hex digits"),
        ({"X_Amz_Date": "20150830T123600Z"}, "Date in Credential scope does not match", "the day of the scope is"),
    ],
)
def test_a_malformed_url(mock: OAuthMock, changes: dict[str, str | None], message: str, why: str) -> None:
    """S3's AuthorizationQueryParametersError, IncompleteSignature elsewhere."""
    guarded(mock)
    for service, code in (("s3", "AuthorizationQueryParametersError"), ("sts", "IncompleteSignature")):
        settings = {"dialect": "s3"} if service == "s3" else {"dialect": "query"}
        guarded(mock, **settings)
        status, said, told = refused(mock, query(sign(service=service, expires=60), **changes))
        assert (status, said) == (400, code)
        assert told.startswith(message)
        assert mock.journal.last.why.startswith(why)


def test_both_ways_at_once_and_one_twice(mock: OAuthMock) -> None:
    """Header and URL; a parameter that comes twice; another algorithm."""
    guarded(mock)
    both = sign(service="s3", expires=60).with_header("Authorization", _GOOD)
    guarded(mock, dialect="s3")
    assert refused(mock, both)[:2] == (400, "InvalidArgument")
    twice = sign(service="s3", expires=60)
    twice = Wire(twice.method, twice.target + "&X-Amz-Expires=60", twice.headers)
    assert refused(mock, twice)[:2] == (400, "AuthorizationQueryParametersError")
    other = query(sign(service="s3", expires=60), X_Amz_Algorithm="AWS4-ECDSA-P384-SHA384")
    assert refused(mock, other)[:2] == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (
            "unknown key",
            {
                "s3": "InvalidAccessKeyId",
                "query": "InvalidClientTokenId",
                "json": "UnrecognizedClientException",
                "ec2": "AuthFailure",
            },
        ),
        (
            "wrong secret",
            {
                "s3": "SignatureDoesNotMatch",
                "query": "SignatureDoesNotMatch",
                "json": "InvalidSignatureException",
                "ec2": "SignatureDoesNotMatch",
            },
        ),
        (
            "late",
            {
                "s3": "RequestTimeTooSkewed",
                "query": "SignatureDoesNotMatch",
                "json": "InvalidSignatureException",
                "ec2": "RequestExpired",
            },
        ),
        (
            "early",
            {
                "s3": "RequestTimeTooSkewed",
                "query": "SignatureDoesNotMatch",
                "json": "InvalidSignatureException",
                "ec2": "RequestExpired",
            },
        ),
        (
            "body",
            {
                "s3": "XAmzContentSHA256Mismatch",
                "query": "SignatureDoesNotMatch",
                "json": "InvalidSignatureException",
                "ec2": "SignatureDoesNotMatch",
            },
        ),
        (
            "host unsigned",
            {
                "s3": "AccessDenied",
                "query": "SignatureDoesNotMatch",
                "json": "InvalidSignatureException",
                "ec2": "SignatureDoesNotMatch",
            },
        ),
        (
            "token for no session",
            {
                "s3": "InvalidToken",
                "query": "InvalidClientTokenId",
                "json": "UnrecognizedClientException",
                "ec2": "AuthFailure",
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_dialect(mock: OAuthMock, spoil: str, codes: dict[str, str]) -> None:
    """X27: by the service in the scope, each in the words that its SDK knows."""
    services = {"s3": "s3", "query": "sts", "json": "execute-api", "ec2": "ec2"}
    for dialect, code in codes.items():
        guarded(mock)
        options: dict[str, typing.Any] = {
            "unknown key": {"access_key": "AKIANOBODY"},
            "wrong secret": {"secret": "no"},
            "token for no session": {"token": "t"},
        }.get(spoil, {})
        wire = sign("PUT", body=b"body", service=services[dialect], **options)
        mock.clock.skew(minutes={"late": 20, "early": -20}.get(spoil, 0))
        if spoil == "body":
            wire = Wire(wire.method, wire.target, wire.headers, b"BODY")
        if spoil == "host unsigned":
            wire = wire.with_header("Authorization", wire.header("Authorization").replace("host;", ""))
        status, said, _ = refused(mock, wire)
        assert said == code
        assert status in (400, 401, 403)
        mock.clock.skew()


def test_the_words_of_the_query_protocol(mock: OAuthMock) -> None:
    """The whole document, as boto3 reads it."""
    guarded(mock, region="us-east-1")
    status, headers, body = send(mock, sign(service="sts", region="eu-west-1"))

    identity = headers["x-amzn-RequestId"]
    assert (status, headers["Content-Type"]) == (403, "text/xml;charset=UTF-8")
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        "<Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Credential should be scoped to a valid"
        f" region, not 'eu-west-1'.</Message></Error><RequestId>{identity}</RequestId></ErrorResponse>"
    )


def test_the_words_of_s3(mock: OAuthMock) -> None:
    """The region is what botocore's redirector reads."""
    guarded(mock, region="us-east-1", service="s3")
    status, headers, body = send(mock, sign(service="s3", region="eu-west-1"))

    assert (status, headers["Content-Type"]) == (400, "application/xml")
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AuthorizationHeaderMalformed</Code><Message>The'
        " authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'</Message>"
        "<Region>us-east-1</Region>"
        f"<RequestId>{headers['x-amz-request-id']}</RequestId></Error>"
    )
    assert refused(mock, sign(service="s3", region="eu-west-1", expires=60))[1] == "AuthorizationQueryParametersError"
    guarded(mock, service="glacier")
    assert refused(mock, sign(service="s3"))[1] == "AuthorizationHeaderMalformed"
    assert refused(mock, sign(service="sts"))[2] == "Credential should be scoped to correct service: 'glacier'."
    assert mock.journal.last.why == "the scope has service 'sts'; 'glacier' is asked for"


def test_the_words_of_json(mock: OAuthMock) -> None:
    """The older protocol has 400 for everything, and its own media type."""
    guarded(mock)
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    status, answered, body = send(mock, sign("POST", body=b"{}", service="dynamodb", secret="x", headers=headers))

    assert (status, answered["Content-Type"]) == (400, "application/x-amz-json-1.0")
    assert answered["x-amzn-ErrorType"] == "InvalidSignatureException"
    members = json.loads(body)
    assert members["__type"] == "InvalidSignatureException"
    assert "The Canonical String for this request should have been\n'POST\n/orders\npage=2\n" in members["message"]


def test_the_words_of_ec2(mock: OAuthMock) -> None:
    """401 and a document of its own."""
    guarded(mock)
    status, _, body = send(mock, sign(service="ec2", access_key="AKIANOBODY"))

    assert status == 401
    assert re.fullmatch(
        rb'<\?xml version="1.0" encoding="UTF-8"\?>\n<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was'
        rb" not able to validate the provided access credentials</Message></Error></Errors>"
        rb"<RequestID>[0-9a-f]{32}</RequestID></Response>",
        body,
    )


@pytest.mark.parametrize(("service", "allowed"), [("s3", 900), ("execute-api", 300)])
def test_clocks_may_differ_so_much(mock: OAuthMock, service: str, allowed: int) -> None:
    """15 minutes at S3, 5 elsewhere; the answer has the server's time, so that a client can correct its own."""
    guarded(mock)
    for off, taken in ((allowed - 10, True), (-allowed + 10, True), (allowed + 10, False), (-allowed - 10, False)):
        wire = sign(service=service)
        mock.clock.skew(seconds=off)
        status, headers, _ = send(mock, wire)
        mock.clock.skew()
        assert (status == 200) is taken, mock.journal.last.why
        assert "Date" in headers
    guarded(mock, max_skew=60)
    mock.clock.skew(seconds=70)
    assert send(mock, sign(service=service))[0] == 403


def test_a_url_that_is_not_valid_yet(mock: OAuthMock) -> None:
    """Before its time."""
    guarded(mock)
    wire = sign(service="s3", expires=60)
    mock.clock.skew(minutes=-16)

    assert refused(mock, wire) == (403, "AccessDenied", "Request is not valid yet")


def test_an_expired_url_says_when(mock: OAuthMock) -> None:
    """As S3 does."""
    guarded(mock)
    wire = sign(service="s3", expires=60)
    mock.clock.skew(minutes=2)
    _, _, body = send(mock, wire)

    tree = ET.fromstring(body)
    assert [element.tag for element in tree] == [
        "Code",
        "Message",
        "X-Amz-Expires",
        "Expires",
        "ServerTime",
        "RequestId",
    ]
    assert (tree.findtext("Message"), tree.findtext("X-Amz-Expires")) == ("Request has expired", "60")


def test_headers_of_amazon_have_to_be_signed_for_s3(mock: OAuthMock) -> None:
    """As S3 names them; elsewhere they need not be."""
    guarded(mock)
    wire = sign(service="s3").with_header("x-amz-acl", "public-read")
    _, _, body = send(mock, wire)

    assert ET.fromstring(body).findtext("HeadersNotSigned") == "x-amz-acl"
    assert mock.journal.last.why == "SignedHeaders lacks x-amz-acl"
    assert send(mock, sign(service="glacier").with_header("x-amz-note", "x"))[0] == 200


@pytest.mark.parametrize(
    ("headers", "payload", "code"),
    [
        ({}, EMPTY, "InvalidRequest"),
        ({"x-amz-content-sha256": "nonsense"}, "nonsense", "InvalidArgument"),
        ({"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "x", "InvalidArgument"),
        ({"x-amz-content-sha256": EMPTY}, EMPTY, "XAmzContentSHA256Mismatch"),
    ],
)
def test_the_hash_that_s3_asks_for(mock: OAuthMock, headers: dict[str, str], payload: str, code: str) -> None:
    """Missing, no hash, of another body."""
    guarded(mock)

    assert refused(mock, resigned("s3", headers, payload=payload))[:2] == (400, code)
