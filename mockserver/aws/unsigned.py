"""What AWS answers without a signature, and in whose words it refuses what has none."""

from __future__ import annotations

import functools
import re

from ..request import Request
from ..sigv4 import Dialect

__all__ = ["action_of", "dialect_without_scope", "is_open"]

# The operation's service, by what `X-Amz-Target` begins with
_TARGETS = {"AWSCognitoIdentityProviderService": "cognito-idp", "AWSCognitoIdentityService": "cognito-identity"}
_OPEN_PATHS = re.compile(
    r"/(moto-api|latest/meta-data|latest/api)(/.*)?|/[^/]+/\.well-known/(jwks\.json|openid-configuration)/?"
)
# An API of API Gateway has authorizers of its own
_OPEN_HOSTS = re.compile(r"[^.]+\.execute-api\.[^.]+\.amazonaws\.com(\.cn)?")
# Services whose protocol is REST with JSON begin their paths with a version: Lambda's /2015-03-31/functions
_REST_JSON = re.compile(r"/\d{4}-\d\d-\d\d/")
_SERVICE = re.compile(r"(?:[^.]+\.)*?(?P<service>[a-z0-9-]+)(?:\.[a-z]+(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?")


def action_of(request: Request) -> str | None:
    """The action of the query protocol, in the body or in the URL."""
    return next((value for name, value in (*request.form, *request.query) if name == "Action"), None)


def is_open(request: Request) -> bool:
    """Whether AWS asks for no signature, as the service's own model says (`authtype: none`)."""
    if _OPEN_PATHS.fullmatch(request.path) or _OPEN_HOSTS.fullmatch(request.host):
        return True
    action = action_of(request)
    if action is not None:
        return _has_no_auth("sts", action)
    targets = request.header_values("x-amz-target")
    prefix, _, operation = targets[0].rpartition(".") if targets else ("", "", "")
    return prefix in _TARGETS and _has_no_auth(_TARGETS[prefix], operation)


def dialect_without_scope(request: Request) -> Dialect:
    """The words for a request that names no service by its signature: by its host, its form, or S3, as moto has it."""
    if request.header_values("x-amz-target") or request.media_type.startswith("application/x-amz-json"):
        return "json"
    if action_of(request) is not None:
        return "query"
    found = _SERVICE.fullmatch(request.host)
    if found is not None:
        return "s3" if found["service"].startswith("s3") else "json"
    return "json" if _REST_JSON.match(request.path) else "s3"


@functools.cache
def _has_no_auth(service: str, operation: str) -> bool:
    import botocore.session

    model = botocore.session.get_session().get_service_model(service)
    return operation in model.operation_names and model.operation_model(operation).auth_type == "none"
