"""Where a request carries credentials, whatever they are: for those who ask for none."""

from __future__ import annotations

import collections.abc as cabc
import re

from .request import Pairs
from .request import Request

__all__ = ["carried"]

# Fields that hold credentials by their definition or by custom: RFC 9110 11.6.2 and 11.7.2, RFC 6265 4.2
_FIELDS = frozenset({"authorization", "proxy-authorization", "cookie"})
_CUSTOM = re.compile(r"(?:^|[-_.])(?:api-?key|secret|token|password|signature|credential)(?:$|[-_.])", re.IGNORECASE)


def carried(request: Request, form: Pairs) -> cabc.Iterator[tuple[str, str]]:
    """Where they are, and what is there. `form` are the parameters of the body."""
    for name, value in request.headers:
        if name.lower() in _FIELDS or _CUSTOM.search(name):
            yield f"header {name}", value
    for name, value in request.query:
        if value and _CUSTOM.search(name):
            yield f"query parameter {name}", value
    for name, value in form:
        if value and _CUSTOM.search(name):
            yield f"body parameter {name}", value
