"""A suite that does not use the mock must not pay for it."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

_LIST = """
import json, sys
import pytest

class After:
    def pytest_sessionfinish(self):
        print("MODULES", json.dumps(sorted(sys.modules)))

pytest.main(["--co", "-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[After()])
"""


def _modules(folder: pathlib.Path, *arguments: str) -> set[str]:
    """What is loaded after collecting a suite in a fresh process without any other plugin."""
    result = subprocess.run(
        [sys.executable, "-c", _LIST, *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in result.stdout.splitlines() if line.startswith("MODULES "))
    return set(json.loads(line.removeprefix("MODULES ")))


def _third_party(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"__main__"}


def test_collecting_a_suite_that_does_not_use_it_loads_only_pytests_own_modules(tmp_path: pathlib.Path) -> None:
    """`pytest --co` with the plugin loads no third-party package but those that it loads without, and the plugin."""
    tmp_path.joinpath("test_other.py").write_text("def test_other(): pass\n", encoding="utf-8")
    without = _modules(tmp_path)
    with_plugin = _modules(tmp_path, "-p", "pytest_oauthmock.plugin")

    assert _third_party(with_plugin - without) == {"pytest_oauthmock"}


def test_collecting_a_suite_that_uses_it_loads_none_of_the_server(tmp_path: pathlib.Path) -> None:
    """Of `mockserver` the cells of the matrix are needed to collect, and nothing that is not the standard library's."""
    tmp_path.joinpath("test_own.py").write_text("def test_own(oauthmock_variant): pass\n", encoding="utf-8")
    without = _modules(tmp_path)
    with_plugin = _modules(tmp_path, "-p", "pytest_oauthmock.plugin")

    assert _third_party(with_plugin - without) == {"pytest_oauthmock", "mockserver"}
    assert {name for name in with_plugin if name.startswith("mockserver")} == {"mockserver", "mockserver.variants"}


def test_asking_for_the_server_does_load_it() -> None:
    """The check can fail: the same list, after the public object was touched, has the libraries in it."""
    code = "import json, sys, mockserver; mockserver.OAuthMock; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"werkzeug", "jwt", "msgspec", "httptools"} <= _third_party(set(json.loads(result.stdout)))


def test_the_first_token_needs_neither_templates_nor_certificates_nor_a_command_line() -> None:
    """Jinja2, trustme, click, httpx and tomllib are for pages, TLS, the command and files: a first token loads none."""
    code = (
        "import sys, mockserver, http.client\n"
        "with mockserver.OAuthMock() as mock:\n"
        "    client = mock.client()\n"
        "    client.grant()\n"
        "    connection = http.client.HTTPConnection('127.0.0.1', mock.state.port)\n"
        "    connection.request('GET', '/.well-known/oauth-authorization-server')\n"
        "    connection.getresponse().read()\n"
        "    connection.close()\n"
        "print({'jinja2', 'trustme', 'click', 'httpx', 'tomllib'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "set()\n"
