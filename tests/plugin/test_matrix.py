"""One test for every grant x client authentication: which cells there are, what a cell hands out, what it proves."""

from __future__ import annotations

import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_ONE_TEST = """
def test_cell(oauthmock_variant):
    answer = connector.ask(**oauthmock_variant.settings, login=oauthmock_variant.approve)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert connector.get(oauthmock_variant.resource_url, token).status_code == 200
    oauthmock_variant.verify()
"""

_ONE_CELL = '@pytest.mark.oauthmock_matrix(grant_types=["password"], client_auth=["client_secret_basic"])'


def test_the_default_matrix_is_three_grants_by_two_methods(suite: Suite) -> None:
    """Six cells, named by grant and method, each of which a correct connector passes."""
    suite.tests(_ONE_TEST)

    result = suite.run("-v")

    result.assert_outcomes(passed=6)
    result.stdout.re_match_lines(
        [
            rf"test_own\.py::test_cell\[{cell}\] PASSED .*"
            for cell in (
                "authorization_code-client_secret_basic",
                "authorization_code-client_secret_post",
                "password-client_secret_basic",
                "password-client_secret_post",
                "client_credentials-client_secret_basic",
                "client_credentials-client_secret_post",
            )
        ],
        consecutive=True,
    )


def test_further_axes_make_further_cells(suite: Suite) -> None:
    """api.md: grants, methods, places of the token, lifetimes; --oauthmock-variants picks among them."""
    suite.tests(
        """
        @pytest.mark.oauthmock_matrix(
            grant_types=["client_credentials", "refresh_token"], client_auth=["client_secret_post", "none"],
            bearer=["header", "query"], access_token_lifetime=[60, 3600],
        )
        def test_wide(oauthmock_variant):
            oauthmock_variant.settings.bearer
        """
    )

    suite.run().assert_outcomes(passed=3 * 2 * 2)
    suite.run("--oauthmock-variants=*-none-query-60s").assert_outcomes(passed=1, deselected=11)


def test_a_marker_widens_the_matrix_and_meaningless_cells_are_left_out(suite: Suite) -> None:
    """Every grant by every method is 15 cells: client_credentials of a public client is none (RFC 6749 4.4)."""
    suite.tests(
        """
        @pytest.mark.oauthmock_matrix(
            grant_types=["authorization_code", "password", "client_credentials", "refresh_token"],
            client_auth=["client_secret_basic", "client_secret_post", "client_secret_json", "none"],
        )""",
        _ONE_TEST,
    )

    result = suite.run("-v")

    result.assert_outcomes(passed=15)
    result.stdout.fnmatch_lines(["test_own.py::test_cell[[]refresh_token-none] PASSED *"])
    result.stdout.no_fnmatch_line("*client_credentials-none*")


def test_the_nearest_matrix_marker_wins_by_axis(suite: Suite) -> None:
    """A marker on the function replaces the axis that it names, the module's other axis stays."""
    suite.tests(
        """
        pytestmark = pytest.mark.oauthmock_matrix(grant_types=["password"], client_auth=["client_secret_json"])

        @pytest.mark.oauthmock_matrix(client_auth=["none", "client_secret_post"])""",
        _ONE_TEST,
        """
        class TestClass:
            @pytest.mark.oauthmock_matrix(grant_types=["client_credentials"])
            def test_method(self, oauthmock_variant): pass
        """,
    )

    result = suite.run("--co", "-q")

    result.stdout.fnmatch_lines(
        [
            "test_own.py::test_cell[[]password-none]",
            "test_own.py::test_cell[[]password-client_secret_post]",
            "test_own.py::TestClass::test_method[[]client_credentials-client_secret_json]",
            "",
            "3 tests collected in *",
        ],
        consecutive=True,
    )


def test_a_glob_deselects_the_other_cells(suite: Suite) -> None:
    """--oauthmock-variants is matched against the cell alone, whatever else a test is parametrized with."""
    suite.tests(
        _ONE_TEST,
        """
        @pytest.mark.parametrize("page", ["first", "last"])
        def test_with_another_parameter(oauthmock_variant, page): pass

        def test_without_cells(oauthmock): pass
        """,
    )

    result = suite.run("--oauthmock-variants=client_credentials-*", "-v")

    result.assert_outcomes(passed=7, deselected=12)
    result.stdout.fnmatch_lines(["test_own.py::test_without_cells PASSED *"])
    result.stdout.no_fnmatch_line("*password-*")


def test_the_ini_option_narrows_the_default_and_not_a_marker(suite: Suite) -> None:
    """oauthmock_grant_types is for a connector that has fewer grants; a test that names its cells keeps them."""
    suite.ini("oauthmock_grant_types = client_credentials refresh_token")
    suite.tests(
        _ONE_TEST,
        """
        @pytest.mark.oauthmock_matrix(grant_types=["password"])
        def test_marked(oauthmock_variant): pass
        """,
    )

    result = suite.run("-v")

    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "test_own.py::test_cell[[]client_credentials-client_secret_basic] PASSED *",
            "test_own.py::test_cell[[]client_credentials-client_secret_post] PASSED *",
            "test_own.py::test_cell[[]refresh_token-client_secret_basic] PASSED *",
            "test_own.py::test_cell[[]refresh_token-client_secret_post] PASSED *",
            "test_own.py::test_marked[[]password-client_secret_basic] PASSED *",
            "test_own.py::test_marked[[]password-client_secret_post] PASSED *",
        ]
    )


def test_a_test_may_decline_cells_and_the_reason_says_which(suite: Suite) -> None:
    """skip_unless skips what the connector does not claim to support; one name or several, of either axis."""
    suite.tests(
        """
        def test_grants(oauthmock_variant):
            oauthmock_variant.skip_unless(grant_type=["client_credentials", "password"])

        @pytest.mark.oauthmock_matrix(grant_types=["password"])
        def test_method(oauthmock_variant):
            oauthmock_variant.skip_unless(grant_type="password", client_auth="client_secret_basic")
        """
    )

    result = suite.run("-rs", "-v")

    result.assert_outcomes(passed=5, skipped=3)
    result.stdout.fnmatch_lines(
        [
            (
                "SKIPPED [[]1] *: the connector supports grant_type client_credentials, password, this cell is"
                " authorization_code-client_secret_basic"
            ),
            (
                "SKIPPED [[]1] *: the connector supports grant_type client_credentials, password, this cell is"
                " authorization_code-client_secret_post"
            ),
            (
                "SKIPPED [[]1] *: the connector supports client_auth client_secret_basic, this cell is"
                " password-client_secret_post"
            ),
        ]
    )


def test_settings_are_a_mapping_an_object_and_keyword_arguments(suite: Suite) -> None:
    """However a connector takes its settings; what a cell lacks is absent, and asking for it says what is there."""
    suite.tests(
        """
        ALWAYS = {"grant_type", "client_auth", "client_id", "token_url", "scope", "resource_url", "bearer"}
        MORE = {
            "authorization_code-client_secret_basic": {"client_secret", "authorize_url", "redirect_uri", "refresh_url"},
            "authorization_code-none": {"authorize_url", "redirect_uri", "refresh_url", "code_verifier"},
            "password-client_secret_basic": {"client_secret", "username", "password", "refresh_url"},
            "password-none": {"username", "password", "refresh_url"},
            "client_credentials-client_secret_basic": {"client_secret"},
            "refresh_token-client_secret_basic": {"client_secret", "refresh_token", "refresh_url"},
            "refresh_token-none": {"refresh_token", "refresh_url"},
        }

        def keywords(**given):
            return given

        @pytest.mark.oauthmock_matrix(
            grant_types=["authorization_code", "password", "client_credentials", "refresh_token"],
            client_auth=["client_secret_basic", "none"],
        )
        def test_cell(oauthmock_variant):
            settings = oauthmock_variant.settings
            assert set(settings) == ALWAYS | MORE[oauthmock_variant.cell.id]
            assert keywords(**settings) == dict(settings) == settings
            assert {name: getattr(settings, name) for name in settings} == settings
            assert all(isinstance(value, str) and value for value in settings.values())
            assert settings.get("private_key") is None and "private_key" not in settings
            with pytest.raises(KeyError):
                settings["private_key"]
            assert not hasattr(settings, "private_key")
            with pytest.raises(AttributeError, match="this cell has no 'private_key'; it has grant_type, client_auth"):
                settings.private_key

        def test_secrets_are_not_in_the_repr(oauthmock_variant):
            settings = oauthmock_variant.settings
            hidden = {"client_secret", "password", "refresh_token"} & set(settings)
            assert not [name for name in hidden if settings[name] in repr(settings)]
        """
    )

    suite.run().assert_outcomes(passed=13)


def test_settings_can_be_copied(suite: Suite) -> None:
    """Connectors copy their configuration, and some send it to another process."""
    suite.tests(
        """
        import copy
        import pickle

        def test_cell(oauthmock_variant):
            settings = oauthmock_variant.settings
            copies = []
            try:
                copies = [copy.copy(settings), copy.deepcopy(settings), pickle.loads(pickle.dumps(settings))]
            except RecursionError:  # whose traceback takes half a minute to print
                pass
            assert copies == [settings] * 3
            assert copies[-1].client_id == settings.client_id
        """
    )

    suite.run("--oauthmock-variants=client_credentials-client_secret_basic").assert_outcomes(passed=1)


def test_a_connector_that_follows_redirects_by_itself_works_too(suite: Suite) -> None:
    """In a cell /authorize approves at once, and the redirect URI answers; approve works beside it."""
    suite.tests(
        """
        @pytest.mark.oauthmock_matrix(grant_types=["authorization_code"])
        def test_cell(oauthmock_variant):
            settings = oauthmock_variant.settings
            query = {"response_type": "code", "client_id": settings.client_id, "scope": settings.scope,
                     "redirect_uri": settings.redirect_uri, "state": "s1"}
            landed = httpx.get(settings.authorize_url, params=query, follow_redirects=True)
            assert landed.status_code == 200
            assert str(landed.url).startswith(settings.redirect_uri + "?")
            assert landed.url.params["state"] == "s1"

            class Landed:
                code = landed.url.params["code"]

            answer = connector.ask(**settings, login=lambda url: Landed)
            assert connector.get(settings.resource_url, answer.json()["access_token"]).status_code == 200
            oauthmock_variant.verify()

            callback = oauthmock_variant.approve(str(httpx.URL(settings.authorize_url, params=query)))
            assert callback.state == "s1" and callback.code and callback.error is None
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_a_refresh_cell_starts_from_a_stored_token(suite: Suite) -> None:
    """refresh_token is a setting like the others; the new token has its scope, and a spent one is refused."""
    suite.tests(
        """
        @pytest.mark.oauthmock_matrix(grant_types=["refresh_token"])
        def test_cell(oauthmock, oauthmock_variant):
            settings = oauthmock_variant.settings
            assert settings.grant_type == "refresh_token" and settings.refresh_url == settings.token_url
            first = connector.ask(**settings)
            assert first.json()["scope"] == settings.scope
            oauthmock_variant.verify()
            assert connector.ask(**settings).json()["error"] == "invalid_grant"
            assert oauthmock.journal.grant_types == ["refresh_token", "refresh_token"]
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_a_refresh_after_the_first_token_belongs_to_the_cell(suite: Suite) -> None:
    """A connector that refreshes by the same method still proves its cell."""
    suite.tests(
        """
        @pytest.mark.oauthmock_matrix(grant_types=["password"], client_auth=["client_secret_post"])
        def test_cell(oauthmock_variant):
            settings = dict(oauthmock_variant.settings)
            refresh_token = connector.ask(**settings).json()["refresh_token"]
            del settings["username"], settings["password"]
            again = connector.ask(**settings | {"grant_type": "refresh_token", "refresh_token": refresh_token})
            assert again.status_code == 200
            oauthmock_variant.verify()
        """
    )

    suite.run().assert_outcomes(passed=1)


_VERDICTS = {
    "no request": (
        "pass",
        r"no token request reached http://127\.0\.0\.1:\d+/token; wanted password by client_secret_basic",
    ),
    "another method": (
        "connector.ask(**settings | {'client_auth': 'client_secret_post'})",
        (
            r"wanted password by client_secret_basic, but exchange #1 was password by client_secret_post:"
            r" client 'client-\d+' is registered with client_secret_basic; the request sent client_secret_post.*"
        ),
    ),
    "another grant": (
        "connector.ask(**settings | {'grant_type': 'client_credentials'})",
        (
            r"wanted password by client_secret_basic, but exchange #1 was client_credentials by client_secret_basic:"
            r" client 'client-\d+' is registered for password, refresh_token; .*"
        ),
    ),
    "another grant after the right one": (
        "connector.ask(**settings); connector.ask(**settings | {'grant_type': 'client_credentials'})",
        r"wanted password by client_secret_basic, but exchange #2 was client_credentials by client_secret_basic: .*",
    ),
    "refused only": (
        "connector.ask(**settings | {'password': 'guessed'})",
        r"wanted password by client_secret_basic, but exchange #1 was refused: .*password.*",
    ),
    "a request as somebody else": (
        "connector.ask(**settings | {'client_id': 'crm'})",
        r"wanted password by client_secret_basic, but .*#1 .*no client is called 'crm'.*",
    ),
    "a request as nobody": (
        "connector.send(settings['token_url'], {'grant_type': 'password'})",
        r"wanted password by client_secret_basic, but exchange #1 was password by no method: the request says.*",
    ),
}


@pytest.mark.parametrize(("body", "message"), _VERDICTS.values(), ids=_VERDICTS)
def test_verify_fails_for(suite: Suite, body: str, message: str) -> None:
    """Unless the server saw a success with this grant and method, and nothing else, it says what the server saw."""
    suite.tests(
        _ONE_CELL,
        f"""
        def test_cell(oauthmock_variant):
            settings = dict(oauthmock_variant.settings)
            {body}
            oauthmock_variant.verify()
        """,
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([rf"E +AssertionError: {message}"])


_WRONG = {
    "grant": (
        '@pytest.mark.oauthmock_matrix(grant_types=["client_credential"])',
        (
            r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: grant_types has 'client_credential';"
            r" did you mean 'client_credentials'\?"
        ),
    ),
    "method": (
        '@pytest.mark.oauthmock_matrix(client_auth=["client_secret_jason"])',
        (
            r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: client_auth has 'client_secret_jason';"
            r" did you mean 'client_secret_json'\?"
        ),
    ),
    "strange": (
        '@pytest.mark.oauthmock_matrix(client_auth=["kerberos"])',
        (
            r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: client_auth has 'kerberos';"
            r" known are client_secret_basic, client_secret_post, client_secret_json, client_secret_query,"
        ),
    ),
    "argument": (
        '@pytest.mark.oauthmock_matrix(grant_type=["password"])',
        (
            r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: unknown argument 'grant_type';"
            r" did you mean 'grant_types'\?"
        ),
    ),
    "positional": (
        '@pytest.mark.oauthmock_matrix(["password"])',
        r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix takes keywords only, not \(\['password'\],\)",
    ),
    "text": (
        '@pytest.mark.oauthmock_matrix(grant_types="password")',
        (
            r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: grant_types='password' must be a list, e\.g\."
            r" grant_types=\['authorization_code'\]"
        ),
    ),
    "one": (
        "@pytest.mark.oauthmock_matrix(grant_types=None)",
        r"test_own\.py:5 test_cell: @pytest\.mark\.oauthmock_matrix: grant_types=None must be a list.*",
    ),
    "no cell": (
        '@pytest.mark.oauthmock_matrix(grant_types=["client_credentials"], client_auth=["none"])',
        r"test_own\.py:5 test_cell: the matrix .* has no meaningful cell: .*",
    ),
    "lifetime": (
        '@pytest.mark.oauthmock_matrix(access_token_lifetime=["60"])',
        r"test_own\.py:5 test_cell: .*: access_token_lifetime has '60'; write seconds, 0 to 2\*\*53",
    ),
    "place": (
        '@pytest.mark.oauthmock_matrix(bearer=["headers"])',
        r"test_own\.py:5 test_cell: .*: bearer has 'headers'; did you mean 'header'\?",
    ),
    "one number": (
        "@pytest.mark.oauthmock_matrix(access_token_lifetime=60)",
        r"test_own\.py:5 test_cell: .*: access_token_lifetime=60 must be a list, e\.g\. access_token_lifetime=\[60\]",
    ),
    "contradiction": (
        '@pytest.mark.oauthmock_matrix(client_auth=["none"], basic_encoding=["raw"])',
        (
            r"test_own\.py:5 test_cell: the matrix .* contradicts itself: basic_encoding means nothing without"
            r" client_secret_basic; add one of them, or leave basic_encoding out"
        ),
    ),
    "empty": (
        "@pytest.mark.oauthmock_matrix(grant_types=[])",
        r"test_own\.py:5 test_cell: the matrix \{'grant_types': \[\]\} has no meaningful cell: .*",
    ),
}


@pytest.mark.parametrize(("marker", "message"), _WRONG.values(), ids=_WRONG)
def test_a_wrong_matrix_names_test_and_line_and_the_nearest(suite: Suite, marker: str, message: str) -> None:
    """The message is whole on its line, and there is no traceback of ours above it."""
    suite.tests(f"{marker}\ndef test_cell(oauthmock_variant): pass\n")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.re_match_lines([message])
    result.stdout.no_fnmatch_line("*pytest_oauthmock*")


def test_a_wrong_grant_in_the_ini_names_the_option(suite: Suite) -> None:
    """The option is wrong for every test; a test without cells is not harmed."""
    suite.ini("oauthmock_grant_types = pasword")
    suite.tests(_ONE_TEST, "def test_other(oauthmock): pass")

    result = suite.run("--continue-on-collection-errors")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["ini option oauthmock_grant_types: grant_types has 'pasword'; did you mean 'password'?"]
    )
