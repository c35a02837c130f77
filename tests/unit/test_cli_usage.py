"""How the command is called: version, help, what is refused before anything starts, and what is not imported."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mockserver import __version__
from mockserver.cli import main

_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OAUTHMOCK_")}

# What a server needs, and a help text does not
_HEAVY = {"cryptography", "httptools", "httpx", "jinja2", "jwt", "msgspec", "trustme", "werkzeug"}

_LIST_MODULES = """
import json, sys
from mockserver.cli import main
main(sys.argv[1:], standalone_mode=False)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """OAUTHMOCK_ variables outside would be settings inside."""
    for name in os.environ.keys() - _ENVIRONMENT.keys():
        monkeypatch.delenv(name)


def _loaded(*arguments: str) -> set[str]:
    """Top-level packages that are loaded after a command has run in a fresh process."""
    result = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, *arguments], env=_ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_version_is_the_packages() -> None:
    """`--version` is the one of the distribution."""
    assert CliRunner().invoke(main, ["--version"]).output == f"oauthmock {__version__}\n"


def test_python_m_mockserver_is_the_same_command() -> None:
    """Also in what it calls itself."""
    command = [sys.executable, "-W", "error", "-m", "mockserver"]
    version = subprocess.run([*command, "--version"], env=_ENVIRONMENT, capture_output=True, text=True, check=True)
    wrong = subprocess.run([*command, "sevre"], env=_ENVIRONMENT, capture_output=True, text=True, check=False)

    assert version.stdout == f"oauthmock {__version__}\n"
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("Usage: oauthmock [OPTIONS] COMMAND [ARGS]...\n")


def test_help_names_the_commands_and_the_exit_status() -> None:
    """The whole text is short enough to be read."""
    result = CliRunner().invoke(main, ["--help"], terminal_width=100)

    assert result.exit_code == 0
    assert (
        result.output
        == """\
Usage: oauthmock [OPTIONS] COMMAND [ARGS]...

  A mock OAuth 2.0 server for testing connectors: strict where the RFCs are, and it says why it
  refuses.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  config    Look at a configuration file.
  demo      Run the matrix once against a small connector.
  exec      Run COMMAND, in any language, with the mock at the real origins that it calls.
  profiles  Look at the profiles of providers.
  serve     Serve until Ctrl-C (exit status 130) or SIGTERM (0).

  Exit status: 0 ok, 1 a check failed, 2 usage or configuration, 3 port in use, 130 Ctrl-C.
"""
    )


@pytest.mark.parametrize("command", ["", "serve", "demo", "config", "config check"])
def test_every_command_and_every_flag_has_a_help_text(command: str) -> None:
    """Nothing is there that `--help` does not explain."""
    found: click.Command = main
    for name in command.split():
        assert isinstance(found, click.Group)
        found = found.commands[name]
    options = [option for option in found.params if isinstance(option, click.Option)]

    assert found.help
    assert [option.name for option in options if not option.help] == []
    assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0


def test_help_loads_nothing_that_a_server_needs() -> None:
    """The command answers as fast as click does."""
    assert "click" in _loaded("--version")
    assert _loaded("--version") & _HEAVY == set()


def test_a_command_that_needs_settings_does_load_them(tmp_path: pathlib.Path) -> None:
    """The check above can fail: what is loaded late is loaded."""
    tmp_path.joinpath("acme.toml").touch()

    assert "msgspec" in _loaded("config", "check", str(tmp_path / "acme.toml"))


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        pytest.param(
            ["--host", "0.0.0.0"],
            {},
            "--host: host = '0.0.0.0': other machines could reach it; if that is meant,"
            " allow_remote = true (--allow-remote)",
            id="not loopback",
        ),
        pytest.param(["--port", "99999"], {}, "--port: port = 99999: expected `int` <= 65535", id="flag"),
        pytest.param(
            ["--issuer", "ftp://auth.test"],
            {},
            "--issuer: issuer = 'ftp://auth.test': write an http or https URL",
            id="issuer",
        ),
        pytest.param(
            ["--set", "acces_token_lifetime=60"],
            {},
            "--set: unknown key 'acces_token_lifetime'; did you mean 'access_token_lifetime'?",
            id="key of --set",
        ),
        pytest.param(
            ["--set", "consent"],
            {},
            "--set: 'consent' is no setting; write KEY=VALUE, e.g. consent=auto",
            id="--set without a value",
        ),
        pytest.param(
            [], {"OAUTHMOCK_PROT": "9"}, "OAUTHMOCK_PROT: unknown key 'prot'; did you mean 'port'?", id="variable"
        ),
        pytest.param(
            [],
            {"OAUTHMOCK_CONFIG": "acme.toml"},
            "acme.toml:1: unknown key 'prot'; did you mean 'port'?",
            id="file named by a variable",
        ),
    ],
)
def test_serve_refuses_wrong_settings_with_the_place_and_the_remedy(
    arguments: list[str], environment: dict[str, str], message: str, tmp_path: pathlib.Path
) -> None:
    """Exit status 2, nothing on standard output, no traceback, one line that names flag, variable or file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        tmp_path.joinpath("acme.toml").write_text("prot = 9\n", encoding="utf-8")
        result = CliRunner().invoke(main, ["serve", *arguments], env=environment)

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{message}\n")


def test_serve_on_an_address_of_another_machine_is_refused_in_one_line() -> None:
    """The reason is in the system's words."""
    command = [sys.executable, "-W", "error", "-m", "mockserver", "serve", "--host", "203.0.113.4", "--allow-remote"]
    result = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("cannot listen on 203.0.113.4 port 9400: ")
    assert result.stderr.endswith("; choose another --host or --port\n")
    assert result.stderr.count("\n") == 1


def test_a_flag_that_does_not_exist_is_a_usage_error() -> None:
    """click names the nearest."""
    result = CliRunner().invoke(main, ["serve", "--prot", "1"])

    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert "--port" in result.stderr
