"""Parameters in a URL that may have some already."""

from __future__ import annotations

import collections.abc as cabc

import httpx

__all__ = ["with_query"]


def with_query(url: str, pairs: cabc.Sequence[tuple[str, str]]) -> str:
    """Those that are there stay, and stay first."""
    before = httpx.URL(url)
    return str(before.copy_with(params=[*before.params.multi_items(), *pairs])) if pairs else url
