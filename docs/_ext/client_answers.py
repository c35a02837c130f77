"""What popular clients make of answers, from the data files of the tests."""

from __future__ import annotations

import pathlib
import tomllib

from tables import table

__all__ = ["answers"]

_INTEROP = pathlib.Path(__file__).parents[2] / "tests" / "interop"


def answers(file: str) -> str:
    """A row for each answer: what it is, the line that makes it, and a column for each client."""
    found = tomllib.loads((_INTEROP / file).read_text(encoding="utf-8"))["answer"]
    clients = list(found[0]["clients"])
    rows = [
        (answer["id"], f"`{answer['line']}`" if answer["line"] else "", *(answer["clients"][name] for name in clients))
        for answer in found
    ]
    return table(("answer", "`token_endpoint.`", *clients), rows)
