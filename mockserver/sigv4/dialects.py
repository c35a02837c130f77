"""How AWS's services say no: XML of the query protocol, of EC2 and of S3, and JSON."""

from __future__ import annotations

import collections.abc as cabc
import json
import secrets
import typing
import xml.sax.saxutils

import msgspec

from ..request import Request
from .problem import Kind
from .problem import Problem

__all__ = ["Answer", "Dialect", "dialect_of", "failure", "is_s3", "say"]

Dialect = typing.Literal["query", "ec2", "s3", "json"]

# Services of the query protocol, by what their scopes call them
_OLDEST = ("cloudformation", "email", "iam", "monitoring", "rds", "redshift", "sdb", "ses", "sns", "sts")
_QUERY = frozenset((*_OLDEST, "autoscaling", "elasticache", "elasticbeanstalk", "elasticloadbalancing"))


class Answer(msgspec.Struct, frozen=True):
    """An error as a service sends it."""

    code: str
    status: int
    content: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...]


class _Said(typing.NamedTuple):
    code: str
    status: int
    message: str


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details."
)
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NOT_OURS = "AWS was not able to validate the provided access credentials"

# What is not in a table is what the query protocol says, which is AWS's oldest and most common.
_BY_QUERY: dict[Kind, _Said] = {
    "missing": _Said("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    "both": _Said("IncompleteSignature", 400, "Only one of the Authorization header and X-Amz-Algorithm may be there."),
    "algorithm": _Said("IncompleteSignature", 400, "Unsupported AWS 'algorithm'."),
    "malformed": _Said("IncompleteSignature", 400, "The request signature does not conform to AWS standards."),
    "date": _Said(
        "IncompleteSignature",
        400,
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    ),
    "query": _Said("IncompleteSignature", 400, "The presigned URL does not conform to AWS standards."),
    "scope_region": _Said("SignatureDoesNotMatch", 403, "Credential should be scoped to a valid region."),
    "scope_service": _Said("SignatureDoesNotMatch", 403, "Credential should be scoped to correct service."),
    "unknown_key": _Said("InvalidClientTokenId", 403, _INVALID),
    "bad_token": _Said("InvalidClientTokenId", 403, _INVALID),
    "expired_token": _Said("ExpiredToken", 403, _EXPIRED),
    "skewed": _Said("SignatureDoesNotMatch", 403, "Signature expired."),
    "not_yet": _Said("SignatureDoesNotMatch", 403, "Signature not yet current."),
    "expired_url": _Said("SignatureDoesNotMatch", 403, "Signature expired."),
    "unsigned_headers": _Said(
        "SignatureDoesNotMatch", 403, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    ),
    "mismatch": _Said("SignatureDoesNotMatch", 403, _MISMATCH),
}
_BY_EC2: dict[Kind, _Said] = {
    "missing": _Said("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    "unknown_key": _Said("AuthFailure", 401, _NOT_OURS),
    "bad_token": _Said("AuthFailure", 401, _NOT_OURS),
    "expired_token": _Said("RequestExpired", 400, "Request has expired."),
    "mismatch": _Said("SignatureDoesNotMatch", 403, _MISMATCH),
    "skewed": _Said("RequestExpired", 400, "Request has expired."),
    "not_yet": _Said("RequestExpired", 400, "Request has expired."),
    "expired_url": _Said("RequestExpired", 400, "Request has expired."),
}
_BY_S3: dict[Kind, _Said] = {
    "missing": _Said("AccessDenied", 403, "Access Denied"),
    "both": _Said(
        "InvalidArgument",
        400,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or"
        " the Authorization header should be specified",
    ),
    "algorithm": _Said(
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    ),
    "malformed": _Said("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
    "date": _Said("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header"),
    "query": _Said("AuthorizationQueryParametersError", 400, "Error parsing the query string parameters."),
    "scope_region": _Said("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
    "scope_service": _Said("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
    "unknown_key": _Said(
        "InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."
    ),
    "bad_token": _Said("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    "expired_token": _Said("ExpiredToken", 400, "The provided token has expired."),
    "skewed": _Said(
        "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."
    ),
    "not_yet": _Said("AccessDenied", 403, "Request is not valid yet"),
    "expired_url": _Said("AccessDenied", 403, "Request has expired"),
    "unsigned_headers": _Said("AccessDenied", 403, "There were headers present in the request which were not signed"),
    "no_hash": _Said("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"),
    "bad_hash": _Said(
        "InvalidArgument",
        400,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
        " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
    ),
    "payload": _Said(
        "XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."
    ),
    "mismatch": _Said(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing"
        " method.",
    ),
    "body": _Said("IncompleteBody", 400, "The request body terminated unexpectedly"),
    "length": _Said("MissingContentLength", 411, "You must provide the Content-Length HTTP header."),
    "chunk_size": _Said(
        "InvalidChunkSizeError", 403, "Only the last chunk is allowed to have a size less than 8192 bytes"
    ),
    "checksum": _Said("BadDigest", 400, "The checksum you specified did not match the calculated checksum."),
}
_JSON_CODES = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
}


def is_s3(service: str) -> bool:
    """Whether a service has S3's rules for paths, payloads and headers."""
    return service in ("s3", "s3express", "s3-object-lambda", "s3-outposts")


def dialect_of(service: str, request: Request) -> Dialect:
    """By the service of the scope, or the body where a service has more than one protocol."""
    if is_s3(service):
        return "s3"
    if request.media_type.startswith("application/x-amz-json") or request.media_type == "application/json":
        return "json"
    if service == "ec2":
        return "ec2"
    # SQS has both, and older SDKs still speak the older one
    form = request.media_type == "application/x-www-form-urlencoded"
    return "query" if service in _QUERY or (service == "sqs" and form) else "json"


def say(problem: Problem, dialect: Dialect, request: Request) -> Answer:
    """The error of a problem, as the service puts it."""
    table = {"s3": _BY_S3, "ec2": _BY_EC2}.get(dialect, {})
    found = table.get(problem.kind) or _BY_QUERY.get(problem.kind) or _BY_S3[problem.kind]
    message = problem.message or found.message
    return (
        _json(found, message, request.media_type)
        if dialect == "json"
        else _xml(found, message, problem.members, dialect)
    )


def failure(code: str, status: int, message: str, *, dialect: Dialect = "query", media_type: str = "") -> Answer:
    """An error that is not about a signature, as a service puts it; `media_type` is the request's."""
    error = _Said(code, status, message)
    return _json(error, message, media_type) if dialect == "json" else _xml(error, message, {}, dialect)


def _xml(said: _Said, message: str, members: cabc.Mapping[str, str], dialect: Dialect) -> Answer:
    identity = secrets.token_hex(16)
    answer = {"s3": _s3, "ec2": _ec2}.get(dialect, _query)(said, message, members, identity)
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{answer}'.encode("utf-8", "replace")
    name = {"s3": "x-amz-request-id"}.get(dialect, "x-amzn-RequestId")
    content_type = "application/xml" if dialect == "s3" else "text/xml;charset=UTF-8"
    return Answer(said.code, said.status, content, content_type, ((name, identity),))


def _query(said: _Said, message: str, members: cabc.Mapping[str, str], identity: str) -> str:
    error = f"<Error><Type>Sender</Type>{_element('Code', said.code)}{_element('Message', message)}</Error>"
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    return f'<ErrorResponse xmlns="{namespace}">{error}{_element("RequestId", identity)}</ErrorResponse>'


def _ec2(said: _Said, message: str, members: cabc.Mapping[str, str], identity: str) -> str:
    error = f"{_element('Code', said.code)}{_element('Message', message)}"
    return f"<Response><Errors><Error>{error}</Error></Errors>{_element('RequestID', identity)}</Response>"


def _s3(said: _Said, message: str, members: cabc.Mapping[str, str], identity: str) -> str:
    every = {"Code": said.code, "Message": message, **members, "RequestId": identity}
    return f"<Error>{''.join(_element(name, value) for name, value in every.items())}</Error>"


def _json(said: _Said, message: str, media_type: str) -> Answer:
    identity = secrets.token_hex(16)
    code = _JSON_CODES.get(said.code, said.code)
    aws_json = media_type.startswith("application/x-amz-json")
    # The older protocol, by which DynamoDB speaks, has 400 for everything
    status = 400 if aws_json else said.status
    content = json.dumps({"__type": code, "message": message}).encode()
    content_type = media_type if aws_json else "application/json"
    return Answer(code, status, content, content_type, (("x-amzn-ErrorType", code), ("x-amzn-RequestId", identity)))


def _element(name: str, text: str) -> str:
    # XML 1.0 has no control characters, not even as references
    printable = "".join(character if character >= " " or character in "\t\n\r" else "?" for character in text)
    return f"<{name}>{xml.sax.saxutils.escape(printable)}</{name}>"
