"""
What is patched of other people's libraries: in which versions it was found, and that a layout which is not known is
refused before anything is changed.
"""

from __future__ import annotations

import collections.abc as cabc
import importlib
import importlib.metadata
import re
import sys
import typing

import pytest
import requests

from mockserver import OAuthMock
from mockserver import UnknownLayout
from mockserver.mounting import LIBRARIES
from mockserver.mounting.patching import Library
from mounting.patches import MODULES
from mounting.patches import is_ours
from mounting.patches import snapshot

by_library = pytest.mark.parametrize("library", [pytest.param(library, id=library.module) for library in LIBRARIES])

# -- versions ----------------------------------------------------------------------------------------------------------


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


@by_library
def test_the_version_that_is_installed_is_of_those_that_are_known(
    library: Library, record_property: cabc.Callable[[str, object], None]
) -> None:
    if library.distribution is None:
        installed = sys.version.partition(" ")[0]
    else:
        installed = importlib.metadata.version(library.distribution)
    record_property("installed", f"{library.distribution or 'Python'} {installed}")
    lowest, *_, highest = re.findall(r"\d[\d.]*", f"{library.versions} {library.versions}")

    assert _numbers(lowest) <= _numbers(installed), f"{library.module} {installed}: known are {library.versions}"
    assert _numbers(installed)[: len(_numbers(highest))] <= _numbers(highest), (
        f"{library.module} {installed}: known are {library.versions}; every patch was made with it, so widen that"
    )


# -- layouts -----------------------------------------------------------------------------------------------------------

_GONE: typing.Final = None


def _other(self: object, nothing: object) -> None:
    """A method that takes something else."""


class _Bare:
    """What has no attributes that anybody looks for."""

    def __init__(self) -> None:
        pass


class _Row(typing.NamedTuple):
    module: str
    owner: str | None
    name: str
    becomes: object
    told: str


_ROWS = [
    _Row("http.client", None, "HTTPSConnection", _GONE, "http.client has no HTTPSConnection"),
    _Row(
        *("http.client", "HTTPConnection", "putrequest", _other),
        "http.client.HTTPConnection.putrequest takes self, nothing, and not self, method, url",
    ),
    _Row("urllib3.connection", None, "_HTTPConnection", _GONE, "urllib3.connection has no _HTTPConnection"),
    _Row(
        *("urllib3.connection", "HTTPConnection", "request", _other),
        "urllib3.connection.HTTPConnection.request takes self, nothing, and not self, method, url",
    ),
    _Row("httplib2", None, "HTTPSConnectionWithTimeout", _GONE, "httplib2 has no HTTPSConnectionWithTimeout"),
    *(
        row
        for module in ("httpcore", "httpcore2")
        for row in (
            _Row(module, None, "TrioBackend", _GONE, f"{module} has no TrioBackend"),
            _Row(
                *(module, "SyncBackend", "connect_tcp", _other),
                f"{module}.SyncBackend.connect_tcp takes self, nothing, and not self, host, port, timeout,"
                " local_address, socket_options",
            ),
            _Row(
                *(module, "ConnectionPool", "create_connection", _other),
                f"{module}.ConnectionPool.create_connection takes self, nothing, and not self, origin",
            ),
            _Row(module, "HTTPConnection", "info", _GONE, f"{module}.HTTPConnection has no method info"),
            _Row(
                *(module, "AsyncHTTPConnection", "can_handle_request", _GONE),
                f"{module}.AsyncHTTPConnection has no method can_handle_request",
            ),
        )
    ),
    _Row(
        *("aiohttp.connector", "TCPConnector", "_create_connection", _other),
        "aiohttp.connector.TCPConnector._create_connection takes self, nothing, and not self, req, traces, timeout",
    ),
    _Row("responses", "RequestsMock", "_on_request", _GONE, "responses.RequestsMock has no method _on_request"),
    _Row("responses", None, "_real_send", _GONE, "responses has no _real_send"),
    _Row("respx.mocks", None, "PassThrough", _GONE, "respx.mocks has no PassThrough"),
    _Row("respx.mocks", "Mocker", "async_handler", _GONE, "respx.mocks.Mocker has no method async_handler"),
    _Row("pytest_httpx._options", None, "_HTTPXMockOptions", _Bare, "_HTTPXMockOptions has no should_mock"),
    _Row("requests_mock.adapter", None, "_RunRealHTTP", _GONE, "requests_mock.adapter has no _RunRealHTTP"),
    _Row("vcr.cassette", None, "Cassette", _Bare, "Cassette has no _before_record_request"),
]


def test_every_library_has_a_row() -> None:
    assert {row.module for row in _ROWS} == set(MODULES)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.module}-{row.name}") for row in _ROWS])
def test_a_layout_that_is_not_known_is_refused_and_nothing_is_patched(oauthmock: OAuthMock, row: _Row) -> None:
    library = next(library for library in LIBRARIES if library.module == row.module)
    module = MODULES[row.module]
    name = library.distribution or library.module
    version = sys.version.partition(" ")[0] if library.distribution is None else importlib.metadata.version(name)
    before, finders = snapshot(), list(sys.meta_path)

    with pytest.MonkeyPatch.context() as patch:
        owner = module if row.owner is None else getattr(module, row.owner)
        patch.setattr(owner, row.name, row.becomes)
        with pytest.raises(UnknownLayout) as raised:
            oauthmock.mount("https://login.example.com")
        assert not any(map(is_ours, (vars(owner).get(name) for owner, name in before)))

    assert str(raised.value) == (
        f"{name} {version} cannot be led to mounted hosts: {row.told}. Known are {library.versions}: install one of"
        " these, or tell the project; nothing was patched, and no request was sent"
    )
    assert snapshot() == before
    assert sys.meta_path == finders
    # As if nobody had tried: the origin is free, and the library as it was can be led there.
    login = oauthmock.mount("https://login.example.com")
    assert requests.get(login.jwks_url, timeout=10).status_code == 200
