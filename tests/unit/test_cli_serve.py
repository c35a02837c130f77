"""`oauthmock serve`, as a process of its own."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import typing

import httpx
import pytest

from mockserver import __version__

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")

_CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


@contextlib.contextmanager
def _serving(
    *arguments: str, cwd: pathlib.Path | None = None, variables: cabc.Mapping[str, str] | None = None
) -> cabc.Iterator[subprocess.Popen[str]]:
    """The command on a free port, in an environment without settings; it is ended when nobody has done so."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OAUTHMOCK_")}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "mockserver", "serve", *arguments],
        cwd=cwd,
        env={**environment, "OAUTHMOCK_PORT": "0", **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _event(process: subprocess.Popen[str]) -> dict[str, typing.Any]:
    line = _line(process)
    assert line, process.stderr and process.stderr.read()
    event: dict[str, typing.Any] = json.loads(line)
    return event


def _banner(process: subprocess.Popen[str]) -> list[str]:
    """The lines up to the one to try it with."""
    lines = [_line(process)]
    while lines[-1] and not lines[-1].startswith("  try "):
        lines.append(_line(process))
    return [line.rstrip("\n") for line in lines]


def _ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
    """Exit status after the signal, and what standard output and standard error still had."""
    process.send_signal(number)
    assert process.stdout is not None
    assert process.stderr is not None
    rest, errors = process.stdout.read(), process.stderr.read()
    return process.wait(), rest, errors


def _refuses(url: str) -> bool:
    """Whether nobody listens there any more."""
    parts = httpx.URL(url)
    with socket.socket() as client:
        return client.connect_ex((parts.host, parts.port)) != 0


def test_json_begins_with_one_object_that_says_where_everything_is_and_as_whom() -> None:
    """Endpoints are named as in the metadata documents (RFC 8414 2, OpenID Connect Discovery 3)."""
    with _serving("--json") as process:
        ready = _event(process)
        url = ready["issuer"]

        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert ready == {
            "event": "ready",
            "version": __version__,
            "issuer": url,
            "endpoints": {
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo",
                "end_session_endpoint": f"{url}/end_session",
                "pushed_authorization_request_endpoint": f"{url}/par",
                "registration_endpoint": f"{url}/register",
                "jwks_uri": f"{url}/jwks",
                "backchannel_authentication_endpoint": f"{url}/bc-authorize",
                "device_authorization_endpoint": f"{url}/device_authorization",
                "introspection_endpoint": f"{url}/introspect",
                "revocation_endpoint": f"{url}/revoke",
            },
            "api": f"{url}/api",
            "clients": [
                {
                    "client_id": "demo",
                    "client_secret": "demo-secret",
                    "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
                    "grant_types": [
                        *("authorization_code", "client_credentials", "password", "refresh_token"),
                        "urn:ietf:params:oauth:grant-type:device_code",
                        "urn:ietf:params:oauth:grant-type:jwt-bearer",
                        "urn:ietf:params:oauth:grant-type:saml2-bearer",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                        "urn:openid:params:grant-type:ciba",
                    ],
                }
            ],
            "users": [{"username": "alice", "password": "wonderland"}],
        }
        metadata = httpx.get(f"{url}/.well-known/openid-configuration").json()
        assert ready["endpoints"].items() <= metadata.items()


def test_json_says_each_exchange_in_one_more_object() -> None:
    """What was asked, what was decided and why; the API is opened by the token."""
    with _serving("--json") as process:
        ready = _event(process)
        token = httpx.post(
            ready["endpoints"]["token_endpoint"], data=_CLIENT_CREDENTIALS, auth=("demo", "demo-secret")
        ).json()["access_token"]
        httpx.get(f"{ready['api']}/orders", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        asked, called = _event(process), _event(process)

        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", asked.pop("time"))
        assert asked.pop("milliseconds") > 0
        assert asked == {
            "event": "exchange",
            "number": 1,
            "issuer": "",
            "method": "POST",
            "path": "/token",
            "endpoint": "token",
            "grant_type": "client_credentials",
            "client_auth": "client_secret_basic",
            "client_id": "demo",
            "status": 200,
            "error": None,
            "verdict": "accepted",
            "why": "client_credentials by client_secret_basic: client 'demo' got a token",
            "findings": [],
        }
        assert (called["number"], called["method"], called["path"]) == (2, "GET", "/api/orders")
        assert (called["endpoint"], called["status"], called["grant_type"]) == ("api", 200, None)


def test_the_banner_says_where_everything_is_and_how_to_try_it() -> None:
    """As whom, too; the line to try works as it stands."""
    with _serving() as process:
        lines = _banner(process)
        url = lines[0].rpartition(" ")[2]
        width = len(f"{url}/authorize") + 8

        assert lines == [
            f"oauthmock {__version__}   {url}",
            f"  token       {f'{url}/token':<{width}}client demo, secret demo-secret",
            f"  authorize   {f'{url}/authorize':<{width}}user alice, password wonderland",
            f"  api         {f'{url}/api':<{width}}any path, Bearer",
            f"  try   curl -u demo:demo-secret -d grant_type=client_credentials {url}/token",
        ]
        assert httpx.post(f"{url}/token", data=_CLIENT_CREDENTIALS, auth=("demo", "demo-secret")).status_code == 200


def test_an_exchange_is_a_line_and_a_refused_one_says_why_without_secrets() -> None:
    """The wrong secret is on neither stream."""
    with _serving() as process:
        url = _banner(process)[0].rpartition(" ")[2]
        httpx.post(f"{url}/token", data=_CLIENT_CREDENTIALS, auth=("demo", "demo-secret"))
        httpx.post(f"{url}/token", data=_CLIENT_CREDENTIALS, auth=("demo", "wrong-and-secret"))
        status, output, errors = _ended(process)

    accepted, refused, why = output.splitlines()
    time, rest = accepted.split("  ", 1)
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    assert re.fullmatch(r"POST /token  client_credentials  client_secret_basic  demo  200  \d+\.\d ms", rest)
    assert "  demo  401 invalid_client  " in refused
    assert why.startswith("          why: the secret of client 'demo' is wrong")
    assert "wrong-and-secret" not in output + errors
    assert (status, errors) == (130, "")


def test_the_demo_user_logs_in_by_password_and_on_the_page() -> None:
    """The page is for a real browser; any loopback redirect and any scope will do."""
    with _serving("--json", "--quiet") as process:
        endpoints = _event(process)["endpoints"]
        form = {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "any:thing"}
        credentials = {"client_id": "demo", "client_secret": "demo-secret"}
        by_password = httpx.post(endpoints["token_endpoint"], data=form | credentials)
        query = {"client_id": "demo", "response_type": "code", "redirect_uri": "http://127.0.0.1:1/back"}
        page = httpx.get(endpoints["authorization_endpoint"], params=query)

    assert by_password.json()["scope"] == "any:thing"
    assert page.status_code == 200
    assert 'value="alice"' in page.text


def test_ctrl_c_ends_it_quietly_with_130_and_closes_the_port() -> None:
    """No traceback, nothing on standard error."""
    with _serving("--json") as process:
        url = _event(process)["issuer"]

        assert not _refuses(url)
        assert _ended(process) == (130, "", "")
        assert _refuses(url)


def test_sigterm_ends_it_with_0_and_closes_the_port() -> None:
    """A supervisor that asks it to stop is told that it went well."""
    with _serving("--json") as process:
        url = _event(process)["issuer"]

        assert _ended(process, signal.SIGTERM) == (0, "", "")
        assert _refuses(url)


@pytest.mark.parametrize(("flags", "count"), [(["--quiet"], 0), ([], 1)])
def test_quiet_has_no_lines_for_exchanges(flags: list[str], count: int) -> None:
    """The first line is there all the same."""
    with _serving("--json", *flags) as process:
        httpx.post(_event(process)["endpoints"]["token_endpoint"])
        _, output, _ = _ended(process)

    assert len(output.splitlines()) == count


def test_https_says_where_the_ca_is_and_its_certificate_is_trusted() -> None:
    """The CA is gone when the server is."""
    with _serving("--json", "--https") as process:
        ready = _event(process)
        trusting = ssl.create_default_context(cafile=ready["ca_path"])
        answer = httpx.get(f"{ready['issuer']}/.well-known/openid-configuration", verify=trusting)

        assert answer.json()["issuer"] == ready["issuer"]
        assert ready["issuer"].startswith("https://127.0.0.1:")
        assert _ended(process)[0] == 130
        assert not pathlib.Path(ready["ca_path"]).exists()


def test_the_banner_of_https_has_the_variables_to_export() -> None:
    """And the line to try names the CA."""
    with _serving("--https") as process:
        lines = _banner(process)
        url = lines[0].rpartition(" ")[2]
        path = lines[4].rpartition(" ")[2]

    assert lines[4:] == [
        f"  ca          {path}",
        f"  export SSL_CERT_FILE={path}",
        f"  export REQUESTS_CA_BUNDLE={path}",
        f"  export CURL_CA_BUNDLE={path}",
        f"  export NODE_EXTRA_CA_CERTS={path}",
        f"  try   curl --cacert {path} -u demo:demo-secret -d grant_type=client_credentials {url}/token",
    ]


_ACME = """
access_token_lifetime = 1

[[clients]]
client_id = "crm"
client_secret = "s3cret"

[[clients]]
client_id = "spa"
grant_types = ["authorization_code"]
token_endpoint_auth_method = "none"

[[issuers.tenant-a.clients]]
client_id = "made-up"
"""


@pytest.fixture
def acme(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with acme.toml."""
    tmp_path.joinpath("acme.toml").write_text(_ACME, encoding="utf-8")
    return tmp_path


def test_clients_of_the_file_replace_the_demo_client_and_users_stay(acme: pathlib.Path) -> None:
    """Each only where the configuration names others; a public client has no secret."""
    with _serving("--json", "--config", "acme.toml", cwd=acme) as process:
        ready = _event(process)

    assert [(client["client_id"], client.get("client_secret")) for client in ready["clients"]] == [
        ("crm", "s3cret"),
        ("spa", None),
    ]
    assert ready["users"] == [{"username": "alice", "password": "wonderland"}]
    assert ready["issuers"] == {"tenant-a": f"{ready['issuer']}/tenant-a"}


def test_users_of_a_variable_replace_the_demo_user_and_clients_stay() -> None:
    """The other way round."""
    users = '[{username = "bob", password = "builder"}]'
    with _serving("--json", variables={"OAUTHMOCK_USERS": users}) as process:
        ready = _event(process)

    assert [client["client_id"] for client in ready["clients"]] == ["demo"]
    assert ready["users"] == [{"username": "bob", "password": "builder"}]


def test_the_banner_shows_no_secret_of_the_file_but_those_it_made_up(acme: pathlib.Path) -> None:
    """What was made up is found nowhere else; other issuers are listed."""
    with _serving("--config", "acme.toml", cwd=acme) as process:
        lines = _banner(process)
        url = lines[0].rpartition(" ")[2]

    shown = [re.split(r"\s{2,}", line.strip()) for line in lines[1:]]
    assert shown[:5] == [
        ["token", f"{url}/token", "client crm, secret as configured"],
        ["client spa, public"],
        ["authorize", f"{url}/authorize", "user alice, password wonderland"],
        ["api", f"{url}/api", "any path, Bearer"],
        ["issuer", f"{url}/tenant-a", shown[4][2]],
    ]
    assert shown[4][2].startswith("client made-up, secret oam_cs_")
    assert shown[5:] == [["try", f"curl -u crm -d grant_type=client_credentials {url}/token"]]


@pytest.mark.parametrize(
    ("arguments", "variables", "lifetime"),
    [
        pytest.param([], {}, 3600, id="default"),
        pytest.param(["--config", "acme.toml"], {}, 1, id="file"),
        pytest.param([], {"OAUTHMOCK_CONFIG": "acme.toml"}, 1, id="file named by a variable"),
        pytest.param(["--config", "acme.toml"], {"OAUTHMOCK_ACCESS_TOKEN_LIFETIME": "2"}, 2, id="variable over file"),
        pytest.param(
            ["--config", "acme.toml", "--set", "access_token_lifetime=3"],
            {"OAUTHMOCK_ACCESS_TOKEN_LIFETIME": "2"},
            3,
            id="flag over variable",
        ),
    ],
)
def test_the_nearest_setting_counts(
    arguments: list[str], variables: dict[str, str], lifetime: int, acme: pathlib.Path
) -> None:
    """Default < file < environment < flags."""
    with _serving("--json", *arguments, cwd=acme, variables=variables) as process:
        ready = _event(process)
        client = ready["clients"][0]
        answer = httpx.post(
            ready["endpoints"]["token_endpoint"],
            data=_CLIENT_CREDENTIALS,
            auth=(client["client_id"], client["client_secret"]),
        )

    assert answer.json()["expires_in"] == lifetime


def test_the_journal_of_a_server_of_its_own_and_its_port_have_defaults_that_yield() -> None:
    """A port that a variable names is taken, and 0 by a flag is a port as well."""
    with _serving("--json", "--port", "0", variables={"OAUTHMOCK_PORT": "1"}) as process:
        assert _event(process)["event"] == "ready"


def test_an_issuer_that_is_not_what_it_listens_on_is_shown_beside_it() -> None:
    """In a container, say: endpoints are the issuer's, the address is the machine's."""
    with _serving("--issuer", "http://auth.test:9400") as process:
        lines = _banner(process)

    assert lines[0] == f"oauthmock {__version__}   http://auth.test:9400"
    assert re.fullmatch(r"  listening   127\.0\.0\.1 port \d+", lines[4])


@pytest.mark.parametrize(("flags", "status"), [(["--allow-host", "auth.test"], 200), ([], 421)])
def test_a_host_name_is_answered_for_when_it_is_allowed(flags: list[str], status: int) -> None:
    """Any other is refused (RFC 9110 15.5.20)."""
    with _serving("--json", *flags) as process:
        url = _event(process)["issuer"]
        answer = httpx.get(f"{url}/.well-known/openid-configuration", headers={"Host": "auth.test"})

    assert answer.status_code == status


@pytest.mark.parametrize(("flags", "scheme"), [(["--trust-proxy"], "https"), ([], "http")])
def test_a_proxy_is_believed_when_it_is_trusted(flags: list[str], scheme: str) -> None:
    """X-Forwarded-Proto makes the issuer's scheme."""
    with _serving("--json", *flags) as process:
        url = _event(process)["issuer"]
        metadata = httpx.get(f"{url}/.well-known/openid-configuration", headers={"X-Forwarded-Proto": "https"}).json()

    assert metadata["issuer"].partition("://")[0] == scheme


def test_a_port_in_use_is_3_and_one_line_with_the_remedy() -> None:
    """Nothing on standard output."""
    with _serving("--json") as first:
        port = httpx.URL(_event(first)["issuer"]).port
        with _serving("--json", "--port", str(port)) as second:
            assert second.stdout is not None
            assert second.stderr is not None
            output, errors = second.stdout.read(), second.stderr.read()

    assert second.returncode == 3
    assert output == ""
    assert errors == f"port {port} on 127.0.0.1 is in use; choose another, or 0 for any that is free (--port)\n"


def test_an_address_that_others_can_reach_needs_a_flag_and_is_warned_of() -> None:
    """`127.1` stays on this machine, but is not known to: it stands for any other here."""
    with _serving("--json", "--host", "127.1") as refused:
        assert refused.stderr is not None
        assert "(--allow-remote)\n" in refused.stderr.read()
    with _serving("--json", "--host", "127.1", "--allow-remote") as allowed:
        assert _event(allowed)["event"] == "ready"
        status, _, errors = _ended(allowed)

    assert refused.returncode == 2
    assert status == 130
    assert errors == (
        "warning: other machines can reach 127.1 and get tokens here; names that they ask by need --allow-host\n"
    )


def test_a_program_that_reads_the_first_line_only_does_not_stop_the_server() -> None:
    """300 exchanges are more than a pipe holds; Ctrl-C ends it all the same."""
    with _serving("--json") as process:
        url = _event(process)["endpoints"]["token_endpoint"]
        with httpx.Client() as http:
            statuses = {http.post(url, data={"client_id": "x" * 900}).status_code for _ in range(300)}
        process.send_signal(signal.SIGINT)

        assert statuses == {401}
        assert process.wait() == 130


def test_a_program_that_closes_the_pipe_does_not_stop_the_server() -> None:
    """`oauthmock serve | head -1`."""
    with _serving("--json") as process:
        url = _event(process)["endpoints"]["token_endpoint"]
        assert process.stdout is not None
        process.stdout.close()
        statuses = [httpx.post(url).status_code for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        errors = process.stderr.read()

    assert statuses == [401, 401, 401]
    assert (process.returncode, errors) == (130, "")


@pytest.mark.parametrize("name", ["log.har", "log.jsonl"])
@pytest.mark.parametrize("flags", [[], ["--log-secrets"]], ids=["redacted", "raw"])
def test_exchanges_are_written_to_a_file_while_it_serves(tmp_path: pathlib.Path, name: str, flags: list[str]) -> None:
    """Each at once, quiet or not; secrets only when they are asked for."""
    log = tmp_path / name
    with _serving("--json", "--quiet", "--log", str(log), *flags) as process:
        url = _event(process)["endpoints"]["token_endpoint"]
        form = {**_CLIENT_CREDENTIALS, "client_id": "demo", "client_secret": "demo-secret"}
        assert httpx.post(url, data=form).status_code == 200
        text = log.read_text(encoding="utf-8")
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0

    assert log.read_text(encoding="utf-8") == text
    (entry,) = json.loads(text)["log"]["entries"] if name == "log.har" else [json.loads(text)]
    assert (entry["request"]["url"], entry["_oauthmock"]["client_id"]) == (url, "demo")
    assert ("demo-secret" in text) == bool(flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--log", "log.txt"], "a log of exchanges ends in .har (HAR 1.2) or .jsonl (JSON Lines), not 'log.txt'"),
        (["--log", "no/log.har"], "cannot be written: No such file or directory; name another path"),
        (["--log-secrets"], "--log-secrets says how --log is written; add --log FILE"),
    ],
)
def test_a_log_that_cannot_be_written_is_a_usage_error(flags: list[str], message: str) -> None:
    """Before anything is served, without a traceback."""
    with _serving(*flags) as process:
        assert process.wait() == 2
        assert process.stderr is not None
        errors = process.stderr.read()

    assert message in errors
    assert "Traceback" not in errors
