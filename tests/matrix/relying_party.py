"""A reference relying party of OpenID Connect, and those that make one decision of it wrongly."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import re
import secrets
import typing
import urllib.parse

import httpx
import jwt

from matrix.connector import Denied
from matrix.connector import Rejected
from mockserver import Callback
from mockserver import pkce

__all__ = ["NAMED", "RelyingParty"]

Claims = dict[str, typing.Any]


class RelyingParty:
    """A client that logs people in at an issuer, of which it knows the URL. `now` is its clock."""

    algorithms: typing.Final = ("RS256", "ES256")
    skew = 60

    def __init__(self, settings: cabc.Mapping[str, str], http: httpx.Client, now: cabc.Callable[[], float]) -> None:
        self.settings = dict(settings)
        self.http = http
        self.now = now
        self.pending: dict[str, tuple[str, str]] = {}
        """State -> nonce and verifier, of logins under way."""

    # -- discovery -----------------------------------------------------------------------------------------------------

    def discover(self) -> Claims:
        document: Claims = self.http.get(self.well_known()).json()
        self.check_issuer(document)
        missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - document.keys()
        if missing:
            raise Rejected(f"the document has no {' and '.join(sorted(missing))}")
        return document

    def well_known(self) -> str:
        """OpenID Connect Discovery 4: behind the issuer's path."""
        return f"{self.settings['issuer']}/.well-known/openid-configuration"

    def check_issuer(self, document: Claims) -> None:
        """OpenID Connect Discovery 4.3."""
        if document.get("issuer") != self.settings["issuer"]:
            raise Rejected("the document is another issuer's")

    # -- the login -----------------------------------------------------------------------------------------------------

    def start(self, **more: str) -> str:
        state, nonce, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(16), pkce.new_verifier()
        self.pending[state] = (nonce, verifier)
        query = {
            "response_type": "code",
            "client_id": self.settings["client_id"],
            "redirect_uri": self.settings["redirect_uri"],
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            **self.challenge(verifier),
            **({"response_mode": self.settings["response_mode"]} if "response_mode" in self.settings else {}),
            **more,
        }
        return f"{self.document()['authorization_endpoint']}?{urllib.parse.urlencode(query)}"

    def document(self) -> Claims:
        base = self.settings["issuer"]
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "end_session"}
        return {f"{name}_endpoint": f"{base}/{path}" for name, path in paths.items()} | {"jwks_uri": f"{base}/jwks"}

    def challenge(self, verifier: str) -> dict[str, str]:
        if self.settings.get("pkce") == "no":
            return {}
        return {"code_challenge": pkce.challenge_of(verifier), "code_challenge_method": "S256"}

    def sign_in(self, callback: Callback) -> Claims:
        """Who logged in; then what they came for is fetched. Raises `Rejected` and `Denied`."""
        given = self.given(callback)
        if "error" in given:
            raise Denied(given["error"])
        if given.get("state") not in self.pending:
            raise Rejected("no login under way has this state")
        nonce, verifier = self.pending.pop(given["state"])
        tokens = self.redeem(given["code"], verifier)
        claims = self.believe(tokens, nonce)
        person = claims | self.userinfo(tokens["access_token"], claims)
        self.http.get(f"{self.settings['issuer']}/api/me", headers=_bearer(tokens["access_token"]))
        return person

    def given(self, callback: Callback) -> dict[str, str]:
        """The answer, from where it was asked to be and from nowhere else (Multiple Response Types 2.1)."""
        parts = urllib.parse.urlsplit(callback.url)
        places = {
            "query": "" if callback.method == "POST" else parts.query,
            "fragment": parts.fragment,
            "form_post": urllib.parse.urlencode(callback.form) if callback.method == "POST" else "",
        }
        return self.chosen({name: dict(urllib.parse.parse_qsl(text)) for name, text in places.items()})

    def chosen(self, places: dict[str, dict[str, str]]) -> dict[str, str]:
        return places[self.settings.get("response_mode", "query")]

    def redeem(self, code: str, verifier: str) -> Claims:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.settings["redirect_uri"]}
        form |= {} if self.settings.get("pkce") == "no" else {"code_verifier": verifier}
        auth = (self.settings["client_id"], self.settings["client_secret"])
        answer = self.http.post(self.document()["token_endpoint"], data=form, auth=auth)
        if answer.is_error:
            raise Denied(answer.json()["error"])
        return dict(answer.json())

    # -- the ID token --------------------------------------------------------------------------------------------------

    def believe(self, tokens: Claims, nonce: str) -> Claims:
        """OpenID Connect Core 3.1.3.7. Raises `Rejected`."""
        claims = self.verified(tokens["id_token"])
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        client_id, now = self.settings["client_id"], self.now()
        for wrong, what in (
            (claims["iss"] != self.settings["issuer"], "iss"),
            (client_id not in audience, "aud"),
            (len(audience) > 1 and claims.get("azp") != client_id, "azp"),
            (claims.get("azp", client_id) != client_id, "azp"),
            (claims["exp"] + self.skew <= now, "exp"),
            (claims["iat"] - self.skew > now, "iat"),
            (not self.fits(claims.get("nonce"), nonce), "nonce"),
            (claims.get("at_hash") != _half(tokens["access_token"]), "at_hash"),
        ):
            if wrong:
                raise Rejected(f"{what} of the ID token is wrong")
        return claims

    def fits(self, found: str | None, nonce: str) -> bool:
        return found == nonce

    def verified(self, token: str) -> Claims:
        header = jwt.get_unverified_header(token)
        if header["alg"] not in self.algorithms:
            raise Rejected(f"the ID token is signed with {header['alg']}")
        keys = jwt.PyJWKSet.from_dict(self.http.get(self.document()["jwks_uri"]).json()).keys
        fitting = [
            key for key in keys if key.key_id == header.get("kid", key.key_id) and key.algorithm_name == header["alg"]
        ]
        if len(fitting) != 1:
            raise Rejected(f"{len(fitting)} keys fit the ID token")
        unchecked = {f"verify_{name}": False for name in ("aud", "exp", "iat", "nbf", "iss")}
        try:
            return dict(jwt.decode(token, fitting[0], algorithms=[header["alg"]], options=unchecked))
        except jwt.InvalidSignatureError:
            raise Rejected("the signature of the ID token is wrong") from None

    # -- userinfo and logout -------------------------------------------------------------------------------------------

    def userinfo(self, access_token: str, claims: Claims) -> Claims:
        answer = self.http.get(self.document()["userinfo_endpoint"], headers=_bearer(access_token))
        if answer.is_error:
            raise Rejected(f"userinfo answered {answer.status_code}")
        person = self.read(answer)
        self.check_person(person, claims)
        return person

    def read(self, answer: httpx.Response) -> Claims:
        """OpenID Connect Core 5.3.2: JSON, or a JWT that is verified like an ID token."""
        return self.verified(answer.text) if answer.headers["Content-Type"] == "application/jwt" else answer.json()

    def check_person(self, person: Claims, claims: Claims) -> None:
        if person.get("sub") != claims["sub"]:
            raise Rejected("userinfo is about somebody else")

    def log_out(self, hint: str) -> tuple[str, str]:
        """The logout URL, and the state that has to come back."""
        state = secrets.token_urlsafe(16)
        query = {"id_token_hint": hint, "post_logout_redirect_uri": self.settings["after"], "state": state}
        return f"{self.document()['end_session_endpoint']}?{urllib.parse.urlencode(query)}", state


def _half(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- one decision made wrongly -----------------------------------------------------------------------------------------


class TakesAnyIdToken(RelyingParty):
    def believe(self, tokens: Claims, nonce: str) -> Claims:
        return dict(jwt.decode(tokens["id_token"], options={"verify_signature": False}))


class TrustsTheHeader(RelyingParty):
    """Verifies with whatever the token says that it is signed with (RFC 8725 2.1)."""

    def verified(self, token: str) -> Claims:
        alg = jwt.get_unverified_header(token)["alg"]
        return (
            super().verified(token)
            if alg in self.algorithms
            else dict(jwt.decode(token, options={"verify_signature": False}))
        )


class NoNonceCheck(RelyingParty):
    def fits(self, found: str | None, nonce: str) -> bool:
        return True


class NoSkew(RelyingParty):
    skew = 0


class TrustsUserinfo(RelyingParty):
    def check_person(self, person: Claims, claims: Claims) -> None:
        pass


class ReadsJsonAlone(RelyingParty):
    def read(self, answer: httpx.Response) -> Claims:
        try:
            return dict(answer.json())
        except ValueError:
            raise Rejected("userinfo is no JSON") from None


class TakesAnyMode(RelyingParty):
    def chosen(self, places: dict[str, dict[str, str]]) -> dict[str, str]:
        return {name: value for pairs in places.values() for name, value in pairs.items()}


class TakesAnyIssuer(RelyingParty):
    def check_issuer(self, document: Claims) -> None:
        pass


def _words(name: str) -> str:
    return " ".join(re.findall(r"[A-Z][a-z]*", name)).lower()


NAMED: dict[str, type[RelyingParty]] = {
    "right": RelyingParty,
    **{_words(defect.__name__): defect for defect in RelyingParty.__subclasses__()},
}
