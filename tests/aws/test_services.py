"""What boto3 and others do with AWS's services goes through the gate, in process and at the port."""

from __future__ import annotations

import io
import os
import socket
import typing

import boto3
import httpx
import moto
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from mockserver import AccessKey
from mockserver import AwsServer
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import SigV4

_KEYS = ("plain", "a b/ü+%.txt", "x/../y//z", "q?=&#", "token", "callback", "authorize/.well-known/jwks.json")


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6761 6.3: names below `localhost` are loopback, which not every resolver knows."""
    before = socket.getaddrinfo

    def found(host: typing.Any, *rest: typing.Any, **named: typing.Any) -> typing.Any:
        return before("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.usefixtures("resolved")
def test_s3_with_keys_of_every_kind(
    aws: typing.Any, oauthmock: OAuthMock, style: str, request: pytest.FixtureRequest
) -> None:
    """Raw paths, buckets in the host's name; paths that the OAuth server has for itself are AWS's here."""
    options: dict[str, typing.Any] = {}
    if style == "virtual" and "oauthmock_aws_server" in request.fixturenames:
        server: AwsServer = request.getfixturevalue("oauthmock_aws_server")
        options["endpoint_url"] = server.endpoint_url.replace("127.0.0.1", "localhost")
    s3 = aws.client("s3", config=Config(s3={"addressing_style": style}), **options)
    s3.create_bucket(Bucket="bucket")
    for key in _KEYS:
        s3.put_object(Bucket="bucket", Key=key, Body=b"body")
        assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == b"body"
    hosts = {exchange.request.host.partition(".")[0] == "bucket" for exchange in list(oauthmock.journal)[1:]}
    assert hosts == {style == "virtual"}
    assert sorted(found["Key"] for found in s3.list_objects_v2(Bucket="bucket")["Contents"]) == sorted(_KEYS)


def test_presigned_urls(aws: typing.Any) -> None:
    """GET and PUT, by another client than boto3, which presigns with what new buckets take."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    where = {"Bucket": "bucket", "Key": "a b/ü.txt"}

    put = s3.generate_presigned_url("put_object", Params=where, ExpiresIn=60)
    assert requests.put(put, data=b"body").status_code == 200
    assert requests.get(s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)).content == b"body"

    assert requests.put(put.replace("%C3%BC", "u"), data=b"body").status_code == 403


@pytest.mark.oauthmock(https=True)
@pytest.mark.parametrize("checksum", ["CRC32", "SHA256"])
def test_streams_with_trailers(aws: typing.Any, oauthmock: OAuthMock, checksum: str) -> None:
    """Parts of 8 MiB, chunks with a checksum behind them, which boto3 sends over TLS alone."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    large = b"0123456789abcdef" * 600_000

    s3.upload_fileobj(io.BytesIO(large), "bucket", "large")
    s3.put_object(Bucket="bucket", Key="small", Body=io.BytesIO(b"body"), ChecksumAlgorithm=checksum)

    hashes = {value for each in oauthmock.journal for value in each.request.header_values("x-amz-content-sha256")}
    assert any(value.startswith("STREAMING-") for value in hashes)
    assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == large
    assert s3.get_object(Bucket="bucket", Key="small")["Body"].read() == b"body"


def test_the_other_services(aws: typing.Any, oauthmock: OAuthMock) -> None:
    """JSON, query, EC2 and REST."""
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(TableName="table", **table)
    dynamodb.put_item(TableName="table", Item={"id": {"S": "ü"}})
    assert dynamodb.scan(TableName="table")["Count"] == 1
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    topic = aws.client("sns").create_topic(Name="topic")["TopicArn"]
    aws.client("sns").publish(TopicArn=topic, Message="hello")
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="name", SecretString="text")
    assert secrets.get_secret_value(SecretId="name")["SecretString"] == "text"
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("ec2").describe_instances()["Reservations"] == []

    assert {(exchange.verdict, exchange.guard) for exchange in oauthmock.journal} == {("accepted", "sigv4")}


def test_keys_that_iam_made(aws: typing.Any) -> None:
    """Good from when they are made until they are switched off."""
    iam = aws.client("iam")
    iam.create_user(UserName="sync")
    key = iam.create_access_key(UserName="sync")["AccessKey"]
    sync = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")

    assert sync.client("sts").get_caller_identity()["Arn"].endswith(":user/sync")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        boto3.session.Session(key["AccessKeyId"], "wrong").client("sts").get_caller_identity()
    iam.update_access_key(UserName="sync", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sync.client("sts").get_caller_identity()


def test_sessions_that_sts_made_end_by_the_servers_clock(aws: typing.Any, oauthmock: OAuthMock) -> None:
    """Whether the time was moved before the session was made or after it."""
    oauthmock.clock.advance(days=1)
    role = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "RoleSessionName": "test"}
    made = aws.client("sts").assume_role(**role, DurationSeconds=900)["Credentials"]
    session = boto3.session.Session(
        made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], region_name="us-east-1"
    )

    assert abs(made["Expiration"].timestamp() - oauthmock.clock.now() - 900) < 5
    assert "assumed-role/reader/test" in session.client("sts").get_caller_identity()["Arn"]
    oauthmock.clock.advance(minutes=16)
    with pytest.raises(ClientError, match="ExpiredToken"):
        session.client("sts").get_caller_identity()


def test_what_aws_asks_no_signature_for(aws: typing.Any, oauthmock: OAuthMock) -> None:
    """Cognito's sign-up, by the service's own model; the operation beside it wants one."""
    cognito = aws.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    app = cognito.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]["ClientId"]

    cognito.sign_up(ClientId=app, Username="alice", Password="Wonderland-1")

    assert oauthmock.journal.last.why.endswith("AWS asks for no signature there")
    assert cognito.admin_get_user(UserPoolId=pool, Username="alice")["UserStatus"] == "UNCONFIRMED"


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [("ec2", "describe_fleet_history", {"FleetId": "fleet-1", "StartTime": 0}), ("ssm", "describe_patch_groups", {})],
)
def test_what_moto_has_not(
    aws: typing.Any, oauthmock: OAuthMock, service: str, call: str, arguments: dict[str, typing.Any]
) -> None:
    """In process as with moto alone; at the port an error in the service's words, and no defect of the mock's."""
    server = oauthmock.state.port is not None and "AWS_ENDPOINT_URL" in os.environ
    with pytest.raises(ClientError if server else NotImplementedError) as caught:
        getattr(aws.client(service), call)(**arguments)
    if server:
        assert caught.value.response["Error"]["Code"] == "NotImplemented"  # type: ignore[attr-defined]
    assert oauthmock.exceptions == []


def test_open_paths_are_open_to_nobody_who_signs(oauthmock_aws_server: AwsServer) -> None:
    """Where no signature is asked for, one that is there is verified all the same."""
    url = f"{oauthmock_aws_server.endpoint_url}/bucket/.well-known/jwks.json"
    request = AWSRequest("GET", url)
    S3SigV4Auth(Credentials(oauthmock_aws_server.access_key_id, "wrong"), "s3", "us-east-1").add_auth(request)

    assert httpx.get(url, headers=dict(request.headers.items())).status_code == 403


def test_every_test_has_an_aws_of_its_own(aws: typing.Any) -> None:
    """Each of the two ways, and whatever other tests did."""
    assert aws.client("s3").list_buckets()["Buckets"] == []
    aws.client("s3").create_bucket(Bucket="bucket")


def test_a_reset_of_the_mock_leaves_aws_as_it_is(aws: typing.Any, oauthmock: OAuthMock) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")

    oauthmock.reset()

    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["bucket"]
    assert [exchange.verdict for exchange in oauthmock.journal] == ["accepted"]


@pytest.mark.oauthmock_aws(keys={"AKIAOTHER": "secret", "ASIAOTHER": AccessKey("secret", session_token="token")})
def test_further_keys(aws: typing.Any) -> None:
    boto3.client(
        "s3", aws_access_key_id="AKIAOTHER", aws_secret_access_key="secret", aws_session_token=""
    ).list_buckets()
    keys = {"aws_access_key_id": "ASIAOTHER", "aws_secret_access_key": "secret", "aws_session_token": "token"}
    boto3.client("s3", **keys).list_buckets()
    with pytest.raises(ClientError, match="InvalidToken"):
        boto3.client("s3", **{**keys, "aws_session_token": "other"}).list_buckets()


@pytest.mark.oauthmock_aws(verify=False)
def test_signatures_that_nobody_verifies(aws: typing.Any, oauthmock: OAuthMock) -> None:
    boto3.client("s3", aws_access_key_id="anybody", aws_secret_access_key="x", aws_session_token="").list_buckets()

    assert oauthmock.journal.last.why.endswith("signatures are not verified here")


@moto.mock_aws
def test_within_motos_own_decorator(oauthmock_aws: typing.Any, oauthmock: OAuthMock) -> None:
    """It puts a key of its own into the environment, which is good then."""
    boto3.client("s3").create_bucket(Bucket="bucket")

    assert oauthmock.journal.last.caller == "FOOBARKEY"
    assert [bucket["Name"] for bucket in oauthmock_aws.client("s3").list_buckets()["Buckets"]] == ["bucket"]


def test_what_is_not_aws_goes_where_it_goes(oauthmock_aws: typing.Any, oauthmock: OAuthMock) -> None:
    """The mock itself, by requests and by boto3."""
    echo = oauthmock.protect(
        "/s3", app=oauthmock.echo, guard=SigV4({"testing": AccessKey("testing", session_token="testing")})
    )

    assert requests.get(oauthmock.jwks_url).json()["keys"]
    oauthmock_aws.client("s3", endpoint_url=echo.url).head_bucket(Bucket="bucket")

    assert [exchange.issuer for exchange in oauthmock.journal] == ["", ""]


# -- the server --------------------------------------------------------------------------------------------------------


def test_another_http_client_signs_for_itself(oauthmock_aws_server: AwsServer, oauthmock: OAuthMock) -> None:
    """What moto in process never sees: httpx."""
    url = f"{oauthmock_aws_server.endpoint_url}/"
    request = AWSRequest(method="POST", url=url, data=b"{}", headers={"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    credentials = Credentials(oauthmock_aws_server.access_key_id, oauthmock_aws_server.secret_access_key)
    SigV4Auth(credentials, "dynamodb", "us-east-1").add_auth(request)

    answer = httpx.post(url, content=b"{}", headers=dict(request.headers.items()))

    assert answer.json() == {"TableNames": []}
    assert oauthmock.journal.last is oauthmock_aws_server.exchanges[-1]


def test_the_server_is_made_to_fail(oauthmock_aws_server: AwsServer) -> None:
    """AWS's own client asks again."""
    oauthmock_aws_server.endpoint.fail(503, times=2)

    oauthmock_aws_server.client("s3").list_buckets()

    assert [exchange.status for exchange in oauthmock_aws_server.exchanges] == [503, 503, 200]


def test_the_server_forgets(oauthmock_aws_server: AwsServer) -> None:
    s3 = oauthmock_aws_server.client("s3")
    s3.create_bucket(Bucket="bucket")

    oauthmock_aws_server.reset()

    assert s3.list_buckets()["Buckets"] == []


def test_malformed_requests_are_nobodys_500(oauthmock_aws_server: AwsServer) -> None:
    """Whatever there is in place of a signature."""
    url = oauthmock_aws_server.endpoint_url
    authorizations = [
        "",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=/",
        "Basic eDp5",
        "\u00fc",
        "AWS4-HMAC-SHA256 =,",
    ]
    for authorization in authorizations:
        answer = httpx.get(f"{url}/bucket", headers={"Authorization": authorization.encode("latin-1")})
        assert answer.status_code in (400, 403), authorization
    for query in ("Action=%FF", "X-Amz-Algorithm=x", "X-Amz-Credential=", "Action=AssumeRoleWithWebIdentity%00"):
        assert httpx.get(f"{url}/?{query}").status_code in (400, 403), query


def test_without_pytest() -> None:
    """For other runners; a server that was stopped starts again."""
    with OAuthMock() as mock:
        server = AwsServer(mock)
        assert repr(server) == "<AwsServer, not running>"
        for _ in range(2):
            with server:
                server.client("s3").create_bucket(Bucket="bucket")
                assert repr(server) == f"<AwsServer at {server.endpoint_url}>"
        with server, pytest.raises(ConfigurationError, match="moto is in use in this process"):
            AwsServer(mock).start()


@pytest.mark.parametrize(
    "order", [("oauthmock_aws", "oauthmock_aws_server"), ("oauthmock_aws_server", "oauthmock_aws")]
)
def test_one_of_the_two_at_a_time(request: pytest.FixtureRequest, order: tuple[str, str]) -> None:
    request.getfixturevalue(order[0])
    with pytest.raises(ConfigurationError, match="moto is in use in this process"):
        request.getfixturevalue(order[1])
