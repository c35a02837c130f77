"""SigV4: AWS's published examples, bodies in chunks and checksums after them."""

from __future__ import annotations

import calendar
import collections.abc as cabc

import pytest

from mockserver import OAuthMock
from mockserver.sigv4.checksums import CHECKSUMS
from signing.judge import EMPTY
from signing.judge import guarded
from signing.judge import refused
from signing.judge import resigned
from signing.wire import Wire
from signing.wire import at
from signing.wire import send

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
_NOTHING = ("x-amz-content-sha256", EMPTY)


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
            None,
        ),
        (
            trailing(
                b"5\r\nhello\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n", trailer="x-amz-checksum-crc64nvme"
            ),
            200,
            None,
            None,
        ),
        (
            trailing(b"5\r\nhello\r\n0\r\nx-amz-checksum-xxhash3:AA==\r\n\r\n", trailer="x-amz-checksum-xxhash3"),
            200,
            None,
            "; x-amz-checksum-xxhash3 was not checked",
        ),
        (
            trailing(b"5\r\nhellO\r\n0\r\nx-amz-checksum-crc32c:mnG7TA==\r\n\r\n", trailer="x-amz-checksum-crc32c"),
            400,
            "BadDigest",
            "the trailer x-amz-checksum-crc32c is 'mnG7TA=='; that of the body is ",
        ),
        (
            trailing(
                b"5\r\nhellO\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n", trailer="x-amz-checksum-crc64nvme"
            ),
            400,
            "BadDigest",
            "the trailer x-amz-checksum-crc64nvme is ",
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
    """What boto3 sends since 2025: unsigned chunks and a checksum."""
    guarded(mock)
    if code is None:
        assert send(mock, wire)[0] == status, mock.journal.last.why
        assert mock.journal.last.why.endswith(why or "in the header")
    else:
        assert refused(mock, wire)[:2] == (status, code)
        assert mock.journal.last.why.startswith(why or "")


@pytest.mark.parametrize(
    ("name", "value"), [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")]
)
def test_the_check_value_of_a_crc(name: str, value: str) -> None:
    """That of the octets "123456789", by which CRCs are told apart; in pieces and at once."""
    whole, pieces = CHECKSUMS[name](), CHECKSUMS[name]()
    whole.update(b"123456789")
    for octet in b"123456789":
        pieces.update(bytes([octet]))

    assert whole.digest().hex() == pieces.digest().hex() == value


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
