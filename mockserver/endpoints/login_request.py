"""What an authorization request asks of the login (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

import collections.abc as cabc
import difflib

import msgspec

from .. import claims
from ..claims import ClaimsRequest
from ..context import Context
from ..errors import InvalidRequest
from ..errors import LoginRequired
from ..errors import RequestNotSupported
from ..errors import RequestUriNotSupported
from ..errors import UnmetAuthenticationRequirements
from ..model import Client
from ..request import Request
from ..sessions import Session
from . import id_token_hint

__all__ = ["DISPLAYS", "PROMPTS", "LoginRequest", "read"]

PROMPTS = ("none", "login", "consent", "select_account")
DISPLAYS = ("page", "popup", "touch", "wap")


class LoginRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to log in, how fresh and how strong the login must be, and what must be asked."""

    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    hint: str | None = None
    """`login_hint`: who may be meant."""
    person: str | None = None
    """The username of whom alone will do."""
    acr: tuple[str, ...] = ()
    """The authentication context classes that will do, the best first; empty: any."""
    claims: ClaimsRequest | None = None

    def too_old(self, session: Session, now: float) -> bool:
        """`max_age=0` is as good as `prompt=login`."""
        age = now - session.auth_time
        return self.max_age is not None and not (age < self.max_age or (self.max_age > 0 and age == self.max_age))

    def too_weak(self, session: Session, known: cabc.Sequence[str] | None) -> bool:
        """Whether the login was of another class than will do; `known` has the weakest first, None: no order."""
        if not self.acr or session.acr in self.acr:
            return False
        return known is None or session.acr not in known or known.index(session.acr) < known.index(self.acr[0])


def read(
    parameters: cabc.Mapping[str, str], request: Request, client: Client, context: Context, *, openid: bool
) -> LoginRequest:
    """Raises `InvalidRequest`, `LoginRequired` and `UnmetAuthenticationRequirements`."""
    settings = context.settings
    if openid:
        _check_objects(parameters)
    else:  # providers have prompts of their own, which are not judged; RFC 9470 4 has the rest
        return LoginRequest(
            prompt=frozenset(parameters.get("prompt", "").split()),
            max_age=_max_age(parameters.get("max_age")),
            hint=parameters.get("login_hint"),
            acr=_acr(parameters.get("acr_values", ""), None, settings.acr_values_supported),
        )
    takes_claims = settings.claims_parameter_supported and "claims" in parameters
    asked = claims.parse(parameters["claims"]) if takes_claims else None
    display = parameters.get("display", "page")
    if display not in DISPLAYS:
        raise InvalidRequest(
            "The display is unknown.",
            hint=f"display is {display!r}; there are {', '.join(DISPLAYS)}{_near(display, DISPLAYS)}",
        )
    return LoginRequest(
        prompt=_prompt(parameters.get("prompt", "")),
        max_age=_max_age(parameters.get("max_age")),
        hint=parameters.get("login_hint"),
        person=_person(parameters.get("id_token_hint"), asked, request, client, context),
        acr=_acr(parameters.get("acr_values", ""), asked, settings.acr_values_supported),
        claims=asked,
    )


def _check_objects(parameters: cabc.Mapping[str, str]) -> None:
    """OpenID Connect Core 6.1, 6.2: what is not supported is refused and not ignored."""
    for name, refusal in (("request", RequestNotSupported), ("request_uri", RequestUriNotSupported)):
        if name in parameters:
            raise refusal("Request objects are not supported.", hint=f"the request has {name!r}; send its parameters")


def _prompt(text: str) -> frozenset[str]:
    prompts = text.split()
    for prompt in prompts:
        if prompt not in PROMPTS:
            raise InvalidRequest(
                "The prompt is unknown.",
                hint=f"prompt has {prompt!r}; there are {', '.join(PROMPTS)}{_near(prompt, PROMPTS)}",
            )
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequest(
            "prompt none excludes every other.",
            hint=f"prompt is {text!r}; none stands alone (OpenID Connect Core 3.1.2.1)",
        )
    return frozenset(prompts)


def _near(value: str, known: cabc.Sequence[str]) -> str:
    near = difflib.get_close_matches(value.lower(), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    # isdecimal alone takes the digits of every script
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise InvalidRequest("max_age is no number.", hint=f"max_age is {text[:40]!r}; write whole seconds, 0 or more")
    return int(text)


def _person(
    hint: str | None, asked: ClaimsRequest | None, request: Request, client: Client, context: Context
) -> str | None:
    """Whom an ID token or the claim `sub` names (OpenID Connect Core 3.1.2.2, 5.5.1); None: nobody."""
    people = []
    if hint is not None:
        people.append(id_token_hint.read(hint, request, context).user)
    subject = None if asked is None else asked.wanted("sub")
    if subject is not None and subject.values is not None:
        people.append(next(filter(None, (context.person(value, client) for value in subject.values)), None))
    names = {None if person is None else person.username for person in people}
    if None in names or len(names) > 1:
        raise LoginRequired(
            "The person who is asked for cannot log in.",
            hint="id_token_hint or the claim sub names somebody who is not registered here"
            if None in names
            else f"id_token_hint and the claim sub name two people, {' and '.join(sorted(map(repr, names)))}",
        )
    return next(iter(names), None)


def _acr(text: str, asked: ClaimsRequest | None, known: cabc.Collection[str] | None) -> tuple[str, ...]:
    """
    By `acr_values` they are wishes (OpenID Connect Core 3.1.2.1), by the claim `acr` they may be demands (5.5.1.1).
    """
    wanted = None if asked is None else asked.id_token.get("acr")
    values = text.split() if wanted is None or wanted.values is None else [*map(str, wanted.values)]
    possible = tuple(value for value in values if known is None or value in known)
    if wanted is not None and wanted.essential and values and not possible:
        raise UnmetAuthenticationRequirements(
            "No login here is of the class that is asked for.",
            hint=f"acr {' or '.join(map(repr, values))} is essential, and acr_values_supported has"
            f" {', '.join(map(repr, known or ())) or 'none'}",
        )
    return possible
