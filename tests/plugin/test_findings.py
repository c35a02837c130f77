"""What findings do to a test: nothing, unless it says so."""

from __future__ import annotations

import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_WRONG = 'httpx.get(oauthmock.api_url, headers={"Authorization": "Bearer None"})'
_TOLD = [
    "the client did wrong:",
    r"OAM081 placeholder_token \(error, RFC 6750 2\.1\)",
    "    #1: the access token in the Authorization header is 'None': a variable that was never set",
    "    remedy: check that the token answer had an access_token before anything is sent with it",
]


def _test(marker: str = "", body: str = _WRONG) -> str:
    return f"{marker}\ndef test_it(oauthmock):\n    {body}\n"


def test_findings_fail_no_test_and_are_counted_at_the_end(suite: Suite) -> None:
    """A line for each rule, and how to look closer; -q leaves them out."""
    suite.tests(_test(), _test().replace("test_it", "test_that"))

    result = suite.run()
    result.assert_outcomes(passed=2)
    result.stdout.re_match_lines(
        ["=+ OAuth findings =+", "OAM081 placeholder_token: 2 tests", r"oauthmock\.findings .*"]
    )
    suite.run("-q").stdout.no_fnmatch_line("*OAM081*")


def test_a_clean_run_says_nothing(suite: Suite) -> None:
    suite.tests(_test(body="httpx.get(oauthmock.jwks_url)"))

    suite.run().stdout.no_fnmatch_line("*findings*")


def test_a_failing_test_has_a_section_of_them(suite: Suite) -> None:
    """What was seen, where, the remedy; and by the exchange the id."""
    suite.tests(_test(body=f"assert {_WRONG}.status_code == 200"))

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        ["    finding: OAM081 placeholder_token \\(error\\)", r"-+ OAuth findings \(1\) -+", *_TOLD[1:]]
    )


@pytest.mark.parametrize(
    ("marker", "outcome"),
    [
        ("@pytest.mark.oauthmock_findings", "failed"),
        ("@pytest.mark.oauthmock_findings()", "failed"),
        ("@pytest.mark.oauthmock_findings(at_least='error')", "failed"),
        ("@pytest.mark.oauthmock_findings(ignore=['OAM001'])", "failed"),
        ("@pytest.mark.oauthmock_findings(ignore=['OAM081'])", "passed"),
        ("@pytest.mark.oauthmock_findings(ignore='placeholder_token')", "passed"),
        ("@pytest.mark.oauthmock_findings(fail=False)", "passed"),
    ],
)
def test_the_marker_lets_them_fail_the_test_after_its_body(suite: Suite, marker: str, outcome: str) -> None:
    """Once, in the call phase, without a traceback of ours."""
    suite.tests(_test(marker))

    result = suite.run()

    result.assert_outcomes(**{outcome: 1})
    if outcome == "failed":
        result.stdout.re_match_lines(_TOLD)
        result.stdout.no_fnmatch_line("*verdict.py*")


def test_a_body_that_failed_is_left_alone(suite: Suite) -> None:
    suite.tests(_test("@pytest.mark.oauthmock_findings", body=f"{_WRONG}; raise LookupError('mine')"))

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("the client did wrong:")


def test_the_nearest_marker_counts(suite: Suite) -> None:
    """That of the test before that of its class."""
    suite.tests(
        f"""
        @pytest.mark.oauthmock_findings
        class TestAll:
            def test_fails(self, oauthmock): {_WRONG}

            @pytest.mark.oauthmock_findings(fail=False)
            def test_passes(self, oauthmock): {_WRONG}
        """
    )

    suite.run().assert_outcomes(failed=1, passed=1)


@pytest.mark.parametrize(
    ("ini", "marker", "outcome"),
    [
        ("oauthmock_findings = error", "", "failed"),
        ("oauthmock_findings = error", "@pytest.mark.oauthmock_findings(fail=False)", "passed"),
        ("oauthmock_findings = error\noauthmock_ignore_findings = OAM001 OAM081", "", "passed"),
        ("oauthmock_ignore_findings = OAM081", "@pytest.mark.oauthmock_findings(ignore=['OAM001'])", "passed"),
    ],
)
def test_ini_options_are_for_the_whole_suite(suite: Suite, ini: str, marker: str, outcome: str) -> None:
    """What they ignore is ignored everywhere; a marker says otherwise of what fails."""
    suite.ini(*ini.split("\n"))
    suite.tests(_test(marker))

    result = suite.run()

    result.assert_outcomes(**{outcome: 1})
    if "ignore" in ini:
        result.stdout.no_fnmatch_line("*OAM081*")


@pytest.mark.parametrize(
    ("ini", "marker", "message"),
    [
        (
            "oauthmock_ignore_findings = oam021",
            "",
            "ini option oauthmock_ignore_findings: no finding is called 'oam021'; did you mean 'OAM021' (no_state)?",
        ),
        (
            "oauthmock_findings = fatal",
            "",
            "ini option oauthmock_findings: 'fatal' is no severity; known are note, warning, error",
        ),
        (
            "",
            "@pytest.mark.oauthmock_findings(ignor=['OAM081'])",
            "test_own.py:5 test_it: @pytest.mark.oauthmock_findings: unknown argument 'ignor'; did you mean 'ignore'?",
        ),
        (
            "",
            "@pytest.mark.oauthmock_findings('OAM081')",
            "test_own.py:5 test_it: @pytest.mark.oauthmock_findings takes keywords only, not ('OAM081',)",
        ),
        (
            "",
            "@pytest.mark.oauthmock_findings(ignore=['no_stat'])",
            (
                "test_own.py:5 test_it: @pytest.mark.oauthmock_findings: ignore: no finding is called 'no_stat';"
                " did you mean 'OAM021' (no_state)?"
            ),
        ),
        (
            "",
            "@pytest.mark.oauthmock_findings(at_least='warn')",
            "test_own.py:5 test_it: @pytest.mark.oauthmock_findings: 'warn' is no severity; did you mean 'warning'?",
        ),
    ],
)
def test_what_is_wrong_is_blamed_on_its_place(suite: Suite, ini: str, marker: str, message: str) -> None:
    """Before the test's body, without a traceback."""
    suite.ini(ini)
    suite.tests(_test(marker))

    result = suite.run()

    result.assert_outcomes(errors=1)
    assert message in result.outlines


def test_workers_tell_their_findings(suite: Suite) -> None:
    """Under pytest-xdist the lines at the end are those of all workers."""
    pytest.importorskip("xdist")
    suite.tests(_test(), _test().replace("test_it", "test_that"))

    result = suite.run_apart("-n", "2", plugins=("oauthmock", "xdist"))

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["OAM081 placeholder_token: 2 tests"])
