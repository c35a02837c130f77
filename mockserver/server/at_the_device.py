"""The person at another device, as verbs of an issuer: one that shows a code (RFC 8628 3.3), one that asks (CIBA)."""

from __future__ import annotations

import typing

from ..errors import ConfigurationError
from ..waiting import Answer
from ..waiting import Pending
from .at_the_browser import AtTheBrowser

if typing.TYPE_CHECKING:
    from ..context import Context

__all__ = ["AtTheDevice"]


class AtTheDevice(AtTheBrowser):
    """What can be done with the code that a device shows."""

    @property
    def context(self) -> Context:
        raise NotImplementedError

    def approve_device(self, user_code: str, *, user: str | None = None, scope: str | None = None) -> None:
        """
        Enter the code of a device at the verification page, and approve.

        `user` None: the first registered; `scope` None: all that is asked. Raises `UnexpectedPage` with the reason for
        a code that is unknown, expired or decided, and for somebody who cannot log in.
        """
        username = self.context.default_user().username if user is None else user
        page = self._browser().press(self._device_url(), [("user_code", user_code)])
        scopes = page.scopes if scope is None else scope.split()
        fields = [*page.hidden, ("user", username), *(("scope", token) for token in scopes)]
        page = self._browser().press(self._device_url(), fields)
        if page.asks_second_factor:
            self._browser().press(self._device_url(), [*page.hidden, ("second_factor", "yes")])

    def deny_device(self, user_code: str) -> None:
        """Enter the code of a device at the verification page, and deny. Raises like `approve_device`."""
        self._browser().press(self._device_url(), [("user_code", user_code), ("deny", "yes")])

    @property
    def backchannel_requests(self) -> list[Pending]:
        """The authentication requests of CIBA that nobody has decided yet, in order: who is asked, and with what."""
        context = self.context
        return context.backchannel.undecided(context.clock.now())

    def approve_backchannel(self, auth_req_id: str | None = None, *, scope: str | None = None) -> None:
        """
        Let the person approve who is asked over the backchannel (CIBA); `auth_req_id` None: the newest request.

        `scope` None: all that is asked. Raises `ConfigurationError` where nothing waits for a decision.
        """
        pending = self._undecided(auth_req_id)
        ticked = pending.scope if scope is None else pending.scope.narrowed_to({*scope.split()})
        self._decide(pending, Answer(user=pending.user, scope=ticked, at=self.context.clock.now()))

    def deny_backchannel(self, auth_req_id: str | None = None) -> None:
        """Let the person deny who is asked over the backchannel (CIBA). Raises like `approve_backchannel`."""
        self._decide(self._undecided(auth_req_id), Answer(user=None))

    def _undecided(self, auth_req_id: str | None) -> Pending:
        waiting = self.backchannel_requests
        wanted = self.context.backchannel.find(auth_req_id) if auth_req_id is not None else None
        if auth_req_id is None and waiting:
            return waiting[-1]
        if wanted is None or wanted not in waiting:
            raise ConfigurationError(
                f"{'no' if auth_req_id is None else 'no such'} authentication request waits for a decision: it is"
                " unknown, decided or expired; let the client ask first"
            )
        return wanted

    def _decide(self, pending: Pending, answer: Answer) -> None:
        self.context.backchannel.decide(pending, answer, now=self.context.clock.now())

    def _device_url(self) -> str:
        return self.context.url_of("device", self._base_anywhere())

    def _base_anywhere(self) -> str:
        raise NotImplementedError
