"""Client credentials: how Basic is read (RFC 6749 2.3.1, RFC 7617), and how a wrong secret differs."""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import contextlib
import hmac
import secrets
import urllib.parse

from .errors import InvalidClient
from .messages import Presented
from .model import Client
from .request import Pairs
from .shapes import CANARIES
from .shapes import canary

__all__ = [
    "MalformedBasic",
    "check_secret",
    "difference",
    "lengths",
    "new_jti",
    "new_secret",
    "origin",
    "read_basic",
    "read_pairs",
    "successor",
]


def new_secret(kind: str) -> str:
    """256 bits of randomness behind a prefix that a leak can be recognised by: `oam_at_`, `oam_rt_`, `oam_ac_`, ..."""
    return f"{canary(kind)}{secrets.token_urlsafe(32)}"


def new_jti() -> str:
    """The `jti` of a token (RFC 7519 4.1.7): 128 bits behind the prefix of a mock's making, for whoever finds one."""
    return f"oam_{secrets.token_hex(16)}"


def successor(value: str, seed: bytes) -> str:
    """The refresh token that takes the place of another: always the same for one `seed`, and not to be guessed."""
    digest = hmac.digest(seed, value.encode("utf-8", "surrogatepass"), "sha256")
    return f"oam_rt_{base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def origin(value: str) -> str:
    """What a value is, by its prefix, for a hint: no piece of a secret is shown."""
    kind = CANARIES.get(value[4:6])
    if kind is not None and value.startswith(canary(value[4:6])):
        article = "an" if kind[0] == "a" else "a"
        return f"it is {article} {kind} of a mock server, from before a reset or of another issuer"
    return f"it is not of a mock server's making ({len(value)} characters)"


class MalformedBasic(ValueError):
    """The value behind `Basic` is no credentials; the message says what it is instead."""


def read_basic(value: str) -> tuple[tuple[str, str, str], ...]:
    """
    Every way to read the token68 behind `Basic`: (encoding, client_id, client_secret), the likeliest first.

    RFC 6749 2.3.1 asks that both halves be form-urlencoded before they are joined. Go and Node clients do that, Python
    clients do not, so both readings are offered and the verdict says which one fitted. Python's `requests` sends
    latin-1, `httpx` UTF-8: both are tried as well.

    Raises `MalformedBasic`.
    """
    try:
        octets = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedBasic("what follows Basic is not base64") from None
    if b":" not in octets:
        raise MalformedBasic("there is no colon between client_id and client_secret")
    texts = [octets.decode("latin-1")]
    with contextlib.suppress(UnicodeDecodeError):  # then latin-1 is the one reading left
        texts.insert(0, octets.decode("utf-8"))
    readings: dict[tuple[str, str], str] = {}
    for text in texts:
        client_id, _, secret = text.partition(":")
        decoded = (urllib.parse.unquote_plus(client_id), urllib.parse.unquote_plus(secret))
        encoding = "" if decoded == (client_id, secret) else "form"
        readings.setdefault(decoded, encoding)
        readings.setdefault((client_id, secret), "raw")
    return tuple((encoding, client_id, secret) for (client_id, secret), encoding in readings.items())


def difference(sent: str, registered: str, others: cabc.Mapping[str, str]) -> str | None:
    """
    How a wrong secret differs from the registered one, without showing either; None when it is another altogether.

    `others` maps the other clients' ids to their secrets.
    """
    if sent.rstrip("\r\n") == registered:
        return "it is the registered one with a trailing newline: strip what you read from the file"
    if sent.strip() == registered:
        return "it is the registered one with white space around it"
    for client_id, secret in others.items():
        if sent == secret:
            return f"it is the secret of client {client_id!r}"
    if registered in (urllib.parse.unquote_plus(sent), urllib.parse.unquote_plus(urllib.parse.unquote_plus(sent))):
        return "it is the registered one percent-encoded once too often"
    if _decoded(sent) == registered:
        return "it is the registered one in base64: it was encoded twice"
    if sent.casefold() == registered.casefold():
        return "only upper and lower case differ"
    if not sent:
        return "it is empty"
    if registered.startswith(sent):
        return f"it is the registered one cut after {len(sent)} of {len(registered)} characters"
    return None


def lengths(sent: str, registered: str) -> str:
    """What can be said of two secrets that have nothing in common."""
    return f"{len(sent)} characters were sent, the registered one has {len(registered)}"


def _decoded(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:
        return None


def read_pairs(pairs: Pairs, *, method: str) -> Presented | None:
    """client_id and client_secret among the parameters of the body or the query; None without a secret."""
    found = dict(reversed([pair for pair in pairs if pair[1]]))
    if "client_secret" not in found:
        return None
    client_id, secret = found.get("client_id", ""), found["client_secret"]
    return Presented(
        method=method,
        client_id=client_id,
        readings=(("", client_id, secret),),
        malformed="" if client_id else "client_secret came without client_id (RFC 6749 2.3.1)",
    )


def check_secret(presented: Presented, client: Client, clients: cabc.Iterable[Client], *, now: float) -> str:
    """
    Compare what was presented with the client's live secrets: the encoding of the reading that fitted.

    Raises `InvalidClient`, whose hint says how the secret differs.
    """
    readings = [reading for reading in presented.readings if reading[1] == client.client_id]
    for encoding, _client_id, sent in readings:
        for secret in client.secrets:
            if sent == secret.value and secret.is_live(now):
                return encoding
            if sent == secret.value and secret.expires_at is not None:
                raise _refused(
                    f"this secret of client {client.client_id!r} expired {now - secret.expires_at:.0f} s ago"
                    f" ({presented.method})"
                )
    others = {
        other.client_id: other.client_secret
        for other in clients
        if other.client_id != client.client_id and other.client_secret is not None
    }
    registered = client.client_secret or ""
    # By whichever reading says most; what was sent literally is the last.
    telling = (how for _, _, sent in readings if (how := difference(sent, registered, others)) is not None)
    how = next(telling, lengths(readings[-1][2], registered))
    raise _refused(f"the secret of client {client.client_id!r} is wrong: {how} ({presented.method})")


def _refused(hint: str) -> InvalidClient:
    return InvalidClient("Client authentication failed.", hint=hint)
