"""SigV4: AWS's published examples, every way to be refused in each service's words, and what the why says."""

from __future__ import annotations

import calendar
import collections.abc as cabc
import datetime as dt
import hashlib
import hmac
import json
import re
import time
import typing
import xml.etree.ElementTree as ET

import pytest

from mockserver import AccessKey
from mockserver import AnyOf
from mockserver import Bearer
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import SigV4
from signing.signer import ACCESS_KEY
from signing.signer import SECRET
from signing.signer import sign
from signing.wire import Wire
from signing.wire import at
from signing.wire import send

_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def guarded(mock: OAuthMock, **settings: typing.Any) -> None:
    keys = settings.pop("keys", {ACCESS_KEY: SECRET})
    mock.protect("/", app=mock.echo, guard=SigV4(keys, **settings))


def refused(mock: OAuthMock, wire: Wire) -> tuple[int, str, str]:
    """Status, code and message, whatever dialect they are in; the code is the journal's, too."""
    status, headers, body = send(mock, wire)
    assert mock.exceptions == []
    if headers["Content-Type"].startswith(("application/json", "application/x-amz-json")):
        members = json.loads(body)
        code, message = members["__type"], members["message"]
        assert headers["x-amzn-ErrorType"] == code
    else:
        tree = ET.fromstring(re.sub(rb' xmlns="[^"]*"', b"", body))
        code, message = (tree.findtext(f".//{name}") or "" for name in ("Code", "Message"))
    assert mock.journal.last.error == code
    return status, code, message


# -- AWS's own examples ------------------------------------------------------------------------------------------------

_DOC_KEY, _DOC_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_DOC_DAY = calendar.timegm((2013, 5, 24, 0, 0, 0))
_DOC_HOST = ("Host", "examplebucket.s3.amazonaws.com")
_DOC_SCOPE = f"{_DOC_KEY}/20130524/us-east-1/s3/aws4_request"


def documented(method: str, target: str, headers: list[tuple[str, str]], signature: str, body: bytes = b"") -> Wire:
    names = ";".join(sorted(name.lower() for name, _ in headers))
    said = f"AWS4-HMAC-SHA256 Credential={_DOC_SCOPE},SignedHeaders={names},Signature={signature}"
    return Wire(method, target, [*headers, ("Authorization", said)], body)


_AT = ("x-amz-date", "20130524T000000Z")
_NOTHING = ("x-amz-content-sha256", _EMPTY)


@pytest.fixture
def documents(mock: OAuthMock) -> OAuthMock:
    """A server at the time and with the key of the examples in the documentation of S3."""
    guarded(mock, keys={_DOC_KEY: _DOC_SECRET}, service="s3", region="us-east-1")
    at(mock, _DOC_DAY)
    return mock


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(
            documented(
                "GET",
                "/test.txt",
                [_DOC_HOST, ("Range", "bytes=0-9"), _NOTHING, _AT],
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            id="GET an object",
        ),
        pytest.param(
            documented(
                "PUT",
                "/test%24file.text",
                [
                    ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                    _DOC_HOST,
                    ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
                    _AT,
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ],
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
                b"Welcome to Amazon S3.",
            ),
            id="PUT an object",
        ),
        pytest.param(
            documented(
                "GET",
                "/?lifecycle",
                [_DOC_HOST, _NOTHING, _AT],
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            id="GET a parameter without a value",
        ),
        pytest.param(
            documented(
                "GET",
                "/?max-keys=2&prefix=J",
                [_DOC_HOST, _NOTHING, _AT],
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
            id="GET a list",
        ),
        pytest.param(
            Wire(
                "GET",
                "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1"
                "%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
                [_DOC_HOST],
            ),
            id="a presigned URL",
        ),
    ],
)
def test_the_examples_of_the_documentation(documents: OAuthMock, wire: Wire) -> None:
    """Amazon S3 API Reference, "Authenticating Requests": to the letter, and not with another byte."""
    assert send(documents, wire)[0] == 200, documents.journal.last.why
    other = Wire(wire.method, wire.target.replace("test", "text").replace("?l", "?L").replace("J", "K"), wire.headers)
    assert send(documents, other)[0] in (400, 403)


def chunked_wire(*, signatures: cabc.Sequence[str], length: str = "66560", data: bytes = b"a" * 66560) -> Wire:
    """The upload in two chunks of the documentation."""
    body = b"10000;chunk-signature=%b\r\n%b\r\n400;chunk-signature=%b\r\n%b\r\n0;chunk-signature=%b\r\n\r\n" % (
        signatures[0].encode(),
        data[:65536],
        signatures[1].encode(),
        data[65536:],
        signatures[2].encode(),
    )
    headers = [
        ("content-encoding", "aws-chunked"),
        ("content-length", "66824"),
        _DOC_HOST,
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        _AT,
        ("x-amz-decoded-content-length", length),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ]
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    return documented("PUT", "/examplebucket/chunkObject.txt", headers, seed, body)


_CHUNK_SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)


def in_documents(wire: Wire) -> Wire:
    host = ("Host", "s3.amazonaws.com")
    headers = [host if name == "Host" else (name, value) for name, value in wire.headers]
    return Wire(wire.method, wire.target, headers, wire.body)


def test_the_chunks_of_the_documentation(documents: OAuthMock) -> None:
    """Amazon S3 API Reference, "Transferring Payload in Multiple Chunks": each signature is checked."""
    good = in_documents(chunked_wire(signatures=_CHUNK_SIGNATURES))
    assert send(documents, good)[0] == 200, documents.journal.last.why

    for number in range(3):
        wrong = [*_CHUNK_SIGNATURES]
        wrong[number] = "0" * 64
        spoilt = in_documents(chunked_wire(signatures=wrong))
        assert refused(documents, spoilt)[:2] == (403, "SignatureDoesNotMatch")
        assert documents.journal.last.why.startswith(
            f"the signature of chunk {number + 1} does not match; the string to sign is\nAWS4-HMAC-SHA256-PAYLOAD\n"
        )
    changed = in_documents(chunked_wire(signatures=_CHUNK_SIGNATURES, data=b"a" * 65536 + b"b" * 1024))
    assert refused(documents, changed)[:2] == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("spoil", "code", "why"),
    [
        (lambda body: body[:-2], "IncompleteBody", "the body ends, or a line is too long"),
        (lambda body: body[:66_000], "IncompleteBody", "the body ends"),
        (lambda body: body[:40_000], "IncompleteBody", "the body ends 25624 bytes before its chunk does"),
        (lambda body: body + b"x", "IncompleteBody", "more follows after the last chunk"),
        (lambda body: b"xyz\r\n" + body, "IncompleteBody", "chunk 1 does not begin with a size and a signature"),
        (lambda body: body.replace(b"10000;", b"fffe;"), "IncompleteBody", "a chunk is longer than its size says"),
        (lambda body: b"1" * 20_000, "IncompleteBody", "the body ends, or a line is too long"),
        (lambda body: b"", "IncompleteBody", "the body ends"),
        (lambda body: b"10000\r\n" + body, "IncompleteBody", "chunk 1 does not begin with a size and a signature"),
    ],
)
def test_what_are_no_chunks(documents: OAuthMock, spoil: cabc.Callable[[bytes], bytes], code: str, why: str) -> None:
    """400 for each, and never a 500."""
    good = in_documents(chunked_wire(signatures=_CHUNK_SIGNATURES))
    status, said, _ = refused(documents, Wire(good.method, good.target, good.headers, spoil(good.body)))

    if said == "SignatureDoesNotMatch":  # a chunk of another length is another chunk
        assert "chunk" in documents.journal.last.why
        return
    assert (status, said) == (400, code)
    assert documents.journal.last.why.startswith(why)


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


def resigned(
    service: str, headers: dict[str, str], *, payload: str, body: bytes = b"body", s3: bool | None = None
) -> Wire:
    """Signed by hand: with a payload line that botocore would not write."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    every = {"host": "api.example", "x-amz-date": stamp, **headers}
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
    canonical = f"PUT\n/key\n\n{lines}\n{names}\n{payload}"
    scope = f"{stamp[:8]}/us-east-1/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        signature = hmac.new(key, part.encode(), hashlib.sha256)
        key = signature.digest()
    said = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature.hexdigest()}"
    return Wire("PUT", "/key", [*every.items(), ("Authorization", said)], body)


# -- chunks with trailers ----------------------------------------------------------------------------------------------


def trailing(
    body: bytes, *, length: str | None = "5", trailer: str = "x-amz-checksum-crc32", service: str = "s3"
) -> Wire:
    payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    headers = {"x-amz-content-sha256": payload, "x-amz-trailer": trailer}
    if length is not None:
        headers["x-amz-decoded-content-length"] = length
    return resigned(service, headers, payload=payload, body=body)


@pytest.mark.parametrize(
    ("wire", "status", "code", "why"),
    [
        (trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"), 200, None, None),
        (
            trailing(
                b"5\r\nhello\r\n0\r\nx-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=\r\n\r\n",
                trailer="x-amz-checksum-sha1",
            ),
            200,
            None,
            None,
        ),
        (
            trailing(
                b"5\r\nhello\r\n0\r\nx-amz-checksum-sha256:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\r\n\r\n",
                trailer="x-amz-checksum-sha256",
            ),
            200,
            None,
            None,
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:mnG7TA==\r\n\r\n", trailer="x-amz-checksum-crc32c"),
            200,
            None,
            "; x-amz-checksum-crc32c was not checked",
        ),
        (
            trailing(b"5\r\nhellO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"),
            400,
            "BadDigest",
            "the trailer x-amz-checksum-crc32 is 'NhCmhg=='; that of the body is ",
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", length="6"),
            400,
            "IncompleteBody",
            "x-amz-decoded-content-length is 6, and the chunks have 5 bytes",
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", length=None),
            411,
            "MissingContentLength",
            "x-amz-decoded-content-length is missing, no number of bytes",
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", length="-5"),
            411,
            "MissingContentLength",
            "x-amz-decoded-content-length is -5, no number of bytes",
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\n\r\n"),
            400,
            "IncompleteBody",
            "x-amz-trailer announces ['x-amz-checksum-crc32'], and the trailers are []",
        ),
        (trailing(b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n"), 400, "IncompleteBody", "a trailer is no name:value"),
        (
            trailing(b"3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"),
            403,
            "InvalidChunkSizeError",
            "chunk 1 has less than 8192 bytes and is not the last",
        ),
        (
            trailing(b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n0\r\n\r\n"),
            400,
            "IncompleteBody",
            "chunk 1 does not begin with a size",
        ),
    ],
)
def test_a_checksum_after_the_body(mock: OAuthMock, wire: Wire, status: int, code: str | None, why: str | None) -> None:
    """What boto3 sends since 2025: unsigned chunks and a checksum, which is checked as far as Python has it."""
    guarded(mock)
    if code is None:
        assert send(mock, wire)[0] == status, mock.journal.last.why
        assert mock.journal.last.why.endswith(why or "in the header")
    else:
        assert refused(mock, wire)[:2] == (status, code)
        assert mock.journal.last.why.startswith(why or "")


def test_the_signed_trailer_of_the_documentation(documents: OAuthMock) -> None:
    """Amazon S3 API Reference, "Transferring Payload in Multiple Chunks", with trailing headers."""
    signatures = (
        b"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    )
    trailer = b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    body = b"10000;chunk-signature=%b\r\n%b\r\n400;chunk-signature=%b\r\n%b\r\n0;chunk-signature=%b\r\n" % (
        signatures[0],
        b"a" * 65536,
        signatures[1],
        b"a" * 1024,
        signatures[2],
    )
    body += b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:%b\r\n\r\n"
    headers = [
        ("content-encoding", "aws-chunked"),
        ("Host", "s3.amazonaws.com"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        _AT,
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-trailer", "x-amz-checksum-crc32c"),
    ]
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    wire = documented("PUT", "/examplebucket/chunkObject.txt", headers, seed, body % trailer)

    assert send(documents, wire)[0] == 200, documents.journal.last.why
    for spoilt in (
        body % (b"0" * 64),
        body.replace(b"sOO8", b"sOO9") % trailer,
        body.partition(b"x-amz-trailer")[0] + b"\r\n",
    ):
        assert refused(documents, Wire(wire.method, wire.target, wire.headers, spoilt))[1] == "SignatureDoesNotMatch"


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
        ("Bearer abc", None, "algorithm", "the scheme or algorithm is 'Bearer'; AWS4-HMAC-SHA256 is verified here"),
        ("AWS AKID:c2ln", None, "algorithm", "the scheme or algorithm is 'AWS'"),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=x",
            None,
            "algorithm",
            "the scheme or algorithm is 'AWS4-ECDSA-P256-SHA256'",
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
    other = query(sign(service="s3", expires=60), X_Amz_Algorithm="AWS4-ECDSA-P256-SHA256")
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
        ({}, _EMPTY, "InvalidRequest"),
        ({"x-amz-content-sha256": "nonsense"}, "nonsense", "InvalidArgument"),
        ({"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "x", "InvalidArgument"),
        ({"x-amz-content-sha256": _EMPTY}, _EMPTY, "XAmzContentSHA256Mismatch"),
    ],
)
def test_the_hash_that_s3_asks_for(mock: OAuthMock, headers: dict[str, str], payload: str, code: str) -> None:
    """Missing, no hash, of another body."""
    guarded(mock)

    assert refused(mock, resigned("s3", headers, payload=payload))[:2] == (400, code)


# -- why ---------------------------------------------------------------------------------------------------------------


def by_hand(
    canonical: str, *, target: str, method: str = "GET", body: bytes = b"", host: str = "api.example:9400"
) -> Wire:
    """A client that makes a canonical request of its own: {date} is filled in."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    canonical = canonical.replace("{date}", stamp)
    scope = f"{stamp[:8]}/us-east-1/execute-api/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        made = hmac.new(key, part.encode(), hashlib.sha256)
        key = made.digest()
    said = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=host;x-amz-date, Signature={made.hexdigest()}"
    )
    headers = [("Host", host), ("X-Amz-Date", stamp), ("Authorization", said)]
    return Wire(method, target, headers, body)


_HEAD = "host:api.example:9400\nx-amz-date:{date}\n\nhost;x-amz-date"


@pytest.mark.parametrize(
    ("canonical", "target", "told", "lines"),
    [
        pytest.param(f"GET\n/a%2520b\n\n{_HEAD}\n{_EMPTY}", "/a%20b", None, (), id="right"),
        pytest.param(
            f"GET\n/a%20b\n\n{_HEAD}\n{_EMPTY}",
            "/a%20b",
            "a service other than S3 escapes twice, the client did once",
            ("-/a%20b", "+/a%2520b"),
            id="escaped once",
        ),
        pytest.param(
            f"GET\n/x/../b\n\n{_HEAD}\n{_EMPTY}",
            "/x/../b",
            "a service other than S3 escapes twice, the client did once",
            ("-/x/../b", "+/b"),
            id="not normalised",
        ),
        pytest.param(
            f"GET\n/\nb=1&a=2\n{_HEAD}\n{_EMPTY}",
            "/?b=1&a=2",
            "the query is as it was sent: not sorted, or not encoded as AWS does",
            ("-b=1&a=2", "+a=2&b=1"),
            id="not sorted",
        ),
        pytest.param(
            f"GET\n/\n\n{_HEAD}\n{_EMPTY}", "/?a=2", "the query was left out", ("-", "+a=2"), id="without the query"
        ),
        pytest.param(
            f"GET\n/\na&b=1\n{_HEAD}\n{_EMPTY}", "/?a=&b=1", "empty parameters have no '='", ("-a&b=1",), id="no ="
        ),
        pytest.param(
            f"GET\n/\na=b+c\n{_HEAD}\n{_EMPTY}",
            "/?a=b%20c",
            "a space in the query is '+', not '%20'",
            ("-a=b+c",),
            id="plus",
        ),
        pytest.param(
            f"GET\n/\n\n{_HEAD.replace(':9400', '')}\n{_EMPTY}",
            "/",
            "the host was signed without its port",
            ("-host:api.example", "+host:api.example:9400"),
            id="without the port",
        ),
        pytest.param(
            f"GET\n/\n\n{_HEAD}\nUNSIGNED-PAYLOAD",
            "/",
            "the payload is UNSIGNED-PAYLOAD",
            ("-UNSIGNED-PAYLOAD",),
            id="unsigned",
        ),
        pytest.param(
            f"POST\n/\n\n{_HEAD}\n{_EMPTY}", "/", "the method was POST", ("-POST", "+GET"), id="another method"
        ),
        pytest.param(
            f"get\n/\n\n{_HEAD}\n{_EMPTY}", "/", "the method is in lower case", ("-get", "+GET"), id="lower case"
        ),
        pytest.param(
            f"GET\n/a/\n\n{_HEAD}\n{_EMPTY}",
            "/a",
            "the path has a slash more at its end",
            ("-/a/", "+/a"),
            id="a slash",
        ),
        pytest.param(f"GET\n/\n\n{_HEAD}\n{_EMPTY}", "/a", "the path was left out", ("-/", "+/a"), id="no path"),
        pytest.param(
            f"GET\n/elsewhere\n\n{_HEAD}\n{_EMPTY}",
            "/a",
            "compare the canonical request and the string to sign with those that the client made",
            ("--- canonical request, as it came ---", "--- string to sign ---", "AWS4-HMAC-SHA256"),
            id="something else",
        ),
    ],
)
def test_the_why_is_a_diff(
    mock: OAuthMock, canonical: str, target: str, told: str | None, lines: tuple[str, ...]
) -> None:
    """The canonical request that the client signed, where it is a mistake that clients make, against what came."""
    guarded(mock)
    status, _, _ = send(mock, by_hand(canonical, target=target))
    why = mock.journal.last.why.split("\n")

    assert status == (403 if told else 200)
    if told is not None:
        assert why[0] == f"the signature does not match: {told}"
        assert {*lines} <= {*why}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"secret": "of-the-other"}, "it was made with the secret of AKIDOTHER"),
        ({"secret": f"{SECRET}\n"}, "it was made with the secret and a trailing newline"),
        ({"secret": SECRET.replace("/", "%2F").replace("+", "%2B")}, "it was made with the secret percent-encoded"),
        ({"secret": f"AWS4{SECRET}"}, "it was made with the secret and the word AWS4 twice"),
    ],
)
def test_the_why_knows_wrong_secrets(mock: OAuthMock, options: dict[str, str], told: str) -> None:
    """And shows none."""
    guarded(mock, keys={ACCESS_KEY: SECRET, "AKIDOTHER": "of-the-other"})

    assert send(mock, sign(**options))[0] == 403  # type: ignore[arg-type]
    assert mock.journal.last.why.split("\n")[0] == f"the signature does not match: {told}"
    assert SECRET not in mock.journal.last.why


def test_the_why_knows_a_body_that_was_changed(mock: OAuthMock) -> None:
    """Or one that was not there yet when it was signed."""
    guarded(mock)
    wire = sign("PATCH", body=b"")
    send(mock, Wire(wire.method, wire.target, wire.headers, b"late"))

    why = mock.journal.last.why.split("\n")
    assert why[0] == "the signature does not match: the body was changed after it was signed, or signed as empty"
    assert f"-{_EMPTY}" in why


def test_the_why_knows_a_header_that_got_lost(mock: OAuthMock) -> None:
    """A proxy may take one out."""
    guarded(mock)
    wire = sign(headers={"X-Custom": "x"})
    send(mock, wire.with_header("X-Custom", None))

    assert mock.journal.last.why.startswith(
        "the signature does not match: SignedHeaders names x-custom, which did not come"
    )


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
