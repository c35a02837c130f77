"""The parameters that each endpoint knows, and what a refused request's names suggest."""

from __future__ import annotations

import collections.abc as cabc

from ..config import Profile
from ..grants import GRANTS
from ..request import Request

__all__ = ["known", "misnamed"]

_AUTHORIZE = frozenset(
    {
        # RFC 6749 4.1.1, RFC 7636 4.3, RFC 8707 2
        *("response_type", "client_id", "redirect_uri", "scope", "state"),
        *("code_challenge", "code_challenge_method", "resource", "audience"),
        # RFC 9396 2, RFC 9449 10
        *("authorization_details", "dpop_jkt"),
        # OAuth 2.0 Multiple Response Type Encoding Practices 2.1, OpenID Connect Core 3.1.2.1 and 5.5
        *("response_mode", "nonce", "display", "prompt", "max_age", "ui_locales", "id_token_hint", "login_hint"),
        *("acr_values", "claims", "claims_locales", "registration", "request", "request_uri"),
        # for `refresh_token_when`
        "access_type",
    }
)
_TOKEN = frozenset(
    {
        # RFC 6749 2.3.1, 3.3, 4; RFC 7521 4.2; RFC 8707 2
        *("grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"),
        *("resource", "audience", "authorization_details"),
    }
)


def known(endpoint: str) -> frozenset[str]:
    """The RFCs' parameters at `authorize`, `token`, `refresh` or of one grant; none for other endpoints."""
    if endpoint == "authorize":
        return _AUTHORIZE
    if endpoint in GRANTS:
        return _TOKEN | GRANTS[endpoint].parameters
    if endpoint in ("token", "refresh"):
        return _TOKEN.union(*(grant.parameters for grant in GRANTS.values()))
    # RFC 6750 2.2, 2.3
    return frozenset({"access_token"}) if endpoint == "api" else frozenset()


def misnamed(request: Request, endpoint: str, profile: Profile) -> str:
    """
    For the hint of a refusal: names in another case (RFC 6749 3.1 and 3.2 have them exact) and names that this provider
    does not use. `request` is as it was sent.
    """
    if endpoint in ("api", "protected", "userinfo"):
        return _unpresented(request, profile)
    names = {**profile.parameter_names.get("token" if endpoint == "refresh" else endpoint, {})}
    if endpoint in ("token", "refresh"):
        names |= profile.parameter_names.get("refresh", {})
    replaced = {rfc: name for name, rfc in names.items() if rfc not in names}
    exact = {*names, *known(endpoint)}
    places: tuple[tuple[str, cabc.Iterable[tuple[str, str]]], ...] = (
        ("query", request.query),
        ("body", () if endpoint == "authorize" else request.form),
    )
    remarks: list[str] = []
    for place, pairs in places:
        sent = {name for name, _ in pairs}
        for name in dict.fromkeys(name for name, _ in pairs):
            if name in replaced and replaced[name] not in sent:
                remarks.append(f"the {place} has {name!r}, which is called {replaced[name]!r} here")
            if name not in exact and name.lower() in exact and not profile.case_insensitive_parameters:
                remarks.append(f"the {place} has {name!r}; names are case-sensitive")
    return "".join(f"; {remark}" for remark in remarks) if exact else ""


def _unpresented(request: Request, profile: Profile) -> str:
    """Where this provider takes an access token, for a request that has it in the RFC's place."""
    bearer = profile.bearer
    schemes = [scheme.lower() for scheme in bearer.schemes]
    sent = [value.partition(" ")[0].lower() for value in request.header_values("authorization")]
    if "bearer" in schemes or "bearer" not in sent:
        return ""
    words = [f"after the word {scheme} in the Authorization header" for scheme in bearer.schemes if scheme]
    alone = ["alone in the Authorization header"] if "" in schemes else []
    header = [f"in the header {bearer.header}"] if bearer.header else []
    return f"; this provider takes it {' or '.join([*header, *words, *alone])}"
