"""Everything a user can set, call or meet is in the documentation, and the documentation builds."""

from __future__ import annotations

import functools
import importlib
import pathlib
import re
import subprocess
import sys
import types
import typing

import click
import msgspec
import pytest

import mockserver
from mockserver import client_settings
from mockserver import faults
from mockserver import findings
from mockserver import policies as policy_settings
from mockserver import profiles
from mockserver import settings
from mockserver import variants
from mockserver.errors import MockServerError
from mockserver.grants import GRANTS
from mockserver.guards import GUARDS
from pytest_oauthmock import options

_DOCS = pathlib.Path(__file__).parents[2] / "docs"


@functools.cache
def _extension(name: str) -> types.ModuleType:
    """A module of docs/_ext, without leaving its folder on the path."""
    sys.path.insert(0, str(_DOCS / "_ext"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(_DOCS / "_ext"))


@functools.cache
def _page(name: str) -> str:
    """A page with its generated parts in place."""
    text = (_DOCS / name).read_text(encoding="utf-8")
    parts: dict[str, typing.Callable[[], str]] = _extension("generated").PARTS
    return re.sub(r"```\{generated\} (.+)\n```", lambda match: parts[match[1]](), text)


@functools.cache
def _everything() -> str:
    pages = [path.relative_to(_DOCS).as_posix() for path in _DOCS.rglob("*.md") if "_build" not in path.parts]
    return "\n".join(map(_page, sorted(pages)))


@pytest.mark.parametrize("of", ["server", "issuer", "parameters", "client", "user"])
def test_every_setting_is_in_the_table(of: str) -> None:
    """Key, type, default and a meaning, which the generator demands of each field."""
    structs = _extension("settings_tables").STRUCTS
    table = _page("reference/settings.md")
    missing = [
        field.name
        for field in msgspec.structs.fields(structs[of])
        if not re.search(rf"^\| `{field.name}` \|(?:[^|]|\\\|)+\|[^|]+\|[^|]{{3,}}\|$", table, re.MULTILINE)
    ]

    assert missing == []


def test_a_client_may_say_otherwise_in_every_policy() -> None:
    """Each key of `Policies` is one of `ClientSettings`, of the same type or None; and each of those is a keyword."""
    policies, client, keywords = (
        typing.get_type_hints(kind)
        for kind in (policy_settings.Policies, client_settings.ClientSettings, client_settings.ClientKeywords)
    )

    assert {name: client.get(name) for name in policies} == {name: kind | None for name, kind in policies.items()}
    assert {*keywords} == {*client} - {"client_id"}


# What makes the example allowed, where it alone would not be
_BESIDE: dict[str, dict[str, typing.Any]] = {
    "variables": {"profile": "entra"},
    "server_certificate": {"https": True},
    "client_certificates": {"https": True},
}


@pytest.mark.parametrize("key", _extension("settings_tables").examples())
def test_every_spelling_of_a_setting_means_the_same(key: str, tmp_path: pathlib.Path) -> None:
    """The row of a key: TOML, environment, flag and marker resolve to one value, which is not the default."""
    row = next(line for line in _extension("settings_tables").spellings().splitlines() if line.startswith(f"| `{key} "))
    toml, environment, flag, marker = (cell.strip(" `") for cell in row.strip("| ").split(" | "))
    path = tmp_path / "oauthmock.toml"
    path.write_text(toml, encoding="utf-8")
    name, _, value = environment.partition("=")
    call: dict[str, typing.Any] = eval(f"dict{marker.removeprefix('oauthmock')}")
    layers = [
        settings.file(path),
        settings.environment({name: value.strip("'")}),
        settings.texts("flag", [flag.removeprefix("--oauthmock-set ").strip("'")]),
        settings.given("marker", call),
    ]
    beside = settings.given("beside", _BESIDE.get(key, {}))
    values = [msgspec.to_builtins(getattr(settings.resolve([beside, layer]), key)) for layer in layers]

    assert values == [values[0]] * 4
    assert values[0] != msgspec.to_builtins(getattr(settings.resolve([]), key))


def test_every_fault_is_documented() -> None:
    """A row with stage and parameters."""
    assert [name for name in faults.FAULTS if f"| `{name}` |" not in _page("reference/faults.md")] == []


def test_every_fault_has_an_example_that_runs() -> None:
    """Armed in a Python block of the how-to guide; what the blocks say is checked where they run."""
    guide = (_DOCS / "howto" / "faults.md").read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"^```python\n(.*?)^```", guide, re.DOTALL | re.MULTILINE))

    assert [name for name in faults.FAULTS if f".{name}(" not in blocks] == []


def test_every_guard_is_documented() -> None:
    """A row in the table, and a row at least of refusals; an example that runs."""
    page = _page("reference/guards.md")
    guide = "".join(
        (_DOCS / "howto" / f"{name}.md").read_text(encoding="utf-8") for name in ("guards", "aws-signatures")
    )
    blocks = "".join(re.findall(r"^```python\n(.*?)^```", guide, re.DOTALL | re.MULTILINE))

    assert [name for name in GUARDS if f"| `{name}` | `" not in page] == []
    assert [guard.__name__ for guard in GUARDS.values() if f"{guard.__name__}(" not in blocks] == []


def test_every_finding_has_a_page() -> None:
    """And there is no page besides; `python docs/_ext/finding_pages.py` writes the files."""
    pages = _extension("finding_pages")
    files = {path.name: path.read_text(encoding="utf-8") for path in pages.FOLDER.glob("OAM*.md")}

    assert files == {f"{rule.id}.md": pages.stub(rule) for rule in findings.RULES}
    for rule in findings.RULES:
        page = _page(f"reference/findings/{rule.id}.md")
        assert f"{rule.severity.capitalize()}, {rule.clause}.\n" in page
        assert page.index("## Wrong\n") < page.index("```http\n") < page.index("## Right\n") < page.rindex("```http\n")


def test_every_profile_is_documented() -> None:
    """A column of the table."""
    assert [name for name in profiles.available() if f"`{name}`" not in _page("reference/profiles.md")] == []


def test_every_fixture_marker_flag_and_ini_option_is_documented() -> None:
    """In the reference, from the plugin's source."""
    plugin = _extension("plugin_tables")
    markers = [line.partition("(")[0] for line in options.MARKERS]
    page = _page("reference/pytest.md")

    assert [name for name in plugin.fixtures() if f"| `{name}` |" not in page] == []
    assert [name for name in markers if f"`@pytest.mark.{name}(" not in page] == []
    assert [name for name in plugin.option_names() if f"`{name}" not in page] == []


def test_the_generated_list_of_fixtures_is_complete() -> None:
    """The reader of the source finds what pytest finds."""
    plugin = importlib.import_module("pytest_oauthmock.plugin")
    known = {name for name in vars(plugin) if name.startswith("oauthmock")}

    assert set(_extension("plugin_tables").fixtures()) == known


def test_every_command_and_option_is_documented() -> None:
    """A section for each command, a row for each option."""
    page = _page("reference/command.md")
    for name, command in _extension("command_pages").commands().items():
        assert f"## {name}\n" in page
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert [flag for flag in parameter.opts if flag not in page] == [], name


def test_every_public_name_is_documented() -> None:
    """In the Python reference, by autodoc."""
    page = _page("reference/python.md")

    assert [name for name in mockserver.__all__ if not re.search(rf":: mockserver\.{name}\b", page)] == []


def test_every_error_for_the_tester_is_documented() -> None:
    """What a test may meet in an `except` is in the Python reference."""

    def below(error: type[Exception]) -> list[type[Exception]]:
        return [error, *(deeper for child in error.__subclasses__() for deeper in below(child))]

    names = [error.__name__ for error in below(MockServerError) if error.__module__ == "mockserver.errors"]

    assert [
        name for name in names if not re.search(rf"autoexception:: mockserver\.(errors\.)?{name}\b", _everything())
    ] == []


def test_every_grant_method_and_cell_is_documented() -> None:
    """Endpoints and matrix."""
    endpoints, matrix = _page("reference/endpoints.md"), _page("reference/pytest.md")

    assert [name for name in (*GRANTS, *variants.CLIENT_AUTH) if f"| `{name}` |" not in endpoints] == []
    assert [name for name in (*variants.GRANT_TYPES, *variants.CLIENT_AUTH) if f"`{name}`" not in matrix] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("RFC 6749 4.1.2.1, 5.2: missing", [("RFC 6749", "4.1.2.1"), ("RFC 6749", "5.2")], id="two"),
        pytest.param("as RFC 7636 4.1 and 4.2 say", [("RFC 7636", "4.1"), ("RFC 7636", "4.2")], id="and"),
        pytest.param("(RFC 6749 appendix B)", [("RFC 6749", "appendix B")], id="appendix"),
        pytest.param("by RFC 7617.", [("RFC 7617", "")], id="as a whole"),
        pytest.param("RFC 6749 5.2, 400 and not 401", [("RFC 6749", "5.2")], id="a status is no clause"),
        pytest.param("OpenID Connect Core 3.1.2.6: none", [("OpenID Connect Core", "3.1.2.6")], id="OpenID Connect"),
        pytest.param("RFC 6750\n    3.1", [("RFC 6750", "3.1")], id="over a line's end"),
        pytest.param("no clause at all", [], id="none"),
    ],
)
def test_a_citation_is_read_clause_by_clause(text: str, found: list[tuple[str, str]]) -> None:
    """What the page of clauses and tests is made from."""
    assert _extension("clauses").tokens_of(text) == found


def _members() -> list[str]:
    """What the objects that users hold can be asked for; the server's state is for the house."""
    inside = {"OAuthMock.from_layers", "Issuer.state", "Issuer.context"}
    return [
        f"{holder}.{name}"
        for holder in (
            "OAuthMock",
            "Issuer",
            "RegisteredClient",
            "EndpointHandle",
            "AuthorizationEndpoint",
            "Protected",
            "Variant",
            "LoginPage",
            "Callback",
        )
        for name in vars(getattr(mockserver, holder))
        if not name.startswith("_") and f"{holder}.{name}" not in inside
    ]


def test_the_documentation_builds_without_a_warning(tmp_path: pathlib.Path) -> None:
    """`sphinx-build -W -n`, from nothing, offline: no link is broken, every method has its entry."""
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "-n", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees"), str(_DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )

    assert (done.returncode, done.stderr) == (0, "")
    reference = (tmp_path / "html" / "reference" / "python.html").read_text(encoding="utf-8")
    assert [member for member in _members() if f'id="mockserver.{member}"' not in reference] == []
