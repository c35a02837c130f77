"""The authentication types of a connection, apart from Digest and the signature of AWS: what goes into the header."""

from __future__ import annotations

import base64
import collections.abc as cabc
import dataclasses
import typing

from connectors.answers import Token
from connectors.challenges import Challenge

__all__ = ["Basic", "Bearer", "Call", "Nothing", "Scheme"]

Rows = cabc.Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request as the process wants it, without credentials."""

    method: str
    url: str
    content: bytes
    headers: Rows = ()

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        rest = self.url.partition("://")[2]
        return "/" + rest.partition("/")[2]


class Scheme(typing.Protocol):
    """One authentication type at work."""

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        """The headers of a request that comes first."""
        ...

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        """
        What answers a challenge; None: this one cannot be answered.

        `times`: how often this call had credentials that were refused.
        """
        ...


class Nothing:
    """None: whatever is asked for, nothing is sent."""

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        return {}

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        return None


class Basic:
    """RFC 7617, in UTF-8."""

    def __init__(self, user: str, password: str) -> None:
        self._value = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        return {"Authorization": self._value}

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        return self._value if challenge.scheme == "basic" and times == 0 else None


class Bearer:
    """RFC 6750: the token that there is, and a new one for a token that is no longer good."""

    def __init__(self, current: cabc.Callable[[], Token], renewed: cabc.Callable[[], Token]) -> None:
        self._current = current
        self._renewed = renewed

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        return {"Authorization": f"Bearer {self._current().access_token}"}

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        if challenge.scheme != "bearer":
            return None
        if times == 0:
            return f"Bearer {self._current().access_token}"
        if times == 1 and challenge.parameters.get("error") == "invalid_token":
            return f"Bearer {self._renewed().access_token}"
        return None
