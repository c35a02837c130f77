"""A user's project in a temporary folder, and pytest run on it."""

from __future__ import annotations

import importlib
import os
import pathlib
import sys
import textwrap

import pytest

# pytester forgets what an inner run imported, and some extension modules can be imported only once a process: what the
# inner runs need is loaded before the first.
for _name in (
    *(
        "cryptography.x509",
        "httpcore",
        "httpx",
        "jinja2",
        "jwt",
        "requests",
        "time_machine",
        "trustme",
        "werkzeug.test",
    ),
    *("mockserver.server", "mockserver.tls"),
    *(f"pytest_oauthmock.{name}" for name in ("browser", "report", "servers", "surroundings", "variant", "verdict")),
):
    importlib.import_module(_name)

_CONNECTOR = '''
"""The code under test: gets itself a token in every way that the matrix has."""

import base64
import http.server
import urllib.parse
import webbrowser

import httpx


def send(url, form=None, **request):
    return httpx.request("POST", url, data=form, verify=False, **request)


def get(url, token, **request):
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, verify=False, **request)


def ask(grant_type, client_auth, token_url, client_id, scope, client_secret=None, login=None, **rest):
    form = {"grant_type": grant_type, "scope": scope}
    if grant_type == "authorization_code":
        query = {"response_type": "code", "client_id": client_id, "redirect_uri": rest["redirect_uri"], "scope": scope}
        if "code_verifier" in rest:
            query |= {"code_challenge": rest["code_verifier"], "code_challenge_method": "plain"}
            form |= {"code_verifier": rest["code_verifier"]}
        callback = login(rest["authorize_url"] + "?" + urllib.parse.urlencode(query))
        form |= {"code": callback.code, "redirect_uri": rest["redirect_uri"]}
    form |= {key: rest[key] for key in ("username", "password", "refresh_token") if key in rest}
    if client_auth == "client_secret_basic":
        return send(token_url, form, auth=(client_id, client_secret))
    form |= {"client_id": client_id}
    if client_secret is not None:
        form |= {"client_secret": client_secret}
    return send(token_url, json=form) if client_auth == "client_secret_json" else send(token_url, form)


def credentials(client, token_url, **form):
    """A token for a client that the test registered, by Basic."""
    form = {"grant_type": "client_credentials"} | form
    return send(token_url, form, auth=(client.client_id, client.client_secret))


def command_line_login(authorize_url, client_id, open_browser=webbrowser.open):
    """What a command-line program does: listens on loopback, opens the browser, waits for the callback."""
    seen = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as listener:
        listener.timeout = 20
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": f"http://127.0.0.1:{listener.server_port}/",
            "state": "s1",
        }
        assert open_browser(authorize_url + "?" + urllib.parse.urlencode(query))
        listener.handle_request()
    return seen[0] | {"redirect_uri": query["redirect_uri"]}
'''

_OPTIONS = ("-p", "no:cacheprovider", "-W", "error")


class Suite:
    """
    A project with a `connector` module. `run` is pytest on it in this process, `run_apart` in one of its own; both with
    `-W error` and no plugin but ours, or those that are named by their entry points.
    """

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.environment = monkeypatch
        self.path: pathlib.Path = pytester.path
        self.file("connector.py", _CONNECTOR)
        self.ini()

    def ini(self, *lines: str) -> None:
        """The ini file, with these lines in its section."""
        self.file("pytest.ini", "\n".join(["[pytest]", *lines]))

    def file(self, name: str, source: str) -> pathlib.Path:
        """Write a file of the project."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source).lstrip("\n") + "\n", encoding="utf-8")
        return path

    def tests(self, *sources: str) -> None:
        """The tests, which may use `connector`, `httpx` and `pytest`; the first begins on line 5."""
        imports = "import connector\nimport httpx\nimport pytest\n\n"
        self.file("test_own.py", imports + "\n".join(textwrap.dedent(source).strip("\n") for source in sources))

    def run(self, *arguments: str, plugins: tuple[str, ...] = ("oauthmock",)) -> pytest.RunResult:
        """Run in this process."""
        self.pytester.syspathinsert(self.path)
        return self.pytester.runpytest_inprocess(*_on(plugins), *_OPTIONS, *arguments)

    def run_apart(self, *arguments: str, plugins: tuple[str, ...] = ("oauthmock",)) -> pytest.RunResult:
        """Run in a process of its own."""
        command = (sys.executable, "-m", "pytest", *_on(plugins), *_OPTIONS, *arguments)
        return self.pytester.run(*command, timeout=170)

    def said(self, name: str) -> list[str]:
        """The lines that a test left in a file, for the outer test to look for."""
        return (self.path / name).read_text(encoding="utf-8").splitlines()


def _on(plugins: tuple[str, ...]) -> list[str]:
    return [option for name in plugins for option in ("-p", name)]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A user's project; nothing of the outer run's settings reaches it."""
    for name in list(os.environ):
        if name.startswith(("OAUTHMOCK_", "AWS_", "PYTEST_XDIST")) or name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            monkeypatch.delenv(name)
    # Others' plugins cost seconds in each run; a test names those that it is about.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Suite(pytester, monkeypatch)
