"""A connector that changes people of an OData service: client credentials, PATCH, the same body again after a 401."""

from __future__ import annotations

import collections.abc as cabc
import json
import types
import typing
import urllib.parse

import httpx

__all__ = ["ChangedMeanwhile", "NoSuchPerson", "PeopleConnector", "ServiceError"]

Person = dict[str, typing.Any]


class ServiceError(Exception):
    """What the service says in its error: a code for programs, a message for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class NoSuchPerson(ServiceError):
    """404."""


class ChangedMeanwhile(ServiceError):
    """412: somebody else was faster."""


_ERRORS = {404: NoSuchPerson, 412: ChangedMeanwhile}


class PeopleConnector:
    """
    Use it as a context manager: connections are kept open in between.

    `tunnel`: proxies that do not let PATCH through are sent a POST with the method in a header.
    """

    def __init__(
        self, service_url: str, *, token_url: str, client_id: str, client_secret: str, tunnel: bool = False
    ) -> None:
        self._service_url = service_url
        self._token_url = token_url
        self._credentials = (client_id, client_secret)
        self._tunnel = tunnel
        self._http = httpx.Client()
        self._token: str | None = None

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._http.close()

    def people(self) -> list[Person]:
        """Everybody."""
        people: list[Person] = self._send("GET", "/People").json()["value"]
        return people

    def person(self, user_name: str) -> Person:
        """One of them, with the ETag in `@odata.etag`. Raises `NoSuchPerson`."""
        person: Person = self._send("GET", _path(user_name)).json()
        return person

    def change(self, user_name: str, changes: Person, *, etag: str = "*") -> str:
        """
        Change some properties of the version that `etag` names, and return the ETag of the new one.

        Raises `ChangedMeanwhile`.
        """
        return self._patch(user_name, changes, etag, "return=minimal").headers["ETag"]

    def changed(self, user_name: str, changes: Person, *, etag: str = "*") -> Person:
        """As `change`, and return the whole person."""
        person: Person = self._patch(user_name, changes, etag, "return=representation").json()
        return person

    def _patch(self, user_name: str, changes: Person, etag: str, prefer: str) -> httpx.Response:
        headers = {"Content-Type": "application/json", "If-Match": etag, "Prefer": prefer}
        method = "PATCH"
        if self._tunnel:
            headers["X-HTTP-Method"], method = "MERGE", "POST"
        return self._send(method, _path(user_name), json.dumps(changes).encode(), headers)

    def _send(
        self, method: str, path: str, content: bytes = b"", headers: cabc.Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The body is octets, so that what is sent again is what was sent before."""
        for _ in range(2):
            if self._token is None:
                self._token = self._new_token()
            answer = self._http.request(
                method,
                self._service_url + path,
                content=content,
                headers={"Authorization": f"Bearer {self._token}", **(headers or {})},
            )
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                break
            self._token = None
        if answer.is_error:
            raise _error(answer)
        return answer

    def _new_token(self) -> str:
        form = {"grant_type": "client_credentials", "scope": "people:read people:write"}
        answer = self._http.post(self._token_url, data=form, auth=self._credentials)
        return str(answer.raise_for_status().json()["access_token"])


def _path(user_name: str) -> str:
    """A quote in a key is doubled, and what a URL has for itself is escaped."""
    doubled = user_name.replace("'", "''")
    return f"/People('{urllib.parse.quote(doubled, safe='')}')"


def _error(answer: httpx.Response) -> Exception:
    """OData's error where there is one; else httpx's."""
    try:
        error = answer.json()["error"]
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError):
        return httpx.HTTPStatusError(f"{answer.status_code}", request=answer.request, response=answer)
    return _ERRORS.get(answer.status_code, ServiceError)(answer.status_code, code, message)
