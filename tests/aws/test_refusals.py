"""X27: whatever is wrong with a signature is refused in the words of the service, in process and at the port."""

from __future__ import annotations

import pathlib
import re
import tomllib
import typing

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from mockserver import OAuthMock

_TABLE = tomllib.loads(pathlib.Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8"))

_CALLS: dict[str, tuple[str, dict[str, typing.Any]]] = {
    "s3": ("put_object", {"Bucket": "bucket", "Key": "key", "Body": b"body"}),
    "sts": ("get_caller_identity", {}),
    "ec2": ("describe_vpcs", {}),
    "dynamodb": ("list_tables", {}),
    "lambda": ("list_functions", {}),
    "sns": ("create_topic", {"Name": "topic"}),
    "sqs": ("create_queue", {"QueueName": "queue"}),
    "secretsmanager": ("create_secret", {"Name": "name", "SecretString": "text"}),
}
# One attempt, so that the journal has one exchange; a body that is hashed whatever the scheme
_CONFIG = Config(
    retries={"total_max_attempts": 1},
    request_checksum_calculation="when_required",
    s3={"payload_signing_enabled": True},
)


def _id(case: dict[str, typing.Any]) -> str:
    return f"{case['title']}-{case['service']}".replace(" ", "_")


def _change_body(request: typing.Any, **_: typing.Any) -> None:
    body = request.body.read() if hasattr(request.body, "read") else request.body
    octets = body.encode() if isinstance(body, str) else body
    request.body = octets[:-1] + bytes((octets[-1] ^ 1,))


def _drop_authorization(request: typing.Any, **_: typing.Any) -> None:
    del request.headers["Authorization"]


def _bearer(request: typing.Any, **_: typing.Any) -> None:
    del request.headers["Authorization"]
    request.headers["Authorization"] = "Bearer eyJ"


_DONE = {"change_body": _change_body, "drop_authorization": _drop_authorization, "bearer": _bearer}


def _credentials(aws: typing.Any, case: dict[str, typing.Any]) -> dict[str, str | None]:
    own = aws.get_credentials()
    given = {"AccessKeyId": own.access_key, "SecretAccessKey": own.secret_key, "SessionToken": own.token}
    if case.get("session"):
        role = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "RoleSessionName": "test"}
        given = aws.client("sts").assume_role(**role)["Credentials"]
    return {
        "aws_access_key_id": case.get("key", given["AccessKeyId"]),
        "aws_secret_access_key": case.get("secret", given["SecretAccessKey"]),
        "aws_session_token": case.get("token", given["SessionToken"]) or None,
    }


@pytest.mark.parametrize("case", _TABLE["case"], ids=_id)
def test_it_is_refused(
    aws: typing.Any, oauthmock: OAuthMock, case: dict[str, typing.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if case["service"] == "s3":
        aws.client("s3").create_bucket(Bucket="bucket")
    credentials = _credentials(aws, case)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.session.Session(**credentials, region_name="us-east-1")
    client = session.client(case["service"], config=_CONFIG)
    oauthmock.clock.advance(hours=case.get("advance", 0))
    oauthmock.clock.skew(minutes=case.get("skew", 0))
    before = len(oauthmock.journal)

    if "url" in case:
        code, status = _presigned(client, case["url"])
    else:
        if "do" in case:
            client.meta.events.register_first("before-send", _DONE[case["do"]])
        call, arguments = _CALLS[case["service"]]
        with pytest.raises(ClientError) as caught:
            getattr(client, call)(**arguments)
        code = caught.value.response["Error"]["Code"]
        status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]

    assert (code, status) == (case["code"], case["status"])
    [exchange] = list(oauthmock.journal)[before:]
    assert (exchange.verdict, exchange.error, exchange.issuer) == ("refused", case["code"], "aws")
    assert exchange.why


def _presigned(client: typing.Any, changes: dict[str, str]) -> tuple[str, int]:
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"}, ExpiresIn=60)
    for old, new in changes.items():
        assert old in url
        url = url.replace(old, new)
    answer = requests.get(url)
    assert answer.headers["Content-Type"] == "application/xml"
    return re.findall("<Code>(.+)</Code>", answer.text)[0], answer.status_code


@pytest.mark.parametrize("service", _CALLS)
def test_what_is_right_is_taken(aws: typing.Any, oauthmock: OAuthMock, service: str) -> None:
    """The same calls by the same credentials, with nothing done to them."""
    if service == "s3":
        aws.client("s3").create_bucket(Bucket="bucket")
    call, arguments = _CALLS[service]

    getattr(aws.client(service, config=_CONFIG), call)(**arguments)

    assert (oauthmock.journal.last.verdict, oauthmock.journal.last.guard) == ("accepted", "sigv4")
