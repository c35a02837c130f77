"""The authorization code grant (RFC 6749 4.1.3), with PKCE (RFC 7636 4.5)."""

from __future__ import annotations

import typing

from ..authorization_details import narrowed
from ..context import Context
from ..credentials import origin
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..messages import Issue
from ..messages import TokenRequest
from ..model import AuthorizationRecord
from ..model import Kind
from ..pkce import check_verifier
from ..registration import narrowed_audience

name: typing.Final = "authorization_code"
parameters: typing.Final = frozenset({"code", "redirect_uri", "code_verifier"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """Redeem a code, once."""
    code = request.parameters.get("code")
    if code is None:
        raise InvalidRequest("code is missing.", hint="the grant needs the parameter code (RFC 6749 4.1.3)")
    found = context.store.find(Kind.CODE, code)
    client = request.client
    if found is None or not isinstance(found.record, AuthorizationRecord):
        raise _refused(f"this issuer never issued the code: {origin(code)}")
    # Another client's attempt must not cost the owner its code.
    if found.record.client_id != client.client_id:
        raise _refused(
            f"the code was issued to client {found.record.client_id!r}, not to {client.client_id!r} (RFC 6749 4.1.3)"
        )

    # From here on the code is used up, whatever is wrong with the rest (RFC 6749 4.1.2).
    taken = context.store.take(Kind.CODE, code, now=context.clock.now())
    assert taken is not None, "a code never leaves the store"
    if taken.uses:
        # RFC 6749 4.1.2: used twice, all tokens previously issued for it should be revoked
        context.store.kill(found.record.family)
        burnt = client.policies.burn_code_on_invalid_client
        or_so = ", or an attempt whose client authentication failed (burn_code_on_invalid_client)" if burnt else ""
        raise _refused(f"the code has been used before{or_so}; whatever it brought is revoked (RFC 6749 4.1.2)")
    if not taken.alive:
        raise _refused("the code has been revoked")
    _check(found.record, request, now=context.clock.now())
    return Issue(
        client=client,
        user=found.record.user,
        scope=found.record.scope,
        audience=narrowed_audience(request.audience, found.record.audience),
        refresh_audience=found.record.audience,
        authorization_details=narrowed(request.authorization_details, found.record.authorization_details),
        refresh_details=found.record.authorization_details,
        altered=found.record.scope != found.record.asked,
        grant_type=name,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=found.record.family,
        taken=True,
        refresh=found.record.refresh and "refresh_token" in client.grant_types,
        auth_time=found.record.auth_time,
        acr=found.record.acr,
        amr=found.record.amr,
        claims=found.record.claims,
        nonce=found.record.nonce,
        id_token="openid" in found.record.scope,
    )


def _check(record: AuthorizationRecord, request: TokenRequest, *, now: float) -> None:
    if now >= record.expires_at:
        raise _refused(f"the code expired {now - record.expires_at:.0f} s ago (authorization_code_lifetime)")
    # RFC 6749 4.1.3: required, and identical, if it was in the authorization request
    redirect_uri = request.parameters.get("redirect_uri")
    unasked = redirect_uri is None and not request.client.policies.repeat_redirect_uri
    if record.redirect_uri is not None and redirect_uri != record.redirect_uri and not unasked:
        raise _refused(
            f"redirect_uri is {redirect_uri!r}; the authorization request had {record.redirect_uri!r} and both must"
            f" be identical (RFC 6749 4.1.3){'; to take it without: repeat_redirect_uri=False' * (not redirect_uri)}"
        )
    if record.dpop_jkt is not None and dict(request.cnf).get("jkt") != record.dpop_jkt:
        shown = dict(request.cnf).get("jkt")
        raise _refused(
            f"the code is bound to the DPoP key {record.dpop_jkt}; the request has"
            f" {'no proof' if shown is None else f'one by {shown}'} (RFC 9449 10)"
        )
    check_verifier(
        request.parameters.get("code_verifier"),
        challenge=record.code_challenge,
        method=record.code_challenge_method,
    )


def _refused(hint: str) -> InvalidGrant:
    return InvalidGrant("The authorization code is invalid, expired, used or another client's.", hint=hint)
