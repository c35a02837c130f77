"""Several guards at one door: any of them, or all."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..admission import refused
from ..context import Context
from ..errors import ConfigurationError
from ..errors import OAuthError
from ..messages import Reply
from .guard import Guard

__all__ = ["AllOf", "AnyOf"]

_CHALLENGES = {401: "www-authenticate", 407: "proxy-authenticate"}


class _Combined:
    name: typing.ClassVar[str]

    def __init__(self, *guards: Guard) -> None:
        if len(guards) < 2:
            raise ConfigurationError(f"{type(self).__name__} combines guards; name two of them or more")
        self.guards = guards

    @property
    def has_challenge(self) -> bool:
        return any(guard.has_challenge for guard in self.guards)

    @property
    def in_url(self) -> tuple[str, ...]:
        return tuple(name for guard in self.guards for name in getattr(guard, "in_url", ()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.guards))})"

    def secrets(self) -> cabc.Iterable[str]:
        return [secret for guard in self.guards for secret in guard.secrets()]


class AllOf(_Combined):
    """Every guard has to let the request in, in this order: a client certificate and a key, a proxy and an API."""

    name: typing.ClassVar[str] = "all_of"

    def check(self, visit: Visit, context: Context) -> Admission:
        admissions = [guard.check(visit, context) for guard in self.guards]

        def finish(reply: Reply) -> Reply:
            for admission in admissions:
                reply = admission.finish(reply)
            return reply

        return Admission(why=" and ".join(admission.why for admission in admissions), finish=finish)

    def challenge(self, visit: Visit, context: Context) -> OAuthError | None:
        challenges = (guard.challenge(visit, context) for guard in self.guards)
        return next((error for error in challenges if error is not None), None)


class AnyOf(_Combined):
    """
    One guard has to let the request in. A refusal has the challenges of all, in this order (RFC 9110 11.6.1).

    What is said beside them is that of the guard whose credentials came. `one_field` puts the challenges into one
    field, with commas between, as intermediaries may do.
    """

    name: typing.ClassVar[str] = "any_of"

    def __init__(self, *guards: Guard, one_field: bool = False) -> None:
        super().__init__(*guards)
        self.one_field = one_field

    def check(self, visit: Visit, context: Context) -> Admission:
        errors: list[OAuthError] = []
        for guard in self.guards:
            try:
                return guard.check(visit, context)
            except OAuthError as error:
                errors.append(error)
        raise self._refusal(errors)

    def challenge(self, visit: Visit, context: Context) -> OAuthError | None:
        challenges = (guard.challenge(visit, context) for guard in self.guards)
        errors = [error for error in challenges if error is not None]
        return self._refusal(errors) if errors else None

    def _refusal(self, errors: list[OAuthError]) -> OAuthError:
        replies = [refused(error) for error in errors]
        asked = [index for index, (_, presented) in enumerate(replies) if presented]
        # Of guards that were not asked one with a challenge speaks
        challenging = [index for index, (reply, _) in enumerate(replies) if reply.status in _CHALLENGES]
        chosen = next(iter(asked or challenging), 0)
        reply, presented = replies[chosen]
        hints = [errors[index].hint for index in (asked or range(len(errors)))]
        field = _CHALLENGES.get(reply.status)
        challenges = [
            value
            for other, _ in replies
            for name, value in other.headers
            if field is not None and name.lower() == field
        ]
        content_type = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
        written = {"content-type", "cache-control", field}
        return Refusal(
            hint="; or: ".join(hints) if len(hints) > 1 else hints[0],
            status=reply.status,
            code=errors[chosen].body().get("error", ""),
            presented=presented,
            challenges=[", ".join(challenges)] if self.one_field and challenges else challenges,
            headers=[(name, value) for name, value in reply.headers if name.lower() not in written],
            content=reply.body,
            content_type=content_type,
        )
