"""Signature Version 4A: several regions, keys that are derived, checked with what awscrt signed."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import pathlib
import tomllib
import typing

import pytest

import signing
from mockserver import AccessKey
from mockserver import OAuthMock
from mockserver.sigv4 import asymmetric
from signing.judge import guarded
from signing.judge import refused
from signing.signer import ACCESS_KEY
from signing.signer import SECRET
from signing.wire import Wire
from signing.wire import at
from signing.wire import send

_TABLE = tomllib.loads(pathlib.Path(signing.__path__[0], "sigv4a.toml").read_text(encoding="utf-8"))
_WHEN = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC).timestamp()
_CASES = {case["title"]: case for case in _TABLE["case"]}

_ALL = pytest.mark.parametrize("case", _CASES.values(), ids=_CASES)


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """At the time when the requests were signed."""
    mock = OAuthMock()
    at(mock, _WHEN)
    yield mock
    assert mock.exceptions == []


def _wire(case: dict[str, typing.Any]) -> Wire:
    headers = [(name, value) for name, value in case["headers"]]
    return Wire(case["method"], case["target"], headers, case["body"].encode())


def _guard(mock: OAuthMock, case: dict[str, typing.Any], **settings: typing.Any) -> None:
    key = AccessKey(SECRET, session_token=case["token"] or None)
    guarded(mock, **{"keys": {ACCESS_KEY: key}, **settings})


def test_the_key_of_an_access_key() -> None:
    """The example of awslabs/aws-c-auth, tests/key_derivation_tests.c."""
    key = asymmetric.derived("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
    numbers = key.public_key().public_numbers()

    assert f"{numbers.x:064X}" == "15D242CEEBF8D8169FD6A8B5A746C41140414C3B07579038DA06AF89190FFFCB"
    assert f"{numbers.y:064X}" == "0515242CEDD82E94799482E4C0514B505AFCCF2C0C98D6A553BF539F424C5EC0"


@_ALL
def test_what_awscrt_signed_is_taken(mock: OAuthMock, case: dict[str, typing.Any]) -> None:
    """In headers and URLs, for S3 and others, with the token of a session."""
    _guard(mock, case)

    assert send(mock, _wire(case))[0] == 200, mock.journal.last.why


@_ALL
def test_whatever_is_changed_is_refused(mock: OAuthMock, case: dict[str, typing.Any]) -> None:
    """The method, the path, a header that is signed, the body, the secret; S3's URLs do not cover the body."""
    _guard(mock, case)
    wire = _wire(case)
    in_url = "X-Amz-Signature" in case["target"]
    changed = [
        dataclasses.replace(wire, method="DELETE"),
        dataclasses.replace(wire, target=wire.target.replace("/", "/x/", 1)),
        wire.with_header("Host", "other.example"),
        *([] if in_url and "%2Fs3%2F" in case["target"] else [dataclasses.replace(wire, body=b"other")]),
    ]
    for each in changed:
        assert refused(mock, each)[1] in (
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "XAmzContentSHA256Mismatch",
        )
    _guard(mock, case, keys={ACCESS_KEY: AccessKey("another secret", session_token=case["token"] or None)})
    assert refused(mock, wire)[1] in ("SignatureDoesNotMatch", "InvalidSignatureException")
    assert mock.journal.last.why.startswith("the signature does not match; the canonical request as it came is")


@pytest.mark.parametrize(
    ("title", "region", "taken"),
    [
        ("a GET", "us-west-2", True),
        ("a POST", "us-east-1", True),
        ("a POST", "eu-central-1", True),
        ("a POST", "us-east-2", False),
        ("in the URL, a session", "eu-west-1", True),
        ("in the URL, a session", "eu-west-2", False),
    ],
)
def test_regions(mock: OAuthMock, title: str, region: str, taken: bool) -> None:
    """One of those that X-Amz-Region-Set names, by pattern too."""
    case = _CASES[title]
    _guard(mock, case, region=region)

    assert (send(mock, _wire(case))[0] == 200) is taken
    if not taken:
        assert mock.journal.last.why.endswith(f"{region!r} is asked for")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "AWS4-ECDSA-P256-SHA256",
            "AWS4-HMAC-SHA256",
            "the credential 'AKIDEXAMPLE/20261125/execute-api/aws4_request' is",
        ),
        ("Signature=30", "Signature=31", "Signature is no DER in hex digits in lower case"),
        ("/20261125/", "/20261124/", "the day of the scope is '20261124'"),
        ("/20261125/", "/20261125/us-east-1/", "the day of the scope is 'us-east-1'"),
        ("x-amz-date;x-amz-region-set", "x-amz-date", "SignedHeaders lacks x-amz-region-set"),
    ],
)
def test_a_malformed_header(mock: OAuthMock, old: str, new: str, why: str) -> None:
    case = _CASES["a GET"]
    _guard(mock, case)
    wire = _wire(case)
    value = wire.header("Authorization")
    assert old in value

    assert refused(mock, wire.with_header("Authorization", value.replace(old, new)))[0] in (400, 403)
    assert mock.journal.last.why.startswith(why)


@pytest.mark.parametrize("regions", [None, "", "us-east-1,,eu-west-1", " , "])
def test_regions_that_are_none(mock: OAuthMock, regions: str | None) -> None:
    case = _CASES["a GET"]
    _guard(mock, case)

    assert refused(mock, _wire(case).with_header("X-Amz-Region-Set", regions))[0] == 400
    assert mock.journal.last.why.endswith("it names regions with commas between, or *")


def test_times_are_those_of_version_4(mock: OAuthMock) -> None:
    _guard(mock, _CASES["a GET"])
    at(mock, _WHEN + 301)
    assert refused(mock, _wire(_CASES["a GET"]))[2].startswith("Signature expired")
    assert refused(mock, _wire(_CASES["in the URL"]))[2] == "Signature expired."


def test_signed_chunks_are_not_verified(mock: OAuthMock) -> None:
    """They say so, and nothing breaks."""
    case = _CASES["S3"]
    _guard(mock, case)
    for payload in ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"):
        assert refused(mock, _wire(case).with_header("x-amz-content-sha256", payload))[1] == "InvalidArgument"


def test_a_region_that_is_a_pattern_is_none_in_version_4(mock: OAuthMock) -> None:
    """`*` is a word of X-Amz-Region-Set alone."""
    guarded(mock, region="us-east-1")
    at(mock, dt.datetime.now(dt.UTC).timestamp())

    assert refused(mock, signing.signer.sign(region="*"))[1] == "InvalidSignatureException"
    assert mock.journal.last.why == "the scope has region '*'; 'us-east-1' is asked for"
