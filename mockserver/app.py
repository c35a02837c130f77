"""The one pass: read -> issuer -> profile -> route -> answer -> shape -> break -> record -> write."""

from __future__ import annotations

import collections
import collections.abc as cabc
import contextlib
import functools
import http
import time
import typing

import msgspec

from . import behind
from . import clientauth
from . import findings
from . import profiles
from . import routing
from . import wire
from .admission import Door
from .admission import Visit
from .behind import Recorded
from .clock import Clock
from .config import Settings
from .context import Context
from .endpoints import ENDPOINTS
from .endpoints import ClientEndpoint
from .endpoints import cors
from .endpoints import misnamed
from .endpoints import resource
from .errors import InvalidClient
from .errors import InvalidRequest
from .errors import OAuthError
from .errors import ServerError
from .faults import FaultPlan
from .faults import Strikes
from .incoming import Incoming
from .incoming import Whole
from .incoming import broken_off
from .journal import Exchange
from .journal import Journal
from .messages import Reply
from .request import Request
from .seen import Seen
from .seen import exchange
from .seen import judged

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Application", "State"]

# Longest wait for the end of a connection that gets no answer: nobody's time limit, but no thread is held for ever
_SILENT_SECONDS = 3600


class State(msgspec.Struct, kw_only=True):
    """Everything between two resets. A request holds on to the state that it arrived in."""

    settings: Settings
    clock: Clock
    journal: Journal
    faults: FaultPlan
    issuers: dict[str, Context]
    """By first path segment, `""` is the issuer without one; and mounts by their origin."""
    mounts: dict[str, tuple[Context, ...]] = msgspec.field(default_factory=dict)
    """By every origin at which they answer: a provider may have several, and share one with somebody else."""
    port: int | None = None
    """The port that loopback names are asked at; None: any."""
    handshakes: collections.deque[str] = msgspec.field(default_factory=lambda: collections.deque(maxlen=100))
    """Why TLS handshakes failed, as OpenSSL says it; the last hundred."""
    history: findings.History = msgspec.field(default_factory=findings.History)
    """What findings are judged by."""
    exceptions: list[BaseException] = msgspec.field(default_factory=list)
    """What broke in the server itself."""


class Application:
    """The mock as a WSGI application. `state` may be replaced at any time, which is what a reset does."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        return self._pass(environ, start_response)

    def behind(self, way_in: cabc.Callable[[State], tuple[Context, Door]]) -> WSGIApplication:
        """
        The same pass for a listener of its own, where every path of every host is behind one door with an application.

        `way_in` is asked at each request: a reset does not end it.
        """
        return functools.partial(self._pass, way_in=way_in)

    def _pass(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        *,
        way_in: cabc.Callable[[State], tuple[Context, Door]] | None = None,
    ) -> cabc.Iterable[bytes]:
        state, began = self.state, time.perf_counter()
        number = state.journal.arrive()
        request = wire.head(environ, now=state.clock.now(), trust_proxy=state.settings.trust_proxy)
        context, incoming = state.issuers[""], None
        door: Door | None
        if way_in is None:
            door = routing.door(request, state.issuers, state.mounts)
        else:
            context, door = way_in(state)
        if door is not None and door.app is not None:
            incoming = Incoming(wire.input_of(environ))
        else:
            request = wire.with_body(request, environ, limit=state.settings.body_limit)
        seen = Seen(request, context, door=door, incoming=incoming)
        try:
            reply = self._answer(seen, state, environ, routed=way_in is None)
        except OAuthError as error:
            seen.error = error
            error.hint += misnamed(request, seen.endpoint.name, seen.context.profile)
            reply = seen.endpoint.refuse(error)
            reply = profiles.refusal(reply, error, seen.endpoint.name, seen.context.profile, request)
        except Exception as exception:  # the mock itself broke: the client gets a 500, the test the traceback
            seen.exception = exception
            state.exceptions.append(exception)
            seen.error = ServerError("The mock server broke.", hint=f"{type(exception).__name__}: {exception}")
            reply = seen.endpoint.refuse(seen.error)
        reply = cors.shared(reply, request, seen.endpoint.name, seen.context)
        strikes = seen.strikes
        # A fault may want to see the whole
        reply = reply.collected() if state.faults else reply
        delivered = strikes.deliver(state.faults, seen.occasion, reply, can_cut=wire.can_cut(environ))
        seen.told = delivered is reply and strikes.arrives
        reply = delivered
        record = functools.partial(_record, state, seen, lambda reply: exchange(number, request, seen, reply, began))
        if reply.stream is None:
            record(reply)
        else:
            pieces = Recorded(reply, request.method, record).pieces()
            reply = msgspec.structs.replace(reply, stream=pieces)
        return self._send(strikes, reply, environ, start_response, number=number, state=state)

    def _send(
        self,
        strikes: Strikes,
        reply: Reply,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        *,
        number: int,
        state: State,
    ) -> cabc.Iterable[bytes]:
        """The answer on its way out, or what a fault makes of it; the journal is told what did not arrive."""
        now, can_cut = state.clock.peer(), wire.can_cut(environ)
        if can_cut and strikes.silent:
            state.journal.delivered(number, complete=False)
            with state.faults.until_end(environ["serving.disconnect"]):
                environ["serving.until_gone"](_SILENT_SECONDS)
            return wire.cut(environ, start_response)
        octets = strikes.wire(reply, head_only=environ["REQUEST_METHOD"] == "HEAD", now=now) if can_cut else None
        # Before the octets go, as with the journal: the client may ask as soon as it has them
        if not strikes.arrives:
            state.journal.delivered(number, complete=False)
        if octets is not None:
            if not wire.send(octets, environ):
                state.journal.delivered(number, complete=False)
            return wire.cut(environ, start_response)
        if "serving.on_delivery" in environ:
            environ["serving.on_delivery"].append(functools.partial(state.journal.delivered, number))
        if strikes.pauses:
            pause = state.faults.pause
            return wire.drip(reply, environ, start_response, now=now, pauses=strikes.pauses, pause=pause)
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
        seen = Seen(request, state.issuers[""])
        hint = f"the HTTP server refused it: {reason}"
        seen.error = InvalidRequest("The request is malformed.", hint=hint, status=status)
        reply = seen.endpoint.refuse(seen.error)
        state.journal.add(exchange(state.journal.arrive(), request, seen, reply, began))
        return f"{status} {http.HTTPStatus(status).phrase}", list(reply.headers), reply.body

    def _answer(self, seen: Seen, state: State, environ: WSGIEnvironment, *, routed: bool) -> Reply:
        request, context = seen.request, seen.context
        if routed:
            request, context = routing.issuer(request, state.issuers, state.mounts)
        # An application has host names of its own: the buckets of S3
        if seen.incoming is None and not context.mounted:
            routing.check_host(request, state.settings, state.port)
        seen.request, seen.context = request, context
        seen.endpoint = ENDPOINTS["protected"] if seen.door else routing.route(seen.request.path, context)
        seen.request = profiles.read(seen.request, context.profile, seen.endpoint.name)
        replaced = seen.strikes.arrive(state.faults, seen.occasion, context)
        if replaced is not None:
            return replaced
        if seen.door is not None:
            return self._enter(seen, seen.door, state, environ)
        preflight = cors.preflight(seen.request, seen.endpoint.name, seen.endpoint.methods, context)
        if preflight is not None:
            return preflight
        routing.check_method(seen.request, seen.endpoint, context)
        if isinstance(seen.endpoint, ClientEndpoint):
            seen.presented = clientauth.extract(seen.request, context)
            seen.request.parameters()  # what is malformed is said before anybody is judged by it
            try:
                seen.caller = seen.endpoint.identify(seen.presented, seen.request, context)
            except InvalidClient:
                seen.endpoint.unauthenticated(seen.request, context)
                raise
            if state.faults:
                spoilt = functools.partial(seen.strikes.spoilt, state.faults, seen.occasion)
                seen.caller = msgspec.structs.replace(seen.caller, spoilt=spoilt)
            seen.answer = seen.endpoint.answer(seen.request, seen.caller, context)
            return profiles.shape(seen.answer, context.profile, seen.request)
        refusal = functools.partial(seen.strikes.refuse, state.faults, seen.occasion)
        spoilt = functools.partial(seen.strikes.spoilt, state.faults, seen.occasion)
        seen.request = msgspec.structs.replace(seen.request, refusal=refusal, spoilt=spoilt)
        return seen.endpoint.answer(seen.request, context)

    def _enter(self, seen: Seen, door: Door, state: State, environ: WSGIEnvironment) -> Reply:
        """What is protected: the guard first, then the answer or the application behind it."""
        request, incoming = seen.request, seen.incoming
        if incoming is None:
            seen.visit = Visit(request=request, payload=Whole(request), read=lambda: request)
            return resource.protected(seen.visit, door, seen.context)
        parsed = functools.partial(_parsed, request, incoming, environ, state.settings.body_limit)
        seen.visit = visit = Visit(request=request, payload=incoming, read=functools.cache(parsed))
        app = functools.partial(behind.call, door, visit, environ, incoming)
        try:
            return resource.protected(visit, door, seen.context, app)
        except OSError as error:
            if error is incoming.broken:  # the application left it to us
                raise broken_off(error) from None
            raise


def _parsed(request: Request, incoming: Incoming, environ: WSGIEnvironment, limit: int) -> Request:
    """The same with the parameters in its body, where that is no longer than `limit`."""
    body = b""
    for piece in incoming.pieces():
        body += piece
        if len(body) > limit:
            return request
    return wire.parsed(request, body, environ.get("CONTENT_TYPE"))


def _record(
    state: State,
    seen: Seen,
    entry: cabc.Callable[[Reply], Exchange],
    reply: Reply,
    failure: BaseException | None = None,
) -> None:
    """One exchange for the journal. Of a request that a reset overtook it is its own, abandoned one."""
    if failure is not None:
        seen.exception = failure
        state.exceptions.append(failure)
    if seen.incoming is not None:
        # RFC 9110 10.1.1: who waits for 100 (Continue) was not told to send it
        if not any("100-continue" in value.lower() for value in seen.request.header_values("expect")):
            with contextlib.suppress(OAuthError, ValueError):
                seen.incoming.drain()
        seen.incoming.close()
    found = judged(entry(reply), seen, state.history, state.issuers, answered=state.journal.arrived)
    state.exceptions.extend(seen.broken)
    state.journal.add(found)
