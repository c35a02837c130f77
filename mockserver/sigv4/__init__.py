"""AWS Signature Version 4, from the verifier's side: what was claimed, what it is made of, and how AWS says no."""

from __future__ import annotations

from . import asymmetric
from . import terms
from .access_key import AccessKey
from .canonical import canonical_request
from .chunked import Trailers
from .chunked import check_chunks
from .claim import Claim
from .claim import read
from .claim import service_said
from .dialects import Answer
from .dialects import Dialect
from .dialects import dialect_of
from .dialects import failure
from .dialects import say
from .explain import explain
from .problem import Problem
from .signing import Scope
from .signing import sign
from .signing import string_to_sign

__all__ = [
    "AccessKey",
    "Answer",
    "Claim",
    "Dialect",
    "Problem",
    "Scope",
    "Trailers",
    "asymmetric",
    "canonical_request",
    "check_chunks",
    "dialect_of",
    "explain",
    "failure",
    "read",
    "say",
    "service_said",
    "sign",
    "string_to_sign",
    "terms",
]
