"""moto beside the mock: AWS in process, with credentials that are nobody's."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing

import pytest

if typing.TYPE_CHECKING:
    from boto3.session import Session

__all__ = ["mocked"]

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextlib.contextmanager
def mocked(monkeypatch: pytest.MonkeyPatch) -> cabc.Generator[Session]:
    """Every AWS service, empty, for as long as the context lasts. Fails the test when moto or boto3 is missing."""
    try:
        import boto3
        import moto
    except ImportError as error:
        pytest.fail(f"oauthmock_aws needs {error.name}; pip install 'pytest-oauthmock[aws]'", pytrace=False)
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws():
        yield boto3.session.Session()
