"""
Requests that awscrt signs by Version 4A: `python tests/signing/make_sigv4a.py > tests/signing/sigv4a.toml`.

It needs the extra `sigv4a`. A signature of ECDSA is another one each time, and all of them are right.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
import typing

import awscrt.auth
import awscrt.http

_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_WHEN = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
_HEADERS = awscrt.auth.AwsSignatureType.HTTP_REQUEST_HEADERS
_QUERY = awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS

_CASES: tuple[dict[str, typing.Any], ...] = (
    {"title": "a GET", "target": "/orders?b=2&a=1&a=0"},
    {"title": "a POST", "method": "POST", "target": "/orders", "body": '{"id": 1}', "regions": "us-east-1,eu-*"},
    {"title": "dots and blanks", "target": "/a/./b/../c%20d//e"},
    {"title": "a session", "target": "/orders", "token": "session-token"},
    {"title": "in the URL", "target": "/orders?x=1", "expires": 60},
    {
        "title": "in the URL, a session",
        "target": "/orders",
        "expires": 60,
        "token": "session/token+",
        "regions": "eu-west-1",
    },
    {"title": "S3", "service": "s3", "method": "PUT", "target": "/bucket/a%20b/%C3%BC/../x", "body": "body"},
    {"title": "S3 in the URL", "service": "s3", "target": "/bucket/a%20b/%C3%BC.txt", "expires": 60},
)


def _signed(case: dict[str, typing.Any]) -> dict[str, typing.Any]:
    body, service, presigned = case.get("body", ""), case.get("service", "execute-api"), "expires" in case
    s3 = service == "s3"
    headers = awscrt.http.HttpHeaders([("Host", "api.example")])
    if body:
        headers.add("Content-Length", str(len(body)))
    request = awscrt.http.HttpRequest(case.get("method", "GET"), case["target"], headers)
    config = awscrt.auth.AwsSigningConfig(
        algorithm=awscrt.auth.AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=_QUERY if presigned else _HEADERS,
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static("AKIDEXAMPLE", _SECRET, case.get("token")),
        region=case.get("regions", "*"),
        service=service,
        date=_WHEN,
        use_double_uri_encode=not s3,
        should_normalize_uri_path=not s3,
        signed_body_value=_payload(body, s3=s3, presigned=presigned),
        signed_body_header_type=(
            awscrt.auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
            if s3 and not presigned
            else awscrt.auth.AwsSignedBodyHeaderType.NONE
        ),
        expiration_in_seconds=case.get("expires"),
    )
    made = awscrt.auth.aws_sign_request(request, config).result()
    return {
        "title": case["title"],
        "method": made.method,
        "target": made.path,
        "headers": [list(pair) for pair in made.headers],
        "body": body,
        "token": case.get("token", ""),
    }


def _payload(body: str, *, s3: bool, presigned: bool) -> str:
    return "UNSIGNED-PAYLOAD" if s3 and presigned else hashlib.sha256(body.encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write("# Made by make_sigv4a.py: signed by awscrt on 2026-11-25 at 12:00, UTC.\n")
    for case in map(_signed, _CASES):
        sys.stdout.write("\n[[case]]\n")
        for name, value in case.items():
            sys.stdout.write(f"{name} = {json.dumps(value)}\n")
