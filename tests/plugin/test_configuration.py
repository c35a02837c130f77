"""Where settings come from: their precedence, and how a wrong one is blamed on the user's own line."""

from __future__ import annotations

import socket
import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_SOURCES = ["default", "ini", "file", "oauthmock_config", "environment", "flag", "marker"]
_LIFETIMES = dict(zip(_SOURCES, (3600, 101, 102, 103, 104, 105, 106), strict=True))


def _configure(
    suite: Suite, sources: list[str], key: str, values: dict[str, typing.Any], body: str = "pass"
) -> list[str]:
    """Say `key` in these sources, for a test with this body; the arguments to run with."""
    ini, arguments, marker = [], [], ""
    if "ini" in sources:
        ini += ["oauthmock_settings =", f"    {key} = {values['ini']}"]
    if "file" in sources:
        ini += ["oauthmock_config_file = conf/mock.toml"]
        suite.file("conf/mock.toml", f"# the mock\nconsent = 'auto'\n{key} = {values['file']}")
    suite.ini(*ini)
    if "oauthmock_config" in sources:
        suite.file(
            "conftest.py",
            f"""
            import pytest

            @pytest.fixture(scope="session")
            def oauthmock_config():
                return {{{key!r}: {values["oauthmock_config"]!r}}}
            """,
        )
    if "environment" in sources:
        suite.environment.setenv(f"OAUTHMOCK_{key.upper()}", str(values["environment"]))
    if "flag" in sources:
        arguments = ["--oauthmock-set", f"{key}={values['flag']}"]
    if "marker" in sources:
        marker = f"@pytest.mark.oauthmock({key}={values['marker']!r})"
    suite.tests(marker, f"def test_it(oauthmock): {body}")
    return arguments


@pytest.mark.parametrize("source", _SOURCES)
def test_a_later_source_beats_all_before(suite: Suite, source: str) -> None:
    """default < ini < file < oauthmock_config < OAUTHMOCK_* < flag < marker: each step, with all below it present."""
    present = _SOURCES[: _SOURCES.index(source) + 1]
    consent = "auto" if "file" in present else "page"
    body = (
        "assert (oauthmock.client().grant().expires_in, oauthmock.context.settings.consent)"
        f" == ({_LIFETIMES[source]}, {consent!r})"
    )

    result = suite.run(*_configure(suite, present, "access_token_lifetime", _LIFETIMES, body))

    result.assert_outcomes(passed=1)


def test_an_unknown_key_is_blamed_on_each_source_at_once(suite: Suite) -> None:
    """One message names every place, in the file with its line, the key as written, and the nearest right one."""
    values = dict.fromkeys(_SOURCES, 60)

    result = suite.run(*_configure(suite, _SOURCES, "acces_token_lifetime", values))

    result.assert_outcomes(errors=1)
    meant = "unknown key 'acces_token_lifetime'; did you mean 'access_token_lifetime'[?]"
    result.stdout.fnmatch_lines(
        [
            f"ini option oauthmock_settings: {meant}",
            f"*mock.toml:3: {meant}",
            f"fixture oauthmock_config: {meant}",
            f"OAUTHMOCK_ACCES_TOKEN_LIFETIME: {meant}",
            f"--oauthmock-set: {meant}",
            f"test_own.py:5 test_it: @pytest.mark.oauthmock: {meant}",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_value_of_the_wrong_type_is_blamed_on_each_source_at_once(suite: Suite) -> None:
    """The message has the value, what was expected and what came."""
    values = dict.fromkeys(_SOURCES, "soon") | {"file": "'soon'", "marker": None, "flag": -1}

    result = suite.run(*_configure(suite, _SOURCES, "access_token_lifetime", values))

    result.assert_outcomes(errors=1)
    wrong = "access_token_lifetime = 'soon': expected `int`, got `str`"
    result.stdout.fnmatch_lines(
        [
            f"ini option oauthmock_settings: {wrong}",
            f"*mock.toml:3: {wrong}",
            f"fixture oauthmock_config: {wrong}",
            f"OAUTHMOCK_ACCESS_TOKEN_LIFETIME: {wrong}",
            "--oauthmock-set: access_token_lifetime = -1: expected `int` >= 0",
            "test_own.py:5 test_it: @pytest.mark.oauthmock: access_token_lifetime = None: expected `int`, got `null`",
        ],
        consecutive=True,
    )


def test_nested_keys_of_the_file_are_blamed_on_their_line(suite: Suite) -> None:
    """Clients and users in the file: path and line of the key, the nearest; what is missing, what is no such value."""
    suite.ini("oauthmock_config_file = mock.toml")
    suite.file(
        "mock.toml",
        """
        profile = "rfc6749"

        [[clients]]
        client_id = "crm"
        client_secrt = "s3cret"

        [[clients]]
        client_secret = "x"

        [[users]]
        username = "alice"
        claims = "email"
        """,
    )
    suite.tests("def test_it(oauthmock): pass")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*mock.toml:5: unknown key 'clients[[]0[]].client_secrt'; did you mean 'client_secret'[?]",
            "*mock.toml:[78]: clients[[]1[]]: client_id is missing; add it",
            "*mock.toml:12: users[[]0[]].claims = 'email': expected `object`, got `str`",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"clients": [{"client_id": "crm", "grant_types": ["pasword"]}]},
            "client 'crm': grant_types has 'pasword'; did you mean 'password'[?]",
        ),
        (
            {"clients": [{"client_id": "crm"}, {"client_id": "crm"}]},
            "client 'crm' comes twice; give each its own client_id",
        ),
        ({"profile": "rfc6748"}, "profile = 'rfc6748': no such profile; did you mean 'rfc6749'[?]"),
        (
            {"host": "0.0.0.0"},
            "host = '0.0.0.0': other machines could reach it; if that is meant, allow_remote = true (--allow-remote)",
        ),
        ({"consent": "atuo"}, "consent = 'atuo': did you mean 'auto'[?]"),
    ],
    ids=["grant", "twice", "profile", "host", "consent"],
)
def test_a_value_that_cannot_be_meant_names_test_and_remedy(
    suite: Suite, settings: dict[str, typing.Any], message: str
) -> None:
    """What only shows when everything is put together is blamed on the marker's test as well."""
    suite.tests(f"@pytest.mark.oauthmock(**{settings!r})\ndef test_it(oauthmock): pass")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_own.py:5 test_it: @pytest.mark.oauthmock: {message}"])


def test_a_marker_takes_keywords_only(suite: Suite) -> None:
    """@pytest.mark.oauthmock("...") names test and line."""
    suite.tests("@pytest.mark.oauthmock('mock.toml')\ndef test_it(oauthmock): pass")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["test_own.py:5 test_it: @pytest.mark.oauthmock takes keywords only, not ('mock.toml',)"]
    )


def test_the_file_is_named_by_flag_or_environment_or_ini(suite: Suite) -> None:
    """--oauthmock-config beats OAUTHMOCK_CONFIG beats oauthmock_config_file; the last is relative to rootdir."""
    for number, name in enumerate(("by_ini", "by_environment", "by_flag"), 1):
        suite.file(f"conf/{name}.toml", f"access_token_lifetime = {number}")
    suite.tests("def test_it(oauthmock): raise ValueError(oauthmock.client().grant().expires_in)")
    suite.file("below/test_below.py", "def test_it(oauthmock): raise ValueError(oauthmock.client().grant().expires_in)")

    suite.ini("oauthmock_config_file = conf/by_ini.toml")
    runs = [suite.run("below", "--rootdir", str(suite.path), "-c", "pytest.ini")]
    suite.environment.setenv("OAUTHMOCK_CONFIG", "conf/by_environment.toml")
    runs.append(suite.run("test_own.py"))
    runs.append(suite.run("test_own.py", "--oauthmock-config=conf/by_flag.toml"))

    for number, result in enumerate(runs, 1):
        result.stdout.fnmatch_lines([f"E * ValueError: {number}"])


@pytest.mark.parametrize("source", ["flag", "environment", "ini"])
def test_a_file_that_is_not_there_names_it_and_the_remedy(suite: Suite, source: str) -> None:
    """Whoever named it."""
    suite.ini(*(["oauthmock_config_file = absent.toml"] if source == "ini" else []))
    if source == "environment":
        suite.environment.setenv("OAUTHMOCK_CONFIG", "absent.toml")
    suite.tests("def test_it(oauthmock): pass\ndef test_without(): pass")

    result = suite.run(*(["--oauthmock-config", "absent.toml"] if source == "flag" else []))

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*absent.toml: cannot be read (*No such file or directory*); check the path"])


def test_what_is_no_setting_at_all_says_how_to_write_one(suite: Suite) -> None:
    """A text without `=`, a file that is no TOML: the source, and what would be right."""
    suite.tests("def test_it(oauthmock): pass")
    suite.file("mock.toml", "access_token_lifetime: 60")

    texts = suite.run("--oauthmock-set", "https")
    toml = suite.run("--oauthmock-config", "mock.toml")

    texts.stdout.fnmatch_lines(["--oauthmock-set: 'https' is no setting; write KEY=VALUE, e.g. consent=auto"])
    toml.stdout.fnmatch_lines(["*mock.toml: no TOML: *line 1*"])


def test_a_port_that_is_in_use_gives_the_remedy(suite: Suite) -> None:
    """One line without a traceback; once the port is free the same suite passes, at that port."""
    suite.tests(
        """
        def test_it(oauthmock):
            print("at", oauthmock.url)

        def test_without(): pass
        """
    )
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = suite.run("--oauthmock-set", f"port={port}")
    again = suite.run("--oauthmock-set", f"port={port}", "-s")

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"port {port} on 127.0.0.1 is in use; choose another, or 0 for any that is free"])
    result.stdout.no_fnmatch_line("*Traceback*")
    again.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines([f"*at http://127.0.0.1:{port}"])


def test_flags_and_ini_options_are_in_the_help(suite: Suite) -> None:
    """pytest --help and --markers say what there is."""
    helped, markers = suite.run("--help"), suite.run("--markers")

    helped.stdout.fnmatch_lines(
        [
            "mock OAuth server:",
            "  --oauthmock-config=FILE*",
            "  --oauthmock-set=KEY=VALUE*",
            "  --oauthmock-variants=GLOB*",
            "  oauthmock_config_file*",
            "  oauthmock_settings*",
            "  oauthmock_grant_types*",
        ]
    )
    markers.stdout.fnmatch_lines(["@pytest.mark.oauthmock(*settings): *", "@pytest.mark.oauthmock_matrix(*): *"])
