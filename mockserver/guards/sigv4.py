"""AWS Signature Version 4, for any service and region."""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import hmac
import re
import typing

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..context import Context
from ..errors import ConfigurationError
from ..redaction import without
from ..request import Request
from ..sigv4 import AccessKey
from ..sigv4 import Claim
from ..sigv4 import Dialect
from ..sigv4 import Problem
from ..sigv4 import asymmetric
from ..sigv4 import canonical_request
from ..sigv4 import check_chunks
from ..sigv4 import dialect_of
from ..sigv4 import explain
from ..sigv4 import read
from ..sigv4 import say
from ..sigv4 import service_said
from ..sigv4 import sign
from ..sigv4 import string_to_sign
from ..sigv4 import terms
from ..sigv4.canonical import Fields
from ..sigv4.canonical import Parts
from ..sigv4.canonical import by_name
from ..sigv4.chunked import STREAMING
from ..sigv4.chunked import Chain
from ..sigv4.dialects import is_s3

__all__ = ["SigV4"]

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_UNSIGNED = "UNSIGNED-PAYLOAD"
# Of the documentation of S3, and of IAM for the other services
_S3_SKEW, _SKEW = 15 * 60, 5 * 60


Keys = cabc.Mapping[str, str | AccessKey]


class _Keys(msgspec.Struct, frozen=True):
    keys: Keys | cabc.Callable[[str], AccessKey | None]


class SigV4(_Keys, frozen=True, kw_only=True):
    """
    A signature of Version 4 or 4A, in the header or in a presigned URL, over what really came.

    `keys` are the secrets by access key id, or what finds one (None: unknown). `service` and `region` are those that a
    scope must have; without them any will do. `s3` says whether paths, payloads and headers have S3's rules, and
    `dialect` in which words errors are put (`query`, `ec2`, `s3`, `json`): both follow the service in the scope unless
    they are given. `max_skew` is how far the client's clock may be off, in seconds: 900 for S3, 300 for others.
    `unsigned_payload` takes UNSIGNED-PAYLOAD, which else S3 alone does.
    """

    name: typing.ClassVar[str] = "sigv4"
    has_challenge: typing.ClassVar[bool] = False
    in_url: typing.ClassVar[tuple[str, ...]] = ("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token")

    service: str | None = None
    region: str | None = None
    s3: bool | None = None
    dialect: Dialect | None = None
    max_skew: float | None = None
    unsigned_payload: bool | None = None

    def __post_init__(self) -> None:
        if not callable(self.keys) and not self.keys:
            raise ConfigurationError("SigV4: there is no key; write SigV4({'AKIA...': 'secret'})")
        if self.dialect not in (None, *typing.get_args(Dialect)):
            known = ", ".join(typing.get_args(Dialect))
            raise ConfigurationError(f"SigV4(dialect={self.dialect!r}): choose one of {known}, or leave it out")
        if self.max_skew is not None and self.max_skew <= 0:
            raise ConfigurationError(f"SigV4(max_skew={self.max_skew!r}): write seconds, more than 0")

    def __repr__(self) -> str:
        return without(self, "keys")

    def check(self, visit: Visit, context: Context) -> Admission:
        request = visit.request
        fields = by_name(request.headers)
        visit.hidden.extend(fields.get("x-amz-security-token", ()))
        old = any(name == "AWSAccessKeyId" for name, _ in request.query)
        service = self.service or ("s3" if old else "")
        try:
            claim = read(request, fields)
            service = claim.scope.service
            visit.presents(self.name, claim.access_key, hide=[claim.token or ""])
            key = self._key(claim, context)
            s3 = self._is_s3(claim)
            most = self.max_skew or (_S3_SKEW if s3 else _SKEW)
            terms.check_time(claim, now=context.clock.peer(), most=most, s3=s3)
            terms.check_scope(claim, service=self.service, region=self.region, s3=s3)
            terms.check_signed(claim, fields, s3=s3)
            note = self._verify(claim, key, visit, fields)
        except Problem as problem:
            if problem.kind not in ("missing", "algorithm"):
                visit.presents(self.name)
            raise self._refusal(problem, service or service_said(request), request) from None
        again = "" if context.memory.first_time("sigv4", claim.signature) else "; the same signature came before"
        where = "in the URL" if claim.presigned else "in the header"
        return Admission(why=f"took the signature of {claim.access_key} for {claim.scope} {where}{note}{again}")

    def challenge(self, visit: Visit, context: Context) -> None:
        return None

    def secrets(self) -> cabc.Iterable[str]:
        if callable(self.keys):
            return
        for key in self.keys.values():
            yield key if isinstance(key, str) else key.secret
            if isinstance(key, AccessKey) and key.session_token:
                yield key.session_token

    # -- the checks, in the order of AWS's errors ----------------------------------------------------------------------

    def _key(self, claim: Claim, context: Context) -> AccessKey:
        found = self.keys(claim.access_key) if callable(self.keys) else self.keys.get(claim.access_key)
        key = AccessKey(found) if isinstance(found, str) else found
        members = {"AWSAccessKeyId": claim.access_key}
        if key is None:
            known = "" if callable(self.keys) else f"; there are {', '.join(self.keys)}"
            raise Problem("unknown_key", f"there is no access key {claim.access_key[:80]!r}{known}", members=members)
        if not key.active:
            raise Problem("unknown_key", f"the access key {claim.access_key} is not active", members=members)
        if key.session_token is None and claim.token is not None:
            raise Problem("bad_token", f"a session token came, and {claim.access_key} is no key of a session")
        if key.session_token is not None and claim.token is None:
            raise Problem(
                "unknown_key",
                f"{claim.access_key} is the key of a session, and X-Amz-Security-Token did not come",
                members=members,
            )
        if key.session_token is not None and not _same(claim.token or "", key.session_token):
            raise Problem("bad_token", f"the session token is not that of {claim.access_key}")
        late = context.clock.now() - key.ends_at if key.ends_at is not None else -1
        if late >= 0:
            raise Problem("expired_token", f"the session of {claim.access_key} ended {late:.0f} s ago (server clock)")
        return key

    def _verify(self, claim: Claim, key: AccessKey, visit: Visit, fields: Fields) -> str:
        """The signature, then the body; a note on what was not checked."""
        request, s3 = visit.request, self._is_s3(claim)
        digest = _Digest(visit)
        said = fields.get("x-amz-content-sha256")
        payload = self._payload(claim, said[0].strip(" \t") if said else None, digest)
        parts = canonical_request(
            request.method,
            request.target,
            fields,
            signed=claim.signed,
            payload=payload,
            s3=s3,
            presigned=claim.presigned,
        )
        text = string_to_sign(claim.timestamp, claim.scope, str(parts))
        if not _fits(claim, key.secret, text):
            raise self._mismatch(claim, key, visit, parts, digest)
        if payload in STREAMING:
            return self._check_chunks(claim, key, visit, payload)
        if payload == _UNSIGNED:
            return "; the body is not signed"
        if payload.lower() != digest():
            raise Problem(
                "payload",
                f"x-amz-content-sha256 is {payload}, the hash of the body is {digest()}",
                members={"ClientComputedContentSHA256": payload, "S3ComputedContentSHA256": digest()},
            )
        return ""

    def _payload(self, claim: Claim, said: str | None, digest: cabc.Callable[[], str]) -> str:
        """The last line of the canonical request."""
        s3 = self._is_s3(claim)
        allowed = s3 if self.unsigned_payload is None else self.unsigned_payload
        if said == _UNSIGNED and allowed:
            return said
        if not s3:
            return digest()
        if said is None:
            if claim.presigned:
                return _UNSIGNED
            raise Problem("no_hash", "x-amz-content-sha256 did not come, which S3 asks for")
        if claim.scope.region is None and STREAMING.get(said, (False,))[0]:
            raise Problem("bad_hash", f"x-amz-content-sha256 is {said}; under Version 4A no signed chunks are verified")
        if said in STREAMING or _HASH.fullmatch(said):
            return said
        raise Problem("bad_hash", f"x-amz-content-sha256 is {said[:80]!r}, neither a hash nor a word that S3 knows")

    def _check_chunks(self, claim: Claim, key: AccessKey, visit: Visit, payload: str) -> str:
        signed, trailing = STREAMING[payload]
        request = visit.request
        lengths = request.header_values("x-amz-decoded-content-length")
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()) or len(lengths[0]) > 15:
            raise Problem(
                "length", f"x-amz-decoded-content-length is {', '.join(lengths)[:40] or 'missing'}, no number of bytes"
            )
        chain = Chain(secret=key.secret, scope=claim.scope, timestamp=claim.timestamp, previous=claim.signature)
        names = ",".join(request.header_values("x-amz-trailer")).lower().split(",")
        return check_chunks(
            visit.payload.pieces(),
            signed=signed,
            trailing=trailing,
            chain=chain,
            length=int(lengths[0]),
            announced=[name.strip(" \t") for name in names if name.strip(" \t")],
        )

    # -- what is said --------------------------------------------------------------------------------------------------

    def _mismatch(
        self, claim: Claim, key: AccessKey, visit: Visit, parts: Parts, digest: cabc.Callable[[], str]
    ) -> Problem:
        canonical = str(parts)
        text = string_to_sign(claim.timestamp, claim.scope, canonical)
        others = {
            name: other if isinstance(other, str) else other.secret
            for name, other in ({} if callable(self.keys) else self.keys).items()
            if name != claim.access_key
        }
        if claim.scope.region is None:
            # Nobody can say what a signature of ECDSA is over
            hint = f"the signature does not match; the canonical request as it came is\n{canonical}"
        else:
            hint = explain(claim, parts, visit.request, key.secret, digest=digest, others=others, s3=self._is_s3(claim))
        message = None
        if not self._is_s3(claim):
            message = (
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
                " Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String"
                f" for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{text}'\n"
            )
        return Problem(
            "mismatch",
            hint,
            message=message,
            members={
                "AWSAccessKeyId": claim.access_key,
                "StringToSign": text,
                "SignatureProvided": claim.signature,
                "StringToSignBytes": text.encode("latin-1").hex(" "),
                "CanonicalRequest": canonical,
                "CanonicalRequestBytes": canonical.encode("latin-1").hex(" "),
            },
        )

    def _refusal(self, problem: Problem, service: str, request: Request) -> Refusal:
        dialect: Dialect = self.dialect or ("s3" if self.s3 else dialect_of(service, request))
        answer = say(problem, dialect, request)
        return Refusal(
            hint=problem.hint,
            status=answer.status,
            code=answer.code,
            presented=problem.kind not in ("missing", "algorithm"),
            headers=answer.headers,
            content=answer.content,
            content_type=answer.content_type,
        )

    def _is_s3(self, claim: Claim) -> bool:
        return is_s3(claim.scope.service) if self.s3 is None else self.s3


class _Digest:
    """The hash of the body, made when somebody asks."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._made = ""

    def __call__(self) -> str:
        if not self._made:
            hasher = hashlib.sha256()
            for piece in self._visit.payload.pieces():
                hasher.update(piece)
            self._made = hasher.hexdigest()
        return self._made


def _fits(claim: Claim, secret: str, text: str) -> bool:
    if claim.scope.region is None:
        return asymmetric.fits(claim.access_key, secret, text, claim.signature)
    return _same(sign(secret, claim.scope, text), claim.signature)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
