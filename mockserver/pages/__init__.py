"""The pages that a person sees: login, consent, error, callback. Jinja2 is imported when the first is rendered."""

from __future__ import annotations

import functools
import pathlib
import typing

if typing.TYPE_CHECKING:
    import jinja2

__all__ = ["PAGE_HEADERS", "render"]

PAGE_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    # Nothing from outside, no framing (RFC 9700 4.16), no sniffing, no code in a Referer (RFC 9700 4.2.4)
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


def render(template: str, **values: object) -> str:
    """A page, everything in it escaped."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(template: str) -> str:
    return pathlib.Path(__file__).with_name(template).read_text(encoding="utf-8")
