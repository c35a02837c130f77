"""The pytest11 entry: hooks and fixtures. At import it needs pytest and the standard library alone."""

from __future__ import annotations

import collections.abc as cabc
import fnmatch
import functools
import typing

import pytest

from . import options
from .surroundings import Surroundings

if typing.TYPE_CHECKING:
    from boto3.session import Session

    from mockserver import AwsServer
    from mockserver import Mount
    from mockserver import OAuthMock
    from mockserver.exchange_log import ExchangeLog

    from .aws import WebIdentities
    from .browser import Browser
    from .servers import Servers
    from .variant import TestedVariant
    from .verdict import Verdict

_LOG: pytest.StashKey[ExchangeLog] = pytest.StashKey()
_SERVERS: pytest.StashKey[Servers] = pytest.StashKey()
_SURROUNDINGS: pytest.StashKey[Surroundings] = pytest.StashKey()
_VERDICT: pytest.StashKey[Verdict] = pytest.StashKey()

# On a report, by which pytest-xdist carries it from its workers
_TALLY = "oauthmock_findings"


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    for line in options.MARKERS:
        config.addinivalue_line("markers", line)
    log = options.log(config)
    if log is not None:
        config.stash[_LOG] = log


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVERS in config.stash:
        config.stash[_SERVERS].close()
    if _LOG in config.stash:
        config.stash[_LOG].close()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Where the exchanges are written to, and that secrets are, if so."""
    log = config.stash.get(_LOG, None)
    return None if log is None else f"oauthmock log: {log}"


# -- the matrix --------------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "oauthmock_variant" in metafunc.fixturenames:
        cells = options.cells(metafunc)
        metafunc.parametrize("oauthmock_variant", cells, ids=[cell.id for cell in cells], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--oauthmock-variants=GLOB` deselects the other cells of tests that have cells."""
    pattern = config.getoption("oauthmock_variants")
    if pattern is None:
        return
    out = [item for item in items if (cell := _cell_id(item)) is not None and not fnmatch.fnmatchcase(cell, pattern)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _cell_id(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    cell = callspec.params.get("oauthmock_variant") if callspec is not None else None
    return None if cell is None else str(cell.id)


# -- around a test -----------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> cabc.Generator[None]:
    item.config.stash[_SURROUNDINGS] = Surroundings(item)
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> None:
    surroundings = request.config.stash.get(_SURROUNDINGS, None)
    if surroundings is not None:
        surroundings.prepare(asked=request.fixturename in ("oauthmock", "oauthmock_server"))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> cabc.Generator[None]:
    """After a test body that passed: a fault that was never hit, or a server that broke, fails it."""
    item.config.stash[_SURROUNDINGS].prepare()
    yield
    verdict = item.stash.get(_VERDICT, None)
    if verdict is not None:
        verdict.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> cabc.Generator[None]:
    surroundings = item.config.stash[_SURROUNDINGS]
    surroundings.restore_sockets()
    try:
        yield
    finally:
        surroundings.restore()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> cabc.Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None and _VERDICT in item.stash:
        from .report import end_at_the_testers_line

        end_at_the_testers_line(call.excinfo)
    report = yield
    verdict = item.stash.get(_VERDICT, None)
    if verdict is not None and call.when in ("setup", "call"):
        from .report import sections
        from .report import tally

        if report.failed:
            report.sections += sections(verdict)
        if call.when == "call" or report.failed:
            setattr(report, _TALLY, tally(verdict))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In a line each, which findings there were in how many tests."""
    tests: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, name in getattr(report, _TALLY, ()):
                tests[f"{key} {name}"] = tests.get(f"{key} {name}", 0) + 1
    if tests and terminalreporter.verbosity >= 0:
        terminalreporter.section("OAuth findings")
        for rule, count in sorted(tests.items()):
            terminalreporter.line(f"{rule}: {count} test{'' if count == 1 else 's'}")
        terminalreporter.line(
            "oauthmock.findings says what was seen; the ini option oauthmock_ignore_findings ends this."
        )


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def oauthmock_config() -> cabc.Mapping[str, typing.Any]:
    """Settings of the suite: override this fixture in a conftest and return a dict with the keys of the TOML file."""
    return {}


@pytest.fixture(scope="session")
def oauthmock_server(request: pytest.FixtureRequest, oauthmock_config: cabc.Mapping[str, typing.Any]) -> OAuthMock:
    """The session's server, for session-scoped fixtures of the application under test: URLs, `ca_path`, `reset()`."""
    layers = options.layers(request.config, oauthmock_config)
    return _servers(request.config).session(layers)


@pytest.fixture
def oauthmock(
    request: pytest.FixtureRequest, oauthmock_config: cabc.Mapping[str, typing.Any]
) -> cabc.Generator[OAuthMock]:
    """A mock OAuth server on 127.0.0.1, as good as new for this test."""
    layers, policy = options.layers(request.config, oauthmock_config), options.findings_policy(request.node)
    # Not before it is known that `mockserver` is ours
    from .verdict import Verdict

    with _servers(request.config).lent(layers, options.marker_layers(request.node), test=request.node.nodeid) as mock:
        request.node.stash[_VERDICT] = verdict = Verdict(mock, policy)
        yield mock
        verdict.check_teardown()


@pytest.fixture
def oauthmock_variant(request: pytest.FixtureRequest, oauthmock: OAuthMock) -> TestedVariant:
    """One cell of grant x client authentication; a test that requests it runs once for each."""
    from .variant import TestedVariant

    return TestedVariant(oauthmock, request.param)


@pytest.fixture
def oauthmock_browser(oauthmock: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> cabc.Generator[Browser]:
    """Answers `webbrowser.open` as a person would who logs in and approves, for command-line logins."""
    from .browser import Browser

    browser = Browser(oauthmock)
    browser.install(monkeypatch)
    yield browser
    browser.close()


@pytest.fixture
def oauthmock_aws(
    request: pytest.FixtureRequest,
    oauthmock: OAuthMock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> cabc.Generator[Session]:
    """moto's AWS in process, behind verified signatures, with test credentials: a boto3 session."""
    from .aws import mocked

    with mocked(oauthmock, request.node, monkeypatch, tmp_path_factory.mktemp("aws")) as session:
        yield session


@pytest.fixture
def oauthmock_aws_server(
    request: pytest.FixtureRequest,
    oauthmock: OAuthMock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> cabc.Generator[AwsServer]:
    """moto's AWS at a port, behind verified signatures, for every client: `endpoint_url`, `session`, `client("s3")`."""
    from .aws import served

    with served(oauthmock, request.node, monkeypatch, tmp_path_factory.mktemp("aws")) as server:
        yield server


@pytest.fixture
def oauthmock_aws_web_identity(
    request: pytest.FixtureRequest,
    oauthmock: OAuthMock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> WebIdentities:
    """Roles for tokens of the mock, by `AWS_WEB_IDENTITY_TOKEN_FILE`: call it with `role`, `sub`, `aud` and claims."""
    from .aws import web_identities

    if "oauthmock_aws_server" not in request.fixturenames:
        request.getfixturevalue("oauthmock_aws")
    return web_identities(oauthmock, monkeypatch, tmp_path_factory.mktemp("web-identity"))


@pytest.fixture
def oauthmock_aws_cognito(request: pytest.FixtureRequest, oauthmock: OAuthMock) -> cabc.Callable[[str], Mount]:
    """The OAuth endpoints of moto's user pools: call it with a pool's id."""
    from mockserver.aws import cognito

    if "oauthmock_aws_server" not in request.fixturenames:
        request.getfixturevalue("oauthmock_aws")
    return functools.partial(cognito, oauthmock)


def _servers(config: pytest.Config) -> Servers:
    if _SERVERS not in config.stash:
        from .servers import Servers

        config.stash[_SERVERS] = Servers(config.stash.get(_LOG, None))
    return config.stash[_SERVERS]
