"""boto3 against SigV4, with moto behind it: what moto itself does not look at is refused, in AWS's own words."""

from __future__ import annotations

import collections.abc as cabc
import typing

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import DomainDispatcherApplication
from moto.server import create_backend_app

from mockserver import AccessKey
from mockserver import OAuthMock
from mockserver import SigV4

_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_BODY = b"0123456789abcdef" * 600_000


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> cabc.Iterator[OAuthMock]:
    """Everything of moto behind the guard; a session beside the key."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with OAuthMock() as mock:
        keys = {"AKIDEXAMPLE": _SECRET, "ASIASESSION": AccessKey(_SECRET, session_token="token", expires=_soon(mock))}
        mock.protect("/", app=DomainDispatcherApplication(create_backend_app), guard=SigV4(keys))
        yield mock
        httpx.post(f"{mock.url}/moto-api/reset")
        assert mock.exceptions == []


def _soon(mock: OAuthMock) -> float:
    return mock.clock.now() + 3600


def client(mock: OAuthMock, name: str, **options: typing.Any) -> typing.Any:
    given = {
        "endpoint_url": mock.url,
        "region_name": "us-east-1",
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": _SECRET,
        "config": Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}),
        **options,
    }
    return boto3.client(name, **given)


def test_s3_with_keys_of_every_kind(aws: OAuthMock) -> None:
    """Raw paths, parts of 8 MiB and more, checksums in trailers and headers, presigned URLs."""
    s3 = client(aws, "s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket="bucket")
    for key in ("plain", "a b/ü+%.txt", "x/../y//z", "q?=&#"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"body")
        assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == b"body"
        if ".." in key:
            continue  # httpx takes it for a relative path
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": key}, ExpiresIn=60)
        assert httpx.get(url).content == b"body"
        assert httpx.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")).status_code == 403
    s3.put_object(Bucket="bucket", Key="large", Body=_BODY)
    assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == _BODY
    assert {exchange.guard for exchange in aws.journal} == {"sigv4"}


def test_the_older_signature_is_named(aws: OAuthMock) -> None:
    """What boto3 presigns with where nobody says otherwise: Signature Version 2."""
    url = client(aws, "s3").generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})

    assert httpx.get(url).status_code == 400
    assert aws.journal.last.error == "InvalidRequest"
    assert aws.journal.last.why.startswith("the URL is presigned with Signature Version 2")


def test_the_other_services(aws: OAuthMock) -> None:
    """JSON, query and REST."""
    client(aws, "dynamodb").list_tables()
    client(aws, "sqs").create_queue(QueueName="queue")
    client(aws, "sns").list_topics()
    client(aws, "secretsmanager").list_secrets()
    client(aws, "lambda").list_functions()
    client(aws, "sts").get_caller_identity()
    client(aws, "sts", aws_access_key_id="ASIASESSION", aws_session_token="token").get_caller_identity()

    assert [exchange.status for exchange in aws.journal] == [200] * 7
    assert aws.journal.last.caller == "ASIASESSION"


@pytest.mark.parametrize(
    ("service", "call", "options", "code"),
    [
        ("s3", "list_buckets", {"aws_secret_access_key": "x"}, "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", {"aws_secret_access_key": "x"}, "SignatureDoesNotMatch"),
        ("dynamodb", "list_tables", {"aws_secret_access_key": "x"}, "InvalidSignatureException"),
        ("s3", "list_buckets", {"aws_access_key_id": "AKIANOBODY"}, "InvalidAccessKeyId"),
        ("sts", "get_caller_identity", {"aws_access_key_id": "AKIANOBODY"}, "InvalidClientTokenId"),
        ("dynamodb", "list_tables", {"aws_access_key_id": "AKIANOBODY"}, "UnrecognizedClientException"),
        ("s3", "list_buckets", {"aws_access_key_id": "ASIASESSION", "aws_session_token": "x"}, "InvalidToken"),
    ],
)
def test_aws_says_no_in_its_own_words(
    aws: OAuthMock, service: str, call: str, options: dict[str, str], code: str
) -> None:
    """X27: as an SDK reads them."""
    with pytest.raises(ClientError) as caught:
        getattr(client(aws, service, **options), call)()
    assert caught.value.response["Error"]["Code"] == code


def test_a_session_ends_and_clocks_differ(aws: OAuthMock) -> None:
    """X27: ExpiredToken by the server's clock; RequestTimeTooSkewed by the client's."""
    aws.clock.advance(hours=2)
    with pytest.raises(ClientError, match="ExpiredToken"):
        client(aws, "s3", aws_access_key_id="ASIASESSION", aws_session_token="token").list_buckets()
    aws.clock.skew(minutes=16)
    with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
        client(aws, "s3").list_buckets()
    with pytest.raises(ClientError, match="Signature expired"):
        client(aws, "sts").get_caller_identity()
