"""Golden exchanges of a profile, sent to a server that has it: what was wanted, and what came."""

from __future__ import annotations

import base64
import collections.abc as cabc
import json
import re
import typing
import urllib.parse

from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver import profiles
from mockserver.golden import Golden
from mockserver.golden import GoldenAnswer
from mockserver.golden import GoldenRequest

_PLACEHOLDER = re.compile(r"\{([a-z_]+(?::[a-z,]+)?)\}")
_REDIRECT_URI = "http://127.0.0.1/cb"
_CODE = re.compile(r"oam_ac_[\w-]+")
_FORM_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


def different(name: str, example: cabc.Mapping[str, str], golden: Golden) -> list[str]:
    """What of the answer is not as it is wanted, in words; empty when all is."""
    variables = {**example, **golden.variables}
    profile = profiles.load(name, variables)
    hosts = {urllib.parse.urlsplit(origin).netloc for origin in (*profile.origins.values(), *profile.other_origins)}
    mock = OAuthMock(
        profile=name,
        variables=variables,
        consent="auto",
        issuer=profile.origin or "http://localhost",
        allow_hosts=sorted(hosts),
    )
    mock.user("alice", password="wonderland", email="alice@example.com")
    sender = _Sender(mock, golden, profile.origin or "http://localhost")
    for request in golden.first:
        sender.send(request)
    if golden.advance:
        mock.clock.advance(seconds=golden.advance)
    answer = sender.send(golden.send)
    assert mock.exceptions == []
    return list(_differences(golden.want, answer, sender.filled))


class _Sender:
    """Sends requests of one golden exchange; what their placeholders stand for is made when it is needed."""

    def __init__(self, mock: OAuthMock, golden: Golden, origin: str) -> None:
        self._mock = mock
        self._origin = origin
        self._scope = golden.scope
        self._http = Client(mock.wsgi, use_cookies=False)
        self._client = mock.client("crm", **{"redirect_uris": [_REDIRECT_URI], **golden.client})  # type: ignore[arg-type]
        secret = mock.context.clients["crm"].client_secret or ""
        self._known = {
            "client_id": "crm",
            "client_secret": secret,
            "basic": base64.b64encode(f"crm:{secret}".encode()).decode(),
            "redirect_uri": _REDIRECT_URI,
            "username": "alice",
            "password": "wonderland",
        }

    def send(self, request: GoldenRequest) -> TestResponse:
        scheme, _, rest = request.path.partition("://")
        host, slash, path = rest.partition("/") if rest else ("", "", "")
        self._known["url"] = request.path if rest else self._origin + request.path
        body: dict[str, typing.Any] = {}
        if request.form is not None:
            body = {"data": self.filled(request.form)}
        elif request.json is not None:
            body = {"json": self.filled(request.json)}
        elif request.text:
            body = {"data": self.filled(request.text)}
        answer = self._http.open(
            self.filled(slash + path if rest else request.path),
            method=request.method,
            base_url=f"{scheme}://{host}" if rest else self._origin,
            query_string=self.filled(request.query),
            headers=list(self.filled(request.headers).items()),
            **body,
        )
        code = _CODE.search(urllib.parse.unquote(answer.headers.get("Location", "")))
        if code is not None:
            self._known["new_code"] = code[0]
        return answer

    def filled(self, value: typing.Any) -> typing.Any:
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda match: self._value(match[1]), value)
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list) else value

    def _value(self, name: str) -> str:
        if name in ("new_access_token", "new_refresh_token"):
            return str(getattr(self._mock.tokens.last, name.removeprefix("new_")))
        if name not in self._known and name == "code":
            self._known["code"] = self._client.issue_code(redirect_uri=_REDIRECT_URI, scope=self._scope)
        if name not in self._known and name in ("access_token", "refresh_token"):
            token = self._client.grant(user="alice", scope=self._scope)
            self._known |= {"access_token": token.access_token, "refresh_token": token.refresh_token or ""}
        return self._assertion(name.partition(":")[2].split(",")) if ":" in name else self._known[name]

    def _assertion(self, claims: list[str]) -> str:
        audience = self._mock.url if "issuer" in claims else self._known["url"]
        return self._client.client_assertion(
            audience=audience, **{name: None for name in ("iss", "sub") if name not in claims}
        )


def _differences(
    want: GoldenAnswer, answer: TestResponse, filled: cabc.Callable[[typing.Any], typing.Any]
) -> cabc.Iterator[str]:
    body = answer.get_data(as_text=True)
    came = [("status", want.status, answer.status_code)]
    came += [(f"header {name}", value, answer.headers.get(name, "")) for name, value in want.headers.items()]
    if want.text is not None:
        came.append(("body", want.text, body))
    if want.json is not None:
        came.append(("body", want.json, _json(body)))
    if want.has:
        members = _json(body)
        kept = {name: members.get(name) for name in want.has} if isinstance(members, dict) else members
        came.append(("members", want.has, kept))
    if want.form is not None:
        came.append(("form", want.form, dict(urllib.parse.parse_qsl(body, keep_blank_values=True))))
    if want.location is not None:
        parts = urllib.parse.urlsplit(answer.headers.get("Location", ""))
        sent = urllib.parse.parse_qsl(parts.query, keep_blank_values=True) or _FORM_FIELD.findall(body)
        came.append(("callback", want.location, dict(sent)))
    for what, wanted, found in came:
        if not _is(filled(wanted), found):
            yield f"{what}: {found!r} and not {wanted!r} ({answer.status_code} {body[:300]})"


def _json(body: str) -> typing.Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _is(wanted: typing.Any, found: typing.Any) -> bool:
    if isinstance(wanted, str) and wanted.startswith("~"):
        text = found if isinstance(found, str) else json.dumps(found)
        return found is not None and re.fullmatch(wanted[1:], text, re.DOTALL) is not None
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(_is(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_is, wanted, found))
    return type(wanted) is type(found) and bool(wanted == found)
