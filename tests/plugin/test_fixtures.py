"""The fixtures as tests hold them: fresh for each test, one server for all, and what marker and conftest say."""

from __future__ import annotations

import pathlib
import typing

if typing.TYPE_CHECKING:
    from .conftest import Suite


def test_every_test_meets_a_server_as_good_as_new(suite: Suite) -> None:
    """Clients, users, tokens, faults, clock, journal and issuers of one test are unknown to the next."""
    suite.tests(
        """
        import time

        @pytest.mark.parametrize("turn", [1, 2, 3])
        def test_turn(oauthmock, turn):
            assert len(oauthmock.journal) == 0 and len(oauthmock.tokens) == 0
            assert not oauthmock.context.clients and not oauthmock.context.users
            assert list(oauthmock.state.issuers) == [""]
            assert abs(oauthmock.clock.now() - time.time()) < 60
            assert oauthmock.exceptions == []
            oauthmock.user("alice")
            client = oauthmock.client("crm")
            oauthmock.clock.advance(days=2)
            oauthmock.issuer("tenant-a")
            oauthmock.token_endpoint.fail(503, times=2)
            assert [connector.credentials(client, oauthmock.token_url).status_code for _ in range(2)] == [503, 503]
            assert connector.credentials(client, oauthmock.token_url).status_code == 200
            oauthmock.token_endpoint.fail(500, optional=True)
        """
    )

    result = suite.run()

    result.assert_outcomes(passed=3)


def test_ids_and_secrets_differ_from_test_to_test(suite: Suite) -> None:
    """A connector that caches tokens by client_id never meets the token of an earlier test."""
    suite.tests(
        """
        seen = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_turn(oauthmock, turn):
            client = oauthmock.client()
            assert client.client_id not in seen and client.client_secret not in seen
            assert len(client.client_secret) >= 32
            seen.extend([client.client_id, client.client_secret])
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_all_tests_of_a_session_share_server_and_port(suite: Suite) -> None:
    """Session-scoped fixtures get the URLs from oauthmock_server, and each test's oauthmock is at the same address."""
    suite.tests(
        """
        import threading

        @pytest.fixture(scope="session")
        def app(oauthmock_server):
            return {"token_url": oauthmock_server.token_url}

        seen = []

        @pytest.mark.parametrize("turn", [1, 2, 3])
        def test_turn(oauthmock, app, turn):
            assert oauthmock.token_url == app["token_url"]
            assert oauthmock.token_url.startswith("http://127.0.0.1:")
            assert connector.credentials(oauthmock.client(), app["token_url"]).status_code == 200
            seen.append({thread for thread in threading.enumerate() if thread.name.startswith("oauthmock-")})
            assert seen[0] & seen[-1]

        def test_the_session_server_resets(oauthmock_server, oauthmock):
            oauthmock_server.client("crm")
            oauthmock_server.reset()
            assert not oauthmock_server.context.clients
            with pytest.raises(Exception, match="https=True"):
                oauthmock_server.ca_path
        """
    )

    suite.run().assert_outcomes(passed=4)


def test_the_session_server_keeps_the_sessions_settings(suite: Suite) -> None:
    """The marker of the test that happened to start the server does not become everybody's baseline."""
    suite.tests(
        """
        @pytest.mark.oauthmock(access_token_lifetime=1, clients=[{"client_id": "marked"}])
        def test_with_a_marker(oauthmock):
            assert oauthmock.client().grant().expires_in == 1

        def test_with_the_session_server_alone(oauthmock_server):
            assert oauthmock_server.client("own").grant().expires_in == 3600
            assert "marked" not in oauthmock_server.context.clients

        def test_without(oauthmock):
            assert oauthmock.client().grant().expires_in == 3600
            assert "marked" not in oauthmock.context.clients
        """
    )

    suite.run().assert_outcomes(passed=3)


def test_oauthmock_config_is_overridden_in_a_conftest(suite: Suite) -> None:
    """What the suite's own oauthmock_config returns is the baseline of every test and of the session's server."""
    suite.file(
        "conftest.py",
        """
        import pytest

        @pytest.fixture(scope="session")
        def oauthmock_config():
            return {
                "access_token_lifetime": 90,
                "clients": [{"client_id": "crm", "client_secret": "s3cret", "scope": "orders:read"}],
                "users": [{"username": "alice", "password": "wonderland"}],
            }
        """,
    )
    suite.tests(
        """
        @pytest.mark.parametrize("turn", [1, 2])
        def test_turn(oauthmock, oauthmock_server, turn):
            answer = connector.send(oauthmock.token_url, {"grant_type": "client_credentials"}, auth=("crm", "s3cret"))
            assert answer.json()["expires_in"] == 90
            assert answer.json()["scope"] == "orders:read"
            assert list(oauthmock.context.users) == ["alice"]
            oauthmock.client("other")
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_the_nearest_marker_wins_and_lists_replace(suite: Suite) -> None:
    """Settings of module, class and function are merged by key; a list replaces the list of a marker further out."""
    suite.tests(
        """
        pytestmark = pytest.mark.oauthmock(access_token_lifetime=10, refresh_token_lifetime=11, clients=[
            {"client_id": "module-1"}, {"client_id": "module-2"}])

        def settings(oauthmock):
            found = oauthmock.context.settings
            return found.access_token_lifetime, found.refresh_token_lifetime, sorted(oauthmock.context.clients)

        def test_module(oauthmock):
            assert settings(oauthmock) == (10, 11, ["module-1", "module-2"])

        @pytest.mark.oauthmock(access_token_lifetime=20, clients=[{"client_id": "class"}])
        class TestClass:
            def test_class(self, oauthmock):
                assert settings(oauthmock) == (20, 11, ["class"])

            @pytest.mark.oauthmock(access_token_lifetime=30, clients=[])
            def test_function(self, oauthmock):
                assert settings(oauthmock) == (30, 11, [])

            @pytest.mark.oauthmock(refresh_token_lifetime=41)
            @pytest.mark.oauthmock(access_token_lifetime=42, refresh_token_lifetime=42)
            def test_several(self, oauthmock):
                assert settings(oauthmock) == (42, 42, ["class"])

            @pytest.mark.parametrize(
                "lifetime", [pytest.param(50, marks=pytest.mark.oauthmock(access_token_lifetime=50))])
            def test_of_a_parameter(self, oauthmock, lifetime):
                assert settings(oauthmock) == (50, 11, ["class"])
        """
    )

    suite.run().assert_outcomes(passed=5)


def test_a_marker_may_ask_for_https(suite: Suite) -> None:
    """TLS from a throw-away CA that clients find at ca_path; plain and TLS tests alternate, each on its own port."""
    suite.tests(
        """
        import pathlib
        import ssl
        import requests

        seen = []

        @pytest.mark.parametrize("turn", [1, 2])
        @pytest.mark.oauthmock(https=True)
        def test_https(oauthmock, turn):
            assert oauthmock.token_url.startswith("https://127.0.0.1:")
            client = oauthmock.client()
            answer = httpx.post(
                oauthmock.token_url,
                data={"grant_type": "client_credentials"},
                auth=(client.client_id, client.client_secret),
                verify=ssl.create_default_context(cafile=oauthmock.ca_path),
            )
            assert answer.status_code == 200
            bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
            assert requests.get(oauthmock.api_url, headers=bearer, verify=str(oauthmock.ca_path)).status_code == 200
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                httpx.get(oauthmock.api_url)
            assert str(oauthmock.ca_path) in oauthmock.environment.values()
            seen.append(oauthmock.url)
            assert len(set(seen)) == 1
            pathlib.Path("ca_path.txt").write_text(str(oauthmock.ca_path))

        def test_plain(oauthmock):
            assert oauthmock.token_url.startswith("http://127.0.0.1:")
            assert oauthmock.url not in seen
            assert oauthmock.environment == {}
        """
    )

    suite.run().assert_outcomes(passed=3)
    (ca_path,) = suite.said("ca_path.txt")
    assert not pathlib.Path(ca_path).exists()


def test_a_command_line_login_finds_a_browser(suite: Suite) -> None:
    """webbrowser.open and webbrowser.get().open are answered by a person who approves, denies, or is somebody else."""
    suite.tests(
        """
        import webbrowser

        @pytest.mark.parametrize("way", ["open", "open_new", "open_new_tab"])
        @pytest.mark.parametrize("get", [False, True])
        def test_approve(oauthmock, oauthmock_browser, way, get):
            oauthmock.user("alice")
            client = oauthmock.client()
            opener = getattr(webbrowser.get() if get else webbrowser, way)
            callback = connector.command_line_login(oauthmock.authorize_url, client.client_id, opener)
            assert callback["state"] == "s1"
            answer = connector.credentials(
                client, oauthmock.token_url, grant_type="authorization_code", code=callback["code"],
                redirect_uri=callback["redirect_uri"],
            )
            assert answer.status_code == 200
            assert oauthmock.tokens.last.username == "alice"
            assert [visit.state for visit in oauthmock_browser.visits] == ["s1"]

        def test_user_and_scope(oauthmock, oauthmock_browser):
            oauthmock.user("alice")
            oauthmock.user("bob")
            oauthmock_browser.user = "bob"
            client = oauthmock.client(scope="a b")
            oauthmock_browser.scope = "a"
            callback = connector.command_line_login(oauthmock.authorize_url, client.client_id, webbrowser.open)
            answer = connector.credentials(
                client, oauthmock.token_url, grant_type="authorization_code", code=callback["code"],
                redirect_uri=callback["redirect_uri"],
            )
            assert answer.json()["scope"] == "a"
            assert oauthmock.tokens.last.username == "bob"

        def test_deny(oauthmock, oauthmock_browser):
            oauthmock_browser.deny = True
            client = oauthmock.client()
            callback = connector.command_line_login(oauthmock.authorize_url, client.client_id, webbrowser.open)
            assert callback == {"error": "access_denied", "state": "s1"} | callback
            assert "code" not in callback

        def test_posted(oauthmock, oauthmock_browser):
            client = oauthmock.client()
            webbrowser.open(
                f"{oauthmock.authorize_url}?response_type=code&client_id={client.client_id}&state=s1"
                f"&redirect_uri={oauthmock.callback_url}&response_mode=form_post"
            )
            (exchange,) = oauthmock.journal.wait_for(1, endpoint="callback")
            assert exchange.request.method == "POST"
            assert sorted(dict(exchange.request.form)) == ["code", "state"]

        def test_put_back(oauthmock):
            assert webbrowser.open.__module__ == webbrowser.get.__module__ == "webbrowser"
        """
    )

    suite.run().assert_outcomes(passed=10)


def test_an_error_page_in_the_browser_is_an_error_at_teardown(suite: Suite) -> None:
    """Nobody waits for a login that cannot work: the reason that the page gave is the test's error."""
    suite.tests(
        """
        import webbrowser

        def test_login(oauthmock, oauthmock_browser):
            oauthmock.client("crm")
            assert webbrowser.open(oauthmock.authorize_url + "?response_type=code&client_id=crn")
        """
    )

    result = suite.run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.re_match_lines(
        [
            r"_+ ERROR at teardown of test_login _+",
            (
                r"E +mockserver\.errors\.UnexpectedPage: http://127\.0\.0\.1:\d+/authorize\?response_type=code&client_id=crn"
                r" answered 400 and not with a login page: no client is called 'crn' \(registered: 'crm'\).*"
            ),
        ]
    )


def test_aws_and_the_mock_stand_side_by_side(suite: Suite) -> None:
    """Under moto a client is stored in Secrets Manager; the mock answers requests and httpx, whichever is first."""
    suite.tests(
        """
        import json
        import os
        import requests

        def check(oauthmock, session):
            client = oauthmock.client("crm")
            arn = client.store_in_secretsmanager("prod/crm")
            assert arn.startswith("arn:aws:secretsmanager:us-east-1:")
            secrets = session.client("secretsmanager").get_secret_value(SecretId="prod/crm")
            secret = json.loads(secrets["SecretString"])
            assert secret["token_url"] == oauthmock.token_url
            form = {"grant_type": "client_credentials"}
            credentials = (secret["client_id"], secret["client_secret"])
            assert requests.post(secret["token_url"], data=form, auth=credentials).status_code == 200
            assert httpx.post(secret["token_url"], data=form, auth=credentials).status_code == 200
            assert "AWS_PROFILE" not in os.environ
            assert os.environ["AWS_ACCESS_KEY_ID"] != "real"

        def test_aws_last(oauthmock, oauthmock_aws):
            check(oauthmock, oauthmock_aws)

        def test_aws_first(oauthmock_aws, oauthmock):
            assert oauthmock_aws.client("secretsmanager").list_secrets()["SecretList"] == []
            check(oauthmock, oauthmock_aws)

        def test_after(oauthmock):
            mine = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
            assert mine == {"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "real"}
        """
    )

    suite.environment.setenv("AWS_PROFILE", "prod")
    suite.environment.setenv("AWS_ACCESS_KEY_ID", "real")

    suite.run_apart().assert_outcomes(passed=3)


def test_without_moto_the_remedy_is_named(suite: Suite) -> None:
    """The base installation has no AWS: the fixture says what to install, without a traceback."""
    suite.file("conftest.py", "import sys\nsys.modules['moto'] = None\n")
    suite.tests("def test_aws(oauthmock_aws): pass\n")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["oauthmock_aws needs moto; pip install 'pytest-oauthmock[[]aws]'"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_tests_that_do_not_use_it_start_no_server(suite: Suite) -> None:
    """Only a fixture starts the server: no thread of ours before."""
    suite.tests(
        """
        import threading

        def running():
            return [thread.name for thread in threading.enumerate() if thread.name.startswith("oauthmock-")]

        def test_1_without():
            assert running() == []

        def test_2_with_settings_only(oauthmock_config):
            assert oauthmock_config == {}
            assert running() == []

        def test_3_with(oauthmock):
            assert running()
        """
    )

    # Apart: other tests of this process have servers of their own.
    suite.run_apart().assert_outcomes(passed=3)
