"""The one pass: read -> issuer -> profile -> route -> answer -> shape -> break -> record -> write."""

from __future__ import annotations

import collections.abc as cabc
import functools
import http
import time
import typing

import msgspec

from . import clientauth
from . import profiles
from . import routing
from . import wire
from .clock import Clock
from .config import Settings
from .context import Context
from .endpoints import ClientEndpoint
from .endpoints import misnamed
from .errors import InvalidClient
from .errors import InvalidRequest
from .errors import OAuthError
from .errors import ServerError
from .faults import FaultPlan
from .journal import Journal
from .messages import Reply
from .request import Request
from .seen import Seen
from .seen import exchange

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
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
    """By first path segment; `""` is the issuer without one."""
    port: int | None = None
    """The port that loopback names are asked at; None: any."""
    exceptions: list[BaseException] = msgspec.field(default_factory=list)
    """What broke in the server itself."""


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
        seen = Seen(request, state.issuers[""])
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
        state.journal.add(exchange(number, request, seen, reply, began))
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
        seen = Seen(request, state.issuers[""])
        hint = f"the HTTP server refused it: {reason}"
        seen.error = InvalidRequest("The request is malformed.", hint=hint, status=status)
        reply = seen.endpoint.refuse(seen.error)
        state.journal.add(exchange(state.journal.arrive(), request, seen, reply, began))
        return f"{status} {http.HTTPStatus(status).phrase}", list(reply.headers), reply.body

    def _answer(self, seen: Seen, state: State) -> Reply:
        routing.check_host(seen.request, state.settings, state.port)
        seen.request, seen.context = routing.issuer(seen.request, state.issuers)
        context = seen.context
        seen.endpoint = routing.route(seen.request.path, context)
        seen.request = profiles.read(seen.request, context.profile, seen.endpoint.name)
        replaced = seen.strikes.arrive(state.faults, seen.place())
        if replaced is not None:
            return replaced
        routing.check_method(seen.request, seen.endpoint)
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
