"""AWS beside the mock: moto in process or at a port of its own, with an environment that has nothing of the user's."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import pathlib
import typing

import pytest

if typing.TYPE_CHECKING:
    from boto3.session import Session

    from mockserver import AwsServer
    from mockserver import OAuthMock

__all__ = ["mocked", "served"]

_REGION = "us-east-1"
# botocore reads it in every process: what it would presign with is Signature Version 2, which new buckets refuse.
_CONFIG = """\
[default]
s3 =
  signature_version = s3v4
"""
# What moto puts into the environment where a test has its own `mock_aws` besides
_MOTOS = {"FOOBARKEY": "FOOBARSECRET"}


class _Asked(typing.NamedTuple):
    """What `@pytest.mark.oauthmock_aws(...)` says."""

    keys: cabc.Mapping[str, typing.Any]
    verify: bool


@contextlib.contextmanager
def mocked(
    oauthmock: OAuthMock, node: pytest.Item, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path
) -> cabc.Generator[Session]:
    """Every AWS service, empty, for as long as the context lasts. Fails the test when moto or boto3 is missing."""
    _need("oauthmock_aws")
    import boto3

    from mockserver.aws import in_process
    from mockserver.aws.keys import Keys
    from mockserver.guards import AccessKey

    asked = _asked(node)
    testing = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
    _isolate(monkeypatch, folder, testing)
    own = {
        name: AccessKey(secret, session_token="testing") for name, secret in {"testing": "testing", **_MOTOS}.items()
    }
    with in_process(oauthmock, Keys({**own, **asked.keys}), verify=asked.verify):
        yield boto3.session.Session()


@contextlib.contextmanager
def served(
    oauthmock: OAuthMock, node: pytest.Item, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path
) -> cabc.Generator[AwsServer]:
    """The same behind a port, which the environment leads to. Fails the test like `mocked`."""
    _need("oauthmock_aws_server")
    from mockserver import AwsServer

    asked = _asked(node)
    with AwsServer(oauthmock, keys=asked.keys, verify=asked.verify) as server:
        of_server = {
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
            "AWS_ENDPOINT_URL": server.endpoint_url,
        }
        if server.endpoint_url.startswith("https:"):
            of_server["AWS_CA_BUNDLE"] = str(oauthmock.ca_path)
        _isolate(monkeypatch, folder, of_server)
        # It has the credentials of whoever asked first, which may have been another test
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
        yield server


def _need(fixture: str) -> None:
    try:
        import boto3  # noqa: F401
        import moto.server  # noqa: F401
    except ImportError as error:
        missing = (error.name or "moto").partition(".")[0]
        pytest.fail(f"{fixture} needs {missing}; pip install 'pytest-oauthmock[aws]'", pytrace=False)


def _isolate(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path, variables: cabc.Mapping[str, str]) -> None:
    """Nothing of the user's account: not the profile, the files, the endpoints, nor the metadata of a machine."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    config = folder / "config"
    config.write_text(_CONFIG, encoding="utf-8")
    of_files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    fixed = {"AWS_DEFAULT_REGION": _REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in {**fixed, **of_files, **variables}.items():
        monkeypatch.setenv(name, value)


def _asked(node: pytest.Item) -> _Asked:
    """The nearest marker's word, with the keys of all."""
    from . import options

    found = options.keywords(node, "oauthmock_aws", {"keys": cabc.Mapping, "verify": bool})
    keys = {name: key for keywords in reversed(found) for name, key in keywords.get("keys", {}).items()}
    verify = next((keywords["verify"] for keywords in found if "verify" in keywords), True)
    return _Asked(keys, verify)
