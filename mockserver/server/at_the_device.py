"""The person in front of a device that shows a code, as verbs of an issuer (RFC 8628 3.3)."""

from __future__ import annotations

import typing

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

    def _device_url(self) -> str:
        return self.context.url_of("device", self._base_anywhere())

    def _base_anywhere(self) -> str:
        raise NotImplementedError
