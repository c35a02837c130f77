"""The one pass: read -> issuer -> profile -> route -> answer -> shape -> break -> record -> write."""

from __future__ import annotations

import collections.abc as cabc
import functools
import http
import re
import time
import typing

import msgspec

from . import clientauth
from . import profiles
from . import wire
from .clock import Clock
from .config import Settings
from .context import Context
from .endpoints import ENDPOINTS
from .endpoints import UNKNOWN
from .endpoints import ClientEndpoint
from .endpoints import Endpoint
from .endpoints import misnamed
from .errors import Inaccessible
from .errors import InvalidClient
from .errors import InvalidRequest
from .errors import OAuthError
from .errors import ServerError
from .faults import FaultPlan
from .faults import Place
from .faults import Strikes
from .journal import Exchange
from .journal import Journal
from .journal import RecordedBody
from .journal import Verdict
from .messages import Authenticated
from .messages import Presented
from .messages import Reply
from .messages import Request
from .redaction import SECRET_PARAMETERS
from .redaction import conceal
from .registration import is_loopback

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Application", "State"]

# uri-host [ ":" port ], RFC 9110 7.2, of names and addresses as they are written on loopback and in `allow_hosts`
_HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]+))?")
_AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
# Longest wait for the end of a connection that gets no answer: nobody's time limit, but no thread is held for ever
_SILENT_SECONDS = 3600


class State(msgspec.Struct, kw_only=True):
    """Everything between two resets. A request holds on to the state that it arrived in."""

    settings: Settings
    clock: Clock
    journal: Journal
    faults: FaultPlan
    issuers: dict[str, Context]
    """By first path segment; `""` is the issuer without one."""
    port: int | None = None
    """The port that loopback names are asked at; None: any."""
    exceptions: list[BaseException] = msgspec.field(default_factory=list)
    """What broke in the server itself."""


class _Seen(msgspec.Struct):
    """What one pass has found out so far, for the journal; the stages never look at it."""

    request: Request
    context: Context
    endpoint: Endpoint | ClientEndpoint = UNKNOWN
    presented: tuple[Presented, ...] = ()
    caller: Authenticated | None = None
    error: OAuthError | None = None
    exception: BaseException | None = None
    strikes: Strikes = msgspec.field(default_factory=Strikes)

    def place(self) -> Place:
        path = self.request.path if self.endpoint.name in ("protected", "api") else None
        return Place(self.context.name, self.endpoint.name, path)


class Application:
    """The mock as a WSGI application. `state` may be replaced at any time, which is what a reset does."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        state, began = self.state, time.perf_counter()
        number = state.journal.arrive()
        request = wire.read(
            environ,
            now=state.clock.now(),
            body_limit=state.settings.body_limit,
            trust_proxy=state.settings.trust_proxy,
        )
        seen = _Seen(request, state.issuers[""])
        try:
            reply = self._answer(seen, state)
        except OAuthError as error:
            seen.error = error
            error.hint += misnamed(request, seen.endpoint.name, seen.context.profile)
            reply = seen.endpoint.refuse(error)
            if isinstance(seen.endpoint, ClientEndpoint):
                reply = profiles.shape(reply, seen.context.profile)
        except Exception as exception:  # the mock itself broke: the client gets a 500, the test the traceback
            seen.exception = exception
            state.exceptions.append(exception)
            seen.error = ServerError("The mock server broke.", hint=f"{type(exception).__name__}: {exception}")
            reply = seen.endpoint.refuse(seen.error)
        strikes, can_cut = seen.strikes, wire.can_cut(environ)
        reply = strikes.deliver(state.faults, seen.place(), reply, can_cut=can_cut)
        # A request that a reset overtook is recorded in its own, abandoned journal.
        state.journal.add(_exchange(number, request, seen, reply, began))
        if "serving.on_delivery" in environ:
            environ["serving.on_delivery"].append(functools.partial(state.journal.delivered, number))
        if strikes.silent or strikes.lost:
            state.journal.delivered(number, complete=False)
            if can_cut:
                if strikes.silent:
                    with state.faults.until_end(environ["serving.disconnect"]):
                        environ["serving.until_gone"](_SILENT_SECONDS)
                return wire.cut(environ, start_response)
        now, drip = state.clock.peer(), strikes.drip
        if drip is not None:
            pause = functools.partial(state.faults.pause, drip.seconds / drip.pieces)
            return wire.drip(reply, environ, start_response, now=now, pieces=drip.pieces, pause=pause)
        return wire.write(reply, environ, start_response, now=now)

    def reject(
        self, status: int, method: str, target: bytes, headers: cabc.Iterable[tuple[bytes, bytes]], reason: str
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """
        What the HTTP server answers when a request never gets as far as the pass (RFC 9110 15.5), and its entry in the
        journal: status line, headers, body.
        """
        state, began = self.state, time.perf_counter()
        request = Request(
            method=method or "?",
            target=target.decode("latin-1"),
            scheme="",
            host="",
            path=target.decode("latin-1").partition("?")[0],
            query=(),
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers),
            body=b"",
            media_type="",
            encoding="",
            form=(),
            problems=(),
            arrived=state.clock.now(),
        )
        seen = _Seen(request, state.issuers[""])
        hint = f"the HTTP server refused it: {reason}"
        seen.error = InvalidRequest("The request is malformed.", hint=hint, status=status)
        reply = seen.endpoint.refuse(seen.error)
        state.journal.add(_exchange(state.journal.arrive(), request, seen, reply, began))
        return f"{status} {http.HTTPStatus(status).phrase}", list(reply.headers), reply.body

    def _answer(self, seen: _Seen, state: State) -> Reply:
        _check_host(seen.request, state)
        seen.request, seen.context = _issuer(seen.request, state)
        context = seen.context
        seen.endpoint = _route(seen.request.path, context)
        seen.request = profiles.read(seen.request, context.profile, seen.endpoint.name)
        replaced = seen.strikes.arrive(state.faults, seen.place())
        if replaced is not None:
            return replaced
        _check_method(seen.request, seen.endpoint)
        if isinstance(seen.endpoint, ClientEndpoint):
            seen.presented = clientauth.extract(seen.request, context)
            seen.request.parameters()  # what is malformed is said before anybody is judged by it
            try:
                seen.caller = clientauth.authenticate(seen.presented, seen.request, context)
            except InvalidClient:
                seen.endpoint.unauthenticated(seen.request, context)
                raise
            return profiles.shape(seen.endpoint.answer(seen.request, seen.caller, context), context.profile)
        refusal = functools.partial(seen.strikes.refuse, state.faults, seen.place())
        seen.request = msgspec.structs.replace(seen.request, refusal=refusal)
        return seen.endpoint.answer(seen.request, context)


def _check_host(request: Request, state: State) -> None:
    """Only names that are ours are answered, so that no foreign name gets into an issuer (RFC 9110 7.4)."""
    found = _HOST.fullmatch(request.host)
    name, port = (found["name"], found["port"]) if found else ("", "")
    settings = state.settings
    if name and is_loopback(name) and (state.port is None or port == str(state.port)):
        return
    allowed = {host.lower() for host in settings.allow_hosts}
    if settings.issuer is not None:
        allowed.add(settings.issuer.partition("://")[2].partition("/")[0].lower())
    if not name or (request.host not in allowed and name not in allowed):
        raise Inaccessible(
            "This server does not answer for the host that was asked.",
            hint=f"the Host header is {request.host!r}; to answer for it: --allow-host {name or 'NAME'},"
            f" or OAuthMock(allow_hosts=[{name or 'NAME'!r}])",
            status=421,
        )


def _issuer(request: Request, state: State) -> tuple[Request, Context]:
    """The issuer that the first path segment names, and the path below it."""
    path = request.path
    if path.startswith(_AUTHORIZATION_SERVER + "/"):
        # RFC 8414 3.1: for an issuer with a path the well-known part comes first
        path = path.removeprefix(_AUTHORIZATION_SERVER) + _AUTHORIZATION_SERVER
    first, _, rest = path[1:].partition("/")
    if first and first in state.issuers:
        return msgspec.structs.replace(request, path="/" + rest, issuer=first), state.issuers[first]
    return request, state.issuers[""]


def _route(path: str, context: Context) -> Endpoint | ClientEndpoint:
    if path in context.stubs:
        return ENDPOINTS["protected"]
    name = profiles.endpoint_at(path, context.profile)
    if name is not None:
        return ENDPOINTS[name]
    if path == "/callback":
        return ENDPOINTS["callback"]
    if path in context.published:
        return ENDPOINTS["client_jwks"]
    return ENDPOINTS["api"] if path == "/api" or path.startswith("/api/") else UNKNOWN


def _check_method(request: Request, endpoint: Endpoint | ClientEndpoint) -> None:
    allowed = endpoint.methods
    if not allowed or request.method in allowed or (request.method == "HEAD" and "GET" in allowed):
        return
    raise Inaccessible(
        "The method is not allowed here.",
        # RFC 6749 3.2: the client must use POST at the token endpoint
        hint=f"{request.method} was used; the {endpoint.name} endpoint takes {' and '.join(allowed)}",
        status=405,
        allow=", ".join(allowed),
    )


def _exchange(number: int, raw: Request, seen: _Seen, reply: Reply, began: float) -> Exchange:
    request, caller = seen.request, seen.caller
    client_id, client_auth = None, None
    if caller is not None:
        client_id, client_auth = caller.client.client_id, caller.method
    elif seen.presented:
        client_id = seen.presented[0].client_id or None
        client_auth = "+".join(presented.method for presented in seen.presented)
    secrets = functools.partial(_secrets, raw, seen.context)
    parameters = {**dict(reversed(request.query)), **dict(reversed(request.form))}
    at_token = seen.endpoint.name in ("token", "refresh")
    return Exchange(
        number=number,
        issuer=seen.context.name,
        endpoint=seen.endpoint.name,
        path=request.path,
        request=raw,
        body=RecordedBody.of(raw.body),
        parameters=parameters,
        client_id=client_id or parameters.get("client_id"),
        client_auth=client_auth,
        basic_encoding=caller.encoding if caller else "",
        credentials=request.credentials,
        grant_type=parameters.get("grant_type") if at_token else None,
        verdict=_verdict(seen, reply),
        why=reply.why if reply.accepted else conceal(reply.why, secrets()),
        fault=", ".join(seen.strikes.names),
        status=reply.status,
        error=seen.error.body().get("error") if seen.error else None,
        reply=reply,
        seconds=time.perf_counter() - began,
        exception=seen.exception,
        secrets=secrets,
    )


def _secrets(raw: Request, context: Context) -> list[str]:
    """What must not be shown of an exchange, beside what shows itself by the name of a parameter that the RFCs have."""
    names = {name.lower(): rfc for table in context.profile.parameter_names.values() for name, rfc in table.items()}
    renamed = [
        value
        for name, value in (*raw.form, *raw.query)
        if name not in SECRET_PARAMETERS and names.get(name.lower(), name.lower()) in SECRET_PARAMETERS
    ]
    return [*context.secrets(), *renamed]


def _verdict(seen: _Seen, reply: Reply) -> Verdict:
    if seen.exception is not None:
        return "error"
    if seen.strikes.replaced:
        return "faulted"
    return "accepted" if reply.accepted else "refused"
