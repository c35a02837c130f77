"""A guard that verifies signatures, what it says when it refuses one, and requests that are signed by hand."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
import typing
import xml.etree.ElementTree as ET

from mockserver import OAuthMock
from mockserver import SigV4

from .signer import ACCESS_KEY
from .signer import SECRET
from .wire import Wire
from .wire import send

__all__ = ["EMPTY", "guarded", "refused", "resigned", "signature"]

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


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


def signature(canonical: str, stamp: str, service: str) -> tuple[str, str]:
    """The scope, and the signature of a canonical request."""
    scope = f"{stamp[:8]}/us-east-1/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        made = hmac.new(key, part.encode(), hashlib.sha256)
        key = made.digest()
    return scope, key.hex()


def resigned(service: str, headers: dict[str, str], *, payload: str, body: bytes = b"body") -> Wire:
    """A PUT with a payload line that botocore would not write."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    every = {"host": "api.example", "x-amz-date": stamp, **headers}
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
    scope, made = signature(f"PUT\n/key\n\n{lines}\n{names}\n{payload}", stamp, service)
    said = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={made}"
    return Wire("PUT", "/key", [*every.items(), ("Authorization", said)], body)
