"""A client's settings where production code looks for them."""

from __future__ import annotations

import json
import typing

import boto3
import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock


def _stored(name: str, **options: typing.Any) -> typing.Any:
    return json.loads(boto3.client("secretsmanager", **options).get_secret_value(SecretId=name)["SecretString"])


@pytest.mark.usefixtures("aws")
def test_a_client_is_stored_and_replaced(oauthmock: OAuthMock) -> None:
    """After a rotation the secret has the new one, under the same ARN."""
    client = oauthmock.client("crm", client_secret="old")
    arn = client.store_in_secretsmanager("prod/crm")
    urls = {"token_url": oauthmock.token_url, "token_endpoint": oauthmock.token_url}
    assert _stored("prod/crm") == {"client_id": "crm", "client_secret": "old", **urls}

    client.rotate_secret("new")

    assert client.store_in_secretsmanager("prod/crm") == arn
    assert _stored("prod/crm") == {"client_id": "crm", "client_secret": "new", **urls}


@pytest.mark.usefixtures("aws")
def test_a_public_client_in_another_region(oauthmock: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The region of the argument before that of the environment."""
    client = oauthmock.client("spa", token_endpoint_auth_method="none", grant_types=["authorization_code"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert client.store_in_secretsmanager("spa").startswith("arn:aws:secretsmanager:eu-west-1:")
    assert client.store_in_secretsmanager("spa", region_name="eu-north-1").startswith(
        "arn:aws:secretsmanager:eu-north-1:"
    )
    assert _stored("spa", region_name="eu-north-1")["client_secret"] is None


@pytest.mark.parametrize("url", ["", "https://secretsmanager.example.com"])
def test_nothing_gets_to_the_real_one(oauthmock: OAuthMock, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(ConfigurationError) as caught:
        oauthmock.client("crm").store_in_secretsmanager("prod/crm")
    assert str(caught.value) == (
        f"moto does not answer for {url or 'AWS'}, so nothing was sent there; request oauthmock_aws or"
        " oauthmock_aws_server, or use moto's own mock_aws"
    )
