"""Origins at which a server answers besides its own: a listener on loopback for each, and the way there."""

from __future__ import annotations

import collections
import collections.abc as cabc
import types
import typing

import msgspec

from .. import mounting
from .. import origin as origins
from .. import profiles
from .. import settings as from_settings
from ..config import IssuerSettings
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

    def __init__(self, mounts: Mounts, context: Context) -> None:
        super().__init__(context.name, mounts.app, lambda: context.name)
        self._mounts = mounts
        self._context = context
        self._of = self.state

    @property
    def origin(self) -> str:
        """Scheme, host and, where it is not the scheme's own, port; of a provider with several hosts, the issuer's."""
        return self._name

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin at which it answers, its own first; none once it is unmounted."""
        return self._mounts.origins_of(self._context)

    @property
    def wsgi(self) -> Application:
        """The server's WSGI application, which answers at these origins."""
        return self._mounts.app

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

    def on_unmount(self, call: cabc.Callable[[], object]) -> None:
        """Have something called when it is unmounted, be it by a reset; it must not raise."""
        self._mounts.ends[self._name].append(call)

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
    """The mounts of one server, and a listener for each of their origins."""

    def __init__(
        self, app: Application, baseline: Baseline, serve: cabc.Callable[[cabc.Callable[..., typing.Any]], Server]
    ) -> None:
        self.app = app
        self._baseline = baseline
        self._serve = serve
        self._mounted: dict[str, list[str]] = {}
        """The origins of each mount, by its first."""
        self._listeners: dict[str, _Listener] = {}
        self.ends: dict[str, list[cabc.Callable[[], object]]] = collections.defaultdict(list)
        """What is called at the end of each mount."""

    def add(
        self,
        at: str,
        accepts: Issuer | cabc.Iterable[Issuer] | None,
        settings: cabc.Mapping[str, typing.Any],
        *,
        connect: bool,
    ) -> Mount:
        """`connect`: lead clients there. Raises `ConfigurationError` and `UnknownLayout`; nothing is mounted then."""
        origin, state = _parsed(at), self.app.state
        told = _told(origin, settings)
        resolved = from_settings.resolve([from_settings.given(f"mount({at!r})", {**settings, **told})])
        everywhere = _origins(origin, resolved)
        name = str(everywhere[0])
        if name in self._mounted:
            raise ConfigurationError(
                f"mount({at!r}): {name} is mounted already; use what the first mount() returned, or unmount() it first"
            )
        context = self._baseline.context(name, resolved, state, fixed_issuer=name)
        if accepts is not None:
            accepted = (accepts,) if isinstance(accepts, Issuer) else tuple(accepts)
            context.accepts = tuple(issuer.context for issuer in accepted)
        self._mounted[name] = []
        try:
            for each in everywhere:
                if connect:
                    self._listen(each)
                self._mounted[name].append(str(each))
                there = state.mounts.get(str(each), ())
                # Who is named comes before a provider that has this host for one of its endpoints.
                state.mounts[str(each)] = (context, *there) if each == everywhere[0] else (*there, context)
        except BaseException:
            self.remove(name)
            raise
        state.issuers[name] = context
        return Mount(self, context)

    def remove(self, name: str) -> None:
        """Does nothing for what is not mounted."""
        mounts = self.app.state.mounts
        for origin in self._mounted.pop(name, ()):
            mounts[origin] = tuple(context for context in mounts[origin] if context.name != name)
            listener = self._listeners.get(origin)
            if mounts[origin]:
                if listener is not None:
                    listener.server.close_connections()
                continue
            del mounts[origin]
            if listener is not None:
                del self._listeners[origin]
                listener.close()
        for call in self.ends.pop(name, ()):
            call()

    def origins_of(self, context: Context) -> tuple[str, ...]:
        mounts = self.app.state.mounts
        return tuple(
            origin
            for origin in self._mounted.get(context.name, ())
            if any(each is context for each in mounts.get(origin, ()))
        )

    def clear(self) -> None:
        for name in list(self._mounted):
            self.remove(name)

    def _listen(self, origin: Origin) -> None:
        if str(origin) in self._listeners:
            return
        server = self._serve(_Front(self.app, origin))
        server.start()
        route = mounting.Route(origin, (server.host, server.port), self.app.state.settings.allow_hosts)
        try:
            mounting.mount(route)
        except BaseException:
            server.stop()
            raise
        self._listeners[str(origin)] = _Listener(server, route)


class _Listener(msgspec.Struct, frozen=True):
    """What answers at one origin, and the way there."""

    server: Server
    route: mounting.Route

    def close(self) -> None:
        mounting.unmount(self.route)
        self.server.stop()


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


def _told(origin: Origin, settings: cabc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """The profile's variables, with what the origin says of them: the shop of `https://acme.myshopify.com`."""
    profile, variables = settings.get("profile"), settings.get("variables", {})
    if not isinstance(profile, str) or not isinstance(variables, dict):
        return {}
    try:
        told = profiles.variables_in(profile, str(origin))
    except ConfigurationError:  # told with all else that is wrong
        return {}
    return {"variables": {**told, **variables}}


def _origins(origin: Origin, settings: IssuerSettings) -> list[Origin]:
    """Where to answer, the main origin first: at all of the provider's own, if the one that is named is of them."""
    profile = profiles.resolved(settings)
    own = [profile.origin, *profile.origins.values(), *profile.other_origins]
    found = [origins.parse(each) for each in dict.fromkeys(own) if each]
    return found if origin in found else [origin]
