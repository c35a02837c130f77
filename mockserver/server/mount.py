"""Origins at which a server answers besides its own: a listener on loopback for each, and the way there."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import types
import typing

from .. import mounting
from .. import origin as origins
from .. import settings as from_settings
from ..context import Context
from ..errors import ConfigurationError
from ..origin import Origin
from ..serving import Server
from .issuer import Issuer

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Application
    from .baseline import Baseline

__all__ = ["Mount", "Mounts"]


class Mount(Issuer):
    """
    An issuer with its protected API at a real origin, for the HTTP clients of this process; see `OAuthMock.mount`.

    Use it as a context manager, or call `unmount`; a reset unmounts too.
    """

    def __init__(self, mounts: Mounts, origin: Origin, context: Context) -> None:
        super().__init__(context.name, mounts.app, lambda: str(origin))
        self._mounts = mounts
        self._context = context
        self._of = self.state

    @property
    def origin(self) -> str:
        """Scheme, host and, where it is not the scheme's own, port."""
        return self._name

    @property
    def context(self) -> Context:
        if self.state is not self._of:
            raise ConfigurationError(
                f"{self._name} was mounted before the last reset, and is no more; call mount({self._name!r}) again"
            )
        return self._context

    def unmount(self) -> None:
        """Close the listener and every connection to it. What was recorded stays readable until the reset."""
        self._mounts.remove(self._name)

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.unmount()

    def __repr__(self) -> str:
        return f"<Mount {self._name}>"


class Mounts:
    """The mounts of one server."""

    def __init__(
        self, app: Application, baseline: Baseline, serve: cabc.Callable[[cabc.Callable[..., typing.Any]], Server]
    ) -> None:
        self.app = app
        self._baseline = baseline
        self._serve = serve
        self._listeners: dict[str, contextlib.ExitStack] = {}

    def add(
        self,
        at: str,
        accepts: Issuer | cabc.Iterable[Issuer] | None,
        settings: cabc.Mapping[str, typing.Any],
    ) -> Mount:
        """Raises `ConfigurationError` and `UnknownLayout`; nothing is mounted then."""
        origin, state = _parsed(at), self.app.state
        name = str(origin)
        resolved = from_settings.resolve([from_settings.given(f"mount({at!r})", settings)])
        context = self._baseline.context(name, resolved, state, fixed_issuer=name)
        if accepts is not None:
            accepted = (accepts,) if isinstance(accepts, Issuer) else tuple(accepts)
            context.accepts = tuple(issuer.context for issuer in accepted)
        with contextlib.ExitStack() as listeners:
            for each in (origin, *_others(context)):
                self._listen(each, listeners)
                state.mounts[str(each)] = context
                listeners.callback(state.mounts.pop, str(each), None)
            # Nothing went wrong, so that they stay open
            self._listeners[name] = listeners.pop_all()
        state.issuers[name] = context
        return Mount(self, origin, context)

    def remove(self, name: str) -> None:
        """Does nothing for what is not mounted."""
        listeners = self._listeners.pop(name, None)
        if listeners is not None:
            listeners.close()

    def clear(self) -> None:
        for name in list(self._listeners):
            self.remove(name)

    def _listen(self, origin: Origin, until: contextlib.ExitStack) -> None:
        server = self._serve(_Front(self.app, origin))
        server.start()
        until.callback(server.stop)
        allowed = self.app.state.settings.allow_hosts
        route = mounting.Route(origin, (server.host, server.port), allowed)
        mounting.mount(route)
        until.callback(mounting.unmount, route)


class _Front:
    """The application as it is seen at an origin: plain HTTP on loopback, which the client takes for https."""

    def __init__(self, app: Application, origin: Origin) -> None:
        self._app = app
        self._origin = origin

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        environ["wsgi.url_scheme"] = self._origin.scheme
        environ.setdefault("HTTP_HOST", self._origin.netloc)
        return self._app(environ, start_response)


def _parsed(at: str) -> Origin:
    try:
        return origins.parse(at)
    except ValueError as error:
        raise ConfigurationError(f"mount({at!r}): {error}") from None


def _others(context: Context) -> list[Origin]:
    """Further origins of a provider that has several."""
    return []
