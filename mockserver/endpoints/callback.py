"""A redirect URI that exists: it shows what came back, for connectors that follow redirects and people who look."""

from __future__ import annotations

from ..context import Context
from ..messages import Reply
from ..pages import PAGE_HEADERS
from ..pages import render
from ..request import Request

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """Accept any callback."""
    page = render("callback.html", parameters=[*request.query, *request.form])
    return Reply(status=200, body=page.encode(), headers=PAGE_HEADERS, why="the callback was taken and goes nowhere")
