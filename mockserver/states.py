"""The states that authorization requests brought, as a test asks for them (RFC 6749 10.12)."""

from __future__ import annotations

import msgspec

from .journal import Journal

__all__ = ["SeenState", "seen_states"]


class SeenState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one authorization request, whatever became of the request."""

    value: str
    client_id: str | None
    reused: bool
    """Whether an earlier request of this client had the same; opening a page again counts."""
    exchange: int
    """The number of its exchange in the journal."""

    @property
    def length(self) -> int:
        """In characters, decoded."""
        return len(self.value)

    @property
    def characters(self) -> frozenset[str]:
        """The distinct characters that it is made of."""
        return frozenset(self.value)


def seen_states(journal: Journal, issuer: str) -> tuple[SeenState, ...]:
    """
    One for each authorization request of an issuer that had a state, in order.

    The buttons of the login page repeat their page's URL, so they are no requests of the client's.
    """
    found: list[SeenState] = []
    before: set[tuple[str | None, str]] = set()
    for exchange in journal.at("authorize"):
        value = exchange.parameters.get("state")
        if exchange.issuer != issuer or exchange.request.method != "GET" or not value:
            continue
        key = (exchange.client_id, value)
        found.append(
            SeenState(value=value, client_id=exchange.client_id, reused=key in before, exchange=exchange.number)
        )
        before.add(key)
    return tuple(found)
