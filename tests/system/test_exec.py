"""`oauthmock exec` with commands in other languages. Needs the program curl; Node, Java and git where they are."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

_TOKEN_REQUEST = ("-u", "demo:demo-secret", "-d", "grant_type=client_credentials")
_DISCOVERY = "/.well-known/openid-configuration"
# From here on the built-in client of Node looks at proxy variables.
_NODE_WITH_PROXIES = (24, 0)

_NODE = """
for (const url of process.argv.slice(1))
  fetch(url).then(async (answer) => console.log(answer.status, (await answer.json()).issuer))
            .catch((error) => console.log(String(error)));
"""

_JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Fetch {
    public static void main(String[] urls) throws Exception {
        for (String url : urls) {
            var answer = HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode());
        }
    }
}
"""


def _exec(*command: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OAUTHMOCK_") and "proxy" not in name.lower()
    }
    mounts = ("--mount", "https://login.example.com", "--mount", "http://plain.example.com:8080")
    return subprocess.run(
        [sys.executable, "-m", "mockserver", "exec", *mounts, *flags, "--", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} here")
    return found


def test_curl_gets_a_token_over_tls_and_over_plain_http() -> None:
    for origin in ("https://login.example.com", "http://plain.example.com:8080"):
        result = _exec("curl", "-q", "-sS", *_TOKEN_REQUEST, f"{origin}/token")

        assert (result.returncode, json.loads(result.stdout)["token_type"]) == (0, "Bearer"), result.stderr
        assert f"POST {origin}/token  client_credentials  client_secret_basic  demo  200  " in result.stderr


def test_curl_is_told_that_a_host_is_not_mounted_and_its_status_is_ours() -> None:
    """The body of a refused tunnel is not shown by curl: the line on standard error is."""
    result = _exec("curl", "-q", "-sS", "https://evil.example.com/", flags=("--quiet",))

    assert (result.returncode, result.stdout) == (56, "")
    assert "https://evil.example.com is not mounted, so nothing was sent" in result.stderr
    assert "--allow-host evil.example.com" in result.stderr


def test_curl_goes_from_one_mount_to_the_other_and_back() -> None:
    """Plain HTTP is forwarded request by request."""
    urls = [f"http://plain.example.com:8080{_DISCOVERY}", f"https://login.example.com{_DISCOVERY}"] * 2
    result = _exec("curl", "-q", "-sS", "-w", "\n", *urls)
    issuers = [json.loads(line)["issuer"] for line in result.stdout.splitlines()]

    assert issuers == ["http://plain.example.com:8080", "https://login.example.com"] * 2


def test_node_fetches_from_both() -> None:
    node = _needs("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", version)
    assert found is not None
    if (int(found[1]), int(found[2])) < _NODE_WITH_PROXIES:
        pytest.skip(f"node {version.strip()} does not look at proxy variables")
    result = _exec(
        node, "-e", _NODE, f"https://login.example.com{_DISCOVERY}", f"http://plain.example.com:8080{_DISCOVERY}"
    )

    assert {*result.stdout.splitlines()} == {
        "200 https://login.example.com",
        "200 http://plain.example.com:8080",
    }, result.stderr


def test_node_trusts_the_ca_whatever_its_age() -> None:
    """By a tunnel of its own making, as proxy agents do it."""
    node = _needs("node")
    program = """
        const http = require("http"), tls = require("tls");
        const proxy = new URL(process.env.HTTPS_PROXY);
        const asked = http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT",
                                    path: "login.example.com:443"});
        asked.on("connect", (answer, socket) => {
          const secure = tls.connect({socket, servername: "login.example.com"}, () => {
            console.log(answer.statusCode, secure.authorized);
            secure.end();
          });
        });
        asked.end();
    """
    result = _exec(node, "-e", program)

    assert result.stdout == "200 true\n", result.stderr


def test_java_gets_answers_from_both(tmp_path: pathlib.Path) -> None:
    """By its own client; the trust store and the proxy come from JAVA_TOOL_OPTIONS."""
    java = _needs("java")
    _needs("javac")
    source = tmp_path / "Fetch.java"
    source.write_text(_JAVA, encoding="utf-8")
    result = _exec(
        java, str(source), f"https://login.example.com{_DISCOVERY}", f"http://plain.example.com:8080{_DISCOVERY}"
    )

    assert result.stdout.splitlines() == ["200", "200"], result.stderr


def test_git_trusts_the_ca() -> None:
    """It gets as far as an answer that is no repository."""
    result = _exec(_needs("git"), "ls-remote", "https://login.example.com/crm.git")

    assert result.returncode == 128
    assert "not found" in result.stderr
    assert "GET https://login.example.com/crm.git/info/refs  404 invalid_request" in result.stderr
