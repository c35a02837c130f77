"""Credentials that are almost right, or nothing of the kind: each guard refuses in its own words, and none breaks."""

from __future__ import annotations

import base64
import random
import typing

import pytest

from mockserver import AllOf
from mockserver import AnyOf
from mockserver import ApiKey
from mockserver import Basic
from mockserver import Bearer
from mockserver import Digest
from mockserver import OAuthMock
from mockserver import SigV4
from signing.signer import ACCESS_KEY
from signing.signer import SECRET
from signing.signer import sign
from signing.wire import Wire
from signing.wire import send

_BASIC = "Basic " + base64.b64encode(b"crm:s3cret").decode()
_DIGEST = (
    'Digest username="crm", realm="api", nonce="AAAAAAAAAAAAAAAA", uri="/orders", algorithm=MD5, qop=auth, nc=00000001,'
    ' cnonce="c", response="8ca523f5e9506fed4657c9700eebdbec", opaque="x", userhash=false'
)
_GUARDS: dict[str, tuple[typing.Any, str]] = {
    "basic": (Basic({"crm": "s3cret"}), _BASIC),
    "basic, any charset": (Basic({"crm": "s3cret"}, charset=None), _BASIC),
    "digest": (Digest({"crm": "s3cret"}, algorithms=["MD5", "SHA-512-256-sess", "other"], userhash=True), _DIGEST),
    "digest, any charset": (Digest({"crm": "s3cret"}, charset=None, qop=()), _DIGEST),
    "api_key": (ApiKey("k-123", scheme="Token"), "Token k-123"),
    "bearer": (Bearer(scope={"*": "a"}), "Bearer oam_at_abcdefghijkl"),
    "sigv4": (SigV4({ACCESS_KEY: SECRET}), ""),
    "any of": (AnyOf(Basic({"crm": "s3cret"}), Digest(), SigV4({ACCESS_KEY: SECRET}), ApiKey("k")), _DIGEST),
    "all of": (AllOf(Basic({"crm": "s3cret"}), Digest(proxy=True)), _BASIC),
}
_PIECES = [
    "",
    " ",
    ",",
    "=",
    '"',
    "\\",
    ";",
    ":",
    "/",
    "%",
    "%00",
    "\x00",
    "\t",
    "\u00e4",
    "\u00ff",
    "*",
    "0",
    "9" * 400,
]
_PIECES += ["Basic", "Digest", "AWS4-HMAC-SHA256", "Credential=", "nc=", "username*=UTF-8''%E4", "YTpi", "==", "\u00a0"]


def mangled(rng: random.Random, text: str) -> str:
    """With a few pieces cut out, put in, doubled or swapped."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 1, 1, 5, 40)))
        text = text[:start] + rng.choice(_PIECES) + text[end:] + rng.choice(("", "", text[start:end]))
    return text


@pytest.mark.parametrize("name", _GUARDS)
@pytest.mark.parametrize("app", [True, False], ids=["an application", "a fixed answer"])
def test_nothing_is_a_500(mock: OAuthMock, name: str, app: bool) -> None:
    """400, 401, 403, 407 or 411; what is still right is let in."""
    guard, credentials = _GUARDS[name]
    mock.user("crm", password="s3cret")
    mock.protect("/orders", guard=guard, **({"app": mock.echo} if app else {"json": []}))
    rng = random.Random(f"{name}{app}")
    statuses = set()
    for _ in range(80):
        wire = sign("PUT", "http://localhost/orders?a=b", body=b"x", service=rng.choice(("s3", "sts", "ec2", "x")))
        value = mangled(rng, credentials or wire.header("Authorization"))
        wire = wire.with_header("Authorization", value)
        if rng.random() < 0.3:
            field = rng.choice(("X-Amz-Date", "X-Amz-Content-SHA256", "Cookie", "Proxy-Authorization", "Content-Type"))
            wire = wire.with_header(field, mangled(rng, "20150830T123600Z"))
        if rng.random() < 0.2:
            query = mangled(rng, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature=0")
            # What no HTTP server lets through
            query = "".join(letter for letter in query if "!" <= letter <= "~")
            wire = Wire(wire.method, f"/orders?{query}", wire.headers, wire.body)
        status, _, _ = send(mock, wire)
        statuses.add(status)
        assert mock.exceptions == [], value
        assert status in (200, 400, 401, 403, 407, 411), value
        assert mock.journal.last.why
        mock.journal.last.lines()
    assert statuses & {400, 401, 403, 407}
