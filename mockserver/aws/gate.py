"""The gate in front of moto: a signature of a key that is good, or an operation that AWS asks none for."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import threading
import typing

from .. import profiles
from ..admission import Admission
from ..admission import Door
from ..admission import Refusal
from ..admission import Visit
from ..config import IssuerSettings
from ..context import Context
from ..errors import ConfigurationError
from ..guards import SigV4
from ..keys import KeySet
from ..ledger import Ledger
from ..request import Request
from ..sigv4 import dialect_of
from ..sigv4 import failure
from ..sigv4 import service_said
from ..stores import MemoryStore
from . import sts
from . import unsigned
from .refusing import refusal

if typing.TYPE_CHECKING:
    import collections.abc as cabc

    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import State
    from ..server import OAuthMock
    from .keys import Keys

__all__ = ["NAME", "Gate", "alone"]

NAME: typing.Final = "aws"
"""What the journal calls it, where it has the issuer of other exchanges."""

_RUNNING = threading.Lock()


class Gate:
    """Before an application that is AWS; what it decides is in the journal of `mock`, by whose clock it judges."""

    def __init__(
        self, mock: OAuthMock, keys: Keys, *, verify: bool = True, disabled_regions: cabc.Collection[str] = ()
    ) -> None:
        self.mock = mock
        self.keys = keys
        self.verify = verify
        self.disabled_regions = frozenset(disabled_regions)
        """Where STS takes no web identities."""
        self._latest: tuple[State, Context] | None = None

    def before(self, aws: WSGIApplication) -> WSGIApplication:
        """The application behind this gate."""
        return self.mock.wsgi.behind(functools.partial(self._way_in, aws))

    def context(self, state: State) -> Context:
        """What signatures are remembered in until the next reset; none of the issuer's settings are for AWS."""
        if self._latest is None or self._latest[0] is not state:
            settings = IssuerSettings()
            context = Context(
                name=NAME,
                settings=settings,
                fixed_issuer=None,
                clock=state.clock,
                store=MemoryStore(),
                keys=KeySet(),
                ledger=Ledger(1),
                profile=profiles.resolved(settings),
            )
            self._latest = state, context
        return self._latest[1]

    def _way_in(self, aws: WSGIApplication, state: State) -> tuple[Context, Door]:
        context = self.context(state)
        entry = _Entry(self, context, aws)
        return context, Door(
            path="", admit=entry.admit, secrets=self.keys.secrets, app=entry.answer, in_url=SigV4.in_url
        )


class _Entry:
    """One request at the gate."""

    def __init__(self, gate: Gate, context: Context, aws: WSGIApplication) -> None:
        self._gate = gate
        self._context = context
        self._aws = aws
        self._request: Request | None = None
        self._session: sts.Session | None = None

    def admit(self, visit: Visit) -> Admission:
        self._request = request = _with_parameters(visit)
        action = unsigned.action_of(request)
        if action == "AssumeRoleWithWebIdentity":
            # Signed or not: some SDKs sign it where they have a key
            visit.presents("web_identity", hide=[value for name, value in request.form if name == "WebIdentityToken"])
            regions = self._gate.disabled_regions
            self._session = sts.assume_with_web_identity(request, self._gate.mock, disabled_regions=regions)
            return Admission(why=self._session.why)
        admission = self._let_in(visit, request)
        if action in ("GetSessionToken", "GetFederationToken"):
            self._session = sts.session_token(request, self._gate.keys, self._gate.mock)
        return admission

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        if self._session is None:
            try:
                return self._aws(environ, start_response)
            except NotImplementedError as error:
                raise self._not_there(error) from None
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(self._session.answer)))])
        return [self._session.answer]

    def _not_there(self, error: NotImplementedError) -> Refusal:
        told, request = f"moto has no such operation: {error}", self._request
        assert request is not None
        words = dialect_of(service_said(request), request)
        return refusal(failure("NotImplemented", 501, told, dialect=words, media_type=request.media_type), told)

    def _let_in(self, visit: Visit, request: Request) -> Admission:
        if not self._gate.verify:
            return Admission(why="let it in: signatures are not verified here")
        if service_said(request):
            return SigV4(self._gate.keys).check(visit, self._context)
        if unsigned.is_open(request):
            return Admission(why="let it in: AWS asks for no signature there")
        words = unsigned.dialect_without_scope(request)
        return SigV4(self._gate.keys, dialect=words).check(visit, self._context)


def _with_parameters(visit: Visit) -> Request:
    form = visit.request.media_type == "application/x-www-form-urlencoded"
    return visit.read() if form else visit.request


@contextlib.contextmanager
def alone(mock: OAuthMock) -> cabc.Generator[None]:
    """
    moto as nobody has used it, with sessions that begin and end by the mock's clock; and again when it is over.

    Raises `ConfigurationError` where somebody has it already: what moto knows, the whole process knows.
    """
    if not _RUNNING.acquire(blocking=False):
        raise ConfigurationError(
            "moto is in use in this process, and has one state for all: use oauthmock_aws or oauthmock_aws_server, not"
            " both, and stop an AwsServer before the next is started"
        )
    try:
        from moto.sts import models

        before = models.utcnow
        models.utcnow = lambda: dt.datetime.fromtimestamp(mock.clock.now(), dt.UTC).replace(tzinfo=None)
        try:
            yield
        finally:
            models.utcnow = before
    finally:
        _RUNNING.release()
