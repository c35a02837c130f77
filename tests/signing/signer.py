"""A request that botocore signs, for a test to spoil."""

from __future__ import annotations

import typing
import urllib.parse

from botocore.auth import S3SigV4Auth
from botocore.auth import S3SigV4QueryAuth
from botocore.auth import SigV4Auth
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .wire import Wire

__all__ = ["ACCESS_KEY", "SECRET", "sign"]

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def sign(
    method: str = "GET",
    url: str = "http://api.example/orders?page=2",
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    service: str = "execute-api",
    region: str = "us-east-1",
    access_key: str = ACCESS_KEY,
    secret: str = SECRET,
    token: str | None = None,
    expires: int | None = None,
) -> Wire:
    """Signed now; with `expires`, in the URL."""
    credentials = Credentials(access_key, secret, token)
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    signer: typing.Any
    if expires is None:
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region)
    else:
        signer = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(credentials, service, region, expires)
    signer.add_auth(request)
    parts = urllib.parse.urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return Wire(method, target, [("Host", parts.netloc), *request.headers.items()], body)
