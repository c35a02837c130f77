"""`oauthmock config check FILE`."""

from __future__ import annotations

import pathlib

import pytest
from click.testing import CliRunner

from mockserver.cli import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the file's path is as short in the output as it was typed."""
    monkeypatch.chdir(tmp_path)


def _check(text: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error for a file of this text."""
    pathlib.Path("acme.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["config", "check", "acme.toml"])
    return result.exit_code, result.stdout, result.stderr


def test_a_good_file_is_counted_over_all_its_issuers() -> None:
    """Clients and users of every issuer count, and the default issuer is one."""
    text = """
        access_token_lifetime = 60
        [[clients]]
        client_id = "crm"
        [[clients]]
        client_id = "spa"
        token_endpoint_auth_method = "none"
        [[users]]
        username = "alice"
        [[issuers.tenant-a.clients]]
        client_id = "crm"
    """

    assert _check(text) == (0, "acme.toml: ok, 3 clients, 1 user, 2 issuers\n", "")


def test_faults_are_counted_and_judged() -> None:
    """One that could never strike is wrong before anything is served."""
    fault = '[[faults]]\nfault = "fail"\nstatus = 503\nendpoint = "token"\n'

    assert _check(fault) == (0, "acme.toml: ok, 0 clients, 0 users, 1 issuer, 1 fault\n", "")
    assert _check(f'{fault}client = "crm"\n') == (
        2,
        "",
        "acme.toml:5: faults[0].client: client = 'crm': no such client; none is registered yet; register it first\n",
    )


def test_an_empty_file_is_the_default_issuer_alone() -> None:
    """Nothing in it is wrong."""
    assert _check("") == (0, "acme.toml: ok, 0 clients, 0 users, 1 issuer\n", "")


def test_every_error_is_named_with_its_line_and_the_nearest_key() -> None:
    """All at once, so that nobody has to run it again for the next one."""
    text = """\
access_token_lifetime = "long"
acces_token_format = "jwt"

[[clients]]
client_id = "crm"
grant_type = ["password"]

[issuers.tenant-a]
consent = "never"
"""

    status, output, errors = _check(text)

    assert (status, output) == (2, "")
    assert errors == (
        "acme.toml:1: access_token_lifetime = 'long': expected `int`, got `str`\n"
        "acme.toml:2: unknown key 'acces_token_format'; did you mean 'access_token_format'?\n"
        "acme.toml:6: unknown key 'clients[0].grant_type'; did you mean 'grant_types'?\n"
        "acme.toml:9: issuers.tenant-a.consent = 'never': known are auto, page\n"
    )


def test_a_contradiction_is_named_with_its_line() -> None:
    """Also what only the whole of the settings shows to be wrong."""
    text = """
        [[clients]]
        client_id = "crm"
        grant_types = ["pasword"]
    """

    assert _check(text) == (
        2,
        "",
        "acme.toml:4: client 'crm': grant_types has 'pasword'; did you mean 'password'?\n",
    )


def test_what_is_no_toml_is_named_with_its_place() -> None:
    """The place is the TOML parser's."""
    assert _check("port = \n") == (2, "", "acme.toml: no TOML: Invalid value (at line 1, column 8)\n")


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    """With the path as it was typed, and no traceback."""
    result = CliRunner().invoke(main, ["config", "check", "nope.toml"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("nope.toml: cannot be read (")
    assert result.stderr.endswith("); check the path\n")
