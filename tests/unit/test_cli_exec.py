"""`oauthmock exec`, as a process of its own, with Python programs as its command."""

from __future__ import annotations

import collections.abc as cabc
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import textwrap

import pytest
from click.testing import CliRunner

from mockserver import __version__
from mockserver.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")

_LOGIN = ("--mount", "https://login.example.com")
_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("OAUTHMOCK_") and "proxy" not in name.lower()
}
# Seconds: as for any test of this suite.
_GUARD = 60.0


def _exec(
    *arguments: str, cwd: pathlib.Path | None = None, variables: cabc.Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "mockserver", "exec", *arguments],
        cwd=cwd,
        env={**_ENVIRONMENT, **(variables or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=_GUARD,
        check=False,
    )


def _python(program: str, *arguments: str) -> list[str]:
    return ["--", sys.executable, "-c", textwrap.dedent(program), *arguments]


def _ran(
    *arguments: str, program: str, variables: cabc.Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program that must not fail."""
    result = _exec(*arguments, *_python(program), variables=variables)
    assert result.returncode == 0, result.stderr
    return result


@pytest.mark.parametrize(
    "program",
    [
        'import requests\nprint(requests.get("https://login.example.com/jwks", timeout=10).status_code)',
        'import httpx\nprint(httpx.get("https://login.example.com/jwks").status_code)',
        'import urllib.request\nprint(urllib.request.urlopen("https://login.example.com/jwks", timeout=10).status)',
    ],
    ids=["requests", "httpx", "urllib"],
)
def test_a_client_in_another_process_meets_the_mock_at_the_real_origin(program: str) -> None:
    result = _ran(*_LOGIN, program=program)

    assert result.stdout == "200\n"
    assert re.search(r"^[\d:]{8}  GET https://login\.example\.com/jwks  200  \d+\.\d ms$", result.stderr, re.MULTILINE)


def test_a_client_that_ignores_the_environment_is_given_the_proxy_and_the_ca() -> None:
    """aiohttp and urllib3 do, unless they are told."""
    program = """
        import os, ssl, urllib3
        manager = urllib3.ProxyManager(os.environ["OAUTHMOCK_PROXY_URL"], ca_certs=os.environ["OAUTHMOCK_CA_PATH"])
        print(manager.request("GET", os.environ["OAUTHMOCK_URL"] + "/jwks", retries=False, timeout=10).status)
    """

    assert _ran(*_LOGIN, "--quiet", program=program).stdout == "200\n"


def test_the_greeting_says_the_client_and_the_urls_and_each_exchange_is_a_line() -> None:
    """All on standard error: standard output is the command's."""
    program = """
        import os, requests
        auth = (os.environ["OAUTHMOCK_CLIENT_ID"], os.environ["OAUTHMOCK_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials"}
        answer = requests.post(os.environ["OAUTHMOCK_TOKEN_URL"], data=form, auth=auth, timeout=10).json()
        bearer = {"Authorization": "Bearer " + answer["access_token"]}
        print(requests.get("http://api.example.com:8080/api/orders", headers=bearer, timeout=10).status_code)
        print(os.environ["OAUTHMOCK_AUTHORIZE_URL"], os.environ["OAUTHMOCK_API_URL"])
    """
    result = _ran(*_LOGIN, "--mount", "http://API.example.com:8080", program=program)
    first, *lines = result.stderr.splitlines()

    assert result.stdout == "200\nhttps://login.example.com/authorize https://login.example.com/api\n"
    assert re.fullmatch(rf"oauthmock {re.escape(__version__)}   proxy http://127\.0\.0\.1:\d+", first)
    assert lines[:6] == [
        "  token       https://login.example.com/token              client demo, secret demo-secret",
        "  authorize   https://login.example.com/authorize          user alice, password wonderland",
        "  api         https://login.example.com/api                any path, Bearer",
        "  token       http://api.example.com:8080/token            client demo, secret demo-secret",
        "  authorize   http://api.example.com:8080/authorize        user alice, password wonderland",
        "  api         http://api.example.com:8080/api              any path, Bearer",
    ]
    assert [re.sub(r"^\d\d:\d\d:\d\d|\d+\.\d ms$", "", line) for line in lines[6:] if "finding:" not in line] == [
        "  POST https://login.example.com/token  client_credentials  client_secret_basic  demo  200  ",
        "  GET http://api.example.com:8080/api/orders  200  ",
    ]


def test_without_a_mount_the_url_is_on_loopback_and_every_host_is_refused() -> None:
    program = """
        import os, requests
        url = os.environ["OAUTHMOCK_URL"]
        print(url, requests.get(url + "/jwks", timeout=10).status_code)
        print(requests.get("http://evil.example.com/", timeout=10).text, end="")
    """
    result = _ran(program=program)
    first, second = result.stdout.splitlines()
    refusal = (
        "http://evil.example.com is not mounted, so nothing was sent to evil.example.com port 80; mounted: nothing."
        " To answer for it: --mount http://evil.example.com; to let it through: --allow-host evil.example.com"
    )

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ 200", first)
    assert second == refusal
    assert refusal in result.stderr.splitlines()


def test_a_host_that_is_not_mounted_is_refused_and_said_although_quiet() -> None:
    """Nothing else is on standard error."""
    program = """
        import requests
        requests.get("https://login.example.com/jwks", timeout=10)
        try:
            requests.post("https://login.exmaple.com/token", data={"client_secret": "s3cret"}, timeout=10)
        except requests.exceptions.ProxyError as error:
            print("403 Forbidden" in str(error))
    """
    result = _ran(*_LOGIN, "--quiet", program=program)

    assert result.stdout == "True\n"
    assert result.stderr == (
        "https://login.exmaple.com is not mounted, so nothing was sent to login.exmaple.com port 443; mounted:"
        " https://login.example.com. To answer for it: --mount https://login.exmaple.com; to let it through:"
        " --allow-host login.exmaple.com\n"
    )


def test_a_host_that_is_allowed_is_reached() -> None:
    """`*.localhost` is loopback anyway, `127.1` not known to be: it stands for any other here."""
    program = """
        import http.server, threading, requests
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=server.handle_request).start()
        url = f"http://127.1:{server.server_port}/"
        print(requests.options(url, timeout=10).status_code)
        server.server_close()
    """
    allowed = _ran("--allow-host", "127.1", program=program)

    assert allowed.stdout == "501\n"
    assert "127.1 is not mounted" not in allowed.stderr


def test_profiles_and_variables_belong_to_the_mount_before_them() -> None:
    program = """
        import os, requests
        print(os.environ["OAUTHMOCK_TOKEN_URL"])
        print(requests.get("https://graph.microsoft.com/.well-known/openid-configuration").json()["token_endpoint"])
    """
    result = _ran(
        *("--mount", "https://login.microsoftonline.com", "--profile", "entra", "--variable", "tenant=contoso"),
        *("--mount", "https://graph.microsoft.com"),
        program=program,
    )

    assert result.stdout == (
        "https://login.microsoftonline.com/contoso/oauth2/v2.0/token\nhttps://graph.microsoft.com/token\n"
    )


def test_a_configuration_holds_for_every_mount(tmp_path: pathlib.Path) -> None:
    """Its clients and users are in the place of the demo ones; a flag beats it."""
    config = tmp_path / "oauthmock.toml"
    config.write_text(
        'access_token_lifetime = 60\nhttps = true\nport = 1\n[[clients]]\nclient_id = "crm"\nclient_secret = "s3cret"\n'
        'scope = "orders:read"\n[[users]]\nusername = "bob"\npassword = "hunter2-hunter2"\n'
    )
    program = """
        import requests
        form = {"grant_type": "password", "username": "bob", "password": "hunter2-hunter2"}
        for host in ("a", "b"):
            url = f"https://{host}.example.com/token"
            answer = requests.post(url, data=form, auth=("crm", "s3cret"), timeout=10).json()
            print(answer["expires_in"], answer["scope"])
            print(requests.post(url, data=form, auth=("demo", "demo-secret"), timeout=10).json()["error"])
    """
    result = _ran(
        *("--config", str(config), "--mount", "https://a.example.com", "--mount", "https://b.example.com"),
        *("--set", "access_token_lifetime=90"),
        program=program,
    )

    assert result.stdout == "90 orders:read\ninvalid_client\n" * 2
    assert "client crm, secret as configured" in result.stderr
    assert "s3cret" not in result.stderr


def test_exchanges_are_written_to_a_file(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log.jsonl"
    _ran(
        *(*_LOGIN, "--quiet", "--log", str(log)),
        program='import requests\nrequests.post("https://login.example.com/token", auth=("demo", "demo-secret"))',
    )
    (entry,) = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    assert entry["request"]["url"] == "https://login.example.com/token"
    assert "demo-secret" not in log.read_text(encoding="utf-8")


def test_another_mock_in_the_command_takes_the_variables_for_no_settings() -> None:
    """`oauthmock exec -- pytest`, with the plugin in it."""
    program = """
        import subprocess, sys
        sys.exit(subprocess.call([sys.executable, "-m", "mockserver", "exec", "--quiet", "true"]))
    """

    assert _ran(*_LOGIN, "--quiet", program=program).stderr == ""


def test_standard_input_and_output_are_the_commands() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mockserver", "exec", "--quiet", "cat"],
        env=_ENVIRONMENT,
        input=b"\x00\xff octets",
        capture_output=True,
        timeout=_GUARD,
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, b"\x00\xff octets", b"")


# -- how it ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + 9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + 15),
    ],
)
def test_the_exit_status_is_the_commands(program: str, status: int) -> None:
    """Of one that a signal ended as shells have it."""
    result = _exec("--quiet", *_python(program))

    assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


def _waiting(*arguments: str, handler: str) -> subprocess.Popen[str]:
    """A command that has said that it waits; `handler` is for the signals that end it."""
    program = f"""
        import signal, sys, time
        def end(number, frame):
            {handler}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        print("waiting", flush=True)
        while True:
            signal.pause()
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "mockserver", "exec", *arguments, *_python(program)],
        env=_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # no terminal: what is sent is passed on
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    return process


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 5), (signal.SIGHUP, 5)],
)
def test_a_signal_is_passed_on_and_ends_both(number: signal.Signals, status: int) -> None:
    """Ctrl-C is 130, whatever the command makes of it."""
    with _waiting(*_LOGIN, handler='print("got", signal.Signals(number).name, flush=True); sys.exit(5)') as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=_GUARD)

    assert (process.returncode, output) == (status, f"got {number.name}\n")
    assert "Traceback" not in errors


def test_nothing_is_left_behind(tmp_path: pathlib.Path) -> None:
    """Neither the CA's files nor the proxy."""
    program = """
        import os, pathlib
        print(os.environ["OAUTHMOCK_PROXY_URL"], pathlib.Path(os.environ["OAUTHMOCK_CA_PATH"]).parent)
    """
    proxy, folder = _ran(*_LOGIN, program=program).stdout.split()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(proxy.rpartition(":")[2]))) != 0
    assert not pathlib.Path(folder).exists()


# -- bad input ---------------------------------------------------------------------------------------------------------


def _refused(*arguments: str) -> tuple[int, str]:
    """In process, as nothing has started yet; exit status and standard error."""
    result = CliRunner(env=dict.fromkeys(os.environ.keys() - _ENVIRONMENT.keys())).invoke(main, ["exec", *arguments])
    assert result.stdout == ""
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument 'COMMAND...'."),
        ((*_LOGIN, "--"), "Missing argument 'COMMAND...'."),
        (
            ("--mount", "login.example.com", "true"),
            "mount('login.example.com'): there is no scheme; write 'https://login.example.com'",
        ),
        (
            ("--mount", "https://login.example.com/token", "true"),
            (
                "mount('https://login.example.com/token'): an origin has no path, query or fragment; write"
                " 'https://login.example.com'"
            ),
        ),
        (
            (*_LOGIN, "--mount", "https://LOGIN.example.com:443", "true"),
            "mount('https://LOGIN.example.com:443'): https://login.example.com is mounted already; ",
        ),
        ((*_LOGIN, "--profile", "acme", "true"), "profile = 'acme': no such profile; known are "),
        ((*_LOGIN, "--profile", "entra", "true"), "profile = 'entra': variable 'tenant' is missing"),
        (
            ("--profile", "entra", *_LOGIN, "true"),
            "--profile entra belongs to the --mount before it; write it after that --mount",
        ),
        (
            ("--variable", "tenant=contoso", "true"),
            "--variable tenant=contoso belongs to the --mount before it; write it after that --mount",
        ),
        (
            (*_LOGIN, "--profile", "entra", "--profile", "google", "true"),
            "--mount https://login.example.com has two profiles, entra and google; leave one out, or repeat --mount",
        ),
        ((*_LOGIN, "--variable", "tenant", "true"), "--variable tenant gives no value; write NAME=VALUE"),
        ((*_LOGIN, "--variable", "=contoso", "true"), "--variable =contoso gives no value; write NAME=VALUE"),
        ((*_LOGIN, "--variable", "origin=x", "true"), "no such variable 'origin'; the profile has none"),
        (("--set", "acess_token_lifetime=1", "true"), "did you mean 'access_token_lifetime'"),
        (("--log-secrets", "true"), "--log-secrets says how --log is written; add --log FILE"),
        (("--log", "log.txt", "true"), "ends in .har (HAR 1.2) or .jsonl (JSON Lines), not 'log.txt'"),
    ],
)
def test_bad_usage_is_said_with_the_remedy(arguments: tuple[str, ...], message: str) -> None:
    status, errors = _refused(*arguments)

    assert status == 2
    assert message in errors


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("no-such-command", 127, "there is no command 'no-such-command'; look at its spelling and at PATH"),
        ("./no-such-command", 127, "there is no command './no-such-command'; look at its spelling and at PATH"),
        ("./plain.txt", 126, "'./plain.txt' cannot be started: it is not executable"),
    ],
)
def test_a_command_that_is_not_there_is_found_out_before_anything_starts(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, command: str, status: int, message: str
) -> None:
    """127 and 126, as a shell has it."""
    (tmp_path / "plain.txt").write_text("text")
    monkeypatch.chdir(tmp_path)

    assert _refused(*_LOGIN, "--", command) == (status, f"oauthmock exec: {message}\n")


def test_a_command_that_the_system_does_not_start_is_126(tmp_path: pathlib.Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x7fELF but not really")
    garbage.chmod(0o755)
    result = _exec("--quiet", "--", "./garbage", cwd=tmp_path)

    assert (result.returncode, result.stdout) == (126, "")
    assert result.stderr == "oauthmock exec: './garbage' cannot be started: Exec format error\n"


def test_a_host_that_no_certificate_may_have_is_refused() -> None:
    result = _exec("--mount", "https://a_b.example.com", "true")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("no certificate can be made for a mounted host: ")
    assert "Traceback" not in result.stderr
