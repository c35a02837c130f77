"""Random requests, signed by botocore, and what one changed byte makes of them: botocore is the judge."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import random
import string
import typing
import urllib.parse

from botocore.auth import S3SigV4Auth
from botocore.auth import S3SigV4QueryAuth
from botocore.auth import SigV4Auth
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .wire import Wire

__all__ = ["ACCESS_KEY", "SECRET", "TOKEN", "Signed", "changed", "signed"]

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION_KEY, TOKEN = "ASIASESSION", "FwoGZXIvYXdzEJr//session+token=="
_SERVICES = (
    "s3",
    "execute-api",
    "glacier",
    "mobileanalytics",
    "codepipeline",
    "dynamodb",
    "sts",
    "AWS CodePipeline",
    "my.own",
)
_REGIONS = ("us-east-1", "eu-west-1", "ap-south-2", "us-gov-west-1", "moon-1")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_TEXT = string.ascii_letters + string.digits + "-_.~ /+=&%?#äß€中'\"!*();:@,$[]<>"
_VISIBLE = [chr(code) for code in range(0x20, 0x7F)]
_PRESIGNED_METHODS = ("GET", "PUT", "HEAD", "DELETE")


@dataclasses.dataclass(frozen=True)
class Signed:
    """A request with its signature, and the signer that made it."""

    wire: Wire
    signer: SigV4Auth
    presigned: bool
    unsigned_body: bool
    names: tuple[str, ...]

    def alike(self, wire: Wire) -> bool:
        """Whether another request is the same to botocore: canonical request, signature, hashed body."""
        pairs = [dict(urllib.parse.parse_qsl(each.target.partition("?")[2])) for each in (wire, self.wire)]
        claims = [
            (pair.get("X-Amz-Signature"), [value for name, value in each.headers if name == "Authorization"])
            for pair, each in zip(pairs, (wire, self.wire), strict=True)
        ]
        same_body = self.unsigned_body or wire.body == self.wire.body
        return same_body and claims[0] == claims[1] and self.canonical(wire) == self.canonical(self.wire)

    def canonical(self, wire: Wire) -> str:
        """botocore's own canonical request of what came over the wire; query parameters are decoded first."""
        path, _, query = wire.target.partition("?")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="latin-1")
        request = AWSRequest(
            method=wire.method,
            url=f"http://host{path}",  # the one that counts is in the header
            params=[(name, value) for name, value in pairs if not (self.presigned and name == "X-Amz-Signature")],
            data=wire.body,
        )
        for name, value in wire.headers:
            if name.lower() in self.names:
                request.headers.add_header(name, value)
        request.context["timestamp"] = ""
        return str(self.signer.canonical_request(request))


def signed(rng: random.Random) -> Signed:
    """A request of any shape, signed now: in the header or in the URL, with or without a session."""
    service, region = rng.choice(_SERVICES), rng.choice(_REGIONS)
    presigned = rng.random() < 0.25
    credentials = Credentials(SESSION_KEY, SECRET, TOKEN) if rng.random() < 0.3 else Credentials(ACCESS_KEY, SECRET)
    request = AWSRequest(
        method=rng.choice(_PRESIGNED_METHODS if presigned else _METHODS),
        url=f"http://{rng.choice(('api.example', '127.0.0.1:9400', 'bucket.s3.amazonaws.com'))}{_target(rng)}",
        data=b"" if presigned else rng.randbytes(rng.choice((0, 0, 1, 20, 3000))),
        headers=_headers(rng),
    )
    kind: typing.Any
    if presigned:
        kind = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
        signer = kind(credentials, service, region, expires=rng.choice((300, 3600, 604_800)))
    else:
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        signer = kind(credentials, service, region)
    signer.add_auth(request)
    parts = urllib.parse.urlsplit(request.url)
    headers = [*request.headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("Host", parts.netloc))
    wire = Wire(request.method, parts.path + (f"?{parts.query}" if parts.query else ""), headers, request.data)
    names = tuple(name.lower() for name, _ in headers if name.lower() != "authorization")
    return Signed(wire, signer, presigned, presigned and service == "s3", names)


def _target(rng: random.Random) -> str:
    segments = ["".join(rng.choices(_TEXT, k=rng.randint(0, 12))) for _ in range(rng.randint(0, 4))]
    segments = [rng.choice((segment, segment, ".", "..")) for segment in segments]
    path = "/" + "/".join(urllib.parse.quote(segment, safe="-_.~") for segment in segments)
    pairs = [
        "=".join(
            urllib.parse.quote("".join(rng.choices(_TEXT, k=rng.randint(least, 8))), safe="-_.~") for least in (1, 0)
        )
        for _ in range(rng.randint(0, 4))
    ]
    # botocore does not encode a query that it finds in a URL, so that it has to be in order
    return f"{path}?{'&'.join(sorted(pairs))}" if pairs else path


def _headers(rng: random.Random) -> dict[str, str]:
    values = ("a", "a  b", "text/plain; charset=utf-8", "  padded ", 'W/"x"', "1,2,3", "\tq=0.5")
    names = ("Accept", "Content-Type", "X-Amz-Meta-Note", "X-Custom", "If-Match", "Range")
    return {name: rng.choice(values) for name in rng.sample(names, rng.randint(0, 4))}


def changed(rng: random.Random, request: Signed) -> tuple[str, Wire]:
    """The same with one byte changed in what is signed, or in what says so: where, and the request."""
    wire = request.wire
    path, mark, query = wire.target.partition("?")
    places: dict[str, cabc.Callable[[], Wire]] = {
        "method": lambda: dataclasses.replace(wire, method=_letter(rng, wire.method)),
        "path": lambda: dataclasses.replace(wire, target=_other(rng, path, start=1) + mark + query),
    }
    if query:
        places["query"] = lambda: dataclasses.replace(wire, target=path + mark + _other(rng, query))
    if wire.body:
        places["body"] = lambda: dataclasses.replace(wire, body=_flipped(rng, wire.body))
    covered = _covered(request)
    for name in covered:
        if wire.header(name):
            places[f"header {name}"] = lambda name=name: wire.with_header(name, _other(rng, wire.header(name)))  # type: ignore[misc]
    if not request.presigned:
        for name in ("Credential", "SignedHeaders", "Signature"):
            places[name] = lambda name=name: wire.with_header(  # type: ignore[misc]
                "Authorization", _in_field(rng, wire.header("Authorization"), name)
            )
    where = rng.choice([*places])
    return where, places[where]()


def _covered(request: Signed) -> list[str]:
    """The headers that the signature covers."""
    text = urllib.parse.unquote(request.wire.target) if request.presigned else request.wire.header("Authorization")
    names = text.partition("SignedHeaders=")[2]
    for end in (",", "&"):
        names = names.partition(end)[0]
    return names.split(";")


def _other(rng: random.Random, text: str, *, start: int = 0) -> str:
    if len(text) <= start:
        return text + "x"
    index = rng.randrange(start, len(text))
    # '#' and '?' would make another request of it, not another byte
    choices = [letter for letter in _VISIBLE if letter not in (text[index], "#", "?", " ")]
    return text[:index] + rng.choice(choices) + text[index + 1 :]


def _letter(rng: random.Random, text: str) -> str:
    index = rng.randrange(len(text))
    letters = [letter for letter in string.ascii_uppercase if letter != text[index]]
    return text[:index] + rng.choice(letters) + text[index + 1 :]


def _flipped(rng: random.Random, body: bytes) -> bytes:
    octets = bytearray(body)
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
    return bytes(octets)


def _in_field(rng: random.Random, header: str, name: str) -> str:
    before, _, rest = header.partition(f"{name}=")
    value, comma, after = rest.partition(",")
    return f"{before}{name}={_other(rng, value)}{comma}{after}"
