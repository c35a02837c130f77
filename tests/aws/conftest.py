"""AWS in both ways, as a boto3 session whose clients find it by the environment."""

from __future__ import annotations

import functools
import typing

import boto3
import botocore.loaders
import botocore.session
import pytest

# A session reads the models of services from files, which takes longer than most tests
_LOADER = functools.cache(botocore.loaders.create_loader)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.session, "create_loader", _LOADER)


@pytest.fixture(params=["in process", "server"])
def aws(request: pytest.FixtureRequest) -> typing.Any:
    """What both ways have in common."""
    if request.param == "in process":
        return request.getfixturevalue("oauthmock_aws")
    request.getfixturevalue("oauthmock_aws_server")
    return boto3.session.Session()
