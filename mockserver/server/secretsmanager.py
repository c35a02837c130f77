"""AWS Secrets Manager, where moto answers for it: what a test puts there must not get to the real one."""

from __future__ import annotations

import os
import sys
import typing
import urllib.parse

from ..errors import ConfigurationError
from ..registration import is_loopback

__all__ = ["put"]


def put(name: str, text: str, *, region_name: str | None) -> str:
    """Create or replace a secret; its ARN. Raises `ConfigurationError`."""
    try:
        import boto3
    except ImportError:
        raise ConfigurationError("boto3 is not installed; pip install 'pytest-oauthmock[aws]'") from None
    _check_is_motos()
    region = region_name or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    client = boto3.client("secretsmanager", region_name=region)
    try:
        answer = client.create_secret(Name=name, SecretString=text)
    except client.exceptions.ResourceExistsException:
        answer = client.put_secret_value(SecretId=name, SecretString=text)
    return str(answer["ARN"])


def _check_is_motos() -> None:
    # Not of a client: to make one, boto3 looks for credentials, at the metadata of the machine in the end
    models: typing.Any = sys.modules.get("moto.core.models")
    if models is not None and models.botocore_stubber.enabled:
        return
    url = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or os.environ.get("AWS_ENDPOINT_URL") or ""
    if not is_loopback(urllib.parse.urlsplit(url).hostname or ""):
        raise ConfigurationError(
            f"moto does not answer for {url or 'AWS'}, so nothing was sent there; request oauthmock_aws or"
            " oauthmock_aws_server, or use moto's own mock_aws"
        )
