"""A password that is never sent: the client proves that it knows it (RFC 7616)."""

from __future__ import annotations

import collections.abc as cabc
import hmac
import re
import typing

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..authorization import Malformed
from ..authorization import parameters
from ..authorization import quoted_string
from ..authorization import sent
from ..context import Context
from ..digests import KNOWN
from ..digests import Proof
from ..digests import same_target
from ..digests import split
from ..errors import ConfigurationError
from ..messages import Reply
from ..nonces import new_nonce
from ..nonces import nonce_age
from ..nonces import opaque
from ..redaction import without
from .digest_fields import Claim
from .digest_fields import read

__all__ = ["Digest"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QOPS = ("auth", "auth-int")


class _Users(msgspec.Struct, frozen=True):
    users: cabc.Mapping[str, str] | None = None


class Digest(_Users, frozen=True, kw_only=True):
    """
    Digest authentication, with a nonce that is counted and expires.

    `users` are passwords by name; without them the issuer's users may come in. There is a challenge for each of
    `algorithms`, in this order: MD5, SHA-256, SHA-512-256, each also with `-sess`; another name is offered, and nobody
    can use it. `qop` is `auth`, `auth-int`, both, or nothing as in RFC 2069. `nonce_lifetime` is seconds by the
    server's clock; an older nonce is `stale`. `next_nonce` gives a new one with each answer. `userhash` lets clients
    hide the user's name. `charset=None` says nothing and takes Latin-1 as well. `proxy`: 407 and the fields of RFC
    9110 11.7.
    """

    name: typing.ClassVar[str] = "digest"
    has_challenge: typing.ClassVar[bool] = True

    realm: str = "api"
    algorithms: cabc.Sequence[str] | str = ("SHA-256", "MD5")
    qop: cabc.Sequence[str] | str = ("auth",)
    nonce_lifetime: float = 300
    next_nonce: bool = False
    userhash: bool = False
    charset: typing.Literal["UTF-8"] | None = "UTF-8"
    domain: str | None = None
    proxy: bool = False

    def __post_init__(self) -> None:
        if not self._algorithms or not all(map(_TOKEN.fullmatch, self._algorithms)):
            known = ", ".join(KNOWN)
            raise ConfigurationError(f"Digest(algorithms={self.algorithms!r}): name some of {known}, or another word")
        for qop in self._qops:
            if qop not in _QOPS:
                raise ConfigurationError(
                    f"Digest(qop={self.qop!r}): {qop!r} is none of {', '.join(_QOPS)}; or write ()"
                )
        if self.nonce_lifetime <= 0:
            raise ConfigurationError(f"Digest(nonce_lifetime={self.nonce_lifetime!r}): write seconds, more than 0")
        if self.charset not in ("UTF-8", None):
            raise ConfigurationError(f"Digest(charset={self.charset!r}): RFC 7616 3.3 has 'UTF-8' alone; or write None")

    def __repr__(self) -> str:
        return without(self, "users")

    @property
    def _algorithms(self) -> cabc.Sequence[str]:
        return (self.algorithms,) if isinstance(self.algorithms, str) else self.algorithms

    @property
    def _qops(self) -> cabc.Sequence[str]:
        return (self.qop,) if isinstance(self.qop, str) else self.qop

    def check(self, visit: Visit, context: Context) -> Admission:
        header = "Proxy-Authorization" if self.proxy else "Authorization"
        try:
            field = sent(visit.request, proxy=self.proxy)
            if field is None or field.kind != "digest":
                said = "no such header came" if field is None else f"its scheme is {field.scheme[:20]!r}"
                raise self._refusal(f"Digest is asked for in {header}: {said}", context, presented=False)
            visit.presents(self.name)
            claim = read(parameters(field.rest), charset=self.charset)
            visit.caller = claim.username
            self._check_form(claim, context)
        except Malformed as error:
            visit.presents(self.name)
            raise self._refusal(str(error), context, status=400) from None
        self._check_terms(claim, visit, context)
        user, password, proof = self._proven(claim, visit, context)
        visit.caller = user
        self._check_nonce(claim, context)
        notes = "".join([f"; {note}" for note in claim.notes])
        how = f"{proof.algorithm}, {'qop ' + proof.qop if proof.qop else 'without qop'}"
        why = f"took the proof of user {user!r} (Digest {how}){notes}"

        def finish(reply: Reply) -> Reply:
            return self._told(reply, proof, user, password, context, head=visit.request.method == "HEAD")

        return Admission(why=why, finish=finish)

    def challenge(self, visit: Visit, context: Context) -> Refusal:
        return self._refusal("Digest is asked for", context, presented=False)

    def secrets(self) -> cabc.Iterable[str]:
        return (self.users or {}).values()

    # -- the checks, each with its clause ------------------------------------------------------------------------------

    def _check_form(self, claim: Claim, context: Context) -> None:
        """RFC 7616 3.4: what is missing or improper is 400. Raises `Malformed`."""
        qops = self._qops
        if claim.qop is None and qops:
            raise Malformed(f"qop is missing, of which {' and '.join(qops)} is offered; RFC 2069 clients want qop=()")
        if claim.qop is not None and claim.qop not in qops:
            raise Malformed(f"qop is {claim.qop!r}; {' and '.join(qops) or 'none'} is offered (RFC 7616 3.4)")
        if claim.opaque is not None and claim.opaque != opaque(context.seed):
            raise Malformed("opaque is not the one of the challenge (RFC 7616 3.4)")

    def _check_terms(self, claim: Claim, visit: Visit, context: Context) -> None:
        """What has to be as the challenge, or the request line, has it."""
        offered = self._algorithms
        if claim.algorithm not in offered and claim.algorithm.lower() not in map(str.lower, offered):
            absent = " (it was left out, which means MD5)" if claim.algorithm_absent else ""
            raise self._refusal(
                f"the algorithm is {claim.algorithm}{absent}; {' and '.join(offered)} is offered", context
            )
        if split(claim.algorithm)[0] not in KNOWN:
            raise self._refusal(f"the algorithm {claim.algorithm} is offered, but nobody knows it", context)
        if claim.realm != self.realm:
            raise self._refusal(f"the realm is {claim.realm!r}; the challenge has {self.realm!r}", context)
        if claim.userhash and not self.userhash:
            raise self._refusal("userhash is true, which the challenge did not offer (RFC 7616 3.4.4)", context)
        # RFC 7616 3.4.6
        target = visit.request.target
        if not same_target(claim.uri, target):
            cut = same_target(claim.uri, target.partition("?")[0])
            hint = "uri lacks the query" if cut else "uri is another resource than the request line has"
            raise self._refusal(f"{hint}: {claim.uri!r} and {target!r} (RFC 7616 3.4.6)", context, status=400)

    def _proven(self, claim: Claim, visit: Visit, context: Context) -> tuple[str, str, Proof]:
        """The user who knows the password, with it and what the response was made of."""
        users = context.passwords() if self.users is None else self.users
        proof = Proof(
            algorithm=claim.algorithm,
            realm=claim.realm,
            nonce=claim.nonce,
            uri=claim.uri,
            method=visit.request.method,
            qop=claim.qop or "",
            nc=claim.nc or "",
            cnonce=claim.cnonce or "",
            body=visit.payload.pieces,
        )
        user = claim.username
        if claim.userhash:
            user = next((name for name in users if proof.user_hash(name) == claim.username), "")
        if user not in users:
            who = "the userhash is nobody's" if claim.userhash else f"there is no user {user!r}"
            raise self._refusal(f"{who}; there are {', '.join(users) or 'none'}", context)
        password = users[user]
        # Without a charset in the challenge Latin-1 is as good
        latin = () if self.charset is not None else (msgspec.structs.replace(proof, charset="latin-1"),)
        for tried in (proof, *latin):
            if hmac.compare_digest(tried.response(user, password), claim.response):
                return user, password, tried
        raise self._refusal(f"the response of user {user!r} is wrong: {_why_wrong(proof, claim, password)}", context)

    def _check_nonce(self, claim: Claim, context: Context) -> None:
        """RFC 7616 3.3: whoever knew the password for a nonce that is no good is told so, and asks nobody again."""
        age = nonce_age(claim.nonce, context.seed, self.realm, now=context.clock.now())
        if age is None:
            raise self._refusal("the nonce is none of this server's", context, stale=True)
        if age > self.nonce_lifetime:
            raise self._refusal(
                f"the nonce is {age:.0f} s old; it is good for {self.nonce_lifetime:g} s (server clock)",
                context,
                stale=True,
            )
        # RFC 7616 3.4: nc; of requests that come at once with one count exactly one is the first
        if claim.nc is not None and not context.memory.first_time("digest", claim.nonce, claim.nc):
            raise self._refusal(
                f"nc={claim.nc} came before with this nonce: a replay (RFC 7616 3.4)", context, stale=True
            )

    # -- what is said --------------------------------------------------------------------------------------------------

    def _told(self, reply: Reply, proof: Proof, user: str, password: str, context: Context, *, head: bool) -> Reply:
        """RFC 7616 3.5: `Authentication-Info`."""
        said = []
        if self.next_nonce:
            said.append(f"nextnonce={quoted_string(self._nonce(context))}")
        if proof.qop:
            if proof.qop == "auth-int" and not head:
                reply = reply.collected()
            rspauth = proof.answer(user, password, [b"" if head else reply.body])
            said += [f'qop={proof.qop}, rspauth="{rspauth}"', f"cnonce={quoted_string(proof.cnonce)}, nc={proof.nc}"]
        if not said:
            return reply
        name = "Proxy-Authentication-Info" if self.proxy else "Authentication-Info"
        return msgspec.structs.replace(reply, headers=(*reply.headers, (name, ", ".join(said))))

    def _nonce(self, context: Context) -> str:
        return new_nonce(context.seed, self.realm, now=context.clock.now())

    def _refusal(
        self, hint: str, context: Context, *, status: int = 401, presented: bool = True, stale: bool = False
    ) -> Refusal:
        return Refusal(
            hint=hint,
            status=407 if self.proxy and status == 401 else status,
            text="The credentials are malformed." if status == 400 else "Digest authentication is required.",
            presented=presented,
            challenges=[*self._challenges(context, stale=stale)] if status == 401 else (),
        )

    def _challenges(self, context: Context, *, stale: bool) -> cabc.Iterator[str]:
        """RFC 7616 3.3 and 3.7: one for each algorithm, the preferred one first."""
        nonce = self._nonce(context)
        for algorithm in self._algorithms:
            said = [f"realm={quoted_string(self.realm)}"]
            if self.domain is not None and not self.proxy:
                said.append(f"domain={quoted_string(self.domain)}")
            if self._qops:
                said.append(f"qop={quoted_string(', '.join(self._qops))}")
            said += [f"algorithm={algorithm}", f'nonce="{nonce}"', f'opaque="{opaque(context.seed)}"']
            said += ["charset=UTF-8"] if self.charset else []
            said += ["userhash=true"] if self.userhash else []
            said += ["stale=true"] if stale else []
            yield f"Digest {', '.join(said)}"


def _why_wrong(proof: Proof, claim: Claim, password: str) -> str:
    """What the response would be right for, where that is a mistake that clients make."""
    user = claim.username
    name, session = split(proof.algorithm)
    tries: dict[str, dict[str, typing.Any]] = {
        "it is right for an empty body, so that the body was not hashed": {"body": tuple},
        "it is right without -sess: A1 has to be hashed with nonce and cnonce (RFC 7616 3.4.2)": {"algorithm": name},
        "it is right for the password in Latin-1; the charset of the challenge is UTF-8": {"charset": "latin-1"},
        "it is right for the formula without qop (RFC 2069)": {"qop": ""},
        "it is right for the SHA-512 that is cut to 256 bits, as the example of RFC 7616 3.9.2 has it (erratum 4897)": {
            "algorithm": f"truncated{'-sess' if session else ''}"
        },
        **{
            f"it is right for the method {method}": {"method": method}
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
        },
    }
    for told, changes in tries.items():
        if name == "MD5" and str(changes.get("algorithm", "")).startswith("truncated"):
            continue
        if msgspec.structs.replace(proof, **changes).response(user, password) == claim.response:
            return told
    for told, other in {
        "it is right for an empty password": "",
        "it is right for the password with a trailing newline": f"{password}\n",
    }.items():
        if proof.response(user, other) == claim.response:
            return told
    return "another password, or other values than those in the header, went into it"
