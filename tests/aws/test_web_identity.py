"""AssumeRoleWithWebIdentity with this issuer: what is verified, and in which words it is refused."""

from __future__ import annotations

import base64
import collections.abc as cabc
import json
import pathlib
import re
import tomllib
import typing

import boto3
import httpx
import pytest
import time_machine
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from mockserver import AwsServer
from mockserver import OAuthMock
from mockserver import WebIdentity
from mockserver.aws.trust import Asker
from mockserver.aws.trust import refusal
from pytest_oauthmock.aws import WebIdentities

_TABLE = tomllib.loads(pathlib.Path(__file__).with_name("identities.toml").read_text(encoding="utf-8"))
_STATUS = {"IDPRejectedClaim": 403, "AccessDenied": 403, "RegionDisabledException": 403}


def _sts(**config: typing.Any) -> typing.Any:
    """As AWS's SDKs make it for this call: without credentials, here also without their own validation."""
    retries = {"total_max_attempts": 1}
    once = Config(**{"signature_version": UNSIGNED, "retries": retries, "parameter_validation": False, **config})
    return boto3.client("sts", region_name="us-east-1", config=once)


def _segment(part: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


# Of the issuer, by what a case calls them
_FAULTS: dict[str, cabc.Callable[[OAuthMock], object]] = {
    "jwks_503": lambda mock: mock.jwks_endpoint.fail(503),
    "jwks_cut": lambda mock: mock.jwks_endpoint.cut(),
    "jwks_garbage": lambda mock: mock.jwks_endpoint.garbage(),
    "jwks_silent": lambda mock: mock.jwks_endpoint.never_answer(),
    "jwks_html": lambda mock: mock.jwks_endpoint.reply(html="<p>Sorry</p>"),
    "jwks_empty": lambda mock: mock.jwks_endpoint.reply(json={"keys": []}),
    "jwks_chunked": lambda mock: mock.jwks_endpoint.frame_as("chunked"),
    "metadata_429": lambda mock: mock.openid_configuration_endpoint.fail(429),
    "metadata_404": lambda mock: mock.openid_configuration_endpoint.fail(404),
    "metadata_issuer": lambda mock: mock.openid_configuration_endpoint.alter({"issuer": "https://login.example.com"}),
    "advance": lambda mock: mock.clock.advance(hours=2),
    "rotate_keys": lambda mock: mock.rotate_keys(),
    "rotate_keys_overlap": lambda mock: mock.rotate_keys(overlap=True),
    "locked": lambda mock: mock.user("alice", sub="connector", account="locked"),
}


def _spoilt(how: str, mock: OAuthMock, identity: WebIdentity) -> str:
    """The token, or what becomes of it."""
    head, body, signature = identity.token.split(".")
    if how == "alg_none":
        return f"{_segment({'alg': 'none'})}.{body}."
    if how == "alg_hs256":
        kid = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
        return f"{_segment({'alg': 'HS256', 'kid': kid})}.{body}.{signature}"
    if how == "change":
        return f"{head}.{identity.issue(sub='somebody').split('.')[1]}.{signature}"
    if how == "revoked":
        mock.user("alice", sub="connector")
        issued = mock.client().grant(user="alice")
        issued.revoke()
        return issued.access_token
    _FAULTS[how](mock)
    return identity.token


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("case", _TABLE["case"], ids=lambda case: case["title"].replace(" ", "_"))
def test_what_sts_says(
    oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities, case: dict[str, typing.Any]
) -> None:
    audience = f"{oauthmock.url}/api" if case.get("do") == "revoked" else "sts.amazonaws.com"
    identity = oauthmock_aws_web_identity(aud=audience, conditions=case.get("conditions"))
    claims = {name: None if value == "missing" else value for name, value in case.get("claims", {}).items()}
    times = {name: int(oauthmock.clock.now()) + seconds for name, seconds in case.get("times", {}).items()}
    token = identity.rotate(**{**claims, **times})
    send = {"RoleArn": identity.role_arn, "RoleSessionName": "connector", "WebIdentityToken": token}
    if "do" in case:
        send["WebIdentityToken"] = _spoilt(case["do"], oauthmock, identity)
    sts = _sts()

    if not case["code"]:
        answer = sts.assume_role_with_web_identity(**{**send, **case.get("send", {})})
        assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/connector/connector"
        return
    with pytest.raises(ClientError) as caught:
        sts.assume_role_with_web_identity(**{**send, **case.get("send", {})})

    error, metadata = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    assert (error["Code"], metadata["HTTPStatusCode"]) == (case["code"], _STATUS.get(case["code"], 400))
    assert error["Message"] == case.get("message", error["Message"])
    refused = [exchange for exchange in oauthmock.journal if exchange.verdict == "refused"]
    assert [(exchange.error, exchange.guard) for exchange in refused] == [(case["code"], "web_identity")]
    assert refused[0].why


def test_the_session_is_good_for_what_it_says(
    aws: typing.Any, oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities
) -> None:
    """The whole answer, and a session that ends by the server's clock."""
    identity = oauthmock_aws_web_identity("reader", sub="job-7")
    answer = _sts().assume_role_with_web_identity(
        RoleArn=identity.role_arn, RoleSessionName="nightly", WebIdentityToken=identity.token, DurationSeconds=900
    )

    made = answer["Credentials"]
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"]) == ("job-7", "sts.amazonaws.com")
    assert answer["Provider"] == identity.provider_arn
    assert abs(made["Expiration"].timestamp() - oauthmock.clock.now() - 900) < 5
    session = boto3.session.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    assert session.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/reader/nightly")
    assert oauthmock.journal.last.caller == made["AccessKeyId"]
    oauthmock.clock.advance(minutes=15)
    with pytest.raises(ClientError, match="ExpiredToken"):
        session.client("s3").list_buckets()


@pytest.mark.usefixtures("aws")
def test_production_code_finds_the_file(oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities) -> None:
    """As in a pod of EKS, by nothing but the environment. A token that was left to expire is refused."""
    identity = oauthmock_aws_web_identity()
    boto3.client("s3").list_buckets()
    assert oauthmock.journal.last.caller.startswith("ASIA")  # type: ignore[union-attr]

    oauthmock.clock.advance(hours=2)
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        boto3.session.Session().client("s3").list_buckets()
    identity.rotate()
    boto3.session.Session().client("s3").list_buckets()


@pytest.mark.usefixtures("aws")
def test_a_client_reads_the_file_again(oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities) -> None:
    """When both clocks move, botocore renews its session, from the file as it is then."""
    identity = oauthmock_aws_web_identity()
    s3 = boto3.client("s3")
    s3.list_buckets()
    first = oauthmock.journal.last.caller

    with time_machine.travel(oauthmock.clock.now() + 7200, tick=True):
        identity.rotate()
        s3.list_buckets()

        assert oauthmock.journal.last.caller != first
    assert len([each for each in oauthmock.journal if each.guard == "web_identity"]) == 2


@pytest.mark.usefixtures("aws")
def test_keys_that_come_late_are_waited_for(
    oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore asks again after IDPCommunicationError."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    identity = oauthmock_aws_web_identity()
    oauthmock.jwks_endpoint.fail(503, times=2)

    _sts(retries={"mode": "standard"}).assume_role_with_web_identity(
        RoleArn=identity.role_arn, RoleSessionName="job", WebIdentityToken=identity.token
    )

    assert [each.error for each in oauthmock.journal if each.guard == "web_identity"] == [
        "IDPCommunicationError",
        "IDPCommunicationError",
        None,
    ]


@pytest.mark.usefixtures("aws")
def test_issuers_of_every_kind(oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities) -> None:
    """One with a path, and one at a real origin; each with keys of its own."""
    tenant = oauthmock.issuer("tenant-a")
    for issuer in (tenant, oauthmock.mount("https://oidc.eks.eu-west-1.amazonaws.com", connect=False)):
        identity = oauthmock_aws_web_identity(role=f"of-{len(oauthmock.journal)}", issuer=issuer)
        send = {"RoleArn": identity.role_arn, "RoleSessionName": "job", "WebIdentityToken": identity.token}
        assert issuer.identifier.partition("://")[2] in identity.provider_arn
        _sts().assume_role_with_web_identity(**send)
        other = {**send, "WebIdentityToken": identity.issue(iss=oauthmock.identifier)}
        with pytest.raises(ClientError, match="InvalidIdentityToken"):
            _sts().assume_role_with_web_identity(**other)


@pytest.mark.parametrize(("arns", "code"), [(9, ""), (10, "PackedPolicyTooLarge"), (11, "ValidationError")])
@pytest.mark.usefixtures("aws")
def test_policies_that_are_too_large_together(oauthmock_aws_web_identity: WebIdentities, arns: int, code: str) -> None:
    identity = oauthmock_aws_web_identity()
    policy = json.dumps({"Version": "2012-10-17", "Statement": [], "Id": "x" * 1640})
    send = {
        "RoleArn": identity.role_arn,
        "RoleSessionName": "job",
        "WebIdentityToken": identity.token,
        "Policy": policy,
        "PolicyArns": [{"arn": f"arn:aws:iam::aws:policy/{number:02}-123456789"} for number in range(arns)],
    }
    if not code:
        assert 90 < _sts().assume_role_with_web_identity(**send)["PackedPolicySize"] <= 100
        return
    with pytest.raises(ClientError, match=code):
        _sts().assume_role_with_web_identity(**send)


@pytest.mark.oauthmock_aws(disabled_regions=["me-south-1"])
def test_a_region_that_is_switched_off(oauthmock_aws: object, oauthmock_aws_web_identity: WebIdentities) -> None:
    """In process, where the region is in the host."""
    identity = oauthmock_aws_web_identity()
    send = {"RoleArn": identity.role_arn, "RoleSessionName": "job", "WebIdentityToken": identity.token}
    unsigned = Config(signature_version=UNSIGNED)

    boto3.client("sts", region_name="eu-west-1", config=unsigned).assume_role_with_web_identity(**send)
    with pytest.raises(ClientError, match="RegionDisabledException"):
        boto3.client("sts", region_name="me-south-1", config=unsigned).assume_role_with_web_identity(**send)


def test_sessions_of_users_have_keys_of_their_own(aws: typing.Any, oauthmock: OAuthMock) -> None:
    """GetSessionToken and GetFederationToken, for which moto has one key for everybody."""
    sts = aws.client("sts", config=Config(parameter_validation=False))
    first = sts.get_session_token(DurationSeconds=900)["Credentials"]
    answer = sts.get_federation_token(Name="guest")
    second = answer["Credentials"]

    assert answer["FederatedUser"]["Arn"] == "arn:aws:sts::123456789012:federated-user/guest"
    assert len({first["AccessKeyId"], second["AccessKeyId"]}) == 2
    sessions = [
        boto3.session.Session(each["AccessKeyId"], each["SecretAccessKey"], each["SessionToken"])
        for each in (first, second)
    ]
    for session in sessions:
        session.client("s3").list_buckets()
    oauthmock.clock.advance(minutes=16)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sessions[0].client("s3").list_buckets()
    sessions[1].client("s3").list_buckets()
    with pytest.raises(ClientError, match="ValidationError"):
        sts.get_session_token(DurationSeconds=899)
    with pytest.raises(ClientError, match="ValidationError"):
        sts.get_federation_token(Name="x")


@pytest.mark.usefixtures("aws")
def test_the_token_is_not_shown(oauthmock: OAuthMock, oauthmock_aws_web_identity: WebIdentities) -> None:
    identity = oauthmock_aws_web_identity()
    _sts().assume_role_with_web_identity(
        RoleArn=identity.role_arn, RoleSessionName="job", WebIdentityToken=identity.token
    )

    assert identity.token not in "\n".join(oauthmock.journal.last.lines())


def test_nothing_but_the_action(oauthmock_aws_server: AwsServer) -> None:
    """Everything that is missing, at once; as query parameters too."""
    url, send = oauthmock_aws_server.endpoint_url, {"Action": "AssumeRoleWithWebIdentity"}
    wrong = "; ".join(
        f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        for name in ("roleArn", "roleSessionName", "webIdentityToken")
    )
    said = [("Type", "Sender"), ("Code", "ValidationError"), ("Message", f"3 validation errors detected: {wrong}")]
    for answer in (httpx.post(url, data=send), httpx.get(url, params=send)):
        assert answer.status_code == 400
        assert re.findall("<(Type|Code|Message)>(.+?)</", answer.text) == said


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", '{"Statement": 7}', '{"Statement": ["x"]}', '{"Statement": {"Effect": "Allow", "Principal": 7}}'],
)
def test_trust_policies_that_are_none(document: str) -> None:
    """moto keeps whatever it is given; nobody gets in, and nothing breaks."""
    asker = Asker(provider_arn="arn", provider="idp", claims={"sub": "x"}, session_name="job")

    assert isinstance(refusal(document, asker), str)


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([{}], None),
        ([{"Action": "sts:AssumeRole"}], "Action is sts:AssumeRole, not sts:AssumeRoleWithWebIdentity"),
        ([{"Action": ["sts:AssumeRole", "sts:*"]}], None),
        ([{"Principal": {"Federated": "other"}}], "Principal.Federated is other, not arn"),
        ([{"Principal": "*"}], None),
        ([{"Principal": {"AWS": "arn"}}], "Principal.Federated is missing, not arn"),
        (
            [{}, {"Effect": "Deny", "Condition": {"StringEquals": {"IDP:SUB": "x"}}}],
            "statement 2 of the trust policy denies",
        ),
        ([{}, {"Effect": "Deny", "Condition": {"StringEquals": {"idp:sub": "y"}}}], None),
        (
            [{}, {"Effect": "Deny", "Condition": {"Unheard": {"idp:sub": "y"}}}],
            "statement 2 of the trust policy denies",
        ),
        ([{"Condition": {"Null": {"idp:amr": "true", "idp:sub": "false"}}}], None),
        ([{"Condition": {"Null": {"idp:sub": "true"}}}], "Null idp:sub wants true; it is x"),
        ([{"Condition": {"StringLike": {"idp:sub": "?"}}}], None),
        ([{"Condition": {"StringLike": {"idp:sub": "x?"}}}], "StringLike idp:sub wants x?; it is x"),
        (
            [{"Condition": {"StringNotLike": {"idp:sub": ["y*", "x*"]}}}],
            "StringNotLike idp:sub wants y* or x*; it is x",
        ),
        ([{"Condition": {"StringNotEquals": {"idp:amr": "pwd"}}}], None),
        ([{"Condition": {"ForAllValues:StringEquals": {"idp:amr": "pwd"}}}], None),
        ([{"Condition": {"StringEquals": {"idp:oaud": "api", "idp:aud": "app"}}}], None),
        ([], "no statement of the trust policy allows it: there is none"),
    ],
)
def test_trust(statements: list[dict[str, typing.Any]], why: str | None) -> None:
    """Statements that allow everything but for what they have here; a token with an azp."""
    action = "sts:AssumeRoleWithWebIdentity"
    whole = [
        {"Effect": "Allow", "Principal": {"Federated": ["arn"]}, "Action": action, **statement}
        for statement in statements
    ]
    claims = {"sub": "x", "aud": "api", "azp": "app"}
    asker = Asker(provider_arn="arn", provider="idp", claims=claims, session_name="job")

    told = refusal(json.dumps({"Statement": whole}), asker)

    assert told is None if why is None else why in str(told)
