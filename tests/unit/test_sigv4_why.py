"""SigV4: what the why says of a signature that does not match."""

from __future__ import annotations

import time

import pytest

from mockserver import OAuthMock
from signing.judge import EMPTY
from signing.judge import guarded
from signing.judge import signature
from signing.signer import ACCESS_KEY
from signing.signer import SECRET
from signing.signer import sign
from signing.wire import Wire
from signing.wire import send

# -- why ---------------------------------------------------------------------------------------------------------------


def by_hand(canonical: str, *, target: str) -> Wire:
    """A client that makes a canonical request of its own: {date} is filled in."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope, made = signature(canonical.replace("{date}", stamp), stamp, "execute-api")
    said = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=host;x-amz-date, Signature={made}"
    return Wire("GET", target, [("Host", "api.example:9400"), ("X-Amz-Date", stamp), ("Authorization", said)])


_HEAD = "host:api.example:9400\nx-amz-date:{date}\n\nhost;x-amz-date"


@pytest.mark.parametrize(
    ("canonical", "target", "told", "lines"),
    [
        pytest.param(f"GET\n/a%2520b\n\n{_HEAD}\n{EMPTY}", "/a%20b", None, (), id="right"),
        pytest.param(
            f"GET\n/a%20b\n\n{_HEAD}\n{EMPTY}",
            "/a%20b",
            "a service other than S3 escapes twice, the client did once",
            ("-/a%20b", "+/a%2520b"),
            id="escaped once",
        ),
        pytest.param(
            f"GET\n/x/../b\n\n{_HEAD}\n{EMPTY}",
            "/x/../b",
            "a service other than S3 escapes twice, the client did once",
            ("-/x/../b", "+/b"),
            id="not normalised",
        ),
        pytest.param(
            f"GET\n/\nb=1&a=2\n{_HEAD}\n{EMPTY}",
            "/?b=1&a=2",
            "the query is as it was sent: not sorted, or not encoded as AWS does",
            ("-b=1&a=2", "+a=2&b=1"),
            id="not sorted",
        ),
        pytest.param(
            f"GET\n/\n\n{_HEAD}\n{EMPTY}", "/?a=2", "the query was left out", ("-", "+a=2"), id="without the query"
        ),
        pytest.param(
            f"GET\n/\na&b=1\n{_HEAD}\n{EMPTY}", "/?a=&b=1", "empty parameters have no '='", ("-a&b=1",), id="no ="
        ),
        pytest.param(
            f"GET\n/\na=b+c\n{_HEAD}\n{EMPTY}",
            "/?a=b%20c",
            "a space in the query is '+', not '%20'",
            ("-a=b+c",),
            id="plus",
        ),
        pytest.param(
            f"GET\n/\n\n{_HEAD.replace(':9400', '')}\n{EMPTY}",
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
            f"POST\n/\n\n{_HEAD}\n{EMPTY}", "/", "the method was POST", ("-POST", "+GET"), id="another method"
        ),
        pytest.param(
            f"get\n/\n\n{_HEAD}\n{EMPTY}", "/", "the method is in lower case", ("-get", "+GET"), id="lower case"
        ),
        pytest.param(
            f"GET\n/a/\n\n{_HEAD}\n{EMPTY}",
            "/a",
            "the path has a slash more at its end",
            ("-/a/", "+/a"),
            id="a slash",
        ),
        pytest.param(f"GET\n/\n\n{_HEAD}\n{EMPTY}", "/a", "the path was left out", ("-/", "+/a"), id="no path"),
        pytest.param(
            f"GET\n/elsewhere\n\n{_HEAD}\n{EMPTY}",
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
    assert f"-{EMPTY}" in why


def test_the_why_knows_a_header_that_got_lost(mock: OAuthMock) -> None:
    """A proxy may take one out."""
    guarded(mock)
    wire = sign(headers={"X-Custom": "x"})
    send(mock, wire.with_header("X-Custom", None))

    assert mock.journal.last.why.startswith(
        "the signature does not match: SignedHeaders names x-custom, which did not come"
    )
