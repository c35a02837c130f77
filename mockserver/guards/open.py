"""No guard at all: everybody is let in, and credentials that nobody asked for are noticed."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..carried import carried
from ..context import Context

__all__ = ["Open"]


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """
    Nobody is asked for anything; the why says which credentials came all the same, and that is a finding.

    `strict`: a request that brings some is refused with 400, so that the test of a connector without authentication
    fails.
    """

    name: typing.ClassVar[str] = "open"
    has_challenge: typing.ClassVar[bool] = False

    strict: bool = False

    def check(self, visit: Visit, context: Context) -> Admission:
        leaked = list(_leaked(visit))
        if not leaked:
            return Admission(why="is open, and no credentials came")
        visit.presents(self.name, hide=[value for _, value in leaked])
        where = ", ".join(dict.fromkeys(place for place, _ in leaked))
        if self.strict:
            raise Refusal(
                status=400,
                text="Credentials were sent where none are asked for.",
                hint=f"the path is open, and the request leaked credentials: {where}",
            )
        return Admission(why=f"is open, and the request leaked credentials: {where}")

    def challenge(self, visit: Visit, context: Context) -> None:
        return None

    def secrets(self) -> cabc.Iterable[str]:
        return ()


def _leaked(visit: Visit) -> cabc.Iterator[tuple[str, str]]:
    """Where credentials are, and what is there."""
    request = visit.request
    is_form = request.media_type == "application/x-www-form-urlencoded"
    yield from carried(request, visit.read().form if is_form else ())
    if request.peer_certificate is not None:
        yield "a client certificate", ""
