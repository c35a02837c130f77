"""The two ends of the pass: WSGI environ -> `Request`, `Reply` -> WSGI."""

from __future__ import annotations

import collections.abc as cabc
import functools
import io
import json
import typing
import urllib.parse

import msgspec
from werkzeug.exceptions import ClientDisconnected
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.http import http_date
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_input_stream

from .errors import InvalidRequest
from .errors import OAuthError
from .messages import Reply
from .messages import Wire
from .request import Pairs
from .request import Request

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["can_cut", "cut", "drip", "head", "input_of", "parsed", "send", "with_body", "write"]

_MAX_FIELDS = 1000


def head(environ: WSGIEnvironment, *, now: float, trust_proxy: bool) -> Request:
    """
    Read a request but for its body. Never raises: what is wrong is noted in `problems`, for the endpoint to judge.

    `now` is seconds since the epoch, UTC.
    """
    problems: list[OAuthError] = []
    media_type, _ = parse_options_header(environ.get("CONTENT_TYPE"))
    scheme, host = _origin(environ, trust_proxy)
    path_info = environ.get("PATH_INFO", "/").encode("latin-1")
    headers = _headers(environ)
    return Request(
        method=environ["REQUEST_METHOD"],
        target=_target(environ),
        scheme=scheme,
        host=host,
        path=path_info.decode("utf-8", "replace") or "/",
        query=_pairs(environ.get("QUERY_STRING", "").encode("latin-1"), "query", problems),
        headers=headers,
        # Looked at by whoever judges a request, so it is looked for once
        authorization=tuple(value for name, value in headers if name.lower() == "authorization"),
        body=b"",
        media_type=media_type.lower(),
        encoding="",
        form=(),
        problems=tuple(problems),
        arrived=now,
        connection=environ.get("serving.connection"),
        peer_certificate=environ.get("serving.peer_certificate"),
    )


def with_body(request: Request, environ: WSGIEnvironment, *, limit: int) -> Request:
    """The same with its body, which is not read beyond `limit` bytes. Never raises."""
    problems: list[OAuthError] = []
    body = _body(environ, limit, problems)
    return parsed(request, body, environ.get("CONTENT_TYPE"), problems)


def parsed(
    request: Request, body: bytes, content_type: str | None, problems: cabc.Iterable[OAuthError] = ()
) -> Request:
    """The same with a body that was read, and the parameters in it."""
    media_type, options = parse_options_header(content_type)
    expected = body or request.method not in ("GET", "HEAD")
    found = [*problems]
    encoding, form = _parameters(body, media_type.lower(), options, found) if expected else ("", ())
    every = (*found, *request.problems)
    return msgspec.structs.replace(request, body=body, encoding=encoding, form=form, problems=every)


def input_of(environ: WSGIEnvironment) -> typing.IO[bytes]:
    """The body as a stream that ends where the body ends, whatever the server below does."""
    return get_input_stream(environ)


def write(reply: Reply, environ: WSGIEnvironment, start_response: StartResponse, *, now: float) -> cabc.Iterable[bytes]:
    """Hand the answer to the WSGI server; HEAD gets the headers alone. `now` fills `Date`: seconds, UTC."""
    if reply.stream is not None:
        dated = any(name.lower() == "date" for name, _ in reply.headers)
        own = [] if dated else [("Date", _http_date(int(now)))]
        start_response(_status_line(reply.status), [*reply.headers, *own])
        return reply.stream
    _begin(reply, start_response, now)
    return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]


def drip(
    reply: Reply,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    *,
    now: float,
    pauses: cabc.Sequence[float],
    pause: cabc.Callable[[float], object],
) -> cabc.Iterable[bytes]:
    """
    Like `write`, with the body in as many pieces as there are `pauses`, and one before each, in seconds.

    Under our own server the head goes at once.
    """
    if environ["REQUEST_METHOD"] == "HEAD" or not reply.body:
        return write(reply, environ, start_response, now=now)
    send = _begin(reply, start_response, now)
    if can_cut(environ):
        send(b"")  # PEP 3333: elsewhere the head goes with the first octets
    return _dripping(reply.body, pauses, pause)


def can_cut(environ: WSGIEnvironment) -> bool:
    """Whether the server below is ours, and can end a connection without an answer; PEP 3333 has no way to."""
    return "serving.disconnect" in environ


def send(sent: Wire, environ: WSGIEnvironment) -> bool:
    """Send octets as they are, and end the connection; whether the kernel took them all. `cut` must follow."""
    try:
        environ["serving.send"](sent.octets)
    except ConnectionError:
        return False
    if sent.reset:
        environ["serving.reset"]()
    return True


def cut(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    """End the connection; what the application answers now is not sent."""
    environ["serving.disconnect"]()
    start_response("204 No Content", [])
    return [b""]


def _begin(reply: Reply, start_response: StartResponse, now: float) -> cabc.Callable[[bytes], object]:
    # A werkzeug Response would do the same in 40 us, a fifth of what a token costs.
    headers = [*reply.headers, ("Date", _http_date(int(now))), ("Content-Length", str(len(reply.body)))]
    return start_response(_status_line(reply.status), headers)


def _status_line(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}"


def _dripping(body: bytes, pauses: cabc.Sequence[float], pause: cabc.Callable[[float], object]) -> cabc.Iterator[bytes]:
    pieces = len(pauses)
    for number, seconds in enumerate(pauses):
        pause(seconds)
        yield body[len(body) * number // pieces : len(body) * (number + 1) // pieces]


_http_date = functools.lru_cache(maxsize=4)(http_date)


def _body(environ: WSGIEnvironment, limit: int, problems: list[OAuthError]) -> bytes:
    try:
        body: bytes = get_input_stream(environ, max_content_length=limit).read()
    except RequestEntityTooLarge:
        problems.append(
            InvalidRequest(
                "The request body is too large.",
                hint=f"the body is larger than body_limit, {limit} bytes; a token request is a few hundred",
                status=413,
            )
        )
        return b""
    except (ClientDisconnected, OSError) as error:
        problems.append(
            InvalidRequest("The request body did not arrive.", hint=f"the body broke off: {error}", status=408)
        )
        return b""
    return body


def _parameters(
    body: bytes, media_type: str, options: dict[str, str], problems: list[OAuthError]
) -> tuple[typing.Literal["form", "json", "multipart", ""], Pairs]:
    charset = options.get("charset", "utf-8")
    if media_type == "application/x-www-form-urlencoded":
        if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            problems.append(_malformed(f"the body's charset is {charset!r}; RFC 6749 appendix B asks for UTF-8"))
        other = "JSON" if body[:1] in (b"{", b"[") else "multipart" if body[:2] == b"--" else None
        if other is not None:
            problems.append(_malformed(f"Content-Type says form-urlencoded, the body is {other}"))
            return "form", ()
        return "form", _pairs(body, "body", problems)
    if media_type == "multipart/form-data":
        return "multipart", _parts(body, options, problems)
    if media_type == "application/json" or media_type.endswith("+json"):
        return "json", _members(body, problems)
    if not body:
        return "", ()
    said = f"is {media_type!r}" if media_type else "is missing"
    problems.append(
        _malformed(f"Content-Type {said}; parameters are sent as application/x-www-form-urlencoded (RFC 6749 4)")
    )
    return "", ()


def _pairs(text: bytes, of: str, problems: list[OAuthError]) -> Pairs:
    try:
        pairs = urllib.parse.parse_qsl(
            text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except UnicodeDecodeError:
        problems.append(_malformed(f"the {of} is not UTF-8 (RFC 6749 appendix B)"))
    except ValueError:
        problems.append(_malformed(f"the {of} has more than {_MAX_FIELDS} parameters"))
    else:
        return tuple(pairs)
    return ()


def _parts(body: bytes, options: dict[str, str], problems: list[OAuthError]) -> Pairs:
    """The fields of a multipart body (RFC 7578)."""
    from werkzeug.formparser import FormDataParser  # rare, and costly to import

    parser = FormDataParser(_in_memory, silent=False, max_form_parts=_MAX_FIELDS)
    parser.max_form_memory_size = None  # body_limit has judged the size
    try:
        _, fields, files = parser.parse(io.BytesIO(body), "multipart/form-data", len(body), options)
    except RequestEntityTooLarge:
        problems.append(_malformed(f"the multipart body has more than {_MAX_FIELDS} parts"))
        return ()
    except ValueError as error:
        problems.append(_malformed(f"Content-Type says multipart/form-data, the body is none: {error}"))
        return ()
    if files:
        name = next(iter(files))
        problems.append(_malformed(f"the part {name!r} is a file; parameters have no filename (RFC 7578 4.2)"))
        return ()
    pairs: list[tuple[str | None, str]] = list(fields.items(multi=True))
    if any(name is None for name, _ in pairs):
        problems.append(_malformed("a part of the multipart body has no name (RFC 7578 4.2)"))
        return ()
    try:
        body.decode("utf-8")  # werkzeug puts question marks where it is not
    except UnicodeDecodeError:
        problems.append(_malformed("the body is not UTF-8 (RFC 6749 appendix B)"))
        return ()
    return typing.cast("Pairs", tuple(pairs))


def _in_memory(*_: object, **__: object) -> typing.IO[bytes]:
    """Where werkzeug puts a file, which is about to be refused: not on the disk."""
    return io.BytesIO()


def _members(body: bytes, problems: list[OAuthError]) -> Pairs:
    """The members of a JSON body; it must be one flat object of strings."""
    try:
        # object_pairs_hook keeps members that come twice; they are judged like parameters that come twice
        members = json.loads(body.decode("utf-8"), object_pairs_hook=tuple)
    except RecursionError:
        problems.append(_malformed("the JSON body is nested too deep; its members are the parameters"))
        return ()
    except ValueError:
        problems.append(_malformed("Content-Type says JSON, the body is none, or not in UTF-8"))
        return ()
    if body.lstrip()[:1] != b"{":
        problems.append(_malformed("the JSON body is no object; its members are the parameters"))
        return ()
    for name, value in members:
        if not isinstance(value, str):
            problems.append(_malformed(f"the JSON member {name!r} is no string"))
            return ()
    return typing.cast("Pairs", members)


def _malformed(hint: str) -> InvalidRequest:
    return InvalidRequest("The request is malformed.", hint=hint)


def _origin(environ: WSGIEnvironment, trust_proxy: bool) -> tuple[str, str]:
    scheme: str = environ.get("wsgi.url_scheme", "http")
    host: str = (
        environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', 'localhost')}:{environ.get('SERVER_PORT', '80')}"
    )
    if trust_proxy:
        scheme = str(environ.get("HTTP_X_FORWARDED_PROTO", scheme)).split(",")[0].strip().lower()
        host = str(environ.get("HTTP_X_FORWARDED_HOST", host)).split(",")[0].strip()
    return scheme, host.lower()


def _target(environ: WSGIEnvironment) -> str:
    target = environ.get("REQUEST_URI") or urllib.parse.quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    # werkzeug's test client puts the query there only when it came with the path
    return f"{target}?{query}" if query and "?" not in target else target


def _headers(environ: WSGIEnvironment) -> Pairs:
    """As sent, when the server keeps that (ours does); else as WSGI has them, in title case."""
    raw = environ.get("serving.raw_headers")
    if raw is not None:
        return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
    headers = [(key[5:], value) for key, value in environ.items() if key.startswith("HTTP_")]
    headers += [(key, environ[key]) for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)]
    return tuple((name.replace("_", "-").title(), value) for name, value in headers)
