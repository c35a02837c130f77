"""A small OData 4.0 service with one entity set, People, as a WSGI application: what the connector under test calls."""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import threading
import typing

from werkzeug import Request
from werkzeug import Response

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["PeopleService"]

Person = dict[str, typing.Any]

# A string key is in quotes, and a quote in it is doubled (OData URL Conventions 5.1.1.6.1)
_ENTITY = re.compile(r"/People\('((?:[^']|'')+)'\)")
_PROPERTIES = {"UserName": str, "FirstName": str, "LastName": str, "Emails": list}


class Refused(Exception):
    """An OData error (OData JSON Format 21)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PeopleService:
    """People by UserName. Each change gives an entity another ETag, without which, or *, nothing is changed."""

    def __init__(self, people: cabc.Iterable[Person]) -> None:
        self._people = {person["UserName"]: dict(person) for person in people}
        self._versions = dict.fromkeys(self._people, 1)
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        request = Request(environ)
        try:
            with self._lock:
                response = self._answer(request)
        except Refused as error:
            response = _json({"error": {"code": error.code, "message": str(error)}}, status=error.status)
        response.headers["OData-Version"] = "4.0"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        context = f"{request.root_url.rstrip('/')}/$metadata#People"
        method = request.headers.get("X-HTTP-Method", request.method) if request.method == "POST" else request.method
        if request.path == "/People" and method == "GET":
            return _json({"@odata.context": context, "value": [self._shown(name) for name in self._people]})
        found = _ENTITY.fullmatch(request.path)
        name = found[1].replace("''", "'") if found else ""
        if name not in self._people:
            raise Refused(404, "NotFound", f"There is nothing at {request.path}.")
        if method == "GET":
            return self._entity(name, context)
        # MERGE is what PATCH was called before OData 4.0
        if method in ("PATCH", "MERGE"):
            return self._patch(name, context, request)
        raise Refused(405, "MethodNotAllowed", f"{method} is not for an entity of People.")

    def _patch(self, name: str, context: str, request: Request) -> Response:
        if "If-Match" not in request.headers:
            raise Refused(428, "PreconditionRequired", "If-Match is needed: an ETag, or * for any.")
        # RFC 9110 13.1.1 has it strong; OData's ETags are weak all the same
        if not request.if_match.contains_weak(str(self._versions[name])):
            raise Refused(412, "PreconditionFailed", f"The entity is {self._etag(name)} by now.")
        # The key is not to be changed, and is no error (OData Protocol 11.4.3)
        self._people[name] |= {key: value for key, value in _changes(request).items() if key != "UserName"}
        self._versions[name] += 1
        if "return=representation" in request.headers.get("Prefer", ""):
            response = self._entity(name, context)
            response.headers["Preference-Applied"] = "return=representation"
            return response
        response = Response(status=204, headers={"ETag": self._etag(name)})
        if "return=minimal" in request.headers.get("Prefer", ""):
            response.headers["Preference-Applied"] = "return=minimal"
        return response

    def _entity(self, name: str, context: str) -> Response:
        response = _json({"@odata.context": f"{context}/$entity", **self._shown(name)})
        response.headers["ETag"] = self._etag(name)
        return response

    def _shown(self, name: str) -> Person:
        return {"@odata.etag": self._etag(name), **self._people[name]}

    def _etag(self, name: str) -> str:
        return f'W/"{self._versions[name]}"'


def _changes(request: Request) -> Person:
    """What is in the body, and not the rest of the entity. Raises `Refused`."""
    if request.mimetype != "application/json":
        raise Refused(415, "UnsupportedMediaType", "The body has to be JSON, and to say so.")
    try:
        changes = json.loads(request.get_data())
    except ValueError:
        raise Refused(400, "BadRequest", "The body is not JSON.") from None
    if not isinstance(changes, dict):
        raise Refused(400, "BadRequest", "The body is no JSON object.")
    for key, value in changes.items():
        if key not in _PROPERTIES or not isinstance(value, _PROPERTIES[key]):
            raise Refused(400, "BadRequest", f"A person has no property {key} with such a value.")
    return changes


def _json(members: object, *, status: int = 200) -> Response:
    return Response(json.dumps(members), status, content_type="application/json;odata.metadata=minimal")
