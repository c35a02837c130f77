"""A no in AWS's words, as the pass takes it from a guard."""

from __future__ import annotations

from ..admission import Refusal
from ..sigv4 import Answer

__all__ = ["refusal"]


def refusal(answer: Answer, hint: str) -> Refusal:
    """`hint` is for the tester."""
    return Refusal(
        hint=hint,
        status=answer.status,
        code=answer.code,
        headers=answer.headers,
        content=answer.content,
        content_type=answer.content_type,
    )
