"""What a request says about its signature: in the Authorization header, or in the query of a presigned URL."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import email.utils
import re

import msgspec

from ..redaction import without
from ..request import Request
from .canonical import Fields
from .problem import Problem
from .signing import ALGORITHM
from .signing import ALGORITHMS
from .signing import ASYMMETRIC
from .signing import TERMINATOR
from .signing import Scope

__all__ = ["Claim", "read", "service_said"]

_BASIC_FORMAT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}")
# DER of two numbers of at most 33 octets
_DER_HEX = re.compile(r"30(?:[0-9a-f]{2}){7,71}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# The end of a scope, as it is in a header and escaped in a URL
_SERVICE = re.compile(r"/([^/,\s]{1,64})/aws4_request")
_NEEDED = ("Credential", "SignedHeaders", "Signature")
_IN_QUERY = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
_LONGEST = 604_800


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of it, each of the right form. Not yet believed."""

    access_key: str
    scope: Scope
    signed: tuple[str, ...]
    signature: str
    timestamp: str
    """As it is in the string to sign: 20150830T123600Z."""
    token: str | None
    expires: int | None
    """Seconds that a presigned URL is good for; None for a header."""
    regions: tuple[str, ...] = ()
    """Of Version 4A: those that it is good in, `*` for a part of a name too."""

    def __repr__(self) -> str:
        return without(self, "token", "signature")

    @property
    def presigned(self) -> bool:
        return self.expires is not None

    @property
    def made_at(self) -> float:
        """Seconds since the epoch, UTC."""
        made = _moment(self.timestamp)
        assert made is not None
        return made


def read(request: Request, fields: Fields) -> Claim:
    """Raises `Problem`."""
    headers = fields.get("authorization", ())
    in_query = any(name in ("X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential") for name, _ in request.query)
    if headers and in_query:
        raise Problem("both", "there are an Authorization header and a presigned URL; send one of them")
    if in_query:
        return _presigned(request)
    if not headers and any(name == "AWSAccessKeyId" for name, _ in request.query):
        hint = "the URL is presigned with Signature Version 2; botocore makes the other with signature_version='s3v4'"
        raise Problem("algorithm", hint)
    if not headers:
        raise Problem("missing", "there is neither an Authorization header nor a presigned URL")
    if len(headers) > 1:
        raise Problem(
            "malformed",
            f"the Authorization header came {len(headers)} times",
            message="Authorization header is repeated.",
        )
    return _in_header(fields, headers[0].strip(" \t"))


def service_said(request: Request) -> str:
    """The service that a request names, be the rest of it wrong; `""` for none."""
    every = (*request.header_values("authorization"), *(v for name, v in request.query if name == "X-Amz-Credential"))
    return next((found[1] for value in every if (found := _SERVICE.search(value))), "")


def _in_header(headers: Fields, value: str) -> Claim:
    algorithm, _, rest = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise _algorithm(algorithm)
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, sign, text = part.strip(" \t").partition("=")
        if not sign or name in fields or name not in _NEEDED:
            raise _malformed(
                f"the part {name[:40]!r} is unknown, came twice or has no '='", f"Invalid part: {name[:40]!r}."
            )
        fields[name] = text
    absent = [name for name in _NEEDED if not fields.get(name)]
    if absent:
        told = " ".join(f"Authorization header requires '{name}' parameter." for name in absent)
        raise _malformed(f"the Authorization header lacks {' and '.join(absent)}", told)
    access_key, scope = _credential(fields["Credential"], "malformed", algorithm)
    timestamp = _timestamp(headers)
    _check_day(scope, timestamp, "malformed")
    return Claim(
        access_key=access_key,
        scope=scope,
        signed=_signed(fields["SignedHeaders"], "malformed"),
        signature=_signature(fields["Signature"], "malformed", algorithm),
        timestamp=timestamp,
        token=_one(headers.get("x-amz-security-token", ())),
        expires=None,
        regions=_regions(_one(headers.get("x-amz-region-set", ())), "malformed", algorithm),
    )


def _presigned(request: Request) -> Claim:
    given: dict[str, str] = {}
    for name, value in request.query:
        if name in (*_IN_QUERY, "X-Amz-Security-Token", "X-Amz-Region-Set"):
            if name in given:
                raise Problem("query", f"{name} came twice", message=f"{name} is repeated.")
            given[name] = value
    absent = [name for name in _IN_QUERY if not given.get(name)]
    if absent:
        raise Problem(
            "query",
            f"the presigned URL lacks {' and '.join(absent)}",
            message="Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential,"
            " X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    algorithm = given["X-Amz-Algorithm"]
    if algorithm not in ALGORITHMS:
        raise _algorithm(algorithm)
    access_key, scope = _credential(given["X-Amz-Credential"], "query", algorithm)
    timestamp = given["X-Amz-Date"]
    if _moment(timestamp) is None:
        raise Problem(
            "query",
            f"X-Amz-Date is {timestamp[:40]!r}, no time like 20150830T123600Z",
            message="X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        )
    _check_day(scope, timestamp, "query")
    return Claim(
        access_key=access_key,
        scope=scope,
        signed=_signed(given["X-Amz-SignedHeaders"], "query"),
        signature=_signature(given["X-Amz-Signature"], "query", algorithm),
        timestamp=timestamp,
        token=given.get("X-Amz-Security-Token"),
        expires=_expires(given["X-Amz-Expires"]),
        regions=_regions(given.get("X-Amz-Region-Set"), "query", algorithm),
    )


def _algorithm(said: str) -> Problem:
    hint = f"the scheme or algorithm is {said[:40]!r}; {ALGORITHM} and {ASYMMETRIC} are verified here"
    return Problem("algorithm", hint, message=f"Unsupported AWS 'algorithm': {said[:40]!r}.")


def _malformed(hint: str, message: str) -> Problem:
    return Problem("malformed", hint, message=message)


def _credential(text: str, kind: str, algorithm: str) -> tuple[str, Scope]:
    region, count = ("", 4) if algorithm == ASYMMETRIC else ("REGION/", 5)
    parts = text.rsplit("/", count - 1)
    if len(parts) != count or not all(parts):
        raise _of(
            kind,
            f"the credential {text[:80]!r} is not KEY/YYYYMMDD/{region}SERVICE/{TERMINATOR}",
            f"Credential must have exactly {count} slash-delimited elements, e.g."
            f" keyid/date/{region.lower()}service/term, got {text[:80]!r}",
        )
    access_key, date, *regions, service, terminator = parts
    if terminator != TERMINATOR:
        raise _of(
            kind,
            f"the scope ends in {terminator[:40]!r}, not in {TERMINATOR}",
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not {terminator[:40]!r}.",
        )
    return access_key, Scope(date, regions[0] if regions else None, service)


def _check_day(scope: Scope, timestamp: str, kind: str) -> None:
    if scope.date != timestamp[:8]:
        raise _of(
            kind,
            f"the day of the scope is {scope.date[:40]!r}, that of the request {timestamp[:8]!r}",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
            f" '{scope.date[:40]}' != '{timestamp[:8]}', from '{timestamp}'.",
        )


def _signed(text: str, kind: str) -> tuple[str, ...]:
    names = text.split(";")
    if not all(map(_HEADER_NAME.fullmatch, names)) or names != sorted(set(names)):
        raise _of(
            kind,
            f"SignedHeaders is {text[:80]!r}: not names in lower case, sorted, with semicolons between",
            "SignedHeaders must be lower-case names in order, separated by semicolons.",
        )
    return tuple(names)


def _signature(text: str, kind: str, algorithm: str) -> str:
    if algorithm == ASYMMETRIC and not _DER_HEX.fullmatch(text):
        raise _of(kind, "Signature is no DER in hex digits in lower case", "Signature must be DER in lower-case hex.")
    if algorithm == ALGORITHM and not _HEX.fullmatch(text):
        raise _of(kind, "Signature is not 64 hex digits in lower case", "Signature must be 64 lower-case hex digits.")
    return text


def _regions(text: str | None, kind: str, algorithm: str) -> tuple[str, ...]:
    if algorithm != ASYMMETRIC:
        return ()
    regions = tuple(region.strip(" \t") for region in (text or "").split(","))
    if not all(regions):
        raise _of(
            kind,
            f"X-Amz-Region-Set is {(text or '')[:80]!r}; it names regions with commas between, or *",
            "X-Amz-Region-Set must name at least one region.",
        )
    return regions


def _expires(text: str) -> int:
    if not (text.isascii() and text.lstrip("-").isdigit()) or len(text) > 20:
        message = "X-Amz-Expires should be a number"
    elif int(text) < 1:
        message = "X-Amz-Expires must be non-negative" if int(text) < 0 else "X-Amz-Expires must be at least 1 second"
    elif int(text) > _LONGEST:
        message = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than"
            f" {_LONGEST} seconds"
        )
    else:
        return int(text)
    raise Problem("query", f"X-Amz-Expires is {text[:40]!r}; it is from 1 to {_LONGEST} seconds", message=message)


def _timestamp(fields: Fields) -> str:
    """X-Amz-Date, or else Date in either format."""
    amazon, plain = _one(fields.get("x-amz-date", ())), _one(fields.get("date", ()))
    said = plain if amazon is None else amazon
    if said is None:
        raise Problem("date", "there is neither X-Amz-Date nor Date")
    if _moment(said) is not None:
        return said
    try:
        moment = email.utils.parsedate_to_datetime(said) if amazon is None else None
    except ValueError:
        moment = None
    if moment is None:
        field = "Date" if amazon is None else "X-Amz-Date"
        raise Problem(
            "date",
            f"{field} is {said[:40]!r}, no time like 20150830T123600Z",
            message=f"Date must be in ISO-8601 'basic format'. Got '{said[:40]}'. See http://en.wikipedia.org/wiki/ISO_8601",
        )
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _moment(text: str) -> float | None:
    """Seconds since the epoch, UTC; None for what is no time in ISO 8601's basic format."""
    found = _BASIC_FORMAT.fullmatch(text)
    try:
        if found is None:
            return None
        year, month, day, hour, minute, second = map(int, found.groups())
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp()
    except ValueError:
        return None


def _one(values: cabc.Sequence[str]) -> str | None:
    return values[0].strip(" \t") if values else None


def _of(kind: str, hint: str, message: str) -> Problem:
    return Problem("query" if kind == "query" else "malformed", hint, message=message)
