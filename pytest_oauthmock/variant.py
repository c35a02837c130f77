"""A cell of the matrix as a test meets it."""

from __future__ import annotations

import collections.abc as cabc

import pytest

from mockserver.server import Variant

__all__ = ["TestedVariant"]


class TestedVariant(Variant):
    """A `Variant` that a test may decline."""

    __test__ = False

    def skip_unless(
        self,
        *,
        grant_type: str | cabc.Iterable[str] | None = None,
        client_auth: str | cabc.Iterable[str] | None = None,
    ) -> None:
        """Skip the test in cells that the connector does not claim to support; the reason names cell and claim."""
        for what, has, claimed in (
            ("grant_type", self.grant_type, grant_type),
            ("client_auth", self.client_auth, client_auth),
        ):
            supported = [claimed] if isinstance(claimed, str) else claimed
            if supported is not None and has not in (names := list(supported)):
                pytest.skip(f"the connector supports {what} {', '.join(names)}, this cell is {self.cell.id}")
