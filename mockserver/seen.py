"""What one pass has found out about a request, and the entry that the journal makes of it."""

from __future__ import annotations

import collections.abc as cabc
import functools
import time

import msgspec

from . import clientauth
from . import findings
from .admission import Door
from .admission import Visit
from .context import Context
from .endpoints import UNKNOWN
from .endpoints import ClientEndpoint
from .endpoints import Endpoint
from .endpoints import issued
from .endpoints import refusal
from .errors import OAuthError
from .faults import Occasion
from .faults import Place
from .faults import Strikes
from .faults import credential_of
from .guards import bearer
from .incoming import Incoming
from .journal import Exchange
from .journal import RecordedBody
from .journal import Verdict
from .messages import Authenticated
from .messages import Presented
from .messages import Reply
from .model import Kind
from .model import TokenRecord
from .redaction import SECRET_PARAMETERS
from .redaction import conceal
from .request import Request

__all__ = ["Seen", "exchange", "judged"]


class Seen(msgspec.Struct):
    """What one pass has found out so far, for the journal; the stages never look at it."""

    request: Request
    context: Context
    endpoint: Endpoint | ClientEndpoint = UNKNOWN
    presented: tuple[Presented, ...] = ()
    caller: Authenticated | None = None
    answer: Reply | None = None
    """What an endpoint for clients said, in the RFC's words."""
    error: OAuthError | None = None
    exception: BaseException | None = None
    strikes: Strikes = msgspec.field(default_factory=Strikes)
    door: Door | None = None
    visit: Visit | None = None
    incoming: Incoming | None = None
    """The body on its way to an application."""
    told: bool = True
    """No fault changed the answer or took it away."""
    broken: cabc.Sequence[Exception] = ()
    """What broke in a rule; the client notices nothing."""

    def place(self) -> Place:
        path = self.request.path if self.endpoint.name == "api" else None
        return Place(self.context.name, self.endpoint.name, path if self.door is None else self.door.path)

    def occasion(self) -> Occasion:
        """The request as faults see it."""
        request, context = self.request, self.context
        parameters = {**dict(reversed(request.query)), **dict(reversed(request.form))}
        client_id, grant_type = parameters.get("client_id"), parameters.get("grant_type")
        credential, home = credential_of(parameters), None
        if isinstance(self.endpoint, ClientEndpoint):
            presented = self.presented or clientauth.extract(request, context)
            client_id = next((one.client_id for one in presented if one.client_id), client_id)
            if self.endpoint.name in ("introspect", "revoke"):
                about = issued.known(parameters.get("token", ""), None, context)
                credential, grant_type = (about.kind, about.token), None
        elif self.endpoint.refuse is refusal.to_bearer:
            token = bearer.presented(request)
            credential = None if token is None else (Kind.ACCESS, token)
            home, record = _issued(token, context)
            client_id, grant_type = (record.client_id, record.grant_type) if record else (None, None)
        return Occasion(
            place=self.place(),
            # RFC 9112 3.2.2: a proxy asks by the whole URL
            url=request.origin + request.target if request.target.startswith("/") else request.target,
            now=context.clock.peer(),
            client_id=client_id or None,
            grant_type=grant_type,
            credential=credential,
            home=home,
        )


def _issued(token: str | None, context: Context) -> tuple[Context | None, TokenRecord | None]:
    """The issuer that an access token is of, among those whose tokens are taken here, and what it stands for."""
    for issuer in context.token_issuers():
        entry = issuer.store.find(Kind.ACCESS, token or "")
        if entry is not None and isinstance(entry.record, TokenRecord):
            return issuer, entry.record
    return None, None


def exchange(number: int, raw: Request, seen: Seen, reply: Reply, began: float) -> Exchange:
    """The entry for the journal; `began` is a reading of `time.perf_counter`."""
    request, caller, visit = seen.request, seen.caller, seen.visit
    client_id, client_auth = None, None
    if caller is not None:
        client_id, client_auth = caller.client.client_id, caller.method
    elif seen.presented:
        client_id = seen.presented[0].client_id or None
        client_auth = "+".join(presented.method for presented in seen.presented)
    secrets = functools.partial(_secrets, raw, seen.context, tuple(visit.hidden) if visit else ())
    parameters = {**dict(reversed(request.query)), **dict(reversed(request.form))}
    at_token = seen.endpoint.name in ("token", "refresh")
    return Exchange(
        number=number,
        issuer=seen.context.name,
        endpoint=seen.endpoint.name,
        path=request.path,
        request=raw,
        body=RecordedBody.of(raw.body) if seen.incoming is None else seen.incoming.recorded(),
        parameters=parameters,
        client_id=client_id or parameters.get("client_id"),
        client_auth=client_auth,
        basic_encoding=caller.encoding if caller else "",
        credentials=request.credentials or (visit.guards[0] if visit and visit.guards else None),
        grant_type=parameters.get("grant_type") if at_token else None,
        verdict=_verdict(seen, reply),
        why=reply.why if reply.accepted else conceal(reply.why, secrets()),
        fault=", ".join(seen.strikes.names),
        status=reply.status,
        error=seen.error.body().get("error") if seen.error else None,
        reply=reply,
        seconds=time.perf_counter() - began,
        protected=seen.door.path if seen.door else None,
        guard="+".join(visit.guards) or None if visit else None,
        caller=visit.caller if visit else None,
        exception=seen.exception,
        secrets=secrets,
    )


def judged(
    entry: Exchange,
    seen: Seen,
    history: findings.History,
    issuers: cabc.Mapping[str, Context],
    *,
    answered: int,
) -> Exchange:
    """
    The entry with what the client did wrong; what breaks in a rule is noted on `seen`.

    `answered`: how many requests have arrived by now.
    """
    case = findings.Case(
        exchange=entry,
        request=seen.request,
        context=seen.context,
        presented=seen.presented,
        caller=seen.caller,
        error=seen.error,
        answer=seen.answer,
        told=seen.told,
        challenges=seen.door is not None and seen.door.challenge is not None,
        answered=answered,
        issuers=issuers,
    )
    found, seen.broken = findings.judge(case, history)
    return msgspec.structs.replace(entry, findings=found) if found else entry


def _secrets(raw: Request, context: Context, presented: tuple[str, ...]) -> list[str]:
    """What must not be shown of an exchange, beside what shows itself by the name of a parameter that the RFCs have."""
    names = {name.lower(): rfc for table in context.profile.parameter_names.values() for name, rfc in table.items()}
    renamed = [
        value
        for name, value in (*raw.form, *raw.query)
        if name not in SECRET_PARAMETERS and names.get(name.lower(), name.lower()) in SECRET_PARAMETERS
    ]
    return [*context.secrets(), *renamed, *presented]


def _verdict(seen: Seen, reply: Reply) -> Verdict:
    if seen.exception is not None:
        return "error"
    if seen.strikes.replaced:
        return "faulted"
    return "accepted" if reply.accepted else "refused"
