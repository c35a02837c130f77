"""What the guards are, and what each says to requests that it does not let in: sent when the page is built."""

from __future__ import annotations

import base64
import collections.abc as cabc
import dataclasses
import functools
import inspect
import re
import time
import typing

from tables import table
from werkzeug.test import Client

from mockserver import ApiKey
from mockserver import Basic
from mockserver import ClientCertificate
from mockserver import Digest
from mockserver import OAuthMock
from mockserver import Open
from mockserver import SigV4
from mockserver.guards import GUARDS
from mockserver.guards import Guard
from mockserver.sigv4 import Dialect

__all__ = ["CASES", "guard_table", "refusal_table"]


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A request that a guard does not let in, and the status that it gets."""

    guard: Guard
    request: str
    status: int
    headers: cabc.Mapping[str, str] = dataclasses.field(default_factory=dict)
    query: str = ""


def _basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


_DAYS = re.compile(r"\b[0-9]{8}T[0-9]{6}Z\b|\b[0-9]{6,} s off")
_BASIC = Basic({"crm": "s3cret-of-crm"})
_KEY = ApiKey("key-of-the-crm")
_DIGEST = Digest({"crm": "s3cret-of-crm"}, algorithms="MD5")


def _signed(key: str, stamp: str | None = None) -> dict[str, str]:
    stamp = stamp or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{key}/{stamp[:8]}/us-east-1/service/aws4_request"
    said = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    return {"X-Amz-Date": stamp, "Authorization": said}


def _proof(**changes: str) -> dict[str, str]:
    fields = {"username": "crm", "realm": "api", "nonce": "x", "uri": "/orders", "algorithm": "MD5", "qop": "auth"}
    fields |= {"cnonce": "c", "nc": "00000001", "response": "8ca523f5e9506fed4657c9700eebdbec", **changes}
    return {"Authorization": "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())}


CASES: tuple[Case, ...] = (
    Case(Open(strict=True), "a cookie at an open path that is strict", 400, {"Cookie": "sid=1"}),
    Case(_BASIC, "no Authorization header", 401),
    Case(_BASIC, "another scheme", 401, {"Authorization": "Bearer abc"}),
    Case(_BASIC, "no base64", 401, {"Authorization": "Basic crm:s3cret"}),
    Case(_BASIC, "no colon", 401, _basic("crm")),
    Case(_BASIC, "an unknown user", 401, _basic("erp:s3cret-of-crm")),
    Case(_BASIC, "a wrong password", 401, _basic("crm:S3CRET-of-crm")),
    Case(Basic({"crm": "s3cret-of-crm"}, proxy=True), "no Proxy-Authorization header", 407),
    Case(_DIGEST, "no Authorization header", 401),
    Case(_DIGEST, "no `uri`", 400, {"Authorization": 'Digest username="crm", realm="api", nonce="x", response="y"'}),
    Case(_DIGEST, "a response of the wrong length", 400, _proof(response="8ca523f5")),
    Case(_DIGEST, "`uri` is not the one of the request line", 400, _proof(uri="/items")),
    Case(_DIGEST, "another realm", 401, _proof(realm="other")),
    Case(_DIGEST, "an algorithm that is not offered", 401, _proof(algorithm="SHA-256", response="8c" * 32)),
    Case(_DIGEST, "an unknown user", 401, _proof(username="erp")),
    Case(_DIGEST, "a wrong response", 401, _proof()),
    Case(_KEY, "no key", 401),
    Case(_KEY, "the key in another place", 401, query="key=key-of-the-crm"),
    Case(_KEY, "a wrong key", 401, {"X-Api-Key": "key-of-the-erp"}),
    *(
        Case(
            SigV4({"AKIDEXAMPLE": "s3cret-of-aws"}, dialect=dialect),
            f"{request}, in the words of `{dialect}`",
            status,
            headers,
        )
        for request, headers, statuses in (
            ("no signature", {}, (403, 403, 403, 403)),
            ("another scheme", {"Authorization": "Bearer abc"}, (400, 400, 400, 400)),
            ("no credential scope", {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE"}, (400, 400, 400, 400)),
            ("an unknown key", _signed("AKIANOBODY"), (403, 401, 403, 403)),
            ("a clock that is off", _signed("AKIDEXAMPLE", "20150830T123600Z"), (403, 400, 403, 403)),
            ("a wrong signature", _signed("AKIDEXAMPLE"), (403, 403, 403, 403)),
        )
        for dialect, status in zip(typing.get_args(Dialect), statuses, strict=True)
    ),
    Case(ClientCertificate(), "no client certificate", 403),
)


def guard_table() -> str:
    rows = []
    for name, guard in GUARDS.items():
        meaning = " ".join((inspect.getdoc(guard) or "").split())
        rows.append((f"`{name}`", f"`{guard.__name__}`", _arguments(guard), meaning))
    return table(("name", "class", "arguments", "what it checks"), rows)


def _arguments(guard: type[typing.Any]) -> str:
    parameters = inspect.signature(guard).parameters.values()
    shown = (str(p.replace(annotation=inspect.Parameter.empty)) for p in parameters)
    return ", ".join(f"`{text}`" for text in shown) or "none"


@functools.cache
def refusal_table() -> str:
    """Raises AssertionError when an answer is not as tabled."""
    rows = []
    for case in CASES:
        mock = OAuthMock(issuer="http://localhost")
        mock.protect("/orders", guard=case.guard, json=[])
        answer = Client(mock.wsgi, use_cookies=False).get(
            "/orders", headers=dict(case.headers), query_string=case.query
        )
        assert answer.status_code == case.status, (case, answer.status)
        field = "Proxy-Authenticate" if answer.status_code == 407 else "WWW-Authenticate"
        challenges = (re.sub(r'(nonce|opaque)="[^"]*"', r'\1="..."', value) for value in answer.headers.getlist(field))
        said = "<br>".join(f"`{value}`" for value in challenges) or mock.journal.last.error or ""
        why = _DAYS.sub("...", mock.journal.last.why.partition("\n")[0]).replace("<", "&lt;").replace("*", "\\*")
        rows.append((f"`{case.guard.name}`", case.request, str(answer.status_code), said, why))
    return table(("guard", "request", "answer", "challenge or code", "why, as the journal has it"), rows)
