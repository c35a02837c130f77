"""What is told of a resource that takes access tokens, and where (RFC 9728)."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..context import Context
from ..policies import BearerMethod
from ..request import Request

__all__ = ["described", "metadata_url"]


def metadata_url(request: Request, context: Context, path: str) -> str | None:
    """Where the metadata of the resource at `path` are (RFC 9728 3.1); None where they are not served."""
    if "protected_resource" not in context.paths:
        return None
    base = context.base_url(request)
    origin = base.removesuffix(f"/{context.segment}") if context.segment else base
    return f"{origin}{context.paths['protected_resource']}{base.removeprefix(origin)}{path}"


def _issuer(issuer: Context, request: Request, here: Context) -> str:
    """The identifier of an issuer of tokens, which may be another than who is `here`, at another origin."""
    return issuer.issuer_at(issuer.url_below(issuer.fixed_issuer or here.fixed_issuer or request.origin))


def described(
    request: Request,
    context: Context,
    scopes: cabc.Iterable[str] = (),
    *,
    methods: cabc.Collection[BearerMethod] | None = None,
    issuing: cabc.Sequence[Context] = (),
) -> dict[str, typing.Any]:
    """
    How a resource is asked (RFC 9728 2): `scopes` are those that it needs, separated by spaces.

    `methods` None are the issuer's, and without `issuing` it takes what the protected API does.
    """
    names = (name for scope in scopes for name in scope.split())
    return {
        "authorization_servers": [_issuer(each, request, context) for each in issuing or context.token_issuers()],
        "bearer_methods_supported": list(methods or context.settings.bearer_methods_supported),
        "scopes_supported": list(dict.fromkeys(names)),
    }
