"""`oauthmock demo`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import typing

import click
import pytest
from click.testing import CliRunner

from mockserver import __version__
from mockserver import demo
from mockserver.cli import main
from mockserver.cli import table
from mockserver.variants import Cell

_DANCE = "GET /authorize 302, GET /callback 200, POST /token 200, GET /api/orders 200"
_DIRECT = "POST /token 200, GET /api/orders 200"


def _demo(*arguments: str) -> tuple[int, str]:
    """Exit status and output, the time it took left out."""
    result = CliRunner().invoke(main, ["demo", *arguments])
    assert result.stderr == ""
    return result.exit_code, re.sub(r"in \d+\.\d s", "in 0.0 s", result.output)


def test_the_default_matrix_passes_and_is_shown_as_a_table() -> None:
    """Without a terminal the table is plain, one line for each cell."""
    assert _demo() == (
        0,
        f"""\
oauthmock {__version__}   6 cells: grant x client authentication

grant_type          client_auth          result  the server saw
authorization_code  client_secret_basic  pass    {_DANCE}
authorization_code  client_secret_post   pass    {_DANCE}
password            client_secret_basic  pass    {_DIRECT}
password            client_secret_post   pass    {_DIRECT}
client_credentials  client_secret_basic  pass    {_DIRECT}
client_credentials  client_secret_post   pass    {_DIRECT}

6 of 6 passed in 0.0 s
""",
    )


def test_flags_narrow_the_matrix_and_widen_it() -> None:
    """By name, beyond the default too; a public client has no client_credentials (RFC 6749 4.4)."""
    flags = ("--grant-type", "client_credentials", "--grant-type", "refresh_token")

    assert _demo(*flags, "--client-auth", "client_secret_json", "--client-auth", "none") == (
        0,
        f"""\
oauthmock {__version__}   3 cells: grant x client authentication

grant_type          client_auth         result  the server saw
client_credentials  client_secret_json  pass    {_DIRECT}
refresh_token       client_secret_json  pass    {_DIRECT}
refresh_token       none                pass    {_DIRECT}

3 of 3 passed in 0.0 s
""",
    )


def test_all_is_every_implemented_cell() -> None:
    """Four grants by ten methods, less the one that makes no sense."""
    status, output = _demo("--grant-type", "all", "--client-auth", "all")

    assert status == 0
    assert output.endswith("\n39 of 39 passed in 0.0 s\n")


def test_a_cell_that_fails_says_why_and_what_the_server_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 1; the other cells are run all the same."""
    monkeypatch.setitem(demo.AUTHENTICATION, "client_secret_post", demo.client_secret_basic)
    monkeypatch.setattr("mockserver.server.issuer._SERIAL", iter(range(1, 9)))

    assert _demo("--grant-type", "password") == (
        1,
        f"""\
oauthmock {__version__}   2 cells: grant x client authentication

grant_type  client_auth          result  the server saw
password    client_secret_basic  pass    {_DIRECT}
password    client_secret_post   FAIL    POST /token 401
  why: client 'client-2' is registered with client_secret_post; the request sent client_secret_basic (RFC 6749 2.3.1)

1 of 2 passed in 0.0 s
""",
    )


def test_a_cell_that_sends_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector's own error is the reason when the server has none."""

    def broken(http: object, settings: object) -> typing.NoReturn:
        raise LookupError("no such grant")

    monkeypatch.setitem(demo.GRANTS, "password", broken)
    status, output = _demo("--grant-type", "password", "--client-auth", "client_secret_post")

    assert status == 1
    assert "password    client_secret_post  FAIL    nothing\n  why: LookupError: no such grant\n" in output


def test_a_matrix_without_a_meaningful_cell_is_a_usage_error() -> None:
    """RFC 6749 4.4: nothing would be run, and that must not look like success."""
    result = CliRunner().invoke(main, ["demo", "--grant-type", "client_credentials", "--client-auth", "none"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "Error: a public client ('none') may not use client_credentials (RFC 6749 4.4); add a grant or a method\n"
    )


def test_ctrl_c_ends_it_quietly_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and no word about it."""

    def interrupted(http: object, settings: object) -> typing.NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setitem(demo.GRANTS, "password", interrupted)
    status, output = _demo("--grant-type", "password", "--client-auth", "client_secret_post")

    assert status == 130
    assert output.endswith("  the server saw\n")


def test_a_narrow_terminal_gets_what_the_server_saw_below_each_other() -> None:
    """At 80 columns no line is longer; the columns stay where they are, and `password` is no `pass`."""
    cell = Cell("password", "client_secret_basic")
    rows = table.Table([cell], width=80, colored=True).row(demo.Outcome(cell, "", tuple(_DANCE.split(", "))))

    assert click.unstyle(rows) == (
        "password    client_secret_basic  pass    GET /authorize 302, GET /callback 200,\n"
        "                                         POST /token 200, GET /api/orders 200"
    )
    assert rows.startswith("password    client_secret_basic  \x1b[32mpass\x1b[0m    GET")


def test_without_a_terminal_a_row_is_one_line_however_long() -> None:
    """So that grep finds it whole."""
    cell = Cell("password", "client_secret_basic")
    rows = table.Table([cell], width=None, colored=False).row(demo.Outcome(cell, "", tuple(_DANCE.split(", "))))

    assert rows == f"password    client_secret_basic  pass    {_DANCE}"


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
@pytest.mark.parametrize(("variables", "result"), [({}, "\x1b[32mpass\x1b[0m"), ({"NO_COLOR": "1"}, "pass")])
def test_a_terminal_sees_which_cell_is_running(variables: dict[str, str], result: str) -> None:
    """The row with the result replaces the row that says `...`; NO_COLOR takes the colours out."""
    ours, theirs = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-W", "error", "-m", "mockserver", "demo"]
    with (
        os.fdopen(ours, "rb", buffering=0) as terminal,
        subprocess.Popen(
            [*command, "--grant-type", "password", "--client-auth", "none"],
            env={**environment, "COLUMNS": "100", **variables},
            stdout=theirs,
            stderr=theirs,
        ) as process,
    ):
        os.close(theirs)
        output = b"".join(_until_closed(terminal)).decode().replace("\r\n", "\n")

    assert process.returncode == 0
    assert f"password    none         ...\r\x1b[Kpassword    none         {result}    {_DIRECT}\n" in output


def _until_closed(terminal: typing.BinaryIO) -> typing.Iterator[bytes]:
    try:
        while piece := terminal.read(1024):
            yield piece
    except OSError:
        return  # Linux reports so that the other end is closed
