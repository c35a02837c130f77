"""moto's AWS in process: what botocore and requests send to AWS's hosts is answered before it is sent."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools
import io
import re
import typing
import urllib.parse

from .. import routing
from .gate import Gate
from .gate import alone

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

    from ..server import OAuthMock
    from .keys import Keys

__all__ = ["in_process"]

_SENT = "oauthmock.aws"
_OF_AWS = re.compile(r"https?://.+\.amazonaws\.com/.*")

Sent = tuple[int, cabc.Mapping[str, typing.Any], str | bytes]


@contextlib.contextmanager
def in_process(
    mock: OAuthMock, keys: Keys, *, verify: bool = True, disabled_regions: cabc.Collection[str] = ()
) -> cabc.Generator[Gate]:
    """
    Every AWS service, empty, at its real hosts, for botocore and requests of this process; see `alone`.

    Raises `ImportError` where moto or boto3 is missing.
    """
    import moto
    from moto.core.models import botocore_stubber

    gate = Gate(mock, keys, verify=verify, disabled_regions=disabled_regions)
    # Our keys stay in the environment, in place of moto's
    with alone(mock), moto.mock_aws(config={"core": {"mock_credentials": False}}):
        # Everything that moto answers comes through here, of clients that were made earlier too.
        botocore_stubber.process_request = _Gated(gate, botocore_stubber.process_request)
        try:
            yield gate
        finally:
            del botocore_stubber.process_request


class _Gated:
    """`process_request` of moto's stub: None for a request that is to be sent, else status, headers and body."""

    def __init__(self, gate: Gate, answer: cabc.Callable[[typing.Any], Sent | None]) -> None:
        self._answer = answer
        self._mock = gate.mock
        self._app = gate.before(_moto)

    def __call__(self, request: typing.Any) -> Sent | None:
        from botocore.awsrequest import AWSPreparedRequest
        from werkzeug.test import run_wsgi_app

        if not _is_of_aws(request.url):
            return self._answer(request)
        # A file is rewound by botocore before it sends again, so the request that it has keeps it.
        body = _octets(request.body)
        whole = AWSPreparedRequest(request.method, request.url, request.headers, body, request.stream_output)
        call = _Call(functools.partial(self._answer, whole))
        app = self._mock.wsgi if self._is_mounted(request.url) else self._app
        pieces, status, headers = run_wsgi_app(app, _environ(whole, body, call), buffered=True)
        if call.broken is not None:
            raise call.broken
        return int(status[:3]), dict(headers), b"".join(pieces)

    def _is_mounted(self, url: str) -> bool:
        """Whether it is a document of an issuer that is mounted there: keys of a user pool, which are not moto's."""
        parts = urllib.parse.urlsplit(url)
        found = routing.mounted(parts.scheme, parts.netloc, parts.path, self._mock.state.mounts)
        return found is not None and "/.well-known/" in parts.path and parts.path in found[1].paths.values()


class _Call:
    """moto's answer to one request, and what it raised instead: the code under test is to see that, as ever."""

    def __init__(self, answer: cabc.Callable[[], Sent | None]) -> None:
        self._answer = answer
        self.broken: Exception | None = None

    def __call__(self) -> Sent:
        try:
            answer = self._answer()
        except Exception as error:
            self.broken = error
            answer = None
        return answer or (500, {}, b"")


def _moto(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    status, headers, body = environ[_SENT]()
    start_response(f"{status} moto", [(name, str(value)) for name, value in headers.items()])
    return [body.encode() if isinstance(body, str) else body]


def _is_of_aws(url: str) -> bool:
    """Whether moto answers: the same question that it asks itself."""
    from moto import backend_index
    from moto.core.config import passthrough_service
    from moto.core.config import passthrough_url
    from moto.core.utils import get_equivalent_url_in_aws_domain

    parsed, _ = get_equivalent_url_in_aws_domain(url)
    clean = f"{parsed.scheme}://{parsed.netloc}{parsed.path}"
    if passthrough_url(clean):
        return False
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(clean):
            return not passthrough_service(service)
    return _OF_AWS.match(clean) is not None


def _octets(body: typing.Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    found: bytes = body.read() if hasattr(body, "read") else bytes(body)
    return found


def _environ(request: typing.Any, body: bytes, call: _Call) -> WSGIEnvironment:
    url = urllib.parse.urlsplit(request.url)
    port = url.port or {"http": 80}.get(url.scheme, 443)
    headers = [(_text(name), _text(value)) for name, value in request.headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        # RFC 9110 7.2: what the HTTP client is about to add, as it is signed
        own = (url.hostname or "") if port == {"http": 80}.get(url.scheme, 443) else f"{url.hostname}:{port}"
        headers.append(("Host", own))
    environ: dict[str, typing.Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": f"{url.path or '/'}{'?' if url.query else ''}{url.query}",
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "serving.raw_headers": [(name.encode("latin-1"), value.encode("utf-8")) for name, value in headers],
        _SENT: call,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = value
    return environ


def _text(value: str | bytes) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
