"""What the browser would send to the client's redirect URI, and what a sloppy or hostile server would make of it."""

from __future__ import annotations

import collections.abc as cabc
import urllib.parse

import msgspec

from .redaction import redact

__all__ = ["Callback"]

Values = str | cabc.Sequence[str]


class Callback(msgspec.Struct, frozen=True):
    """The request that the browser would now send to the client's redirect URI. Nobody has sent it."""

    url: str
    method: str = "GET"
    form: cabc.Mapping[str, Values] = msgspec.field(default_factory=dict)
    """What is posted (`response_mode=form_post`); a parameter that comes more than once is a list."""
    names: cabc.Mapping[str, str] = msgspec.field(default_factory=dict)
    """The RFC's parameters -> what this provider calls them (`callback_names`)."""

    @property
    def path_and_query(self) -> str:
        """What a test client of the application under test is asked for. A browser keeps the fragment to itself."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    @property
    def params(self) -> dict[str, str]:
        """Every parameter that came back, in query, fragment or form; the last, of one that came more than once."""
        parts = urllib.parse.urlsplit(self.url)
        pairs = [pair for text in (parts.query, parts.fragment) for pair in _pairs(text)]
        return {**dict(pairs), **{name: _values(value)[-1] for name, value in self.form.items() if value}}

    @property
    def code(self) -> str | None:
        return self._named("code")

    @property
    def id_token(self) -> str | None:
        """What `response_type=code id_token` and its like bring (OpenID Connect Core 3.2.2.5, 3.3.2.5)."""
        return self._named("id_token")

    @property
    def state(self) -> str | None:
        return self._named("state")

    @property
    def error(self) -> str | None:
        return self._named("error")

    def with_params(self, **params: Values) -> Callback:
        """
        The same callback with parameters put in place of, or beside, those that it has; a list comes more than once.

        By the RFC's names: `with_params(state="another")`, `with_params(state=["s", "s"])`, `with_params(error="x")`.
        """
        params = {self.names.get(name, name): value for name, value in params.items()}
        stripped = self._stripped(params)
        if self.method == "POST":
            return msgspec.structs.replace(stripped, form={**stripped.form, **params})
        pairs = [(name, value) for name, values in params.items() for value in _values(values)]
        added = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)
        parts = urllib.parse.urlsplit(stripped.url)
        # Where the others were
        place = "fragment" if urllib.parse.urlsplit(self.url).fragment else "query"
        whole = "&".join(filter(None, [getattr(parts, place), added]))
        return msgspec.structs.replace(stripped, url=parts._replace(**{place: whole}).geturl())

    def without(self, *params: str) -> Callback:
        """The same callback without some parameters, by the RFC's names: `without("state")`."""
        return self._stripped([self.names.get(name, name) for name in params])

    def _stripped(self, names: cabc.Collection[str]) -> Callback:
        # What stays is not encoded anew: the client's own query comes back as it was registered
        parts = urllib.parse.urlsplit(self.url)
        query, fragment = (_without(text, names) for text in (parts.query, parts.fragment))
        return msgspec.structs.replace(
            self,
            url=parts._replace(query=query, fragment=fragment).geturl(),
            form={name: value for name, value in self.form.items() if name not in names},
        )

    def _named(self, name: str) -> str | None:
        return self.params.get(self.names.get(name, name))

    def __repr__(self) -> str:
        return f"<Callback {self.method} {redact(self.url)}>"


def _values(value: Values) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _pairs(text: str) -> list[tuple[str, str]]:
    return urllib.parse.parse_qsl(text, keep_blank_values=True)


def _without(text: str, names: cabc.Collection[str]) -> str:
    kept = [pair for pair in text.split("&") if urllib.parse.unquote_plus(pair.partition("=")[0]) not in names]
    return "&".join(kept)
