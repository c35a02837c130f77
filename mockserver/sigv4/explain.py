"""Why a signature does not match: which canonical request it would be right for, as a diff to the one that came."""

from __future__ import annotations

import collections.abc as cabc
import difflib
import hmac
import urllib.parse

import msgspec

from ..request import Request
from .canonical import Parts
from .canonical import by_name
from .canonical import canonical_uri
from .claim import Claim
from .signing import Scope
from .signing import sha256
from .signing import sign
from .signing import string_to_sign

__all__ = ["explain"]

_EMPTY = sha256(b"")


def explain(
    claim: Claim,
    parts: Parts,
    request: Request,
    secret: str,
    *,
    digest: cabc.Callable[[], str],
    others: cabc.Mapping[str, str],
    s3: bool,
) -> str:
    """
    For the tester, in several lines. `digest` is that of the body as it came; `others` are the secrets of other keys.
    """
    canonical = str(parts)
    absent = [name for name in claim.signed if not request.header_values(name)]
    notes = [f"SignedHeaders names {', '.join(absent)}, which did not come"] if absent else []
    fits = _fits(claim, parts, request, secret, digest=digest, others=others, s3=s3)
    if fits is not None:
        told, theirs = fits
        notes.append(told)
        if theirs is not None:
            diff = difflib.unified_diff(
                theirs.split("\n"), canonical.split("\n"), "signed by the client", "as it came", lineterm="", n=1
            )
            return "\n".join([f"the signature does not match: {'; '.join(notes)}", *diff])
    else:
        notes.append("compare the canonical request and the string to sign with those that the client made")
    text = string_to_sign(claim.timestamp, claim.scope, canonical)
    return "\n".join(
        [
            f"the signature does not match: {'; '.join(notes)}",
            "--- canonical request, as it came ---",
            canonical,
            "--- string to sign ---",
            text,
        ]
    )


def _fits(
    claim: Claim,
    parts: Parts,
    request: Request,
    secret: str,
    *,
    digest: cabc.Callable[[], str],
    others: cabc.Mapping[str, str],
    s3: bool,
) -> tuple[str, str | None] | None:
    """The mistake with which the signature is right, and the canonical request that the client then made."""

    def right(canonical: str, scope: Scope = claim.scope, key: str = secret) -> bool:
        text = string_to_sign(claim.timestamp, scope, canonical)
        return hmac.compare_digest(sign(key, scope, text), claim.signature)

    canonical = str(parts)
    for told, key in _keys(secret, others):
        if right(canonical, key=key):
            return told, None
    for told, scope in _scopes(claim.scope):
        if right(canonical, scope=scope):
            return told, None
    for told, other in _requests(parts, request, digest, s3=s3):
        if str(other) != canonical and right(str(other)):
            return told, str(other)
    return None


def _keys(secret: str, others: cabc.Mapping[str, str]) -> cabc.Iterator[tuple[str, str]]:
    for access_key, other in others.items():
        yield f"it was made with the secret of {access_key}", other
    yield "it was made with an empty secret", ""
    yield "it was made with the secret and a trailing newline", f"{secret}\n"
    yield "it was made with the secret percent-encoded", urllib.parse.quote(secret, safe="")
    yield "it was made with the secret percent-decoded", urllib.parse.unquote(secret)
    yield "it was made with the secret and the word AWS4 twice", f"AWS4{secret}"


def _scopes(scope: Scope) -> cabc.Iterator[tuple[str, Scope]]:
    for region in ("us-east-1", "", (scope.region or "").lower()):
        if region != scope.region:
            yield f"the key was made for region {region!r}", msgspec.structs.replace(scope, region=region)
    for service in ("s3", "execute-api", "", scope.service.lower()):
        if service != scope.service:
            yield f"the key was made for service {service!r}", msgspec.structs.replace(scope, service=service)


def _requests(
    parts: Parts, request: Request, digest: cabc.Callable[[], str], *, s3: bool
) -> cabc.Iterator[tuple[str, Parts]]:
    """What clients make of a request when they get one thing wrong."""
    replace = msgspec.structs.replace
    target = request.target.partition("?")
    path = target[0] if target[0].startswith("/") else f"/{target[0].partition('://')[2].partition('/')[2]}"
    other = "a service other than S3 escapes" if not s3 else "S3 escapes"
    yield (
        f"{other} {'twice, the client did once' if not s3 else 'once, the client did twice'}",
        replace(parts, uri=canonical_uri(path, s3=not s3)),
    )
    yield "the path is as it was sent, not escaped", replace(parts, uri=path)
    yield "the path was decoded", replace(parts, uri=urllib.parse.unquote(path, "latin-1"))
    yield "the path was left out", replace(parts, uri="/")
    if not path.endswith("/"):
        yield "the path has a slash more at its end", replace(parts, uri=f"{parts.uri}/")
    yield "the query is as it was sent: not sorted, or not encoded as AWS does", replace(parts, query=target[2])
    yield "the query was left out", replace(parts, query="")
    yield (
        "empty parameters have no '='",
        replace(parts, query="&".join(pair.removesuffix("=") for pair in parts.query.split("&"))),
    )
    yield "a space in the query is '+', not '%20'", replace(parts, query=parts.query.replace("%20", "+"))
    yield "the body was changed after it was signed, or signed as empty", replace(parts, payload=_EMPTY)
    yield "the payload is UNSIGNED-PAYLOAD", replace(parts, payload="UNSIGNED-PAYLOAD")
    body = digest()
    yield "the payload is the hash of the body", replace(parts, payload=body)
    yield "the payload is the hash in capitals", replace(parts, payload=body.upper())
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        yield f"the method was {method}", replace(parts, method=method)
    yield "the method is in lower case", replace(parts, method=parts.method.lower())
    host = ",".join(by_name(request.headers).get("host", ()))
    name, colon, _ = host.rpartition(":")
    for told, said in (("without its port", name if colon else host), ("with port 80", f"{host}:80")):
        yield f"the host was signed {told}", replace(parts, headers=_with(parts.headers, "host", said))
    raw = tuple(
        f"{field}:{','.join(request.header_values(field))}"
        for field in (line.partition(":")[0] for line in parts.headers)
    )
    yield "header values were not trimmed", replace(parts, headers=raw)
    yield (
        "the empty line after the headers is missing",
        replace(parts, headers=(*parts.headers[:-1], parts.headers[-1])),
    )


def _with(headers: tuple[str, ...], name: str, value: str) -> tuple[str, ...]:
    return tuple(f"{name}:{value}" if line.startswith(f"{name}:") else line for line in headers)
