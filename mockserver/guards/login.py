"""How, and how long ago, the person logged in whom a token stands for (RFC 9470)."""

from __future__ import annotations

import collections.abc as cabc

from ..errors import ResourceError
from ..model import TokenRecord

__all__ = ["InsufficientUserAuthentication", "check_login"]


class InsufficientUserAuthentication(ResourceError):
    """RFC 9470 3: the person has to log in again, or in another way; the challenge says how."""

    error = "insufficient_user_authentication"
    status = 401

    def __init__(self, description: str, *, hint: str, acr_values: str, max_age: int | None) -> None:
        super().__init__(description, hint=hint)
        if acr_values:
            self.attributes["acr_values"] = acr_values
        if max_age is not None:
            self.attributes["max_age"] = str(max_age)


def check_login(record: TokenRecord, acr_values: cabc.Sequence[str], max_age: int | None, *, now: float) -> None:
    """`now` is seconds by the server's clock. Raises `InsufficientUserAuthentication`."""
    whose, wrong = f"the token of client {record.client_id!r}", ""
    if acr_values and record.acr not in acr_values:
        has = "says nothing of the login" if record.acr is None else f"is of a login of the class {record.acr!r}"
        wrong = f"{whose} {has}; this path asks for {' or '.join(map(repr, acr_values))} (acr_values)"
    elif max_age is not None and record.auth_time is None:
        wrong = f"{whose} stands for nobody who logged in; this path asks for a login (max_age)"
    elif max_age is not None and record.auth_time is not None and now - record.auth_time > max_age:
        wrong = f"{whose} is of a login {now - record.auth_time:.0f} s ago; this path takes {max_age} s (max_age)"
    if wrong:
        raise InsufficientUserAuthentication(
            "A different login is needed.",
            hint=f"{wrong}; send the person to the authorization endpoint with these (RFC 9470 3, 4)",
            acr_values=" ".join(acr_values),
            max_age=max_age,
        )
