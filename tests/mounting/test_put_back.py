"""Everything that a mount patches is put back, however a test ends; and what is imported late is patched too."""

from __future__ import annotations

import asyncio
import importlib
import pathlib
import subprocess
import sys
import textwrap
import types
import typing
import urllib.request

import aiohttp
import httpx
import pytest
import requests

from mockserver import OAuthMock
from mockserver import UnknownLayout
from mockserver import UnmountedHostError
from mockserver.mounting import LIBRARIES
from mounting.patches import is_ours
from mounting.patches import snapshot


def test_without_a_mount_nothing_is_patched_and_after_it_everything_is_as_before(oauthmock: OAuthMock) -> None:
    before, finders = snapshot(), list(sys.meta_path)
    assert not any(map(is_ours, before.values()))

    with oauthmock.mount("https://login.example.com"):
        others = oauthmock.mount("https://graph.example.com")
        during = {place: vars(place[0]).get(place[1]) for place in before}
        assert all(map(is_ours, during.values()))
    # The last one takes the patches along.
    assert {place: vars(place[0]).get(place[1]) for place in before} == during
    others.unmount()

    assert snapshot() == before
    assert sys.meta_path == finders


def test_a_patch_on_top_of_ours_that_is_taken_off_later_leaves_one_that_does_nothing(oauthmock: OAuthMock) -> None:
    """As a fixture of somebody's does that was set up within the mount and is torn down after it."""
    before = snapshot()
    with pytest.MonkeyPatch.context() as theirs:
        mount = oauthmock.mount("https://login.example.com")
        for owner, name in before:
            ours = vars(owner)[name]
            if isinstance(ours, types.FunctionType):
                theirs.setattr(owner, name, _on_top(ours))
        mount.unmount()
    stale = [(owner, name) for owner, name in before if is_ours(vars(owner).get(name))]

    try:
        assert {owner.__module__.partition(".")[0] for owner, _ in stale} >= {"http", "urllib3", "httpcore", "aiohttp"}
        for _ in range(2):
            _reach(oauthmock.jwks_url)
            with oauthmock.mount("https://login.example.com") as again:
                _reach(again.jwks_url)
                with pytest.raises(UnmountedHostError):
                    httpx.get("https://other.example.com")
    finally:
        for owner, name in stale:
            setattr(owner, name, before[owner, name])
    assert snapshot() == before


def _reach(url: str) -> None:
    async def by_aiohttp() -> int:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status

    assert requests.get(url, timeout=10).status_code == 200
    assert httpx.get(url).status_code == 200
    assert asyncio.run(by_aiohttp()) == 200
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.status == 200


def _on_top(ours: typing.Any) -> typing.Any:
    def theirs(*arguments: typing.Any, **keywords: typing.Any) -> typing.Any:
        return ours(*arguments, **keywords)

    return theirs


def test_a_library_that_is_imported_while_something_is_mounted_is_led_there_too(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production code imports its client inside a function."""
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[1]))
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import importlib
            import sys

            from mockserver import OAuthMock
            from mockserver.mounting import LIBRARIES

            late = [library for library in LIBRARIES if library.module not in sys.modules]
            print(*sorted(library.module for library in late))
            with OAuthMock() as mock:
                with mock.mount("https://login.example.com") as login:
                    for library in late:
                        module = importlib.import_module(library.module)
                        assert type(module.__spec__.loader).__name__ == "SourceFileLoader", module.__spec__
                    from mounting.patches import is_ours
                    from mounting.patches import snapshot

                    assert all(map(is_ours, snapshot().values()))
                    import httpx
                    import requests

                    for http in (httpx, requests):
                        assert http.get(login.jwks_url, timeout=10).status_code == 200
                assert not any(map(is_ours, snapshot().values()))
            """
        )
    )

    result = subprocess.run([sys.executable, program], check=False, capture_output=True, text=True, timeout=120)

    assert (result.stderr, result.returncode) == ("", 0)
    assert set(result.stdout.split()) == {library.module for library in LIBRARIES if library.distribution is not None}


def test_an_import_of_a_layout_that_is_not_known_is_refused(
    oauthmock: OAuthMock, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import raises, so that no request of that library is sent."""
    (tmp_path / "httplib2.py").write_text("Http = None\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "httplib2")
    oauthmock.mount("https://login.example.com")

    with pytest.raises(UnknownLayout, match=r"^httplib2 [\d.]+ cannot be led to mounted hosts: httplib2 has"):
        importlib.import_module("httplib2")

    assert "httplib2" not in sys.modules


def test_nothing_stays_patched_after_a_test_that_fails_or_leaves_a_thread_behind(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[1]))
    pytester.makepyfile(
        """
        import sys
        import threading

        import httpx
        import pytest
        import requests
        from mounting.patches import snapshot

        BEFORE, FINDERS = snapshot(), list(sys.meta_path)
        LEFT = []

        @pytest.fixture(autouse=True)
        def as_before():
            assert snapshot() == BEFORE

        def test_1_passes(oauthmock):
            mount = oauthmock.mount("https://login.example.com")
            assert requests.get(mount.jwks_url).status_code == 200
            assert snapshot() != BEFORE

        def test_2_fails(oauthmock):
            oauthmock.mount("https://login.example.com")
            raise ValueError("of the test's own")

        @pytest.fixture
        def broken(oauthmock):
            oauthmock.mount("https://login.example.com")
            raise ValueError("of a fixture's own")

        def test_3_errs(broken):
            pass

        def test_4_leaves_threads(oauthmock):
            mount = oauthmock.mount("https://login.example.com")
            arrived = mount.jwks_endpoint.hold(3, timeout=60, optional=True)

            def ask(get):
                # The reset lets it go on and closes its connection: it may have had its answer before that.
                try:
                    LEFT.append(get(mount.jwks_url, timeout=60).status_code)
                except (httpx.TransportError, requests.ConnectionError) as error:
                    LEFT.append(error)

            for get in (httpx.get, requests.get):
                thread = threading.Thread(target=ask, args=(get,))
                thread.start()
                LEFT.append(thread)
            arrived.wait_for(2, timeout=60)

        def test_5_they_have_ended():
            for thread in LEFT[:2]:
                thread.join(60)
            assert len(LEFT) == 4
            assert list(sys.meta_path) == FINDERS
        """
    )

    command = (sys.executable, "-m", "pytest", "-p", "oauthmock", "-p", "outgoing", "-p", "pytester", "-W", "error")
    result = pytester.run(*command, timeout=170)

    result.assert_outcomes(passed=3, failed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random(["*ValueError: of the test's own", "*ValueError: of a fixture's own"])
