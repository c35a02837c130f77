"""`oauthmock profiles list`, `show NAME` and `check FILE`."""

from __future__ import annotations

import pathlib

import pytest
from click.testing import CliRunner

from mockserver import profiles
from mockserver.cli import main

_ACME = """
title = "Acme"
origin = "https://{account}.acme.example"
version = "new"
[variables]
region = "eu"
[paths]
token = "/{region}/token"
[response]
fields = { ok = true }
[settings]
refresh_policy = { policy = "rotate_grace", seconds = 9 }
[versions.new]
[versions.old.settings]
scope_separator = ","
[[sources]]
keys = ["origin"]
source = "https://acme.example"
checked = "2026-11"
[[sources]]
keys = ["settings"]
unverified = true
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_profile(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("acme.toml").write_text(_ACME, encoding="utf-8")


def _run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    result = CliRunner().invoke(main, ["profiles", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_every_profile_is_listed() -> None:
    """With its needs and versions."""
    status, output, _ = _run("list")
    lines = output.splitlines()

    assert status == 0
    assert [line.split()[0] for line in lines] == profiles.available()
    (entra,) = (line for line in lines if line.startswith("entra "))
    assert entra.endswith(" of 24)  needs tenant  versions v2, v1")


def test_a_profile_is_shown_beside_the_rfc() -> None:
    """By dimension; what is unverified does not count."""
    assert _run("show", "acme.toml") == (
        0,
        """acme: Acme, differs from rfc6749 in 3 of 24 ways
  variable account: needs a value
  variable region: 'eu' unless you say otherwise
  versions: new, old (new unless you say otherwise)

D1 where endpoints are
  origin = "https://{account}.acme.example"
  paths.token = "/{region}/token"  (rfc6749: "/token")

D11 scope
  versions.old.settings.scope_separator = ","

D13 what becomes of a refresh token
  settings.refresh_policy.policy = "rotate_grace"  unverified
  settings.refresh_policy.seconds = 9  unverified

D20 members of the provider's own
  response.fields.ok = true
""",
        "",
    )


def test_the_default_differs_in_nothing() -> None:
    """It is what the others are compared with."""
    assert _run("show", "rfc6749") == (0, "rfc6749: rfc6749, differs from rfc6749 in 0 of 24 ways\n", "")


@pytest.mark.parametrize("name", profiles.available())
def test_every_preset_is_good(name: str) -> None:
    """In each of its versions, and with a source for every key."""
    status, output, _ = _run("check", name)

    assert status == 0
    assert f"{name}: ok, " in output
    assert " 0 without a source, " in output


def test_a_good_file_is_counted() -> None:
    """What it needs is filled in for the check."""
    said = "acme.toml: ok, 6 keys, 3 of 24 dimensions, 3 without a source, 2 unverified\n"

    assert _run("check", "acme.toml") == (0, said, "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[paths]", "[pahts]", "acme.toml:7: unknown key 'pahts'; did you mean 'paths'?"),
        ('"/{region}/token"', '"token"', "acme.toml:8: paths.token = 'token': write a path that begins with /"),
        ("ok = true", 'ok = "{no}"', "acme.toml:10: response.fields.ok has {no}: nothing is called so here"),
        ("= 9", "= 0", "acme.toml:12: settings.refresh_policy.seconds = 0: expected `int` >= 1"),
        ('separator = ","', 'separator = "."', "acme.toml:15: versions.old.settings.scope_separator = '.': known are"),
    ],
)
@pytest.mark.parametrize("command", ["check"])
def test_a_wrong_file_is_blamed_on_its_line(command: str, old: str, new: str, message: str) -> None:
    """In every version."""
    pathlib.Path("acme.toml").write_text(_ACME.replace(old, new), encoding="utf-8")
    status, output, errors = _run(command, "acme.toml")

    assert (status, output) == (2, "")
    assert errors.startswith(message)


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_profile_that_is_not_there_is_named(command: str) -> None:
    """With the nearest one."""
    assert _run(command, "entr") == (2, "", "entr: no such profile; did you mean 'entra'?\n")
    assert _run(command, "nowhere.toml")[0] == 2
