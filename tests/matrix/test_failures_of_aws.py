"""Section 4 of the matrix, row X27: AWS's errors about signatures, and a connector that heeds them or does not."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import email.utils
import typing
import xml.etree.ElementTree as ET

import botocore.auth
import httpx
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from matrix.rows import Case
from matrix.rows import of
from mockserver import AccessKey
from mockserver import OAuthMock
from mockserver import SigV4

_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_SIGNERS = {"s3": botocore.auth.S3SigV4Auth, "sts": botocore.auth.SigV4Auth}


@dataclasses.dataclass
class Connector:
    """Signs, and asks once more when it is refused; one that heeds changes what the error is about, or gives up."""

    url: str
    service: str
    credentials: Credentials
    heeds: bool
    renew: cabc.Callable[[], Credentials]
    monkeypatch: pytest.MonkeyPatch
    region: str = "us-east-1"

    def call(self) -> httpx.Response:
        answer = self._send()
        if answer.status_code == 200:
            return answer
        code = ET.fromstring(answer.content).findtext(".//{*}Code") or ""
        if self.heeds:
            if code in ("SignatureDoesNotMatch", "InvalidClientTokenId"):
                return answer
            self._heed(code, answer)
        return self._send()

    def _heed(self, code: str, answer: httpx.Response) -> None:
        if code == "RequestTimeTooSkewed":
            now = email.utils.parsedate_to_datetime(answer.headers["Date"])
            self.monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: now)
        elif code == "ExpiredToken":
            self.credentials = self.renew()
        elif code == "AuthorizationHeaderMalformed":
            self.region = ET.fromstring(answer.content).findtext("Region") or ""

    def _send(self) -> httpx.Response:
        request = AWSRequest(method="GET", url=self.url)
        signer: typing.Any = _SIGNERS[self.service](self.credentials, self.service, self.region)
        signer.add_auth(request)
        return httpx.get(self.url, headers=dict(request.headers.items()))


@pytest.fixture
def aws() -> cabc.Iterator[OAuthMock]:
    with OAuthMock() as mock:
        yield mock


@of(
    "X27",
    *("RequestTimeTooSkewed", "ExpiredToken", "AuthorizationHeaderMalformed"),
    *("SignatureDoesNotMatch", "InvalidClientTokenId"),
)
def test_signatures(aws: OAuthMock, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = {
        name: AccessKey(_SECRET, session_token=name, expires=aws.clock.now() + lifetime)
        for name, lifetime in (("ASIAOLD", 3600), ("ASIANEW", 36_000))
    }
    region = "eu-west-1" if case.title == "AuthorizationHeaderMalformed" else None
    bucket = aws.protect("/bucket", app=aws.echo, guard=SigV4({"AKIA": _SECRET, **sessions}, region=region))
    connector = Connector(
        url=f"{bucket.url}/key",
        service="sts" if case.title == "InvalidClientTokenId" else "s3",
        credentials=Credentials("AKIA", _SECRET),
        heeds=case.given["heeds"],
        renew=lambda: Credentials("ASIANEW", _SECRET, "ASIANEW"),
        monkeypatch=monkeypatch,
    )
    if case.title == "RequestTimeTooSkewed":
        aws.clock.skew(minutes=20)
    elif case.title == "ExpiredToken":
        connector.credentials = Credentials("ASIAOLD", _SECRET, "ASIAOLD")
        aws.clock.advance(hours=2)
    elif case.title == "SignatureDoesNotMatch":
        connector.credentials = Credentials("AKIA", "another secret")
    elif case.title == "InvalidClientTokenId":
        connector.credentials = Credentials("AKIANOBODY", _SECRET)

    assert connector.call().status_code == case.status
    assert [exchange.error for exchange in bucket.exchanges][:1] == [case.error]
    gives_up = case.given["heeds"] and case.status == 403
    assert len(bucket.exchanges) == (1 if gives_up else 2)
