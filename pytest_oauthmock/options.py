"""What users say to pytest (ini, flags, markers) -> layers of settings and cells; errors name the line."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import difflib
import os
import pathlib
import typing

import pytest

from .foreign import refuse_foreign_mockserver

if typing.TYPE_CHECKING:
    from mockserver.exchange_log import ExchangeLog
    from mockserver.finding import Severity
    from mockserver.settings import Layer
    from mockserver.variants import Cell

__all__ = ["MARKERS", "FindingsPolicy", "add", "cells", "findings_policy", "keywords", "layers", "log", "marker_layers"]

MARKERS = (
    "oauthmock(**settings): settings of the mock OAuth server, e.g. oauthmock(access_token_lifetime=60, https=True).",
    (
        "oauthmock_matrix(grant_types=[...], client_auth=[...], basic_encoding=[...], bearer=[...],"
        " access_token_format=[...], access_token_lifetime=[...], expires_in_form=[...], refresh_policy=[...]):"
        " the cells that oauthmock_variant runs this test for."
    ),
    (
        "oauthmock_findings(at_least='note', ignore=[...], fail=True): let findings, which are what the client did"
        " wrong, fail the test."
    ),
    (
        "oauthmock_aws(keys={'AKIA...': 'secret'}, verify=True, disabled_regions=[...]): further access keys that"
        " oauthmock_aws and oauthmock_aws_server take, no verifying of signatures, regions where STS is switched off."
    ),
)

_LONGEST = 2**53

_SEVERITIES = ("note", "warning", "error")

_CONFIG_VARIABLE = "OAUTHMOCK_CONFIG"


def add(parser: pytest.Parser) -> None:
    """The plugin's flags and ini options."""
    group = parser.getgroup("oauthmock", "mock OAuth server")
    group.addoption(
        "--oauthmock-config", metavar="FILE", default=None, help="TOML file with settings of the mock OAuth server."
    )
    group.addoption(
        "--oauthmock-set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="One setting of the mock OAuth server, e.g. access_token_lifetime=60. Repeatable.",
    )
    group.addoption(
        "--oauthmock-variants",
        metavar="GLOB",
        default=None,
        help="Run only the cells of oauthmock_variant whose id matches, e.g. 'client_credentials-*'.",
    )
    group.addoption(
        "--oauthmock-log",
        metavar="FILE",
        default=None,
        help="Write all exchanges to FILE.har (HAR 1.2) or FILE.jsonl (JSON Lines), secrets redacted; with pytest-xdist"
        " each worker writes a file of its own, FILE-gw0.har.",
    )
    group.addoption(
        "--oauthmock-log-secrets",
        action="store_true",
        help="Write secrets to the log of exchanges as they are.",
    )
    parser.addini("oauthmock_config_file", "TOML file with settings of the mock OAuth server, relative to rootdir.")
    parser.addini("oauthmock_log", "Like --oauthmock-log, relative to rootdir.")
    parser.addini("oauthmock_settings", "Settings of the mock OAuth server, a line KEY=VALUE each.", type="linelist")
    parser.addini(
        "oauthmock_findings", "Least severity of a finding that fails a test: note, warning or error; else none."
    )
    parser.addini("oauthmock_ignore_findings", "Findings that the plugin leaves out, e.g. OAM024.", type="args")
    parser.addini("oauthmock_grant_types", "Grants of the default matrix, for a connector that has fewer.", type="args")


def layers(config: pytest.Config, configured: cabc.Mapping[str, typing.Any]) -> list[Layer]:
    """
    Settings for the whole session, in rising precedence: ini, file, `oauthmock_config`, environment, flags.

    Fails the test that asks when a source cannot be read.
    """
    refuse_foreign_mockserver()
    from mockserver import settings

    with blamed():
        ini = settings.texts("ini option oauthmock_settings", config.getini("oauthmock_settings"))
        path = _config_file(config)
        return [
            ini,
            *([settings.file(path)] if path else []),
            settings.given("fixture oauthmock_config", configured),
            settings.environment(os.environ, apart_from=(_CONFIG_VARIABLE,)),
            settings.texts("--oauthmock-set", config.getoption("oauthmock_set")),
        ]


def log(config: pytest.Config) -> ExchangeLog | None:
    """
    The log of exchanges that this process writes, None without one: not asked for, nothing is run, or workers run it.

    Raises `pytest.UsageError`.
    """
    flag: str | None = config.getoption("oauthmock_log")
    ini: str = config.getini("oauthmock_log")
    if flag is None and not ini:
        if config.getoption("oauthmock_log_secrets"):
            raise pytest.UsageError("--oauthmock-log-secrets says how --oauthmock-log is written; add that")
        return None
    if config.option.collectonly or config.option.help:
        return None
    refuse_foreign_mockserver()
    from mockserver.errors import MockServerError
    from mockserver.exchange_log import ExchangeLog

    path = config.rootpath / ini if flag is None else config.invocation_params.dir / flag
    worker: dict[str, typing.Any] | None = getattr(config, "workerinput", None)
    try:
        ExchangeLog.check_path(path)
        if worker is not None:
            path = path.with_stem(f"{path.stem}-{worker['workerid']}")
        elif config.getoption("dist", "no") != "no":  # pytest-xdist: no test runs in this process
            return None
        return ExchangeLog(path, secrets=config.getoption("oauthmock_log_secrets"))
    except MockServerError as error:
        source = "ini option oauthmock_log" if flag is None else "--oauthmock-log"
        raise pytest.UsageError(f"{source}: {error}") from None


def marker_layers(node: pytest.Item) -> list[Layer]:
    """The settings of `@pytest.mark.oauthmock(...)`, the nearest last; before them what a cell cannot do without."""
    from mockserver import settings

    where = _place(node)
    found = list(node.iter_markers("oauthmock"))
    for mark in found:
        if mark.args:
            pytest.fail(f"{where}: @pytest.mark.oauthmock takes keywords only, not {mark.args!r}", pytrace=False)
    callspec = getattr(node, "callspec", None)
    cell = None if callspec is None else callspec.params.get("oauthmock_variant")
    over_tls = {"https": True, "client_certificates": "optional"} if getattr(cell, "over_tls", False) else {}
    return [
        settings.given("the cell of the matrix", over_tls),
        *(settings.given(f"{where}: @pytest.mark.oauthmock", mark.kwargs) for mark in reversed(found)),
    ]


class FindingsPolicy(typing.NamedTuple):
    """
    Which findings are told, and which of these fail a test.

    No setting of the server: what fails a test is pytest's affair, and `oauthmock serve` fails nobody.
    """

    ignored: frozenset[str]
    """Neither told nor counted."""
    at_least: Severity | None
    """None: findings fail no test."""


def findings_policy(node: pytest.Item) -> FindingsPolicy:
    """What the nearest `@pytest.mark.oauthmock_findings(...)` says, else the ini options."""
    from mockserver import findings

    with blamed():
        ignored = findings.check_ignored(
            node.config.getini("oauthmock_ignore_findings"), where="ini option oauthmock_ignore_findings"
        )
        at_least = node.config.getini("oauthmock_findings") or None
        source = "ini option oauthmock_findings"
        for mark in list(node.iter_markers("oauthmock_findings"))[:1]:
            source = f"{_place(node)}: @pytest.mark.oauthmock_findings"
            if mark.args:
                pytest.fail(f"{source} takes keywords only, not {mark.args!r}", pytrace=False)
            for name in mark.kwargs:
                if name not in ("at_least", "ignore", "fail"):
                    nearest = _nearest(name, ("at_least", "ignore", "fail"))
                    pytest.fail(f"{source}: unknown argument {name!r}; {nearest}", pytrace=False)
            # What the suite ignores stays ignored: a marker need not repeat it
            ignored |= findings.check_ignored(mark.kwargs.get("ignore", ()), where=f"{source}: ignore")
            at_least = mark.kwargs.get("at_least", at_least or "note") if mark.kwargs.get("fail", True) else None
    if at_least is not None and at_least not in _SEVERITIES:
        pytest.fail(f"{source}: {at_least!r} is no severity; {_nearest(at_least, _SEVERITIES)}", pytrace=False)
    return FindingsPolicy(ignored, at_least)


def cells(metafunc: pytest.Metafunc) -> tuple[Cell, ...]:
    """The cells for one test: its `oauthmock_matrix` marker, else the default matrix as the ini option narrows it."""
    refuse_foreign_mockserver()
    from mockserver import variants

    axes = {"grant_types": variants.GRANT_TYPES, "client_auth": variants.CLIENT_AUTH, **variants.AXES}
    where = _place(metafunc.definition)
    narrowed: list[str] = metafunc.config.getini("oauthmock_grant_types")
    chosen: dict[str, typing.Any] = {"grant_types": narrowed} if narrowed else {}
    _check_values("ini option oauthmock_grant_types", "grant_types", narrowed, variants.GRANT_TYPES)
    for mark in reversed(list(metafunc.definition.iter_markers("oauthmock_matrix"))):
        source = f"{where}: @pytest.mark.oauthmock_matrix"
        if mark.args:
            pytest.fail(f"{source} takes keywords only, not {mark.args!r}", pytrace=False)
        for name, values in mark.kwargs.items():
            if name not in axes:
                pytest.fail(f"{source}: unknown argument {name!r}; {_nearest(name, axes)}", pytrace=False)
            _check_values(source, name, values, axes[name])
        chosen |= mark.kwargs
    try:
        found = variants.cells(**chosen)
    except ValueError as error:
        pytest.fail(f"{where}: the matrix {chosen!r} contradicts itself: {error}", pytrace=False)
    if not found:
        pytest.fail(
            f"{where}: the matrix {chosen!r} has no meaningful cell: an axis is empty, or a public client may not use"
            " client_credentials (RFC 6749 4.4); add a grant or a method",
            pytrace=False,
        )
    return found


def keywords(node: pytest.Item, marker: str, known: cabc.Mapping[str, type]) -> list[dict[str, typing.Any]]:
    """The keywords of a marker that is no layer of settings, the nearest first; `known` are their types."""
    found = list(node.iter_markers(marker))
    for mark in found:
        source = f"{_place(node)}: @pytest.mark.{marker}"
        if mark.args:
            pytest.fail(f"{source} takes keywords only, not {mark.args!r}", pytrace=False)
        for name, value in mark.kwargs.items():
            if name not in known:
                pytest.fail(f"{source}: unknown argument {name!r}; {_nearest(name, known)}", pytrace=False)
            if not isinstance(value, known[name]):
                pytest.fail(f"{source}: {name}={value!r} must be a {known[name].__name__}", pytrace=False)
    return [dict(mark.kwargs) for mark in found]


@contextlib.contextmanager
def blamed() -> cabc.Generator[None]:
    """Turn a wrong setting into a failure without a traceback: the message names the place."""
    from mockserver.errors import MockServerError

    try:
        yield
    except MockServerError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _config_file(config: pytest.Config) -> pathlib.Path | None:
    flag: str | None = config.getoption("oauthmock_config")
    if flag is not None:
        return config.invocation_params.dir / flag
    if _CONFIG_VARIABLE in os.environ:
        return config.invocation_params.dir / os.environ[_CONFIG_VARIABLE]
    ini: str = config.getini("oauthmock_config_file")
    return config.rootpath / ini if ini else None


def _check_values(source: str, name: str, values: typing.Any, known: cabc.Sequence[str] | None) -> None:
    if not isinstance(values, list | tuple | set | frozenset):
        example = known[0] if known else 60
        pytest.fail(f"{source}: {name}={values!r} must be a list, e.g. {name}=[{example!r}]", pytrace=False)
    for value in values:
        if known is None:
            if type(value) is not int or not 0 <= value <= _LONGEST:
                pytest.fail(f"{source}: {name} has {value!r}; write seconds, 0 to 2**53", pytrace=False)
        elif value not in known:
            pytest.fail(f"{source}: {name} has {value!r}; {_nearest(value, known)}", pytrace=False)


def _nearest(name: str, known: cabc.Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def _place(node: pytest.Item) -> str:
    path, line, _ = node.location
    return f"{path}:{(line or 0) + 1} {node.name}"
