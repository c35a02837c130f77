"""The SAML 2.0 bearer grant (RFC 7522 2.1): an assertion in XML says for whom the token is to be."""

from __future__ import annotations

import typing

from .. import saml
from ..assertions import BadAssertion
from ..context import Context
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Kind
from ..registration import allowed_scope
from ..stores import new_family
from ..trust import certificate_of
from ..trust import person_of

name: typing.Final = "urn:ietf:params:oauth:grant-type:saml2-bearer"
parameters: typing.Final = frozenset({"assertion"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """A token for whom the assertion names, once (RFC 7522 3); no refresh token (RFC 7521 4.1)."""
    text = request.parameters.get("assertion")
    if text is None:
        raise InvalidRequest("assertion is missing.", hint="the grant needs the parameter assertion (RFC 7521 4.1)")
    scope = allowed_scope(request.scope, request.client, context.settings)
    now = context.clock.peer()
    try:
        issuer = saml.issuer_of(text)
        found = saml.checked(
            text,
            certificate_of(issuer, context),
            audiences=request.assertion_audiences,
            recipient=request.asked_at,
            now=now,
            longest=request.client.policies.client_assertion_lifetime,
        )
        user = person_of(found.subject, found.issuer, request.client, context)
        if not context.store.claim(Kind.ASSERTION, f"saml\n{issuer}\n{found.id}", now=now, expires_at=found.expires_at):
            raise BadAssertion(f"the assertion {found.id!r} has been used before: make a new one (RFC 7522 3)")
    except BadAssertion as error:
        # RFC 7521 4.1.1
        raise InvalidGrant("The assertion is not valid.", hint=f"the assertion: {error}") from None
    return request.granted(
        user,
        scope,
        family=new_family(),
        refresh=False,
        id_token="openid" in scope and user is not None,
    )
