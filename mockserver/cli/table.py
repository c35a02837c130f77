"""The matrix as a table that grows while it runs: grant, client authentication, result, what the server saw."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import shutil
import sys
import time

import click

from .. import __version__
from .. import demo
from ..server import OAuthMock
from ..variants import Cell

__all__ = ["Table", "run"]

_NARROWEST = 24
_GAP = "  "


class Table:
    """Rows for some cells. `width` is the terminal's, in columns; None: each row is one line, however long."""

    def __init__(self, cells: cabc.Sequence[Cell], *, width: int | None, colored: bool) -> None:
        self._grant_type = max(len("grant_type"), *(len(cell.grant_type) for cell in cells))
        self._client_auth = max(len("client_auth"), *(len(cell.client_auth) for cell in cells))
        self._width = width
        self._colored = colored

    def heading(self) -> str:
        return self._row("grant_type", "client_auth", "result", "the server saw")

    def running(self, cell: Cell) -> str:
        return self._row(cell.grant_type, cell.client_auth, "...", "")

    def row(self, outcome: demo.Outcome) -> str:
        cell, result = outcome.cell, "FAIL" if outcome.why else "pass"
        first, *more = self._wrapped(outcome.seen) or ["nothing"]
        lines = [self._row(cell.grant_type, cell.client_auth, result, first, fg="red" if outcome.why else "green")]
        lines += [" " * self._margin + part for part in more]
        return "\n".join([*lines, f"{_GAP}why: {outcome.why}"] if outcome.why else lines)

    @property
    def _margin(self) -> int:
        return self._grant_type + self._client_auth + len("result") + 3 * len(_GAP)

    def _row(self, grant_type: str, client_auth: str, result: str, seen: str, fg: str | None = None) -> str:
        shown = click.style(result, fg=fg) if fg and self._colored else result
        columns = (
            f"{grant_type:<{self._grant_type}}",
            f"{client_auth:<{self._client_auth}}",
            shown + " " * (len("result") - len(result)),
            seen,
        )
        return _GAP.join(columns).rstrip()

    def _wrapped(self, seen: cabc.Sequence[str]) -> list[str]:
        """As many to a line as the terminal has room for."""
        room = None if self._width is None else max(self._width - self._margin, _NARROWEST)
        lines: list[str] = []
        for number, exchange in enumerate(seen, 1):
            text = exchange if number == len(seen) else f"{exchange},"
            if lines and (room is None or len(lines[-1]) + 1 + len(text) <= room):
                lines[-1] += f" {text}"
            else:
                lines.append(text)
        return lines


def run(cells: cabc.Sequence[Cell]) -> bool:
    """Run the connector for every cell and print its row as soon as it is known; whether all passed."""
    terminal = sys.stdout.isatty()
    table = Table(
        cells,
        width=shutil.get_terminal_size().columns if terminal else None,
        colored=terminal and not os.environ.get("NO_COLOR"),
    )
    passed, began = 0, time.perf_counter()
    count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    click.echo(f"oauthmock {__version__}   {count}: grant x client authentication\n\n{table.heading()}")
    over_tls = any(cell.over_tls for cell in cells)
    with contextlib.ExitStack() as servers:
        plain = servers.enter_context(OAuthMock())
        secure = OAuthMock(https=True, client_certificates="optional")
        if over_tls:
            servers.enter_context(secure)
        for cell in cells:
            mock = secure if cell.over_tls else plain
            if terminal:
                click.echo(table.running(cell), nl=False)
            outcome = demo.outcome(mock, cell)
            passed += not outcome.why
            # On a terminal the row takes the place of the one that said "...".
            click.echo(("\r\x1b[K" if terminal else "") + table.row(outcome))
    click.echo(f"\n{passed} of {len(cells)} passed in {time.perf_counter() - began:.1f} s")
    return passed == len(cells)
