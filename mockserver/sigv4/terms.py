"""What a signature is good for: a time, a region and a service, and the headers that it has to cover."""

from __future__ import annotations

import time

from . import asymmetric
from .canonical import Fields
from .claim import Claim
from .problem import Problem

__all__ = ["check_scope", "check_signed", "check_time"]


def check_time(claim: Claim, *, now: float, most: float, s3: bool) -> None:
    """`now` is seconds since the epoch, UTC; `most` is how many of them the clocks may differ. Raises `Problem`."""
    age = now - claim.made_at
    if claim.expires is None:
        _check_skew(claim, age, now, most, s3=s3)
    elif age > claim.expires:
        raise Problem(
            "expired_url",
            f"the URL was good for {claim.expires} s from {claim.timestamp} on; now it is {_basic(now)}",
            members={
                "X-Amz-Expires": str(claim.expires),
                "Expires": _iso(claim.made_at + claim.expires),
                "ServerTime": _iso(now),
            },
        )
    elif -age > most:
        raise Problem("not_yet", f"the URL is good from {claim.timestamp} on; now it is {_basic(now)}")


def _check_skew(claim: Claim, age: float, now: float, most: float, *, s3: bool) -> None:
    if abs(age) <= most:
        return
    if age > 0:
        said = f"Signature expired: {claim.timestamp} is now earlier than {_basic(now - most)}"
        sign = "-"
    else:
        said = f"Signature not yet current: {claim.timestamp} is still later than {_basic(now + most)}"
        sign = "+"
    raise Problem(
        "skewed",
        f"the request was signed at {claim.timestamp}; now it is {_basic(now)}, {abs(age):.0f} s off, of which {most:g}"
        " are allowed",
        message=None if s3 else f"{said} ({_basic(now)} {sign} {most / 60:g} min.)",
        members={
            "RequestTime": claim.timestamp,
            "ServerTime": _iso(now),
            "MaxAllowedSkewMilliseconds": f"{most * 1000:.0f}",
        },
    )


def check_scope(claim: Claim, *, service: str | None, region: str | None, s3: bool) -> None:
    """None is any. Raises `Problem`."""
    scope = claim.scope
    where = (
        "Error parsing the X-Amz-Credential parameter" if claim.presigned else "The authorization header is malformed"
    )
    said = ",".join(claim.regions) if scope.region is None else scope.region
    if region is not None and said != region and not asymmetric.covers(claim.regions, region):
        told = f"Credential should be scoped to a valid region, not '{said}'."
        raise Problem(
            "query" if claim.presigned and s3 else "scope_region",
            f"the scope has region {said!r}; {region!r} is asked for",
            message=f"{where}; the region '{said}' is wrong; expecting '{region}'" if s3 else told,
            members={"Region": region},
        )
    if service is not None and scope.service != service:
        told = f"Credential should be scoped to correct service: '{service}'."
        raise Problem(
            "query" if claim.presigned and s3 else "scope_service",
            f"the scope has service {scope.service!r}; {service!r} is asked for",
            message=f"{where}; incorrect service '{scope.service}'. This endpoint belongs to '{service}'."
            if s3
            else told,
        )


def check_signed(claim: Claim, fields: Fields, *, s3: bool) -> None:
    """`Host` always, and the regions; what begins with x-amz- as well where S3's rules are. Raises `Problem`."""
    unsigned = [] if "host" in claim.signed else ["host"]
    if claim.regions and not claim.presigned and not s3 and "x-amz-region-set" not in claim.signed:
        unsigned.append("x-amz-region-set")
    if s3:
        unsigned += sorted(name for name in fields if name.startswith("x-amz-") and name not in claim.signed)
    if unsigned:
        raise Problem(
            "unsigned_headers",
            f"SignedHeaders lacks {', '.join(unsigned)}",
            members={"HeadersNotSigned": ", ".join(unsigned)},
        )


def _basic(moment: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
