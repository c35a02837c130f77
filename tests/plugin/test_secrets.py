"""`assert_no_secret_leak` with pytest's own fixtures."""

from __future__ import annotations

import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_PLACES = {
    "caplog": "logging.getLogger('app').warning('got %s', secret)",
    "caplog, extra": "logging.getLogger('app').warning('got', extra={'token': secret})",
    "capsys.readouterr()": "print(secret)",
    "capsys.readouterr() ": "print(secret, file=sys.stderr)",
    "tmp_path": "(tmp_path / 'cache').write_text(secret)",
    "os.environ": "monkeypatch.setenv('TOKEN', secret)",
    "caught": "error = secret",
}


@pytest.mark.parametrize(("place", "leak"), _PLACES.items(), ids=_PLACES)
def test_a_leak_fails_the_test_and_none_passes(suite: Suite, place: str, leak: str) -> None:
    """The message names secret and place; the secret is not in it. The traceback ends in the test."""
    suite.tests(
        f"""
        import logging, os, sys

        @pytest.mark.parametrize("leaking", [True, False])
        def test_it(oauthmock, caplog, capsys, tmp_path, monkeypatch, leaking):
            secret = oauthmock.client("crm", access_token_format="opaque").grant().access_token
            secret = secret if leaking else "nothing"
            error = ""
            {leak}
            with pytest.raises(ValueError) as caught:
                raise ValueError(error)
            try:
                oauthmock.assert_no_secret_leak({place.partition(",")[0]})
            except AssertionError as error:
                assert leaking and secret not in str(error)
                assert "access token #1 of client 'crm' (plain) in " in str(error)
                raise
        """
    )

    result = suite.run("-p", "no:randomly", "--tb=short")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E   AssertionError: 1 secret leaked:"])
    result.stdout.no_fnmatch_line("*leaks.py*")


def test_what_a_fixture_logged_is_looked_at_too(suite: Suite) -> None:
    """`caplog.records` alone has what the test's body logged."""
    suite.tests(
        """
        import logging

        @pytest.fixture
        def connector(oauthmock):
            logging.getLogger("app").warning(oauthmock.client("crm").grant().access_token)

        def test_it(oauthmock, connector, caplog):
            logging.getLogger("app").warning("nothing")
            oauthmock.assert_no_secret_leak(caplog)
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*access token #1 of client 'crm' (plain) in log record 1 (app, WARNING)"])


def test_a_capture_fixture_is_refused_with_the_remedy(suite: Suite) -> None:
    """Reading it would take the output from the test."""
    suite.tests("def test_it(oauthmock, capsys): oauthmock.assert_no_secret_leak(capsys)")

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*give what readouterr() returns: assert_no_secret_leak(capsys.readouterr())"])
