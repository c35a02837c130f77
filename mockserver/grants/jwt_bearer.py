"""The JWT bearer grant (RFC 7523 2.1): a JWT of somebody who is trusted says for whom the token is to be."""

from __future__ import annotations

import functools
import typing

from .. import assertions
from ..context import Context
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Kind
from ..registration import allowed_scope
from ..registration import parse_scope
from ..stores import new_family
from ..trust import keys_of
from ..trust import person_of

name: typing.Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
parameters: typing.Final = frozenset({"assertion"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """A token for whom the assertion names; no refresh token, since there are further assertions (RFC 7521 4.1)."""
    text = request.parameters.get("assertion")
    if text is None:
        raise InvalidRequest("assertion is missing.", hint="the grant needs the parameter assertion (RFC 7521 4.1)")
    try:
        assertion = assertions.Assertion.parse(text)
        # Service accounts ask for scope in what they sign (RFC 7523 3: other claims); the parameter goes before it
        asked = request.scope if request.scope is not None else parse_scope(assertion.names("scope") or None)
        scope = allowed_scope(asked, request.client, context.settings)
        issuer = assertion.names("iss")
        if issuer is None:
            raise assertions.BadAssertion("iss is missing: it says who made the assertion (RFC 7523 3)")
        keys = keys_of(issuer, context)
        # Who signs for itself need not say so twice, as service accounts do not
        subject = assertion.names("sub") or (issuer if issuer in context.clients else None)
        if subject is None:
            raise assertions.BadAssertion("sub is missing: it says for whom the token is to be (RFC 7523 3)")
        user = person_of(subject, issuer, request.client, context)
        assertions.check_issued(
            assertion,
            keys,
            audiences=request.assertion_audiences,
            now=context.clock.peer(),
            longest=request.client.policies.client_assertion_lifetime,
            claim=functools.partial(context.store.claim, Kind.ASSERTION),
        )
    except assertions.BadAssertion as error:
        # RFC 7521 4.1.1
        raise InvalidGrant("The assertion is not valid.", hint=f"the assertion: {error}") from None
    return request.granted(
        user,
        scope,
        family=new_family(),
        refresh=False,
        id_token="openid" in scope and user is not None,
    )
