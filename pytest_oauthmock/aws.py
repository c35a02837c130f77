"""AWS beside the mock: moto in process or at a port of its own, with an environment that has nothing of the user's."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import itertools
import pathlib
import typing

import pytest

if typing.TYPE_CHECKING:
    from boto3.session import Session

    from mockserver import AwsServer
    from mockserver import Issuer
    from mockserver import OAuthMock
    from mockserver import WebIdentity

__all__ = ["WebIdentities", "mocked", "served", "web_identities"]

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
    disabled_regions: cabc.Collection[str]


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
    keys, regions = Keys({**own, **asked.keys}), asked.disabled_regions
    with in_process(oauthmock, keys, verify=asked.verify, disabled_regions=regions):
        # Of its own, whatever becomes of the environment
        yield boto3.session.Session("testing", "testing", "testing")


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


class WebIdentities(typing.Protocol):
    """What `oauthmock_aws_web_identity` is."""

    def __call__(
        self,
        role: str = ...,
        *,
        sub: str = ...,
        aud: str = ...,
        issuer: Issuer | None = ...,
        lifetime: int = ...,
        session_name: str = ...,
        max_session_duration: int = ...,
        conditions: cabc.Mapping[str, cabc.Mapping[str, str | cabc.Sequence[str]]] | None = ...,
        **claims: typing.Any,
    ) -> WebIdentity:
        """Register the issuer and the role, write a token to a file, and have AWS's clients find it."""
        ...


def web_identities(oauthmock: OAuthMock, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> WebIdentities:
    """Each with a file of its own; the environment has the last."""
    from mockserver import WebIdentity

    numbers = itertools.count(1)

    def federate(
        role: str = "connector",
        *,
        sub: str = "connector",
        aud: str = "sts.amazonaws.com",
        issuer: Issuer | None = None,
        lifetime: int = 3600,
        session_name: str = "connector",
        max_session_duration: int = 3600,
        conditions: cabc.Mapping[str, cabc.Mapping[str, str | cabc.Sequence[str]]] | None = None,
        **claims: typing.Any,
    ) -> WebIdentity:
        place = folder / str(next(numbers))
        place.mkdir()
        identity = WebIdentity(
            issuer or oauthmock,
            place,
            role=role,
            sub=sub,
            aud=aud,
            lifetime=lifetime,
            session_name=session_name,
            max_session_duration=max_session_duration,
            conditions=conditions,
            claims=claims,
        )
        # botocore takes a key of the environment before any token
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in identity.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
        return identity

    return federate


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

    found = options.keywords(node, "oauthmock_aws", {"keys": cabc.Mapping, "verify": bool, "disabled_regions": list})
    keys = {name: key for keywords in reversed(found) for name, key in keywords.get("keys", {}).items()}
    verify = next((keywords["verify"] for keywords in found if "verify" in keywords), True)
    regions = next((keywords["disabled_regions"] for keywords in found if "disabled_regions" in keywords), ())
    return _Asked(keys, verify, regions)
