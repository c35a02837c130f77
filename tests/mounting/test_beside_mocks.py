"""Beside moto and `responses`, in any order."""

from __future__ import annotations

import collections.abc as cabc
import typing

import boto3
import moto
import pytest
import requests
import responses
from moto.server import ThreadedMotoServer

from mockserver import OAuthMock
from mockserver import UnmountedHostError
from mounting.reaching import reach

_CRM = "https://crm.example.net/orders"
"""What another mock answers for."""


@pytest.fixture(autouse=True)
def credentials_for_testing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


# -- moto --------------------------------------------------------------------------------------------------------------


def _use_aws(**client: typing.Any) -> None:
    s3 = boto3.client("s3", **client)
    where = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket="orders", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["orders"]


@pytest.fixture
def aws() -> cabc.Iterator[None]:
    with moto.mock_aws():
        yield


@moto.mock_aws
def test_beside_moto_decorator(oauthmock: OAuthMock) -> None:
    reach(oauthmock)
    _use_aws()


def test_beside_moto_fixture_before(aws: None, oauthmock: OAuthMock) -> None:
    reach(oauthmock)
    _use_aws()


def test_beside_moto_fixture_after(oauthmock: OAuthMock, aws: None) -> None:
    oauthmock.mount("https://sso.example.com")
    reach(oauthmock)
    _use_aws()


def test_beside_moto_context(oauthmock: OAuthMock) -> None:
    """The mount is there before, during and after it, and presigned URLs are moto's as well."""
    login = oauthmock.mount("https://sso.example.com")
    with moto.mock_aws():
        reach(oauthmock)
        _use_aws()
        s3 = boto3.client("s3")
        s3.put_object(Bucket="orders", Key="1", Body=b"paid")
        url = s3.generate_presigned_url("get_object", {"Bucket": "orders", "Key": "1"})
        assert requests.get(url, timeout=10).content == b"paid"
    assert requests.get(login.jwks_url, timeout=10).status_code == 200


def test_beside_moto_server(oauthmock: OAuthMock) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        oauthmock.mount("https://sso.example.com")
        reach(oauthmock)
        url = "http://{}:{}".format(*server.get_host_and_port())
        # Its accounts are the process's, and other tests use them without a server.
        assert requests.post(f"{url}/moto-api/reset", timeout=10).ok
        _use_aws(endpoint_url=url)
    finally:
        server.stop()


# -- responses ---------------------------------------------------------------------------------------------------------


def _ask_crm(http: typing.Any = requests) -> None:
    assert http.get(_CRM, timeout=10).json() == [1]


@responses.activate
def test_beside_responses_decorator(oauthmock: OAuthMock) -> None:
    responses.get(_CRM, json=[1])
    reach(oauthmock)
    _ask_crm()


def test_beside_responses_before(oauthmock: OAuthMock) -> None:
    """Nothing of what it keeps count of is ours."""
    with responses.RequestsMock() as rsps:
        rsps.get(_CRM, json=[1])
        reach(oauthmock)
        _ask_crm()
        assert [call.request.url for call in rsps.calls] == [_CRM]
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            requests.get("https://other.example.net", timeout=10)


def test_beside_responses_after(oauthmock: OAuthMock) -> None:
    login = oauthmock.mount("https://sso.example.com")
    with responses.RequestsMock() as rsps:
        rsps.get(_CRM, json=[1])
        reach(oauthmock)
        _ask_crm()
    assert requests.get(login.jwks_url, timeout=10).status_code == 200


@pytest.fixture
def rsps() -> cabc.Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_beside_responses_fixture(rsps: responses.RequestsMock, oauthmock: OAuthMock) -> None:
    """The one of its own documentation."""
    rsps.get(_CRM, json=[1])
    reach(oauthmock)
    _ask_crm()


def test_beside_responses_then_moto(oauthmock: OAuthMock) -> None:
    """
    The later one wins, and moto lets through whatever is not AWS: without a mount it would go to the real provider.

    So does what the earlier one has an answer for; it is refused while something is mounted.
    """
    with responses.RequestsMock() as rsps:
        rsps.get(_CRM, json=[1])
        with moto.mock_aws():
            reach(oauthmock)
            _use_aws()
            oauthmock.mount("https://sso.example.com")
            with pytest.raises(UnmountedHostError, match=r"https://crm\.example\.net is not mounted"):
                _ask_crm()
        reach(oauthmock)
        _ask_crm()


def test_beside_moto_then_responses(oauthmock: OAuthMock) -> None:
    with moto.mock_aws(), responses.RequestsMock() as rsps:
        rsps.get(_CRM, json=[1])
        reach(oauthmock)
        _use_aws()
        _ask_crm()
