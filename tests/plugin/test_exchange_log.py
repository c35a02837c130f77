"""`--oauthmock-log`: every exchange of a run in a file, with the test that it belongs to."""

from __future__ import annotations

import json
import pathlib
import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_TESTS = """
    @pytest.mark.parametrize("number", range(4))
    def test_it(oauthmock, number):
        client = oauthmock.client("crm", client_secret="chosen-by-hand")
        assert connector.credentials(client, oauthmock.token_url).status_code == 200
"""


def _tests_of(path: pathlib.Path) -> list[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    entries = json.loads(text)["log"]["entries"] if path.suffix == ".har" else map(json.loads, lines)
    return [(entry["_oauthmock"]["test"], entry["_oauthmock"]["verdict"]) for entry in entries]


_ALL = [(f"test_own.py::test_it[{number}]", "accepted") for number in range(4)]


@pytest.mark.parametrize("name", ["log.har", "log.jsonl"])
@pytest.mark.parametrize("source", ["flag", "ini"])
def test_every_exchange_is_written_with_its_test(suite: Suite, name: str, source: str) -> None:
    """By flag or by ini option; no secret is in the file, and the header says where it is."""
    suite.tests(_TESTS)
    if source == "ini":
        suite.ini(f"oauthmock_log = {name}")

    result = suite.run(*([f"--oauthmock-log={name}"] if source == "flag" else []))

    result.assert_outcomes(passed=4)
    assert _tests_of(suite.path / name) == _ALL
    assert "chosen-by-hand" not in (suite.path / name).read_text(encoding="utf-8")
    result.stdout.fnmatch_lines([f"oauthmock log: *{name}"])


def test_secrets_are_written_when_asked_for(suite: Suite) -> None:
    """And the header says so. The password of Basic is in base64."""
    suite.tests(
        """
        def test_it(oauthmock):
            connector.send(oauthmock.token_url, {"client_id": "crm", "client_secret": "chosen-by-hand"})
        """
    )

    result = suite.run("--oauthmock-log=log.har", "--oauthmock-log-secrets")

    result.stdout.fnmatch_lines(["oauthmock log: *log.har (with secrets)"])
    assert "chosen-by-hand" in (suite.path / "log.har").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--oauthmock-log=log.txt"],
            "ERROR: --oauthmock-log: a log of exchanges ends in .har (HAR 1.2) or .jsonl *, not 'log.txt'; rename it",
        ),
        (
            ["--oauthmock-log=no-such/log.har"],
            "ERROR: --oauthmock-log: the log * cannot be written: No such file or directory; name another path",
        ),
        (
            ["-o", "oauthmock_log=log"],
            "ERROR: ini option oauthmock_log: a log of exchanges ends in .har (HAR 1.2) or .jsonl *",
        ),
        (
            ["--oauthmock-log-secrets"],
            "ERROR: --oauthmock-log-secrets says how --oauthmock-log is written; add that",
        ),
    ],
)
def test_what_cannot_be_written_is_a_usage_error(suite: Suite, arguments: list[str], message: str) -> None:
    """At the start, in one line, exit status 4."""
    suite.tests(_TESTS)

    result = suite.run_apart(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str()


def test_collecting_leaves_an_older_log_alone(suite: Suite) -> None:
    """`--co` runs nothing."""
    suite.tests(_TESTS)
    log = suite.file("log.har", "older")

    suite.run("--oauthmock-log=log.har", "--collect-only")

    assert log.read_text(encoding="utf-8") == "older\n"


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_fails_a_test(suite: Suite) -> None:
    """A log with holes is not passed off as whole; the code under test is served."""
    suite.tests(_TESTS)
    (suite.path / "log.jsonl").symlink_to("/dev/full")

    result = suite.run("--oauthmock-log=log.jsonl", "-k", "0")

    result.assert_outcomes(passed=1, errors=1, deselected=3)
    result.stdout.fnmatch_lines(["*the log of exchanges '*log.jsonl' cannot be written: No space left on device; *"])


def test_each_worker_of_xdist_writes_its_own_part(suite: Suite) -> None:
    """FILE-gw0, FILE-gw1; together they have everything."""
    suite.tests(_TESTS)

    result = suite.run_apart("-n", "2", "--oauthmock-log=log.har", plugins=("oauthmock", "xdist"))

    result.assert_outcomes(passed=4)
    parts = sorted(suite.path.glob("log*.har"))
    assert [part.name for part in parts] == ["log-gw0.har", "log-gw1.har"]
    assert sorted(entry for part in parts for entry in _tests_of(part)) == _ALL


def test_a_wrong_path_is_said_before_workers_start(suite: Suite) -> None:
    """Once, and not by each worker."""
    suite.tests(_TESTS)

    result = suite.run_apart("-n", "2", "--oauthmock-log=log.txt", plugins=("oauthmock", "xdist"))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --oauthmock-log: a log of exchanges ends in*"])
