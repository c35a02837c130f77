"""The server as an object: settings in, URLs out, started, reset and stopped."""

from __future__ import annotations

import collections.abc as cabc
import errno
import pathlib
import types
import typing

from .. import settings as from_settings
from ..app import Application
from ..config import IssuerSettings
from ..config import Settings
from ..errors import ConfigurationError
from ..errors import PortInUse
from ..errors import ServerNotRunning
from ..journal import Exchange
from ..serving import Server
from ..settings import Layer
from ..stores import MemoryStore
from ..stores import Store
from .baseline import Baseline
from .issuer import Issuer
from .mount import Mount
from .mount import Mounts
from .over_tls import OverTls
from .recorded import Recorded

if typing.TYPE_CHECKING:
    from ..serving import Head

__all__ = ["OAuthMock", "create_app"]

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - bound to only with allow_remote


class OAuthMock(Recorded, OverTls, Issuer):
    """
    A mock authorization server with a protected API, and its own default issuer.

    `OAuthMock(access_token_lifetime=60)` takes every key of `mockserver.config.Settings`; `config` is a TOML file with
    the same keys, which keywords override. Use it as a context manager, or call `start` and `stop`.

    Raises `ConfigurationError` that names every wrong key, its place and the nearest right one.
    """

    def __init__(
        self,
        *,
        config: str | pathlib.Path | None = None,
        store: cabc.Callable[[], Store] = MemoryStore,
        **settings: typing.Any,
    ) -> None:
        layers = [] if config is None else [from_settings.file(pathlib.Path(config))]
        self._start_from([*layers, from_settings.given("OAuthMock", settings)], store)

    @classmethod
    def from_layers(cls, layers: cabc.Iterable[Layer]) -> typing.Self:
        """A server whose settings come from several sources, for the plugin and the command."""
        mock = cls.__new__(cls)
        mock._start_from(layers, MemoryStore)
        return mock

    def _start_from(self, layers: cabc.Iterable[Layer], store: cabc.Callable[[], Store]) -> None:
        self._settings = from_settings.resolve(layers)
        self._listeners: list[cabc.Callable[[Exchange], None]] = []
        self._baseline = Baseline(store, self._listeners)
        self._server: Server | None = None
        super().__init__("", Application(self._baseline.state(self._settings)), self._base_url, self._certify)
        self._mounts = Mounts(self._app, self._baseline, self._listener)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> typing.Self:
        """
        Bind and serve. Raises `PortInUse`.

        A server that was stopped starts again on the port that it had.
        """
        settings = self._settings
        if self._server is None:
            host = _WILDCARDS.get(settings.host, settings.host)
            tls = self._tls_context(host, settings) if settings.https else None
            self._server = self._listener(self._app, host=settings.host, port=settings.port, ssl_context=tls)
        try:
            self._server.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(
                f"port {settings.port} on {settings.host} is in use; choose another, or 0 for any that is free"
            ) from None
        self.state.port = self._server.port
        self.state.faults.begin()
        return self

    def stop(self) -> None:
        """Close the port, every mount and every connection. What was recorded stays readable."""
        self.state.faults.end()
        self._mounts.clear()
        if self._server is not None:
            self._server.stop()

    def close(self) -> None:
        """Stop, and remove the CA certificate."""
        self.stop()
        if self._forget_authority():
            self._server = None

    def __enter__(self) -> typing.Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the server answers; False also after its threads died."""
        return self._server is not None and self._server.running

    def reset(self, settings: Settings | None = None) -> None:
        """
        Forget clients, users, tokens, faults, journal, clock, mounts, revoked certificates: back to the settings of the
        start, or to `settings`.

        Open connections are closed, so that no pooled one reaches the next test. Keys stay: an application that cached
        the JWK Set may keep it. A request that is under way ends in the state that it arrived in.
        """
        self.state.faults.end()
        self._mounts.clear()
        self._forget_revocations()
        state = self._baseline.state(self._settings if settings is None else settings)
        if self._server is not None:
            state.port = self._server.port
            self._server.close_connections()
        self._app.state = state

    # -- where it is ---------------------------------------------------------------------------------------------------

    @property
    def wsgi(self) -> Application:
        """The WSGI application, for `httpx.WSGITransport`, `werkzeug.test.Client` or another server."""
        return self._app

    def issuer(self, name: str, **settings: typing.Any) -> Issuer:
        """
        Another issuer on the same server, below `/name`, with the server's settings unless `settings` say otherwise.

        The second call with a name returns the same issuer. Raises `ConfigurationError`.
        """
        state = self.state
        if name not in state.issuers:
            own = from_settings.given(f"issuer({name!r})", {"issuers": {name: settings}})
            base = from_settings.given("the server", _shared(state.settings))
            resolved = from_settings.resolve([base, own])
            state.issuers[name] = self._baseline.context(name, resolved.issuers[name], state)
        elif settings:
            raise ConfigurationError(
                f"issuer({name!r}) is declared already; give its settings at the first call, or reset() first"
            )
        return Issuer(name, self._app, self._base_url, self._certify)

    def mount(
        self,
        origin: str,
        *,
        profile: str | None = None,
        accepts: Issuer | cabc.Iterable[Issuer] | None = None,
        settings: cabc.Mapping[str, typing.Any] | None = None,
        connect: bool = True,
        **variables: str,
    ) -> Mount:
        """
        Answer at a real origin (`"https://login.example.com"`), for the HTTP clients of this process.

        They keep their URLs, pools, retries and timeouts, and connect to loopback instead. It is an issuer of its own,
        with the server's settings unless `settings` say otherwise. `profile` says which provider's server it is, and
        `variables` give the profile's a value (`tenant="contoso"`) that the origin does not tell; a provider with
        several hosts is mounted at all of them. `accepts` says whose tokens its API takes: another issuer's, or
        several; None: its own.

        From the first mount to the last, requests of these clients to other hosts raise `UnmountedHostError`, unless
        the hosts are on loopback or in `allow_hosts`. A reset unmounts. With `connect=False` no client is led anywhere,
        nor the server needed: for callers of the WSGI application, and for a proxy that knows the way.

        Raises `ConfigurationError` for what is no origin or is mounted already, for an unknown profile and a missing
        variable; `UnknownLayout` for a client whose version is not known; `ServerNotRunning`.
        """
        if connect:
            self._base_url()  # a server that was not started would not be stopped either
        keys = {**_shared(self.state.settings), **(settings or {})}
        if profile is not None:
            keys |= {"profile": profile, "variables": variables}
        elif variables:
            keys["variables"] = {**keys.get("variables", {}), **variables}
        return self._mounts.add(origin, accepts, keys, connect=connect)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _judged(self) -> cabc.Iterable[Exchange]:
        return self.state.journal

    def _base_url(self) -> str:
        if self._server is None or not self._server.running:
            raise ServerNotRunning(
                "the server is not running, so it has no URL; use `with OAuthMock() as oauthmock:` or call start()"
            )
        host = _WILDCARDS.get(self._settings.host, self._settings.host)
        shown = f"[{host}]" if ":" in host else host
        return f"{self._server.scheme}://{shown}:{self._server.port}"

    def _listener(self, app: cabc.Callable[..., typing.Any], **where: typing.Any) -> Server:
        return Server(
            app,
            reject=self._reject,
            on_error=self._on_error,
            on_handshake_error=self._on_handshake_error,
            **where,
        )

    def _beside(self, app: cabc.Callable[..., typing.Any]) -> Server:
        """A further listener, which speaks TLS where this server does."""
        tls = self._tls_context("127.0.0.1", self._settings) if self._settings.https else None
        return self._listener(app, ssl_context=tls)

    def _reject(self, status: int, head: Head, reason: str) -> tuple[str, list[tuple[str, str]], bytes]:
        return self._app.reject(status, head.method, head.target, head.headers, reason)

    def _on_handshake_error(self, reason: str) -> None:
        self.state.handshakes.append(reason)

    def _on_error(self, exception: BaseException) -> None:
        self.state.exceptions.append(exception)

    def __repr__(self) -> str:
        return f"<OAuthMock at {self._base_url()}>" if self.running else "<OAuthMock, not running>"


def create_app(*, config: str | pathlib.Path | None = None, **settings: typing.Any) -> Application:
    """
    The mock as a WSGI application for a server of your own: `granian --interface wsgi --factory mockserver:create_app`.

    Takes what `OAuthMock` takes. State is in the process: run one worker.
    """
    return OAuthMock(config=config, **settings).wsgi


def _shared(settings: Settings) -> dict[str, typing.Any]:
    """What a further issuer takes over from the server: what somebody set, not what the server's profile has."""
    unset = from_settings.of_profile(settings.profile, settings.variables)
    names = [name for name in IssuerSettings.__struct_fields__ if name not in ("clients", "users", "faults")]
    of_profile = ("profile", "variables")
    return {
        name: getattr(settings, name)
        for name in names
        if name in of_profile or getattr(settings, name) != getattr(unset, name)
    }
