"""moto's AWS at a port of its own, for what does not go through botocore: other HTTP clients, languages, processes."""

from __future__ import annotations

import contextlib
import functools
import types
import typing

from ..server import OAuthMock
from ..server import Protected
from ..sigv4 import AccessKey
from .gate import NAME
from .gate import Gate
from .gate import alone
from .keys import Keys
from .keys import new_access_key_id
from .keys import new_secret

if typing.TYPE_CHECKING:
    import collections.abc as cabc

    from _typeshed.wsgi import WSGIApplication

    from ..app import State
    from ..context import Context
    from ..journal import Exchange
    from ..serving import Server

__all__ = ["AwsServer"]


class AwsServer:
    """
    moto behind a gate that verifies signatures, on 127.0.0.1. Use it as a context manager, or call `start` and `stop`.

    It speaks TLS where `mock` does.

    `keys` are further secrets by access key id, beside the one that the server makes for itself and those that IAM and
    STS make. With `verify=False` every request is let in. Clock and journal are those of `mock`; a reset of `mock`
    leaves AWS as it is.
    """

    def __init__(
        self, mock: OAuthMock, *, keys: cabc.Mapping[str, str | AccessKey] | None = None, verify: bool = True
    ) -> None:
        self._mock = mock
        self._end = contextlib.ExitStack()
        self._server: Server | None = None
        self.access_key_id = new_access_key_id()
        """Of the key that may do everything."""
        self.secret_access_key = new_secret()
        self.region_name = "us-east-1"
        self._keys = Keys({**(keys or {}), self.access_key_id: self.secret_access_key})
        self._gate = Gate(mock, self._keys, verify=verify)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> typing.Self:
        """Raises `ImportError` without moto, `ConfigurationError` while somebody else in the process uses it."""
        with contextlib.ExitStack() as stack:
            app = _moto()
            stack.enter_context(alone(self._mock))
            stack.callback(_forget)
            _forget()
            self._server = self._mock._beside(self._gate.before(app))
            self._server.start()
            stack.callback(self._server.stop)
            self._end = stack.pop_all()
        return self

    def stop(self) -> None:
        """Close the port, and forget everything. What was recorded stays readable."""
        self._end.close()

    def __enter__(self) -> typing.Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Forget every bucket, table, user, role and session; the server's own keys stay good."""
        _forget()

    # -- what is used --------------------------------------------------------------------------------------------------

    @property
    def endpoint_url(self) -> str:
        """For `endpoint_url`, `AWS_ENDPOINT_URL` and `--endpoint-url`."""
        assert self._server is not None, "the server was never started"
        return self._server.url

    @property
    def session(self) -> typing.Any:
        """A boto3 session with the server's own key; its clients need `endpoint_url`, which those of `client` have."""
        import boto3

        return boto3.session.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region_name,
        )

    def client(self, service_name: str, **options: typing.Any) -> typing.Any:
        """A boto3 client of this server; `options` are boto3's: other credentials, a region, a `config`."""
        from botocore.config import Config

        # What boto3 presigns with where nobody says otherwise is Signature Version 2, which new buckets refuse
        config = Config(signature_version="s3v4") if service_name == "s3" else Config()
        given = options.pop("config", None)
        merged = config if given is None else config.merge(given)
        trust = {"verify": str(self._mock.ca_path)} if self.endpoint_url.startswith("https:") else {}
        own = {"endpoint_url": self.endpoint_url, "config": merged, **trust}
        return self.session.client(service_name, **{**own, **options})

    # -- what arrived, and what shall go wrong -------------------------------------------------------------------------

    @property
    def endpoint(self) -> Protected:
        """Every service, as an endpoint that can be made to fail: `endpoint.fail(503)`."""
        return Protected(self, "")

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached AWS, in order of arrival; it is in `oauthmock.journal`, too."""
        return self.endpoint.exchanges

    # -- what a handle needs -------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return NAME

    @property
    def base_url(self) -> str:
        return self.endpoint_url

    @property
    def identifier(self) -> str:
        return self.endpoint_url

    @property
    def token_url(self) -> str:
        return self._mock.token_url

    @property
    def state(self) -> State:
        return self._mock.state

    @property
    def context(self) -> Context:
        return self._gate.context(self._mock.state)

    def __repr__(self) -> str:
        running = self._server is not None and self._server.running
        return f"<AwsServer at {self.endpoint_url}>" if running else "<AwsServer, not running>"


@functools.cache
def _moto() -> WSGIApplication:
    """One for the process: it makes a Flask application for each service, which takes a while and has no state."""
    from moto.server import DomainDispatcherApplication
    from moto.server import create_backend_app

    app: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return app


def _forget() -> None:
    from moto.moto_api._internal import moto_api_backend

    moto_api_backend.reset()
