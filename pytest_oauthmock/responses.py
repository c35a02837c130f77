"""A mounted origin for suites that stub HTTP with `responses`: answered in process, without a socket."""

from __future__ import annotations

import collections.abc as cabc
import functools
import io
import sys
import threading
import types
import typing
import urllib.parse

import responses
from responses import registries

from mockserver import ConfigurationError
from mockserver import Mount
from mockserver import OAuthMock
from mockserver.mounting.patching import Library
from mockserver.mounting.patching import Patch
from mockserver.mounting.patching import Patcher
from mockserver.mounting.patching import attribute
from mockserver.mounting.patching import expect
from mockserver.origin import Origin
from mockserver.origin import origin_of

if typing.TYPE_CHECKING:
    from wsgiref.types import WSGIApplication
    from wsgiref.types import WSGIEnvironment

    from requests import PreparedRequest

    Stubs = responses.RequestsMock | types.ModuleType

__all__ = ["MountedResponse", "register"]


def register(rsps: Stubs, origin: str, oauthmock: OAuthMock | Mount, **mount: typing.Any) -> Mount:
    """
    Answer every request for an origin by the mock, through `rsps`: a `RequestsMock`, or the module `responses`.

    `mount` has the keywords of `OAuthMock.mount`: `profile`, `accepts`, `settings`, variables of the profile. What is
    mounted already, with `connect=False`, is given instead of the server. Stubs of `rsps` for URLs at that origin come
    first. It ends with the mount, at a reset at the latest.

    Raises what `mount` does, and `ConfigurationError` for a registry that asks in an order of its own.
    """
    stubs = _mock_of(rsps)
    _check_registry(stubs)
    if isinstance(oauthmock, Mount):
        mounted = oauthmock
        if _parsed(origin) not in mounted.origins or mount:
            raise ConfigurationError(
                f"register({origin!r}): what is mounted already is at {', '.join(mounted.origins)}, with the settings"
                " that it has; name one of these and nothing else, or hand over the server"
            )
    else:
        mounted = oauthmock.mount(origin, connect=False, **mount)
    answer = MountedResponse(stubs, mounted)
    if any(isinstance(other, MountedResponse) and other.mount is mounted for other in stubs.registered()):
        raise ConfigurationError(f"register({origin!r}): it is registered here already; leave one of the two out")
    stubs.add(answer)
    _TABLE.add(answer)
    mounted.on_unmount(lambda: _TABLE.remove(answer))
    return mounted


class MountedResponse(responses.CallbackResponse):
    """
    Every request for the origins of a mount, whatever its method.

    One for all: of two that match, the registry of `responses` drops the first.
    """

    def __init__(self, stubs: responses.RequestsMock, mount: Mount) -> None:
        super().__init__("ANY", f"{mount.origin}/", self._answered, content_type=None)
        self.stubs = stubs
        self.mount = mount
        self._app = mount.wsgi

    @property
    def call_count(self) -> int:
        """At least one: a mount that nobody asks is no mistake, and is not to fail the test at its end."""
        return max(1, len(self.calls))

    @property
    def in_use(self) -> bool:
        """Whether its mock still has it: `responses.activate` and the end of a `with` empty one."""
        return any(each is self for each in self.stubs.registered())

    def covers(self, url: str) -> bool:
        """Whether a URL is at the mount, which is still one."""
        asked = _origin(url)
        return asked is not None and str(asked) in self.mount.origins

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        if not self.covers(str(request.url)):
            return False, "URL is not at the mounted origin"
        for other in self.stubs.registered():
            if not isinstance(other, MountedResponse) and other.matches(request)[0]:
                return False, "another stub matches"
        return True, ""

    def __deepcopy__(self, memo: dict[int, object]) -> typing.Self:
        return self  # `responses` copies what is added twice, and a server has no copy

    def _answered(self, request: PreparedRequest) -> tuple[int, list[tuple[str, str]], bytes]:
        return _answer(self._app, request)


# -- one request -------------------------------------------------------------------------------------------------------


def _answer(app: WSGIApplication, request: PreparedRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body that the application has for a request."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
    ) -> cabc.Callable[[bytes], object]:
        begun[:] = [(status, headers)]
        return written.append

    delivered: list[cabc.Callable[[bool], object]] = []
    result = app({**_environ(request), "serving.on_delivery": delivered}, start_response)
    try:
        written.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    for call in delivered:
        call(True)
    ((status, headers),) = begun
    return int(status[:3]), headers, b"".join(written)


def _environ(request: PreparedRequest) -> WSGIEnvironment:
    """What a server would make of the request that urllib3 would send (PEP 3333)."""
    parts = urllib.parse.urlsplit(str(request.url))
    origin = _origin(str(request.url))
    assert origin is not None
    body = _body(request)
    path, _, query = request.path_url.partition("?")
    # The length is known, whatever the request said: a chunked body that is not would be taken for an empty one.
    headers = [("Host", origin.netloc)] if "Host" not in request.headers else []
    headers += [(_text(name), _text(value)) for name, value in request.headers.items()]
    headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "transfer-encoding")]
    if body or request.body is not None or request.method not in ("GET", "HEAD", "OPTIONS"):
        headers.append(("Content-Length", str(len(body))))
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": request.path_url,
        "RAW_URI": request.path_url,
        "SERVER_NAME": origin.host,
        "SERVER_PORT": str(origin.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme.lower(),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "serving.raw_headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


def _body(request: PreparedRequest) -> bytes:
    """The whole of it, which stays readable in `calls` and for a retry."""
    body: typing.Any = request.body
    if body is None:
        return b""
    if not isinstance(body, str | bytes):
        # A generator, or a file that `responses` has left as it is.
        pieces = [body.read()] if hasattr(body, "read") else list(body)
        body = request.body = b"".join(_octets(piece) for piece in pieces)
    return _octets(body)


def _octets(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _origin(url: str) -> Origin | None:
    parts = urllib.parse.urlsplit(url)
    return origin_of(parts.scheme.lower(), parts.netloc.rpartition("@")[2])


def _parsed(origin: str) -> str:
    found = _origin(origin)
    return origin if found is None else str(found)


# -- other mocks of requests beside it ---------------------------------------------------------------------------------


class _Table:
    """
    What is registered, for every `RequestsMock` of the process: moto has one, and whichever started last is asked.

    While there is something, each lets requests for it through to the mock that it was registered with.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registered: list[MountedResponse] = []
        self._patcher = Patcher((Library("responses", "responses", "0.25 to 0.26", self._patches),))

    def add(self, answer: MountedResponse) -> None:
        """Raises `UnknownLayout`."""
        with self._lock:
            if not self._registered:
                self._patcher.install()
            self._registered.append(answer)

    def remove(self, answer: MountedResponse) -> None:
        with self._lock:
            self._registered.remove(answer)
            if not self._registered:
                self._patcher.remove()

    def _patches(self, module: types.ModuleType) -> list[Patch]:
        mock = attribute(module, "RequestsMock")
        return [
            Patch(mock, "_on_request", self._handing_over(expect(mock, "_on_request", "self", "adapter", "request")))
        ]

    def _handing_over(self, answer: typing.Any) -> typing.Any:
        @functools.wraps(answer)
        def on_request(asked: typing.Any, adapter: object, request: typing.Any, **options: typing.Any) -> object:
            for each in tuple(self._registered):
                if each.stubs is not asked and each.covers(str(request.url)) and each.in_use:
                    return answer(each.stubs, adapter, request, **options)
            return answer(asked, adapter, request, **options)

        return on_request


_TABLE = _Table()


def _mock_of(rsps: Stubs) -> responses.RequestsMock:
    """The module `responses` has the methods of a `RequestsMock` that it holds."""
    stubs = rsps if isinstance(rsps, responses.RequestsMock) else getattr(rsps, "_default_mock", None)
    if not isinstance(stubs, responses.RequestsMock):
        raise ConfigurationError(f"register({rsps!r}, ...): neither a responses.RequestsMock nor the module responses")
    return stubs


def _check_registry(stubs: responses.RequestsMock) -> None:
    """moto's goes by method, an ordered one takes each for one request: neither would ask for any method, any time."""
    registry = type(stubs.get_registry())
    if registry.find is not registries.FirstMatchRegistry.find:
        raise ConfigurationError(
            f"register(): the mock has a registry of its own, {registry.__name__}, which would not find an origin;"
            " hand over a responses.RequestsMock without one, before or after mock_aws started"
        )
