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
from ..admission import Visit
from ..config import IssuerSettings
from ..context import Context
from ..errors import ConfigurationError
from ..guards import SigV4
from ..keys import KeySet
from ..ledger import Ledger
from ..request import Request
from ..sigv4 import service_said
from ..stores import MemoryStore
from . import unsigned

if typing.TYPE_CHECKING:
    import collections.abc as cabc

    from _typeshed.wsgi import WSGIApplication

    from ..app import State
    from ..server import OAuthMock
    from .keys import Keys

__all__ = ["NAME", "Gate", "alone"]

NAME: typing.Final = "aws"
"""What the journal calls it, where it has the issuer of other exchanges."""

_RUNNING = threading.Lock()


class Gate:
    """Before an application that is AWS; what it decides is in the journal of `mock`, by whose clock it judges."""

    def __init__(self, mock: OAuthMock, keys: Keys, *, verify: bool = True) -> None:
        self.mock = mock
        self.keys = keys
        self._verify = verify
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
        admit = functools.partial(self._admit, context=context)
        return context, Door(path="", admit=admit, secrets=self.keys.secrets, app=aws, in_url=SigV4.in_url)

    def _admit(self, visit: Visit, *, context: Context) -> Admission:
        request = _with_parameters(visit)
        if not self._verify:
            return Admission(why="let it in: signatures are not verified here")
        if unsigned.is_open(request):
            return Admission(why="let it in: AWS asks for no signature there")
        words = None if service_said(request) else unsigned.dialect_without_scope(request)
        return SigV4(self.keys, dialect=words).check(visit, context)


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
