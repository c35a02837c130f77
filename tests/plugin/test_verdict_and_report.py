"""What a failing test shows of its OAuth exchanges, and what fails a test whose body passed."""

from __future__ import annotations

import re
import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_TITLE = r"-+ OAuth exchanges \({}\) -+"
_MS = r"\d+\.\d ms"


def _section(result: pytest.RunResult) -> list[str]:
    """The lines of the one section in the output, title first."""
    lines = result.outlines
    starts = [number for number, line in enumerate(lines) if re.fullmatch(_TITLE.format(r"\d+"), line)]
    assert len(starts) == 1, f"{len(starts)} sections in\n{result.stdout.str()}"
    rest = lines[starts[0] :]
    end = next(number for number, line in enumerate(rest[1:], 1) if re.match("[-=_]{8,}", line))
    return rest[:end]


def _assert_section(result: pytest.RunResult, *patterns: str) -> None:
    """Title and every line, none more, none less."""
    section = _section(result)
    for line, pattern in zip(section, patterns, strict=False):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"
    assert len(section) == len(patterns), section[len(patterns) :]


def test_a_failing_test_shows_every_exchange_and_why(suite: Suite) -> None:
    """The section is that of the documentation: headline, what was sent, what came back, why; in order of arrival."""
    suite.tests(
        """
        def test_orders(oauthmock):
            client = oauthmock.client("crm", token_endpoint_auth_method="client_secret_post", scope="orders:read")
            orders = oauthmock.protect("/orders", scope="orders:read", json=[{"id": 1}])
            form = {"grant_type": "client_credentials", "scope": "orders:read"}
            refused = connector.send(oauthmock.token_url, form, auth=(client.client_id, client.client_secret))
            form |= {"client_id": client.client_id, "client_secret": client.client_secret}
            token = connector.send(oauthmock.token_url, form).json()["access_token"]
            connector.get(orders.url, token, params={"page": "2"})
            assert refused.status_code == 200
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    _assert_section(
        result,
        _TITLE.format(3),
        rf"#1  POST /token +401 invalid_client +{_MS}",
        r"    > Authorization: Basic crm:\*\*\*   \(client_secret_basic\)",
        r"    > grant_type=client_credentials&scope=orders(?::|%3A)read",
        r'    < \{"error": ?"invalid_client".*\}',
        r"    why: client 'crm' is registered with client_secret_post; the request sent client_secret_basic"
        r" \(RFC 6749 2\.3\.1\)",
        rf"#2  POST /token +200 +{_MS}",
        r"    > grant_type=client_credentials&scope=orders(?::|%3A)read&client_id=crm&client_secret=\*\*\*",
        r"    why: client_credentials by client_secret_post: client 'crm' got a token for scope 'orders:read'",
        rf"#3  GET /orders\?page=2 +200 +{_MS}",
        r"    > Authorization: Bearer \*\*\*",
        r"    why: /orders took the token of client 'crm' with scope 'orders:read'",
    )


def test_a_mistake_of_the_test_is_shown_at_its_line(suite: Suite) -> None:
    """The message with the remedy, the line of the test, and nothing of what is below it."""
    suite.tests("def test_it(oauthmock): oauthmock.client(scop='a')")

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"> +def test_it\(oauthmock\): oauthmock\.client\(scop='a'\)",
            r"E +mockserver\.errors\.ConfigurationError: client '[^']+': unknown key 'scop'; did you mean 'scope'\?",
        ]
    )
    result.stdout.no_fnmatch_line("*mockserver/*.py*")


def test_a_passing_test_shows_nothing(suite: Suite) -> None:
    """Refusals that a test expects are its own business."""
    suite.tests(
        """
        def test_refused(oauthmock):
            assert connector.send(oauthmock.token_url, {"grant_type": "password"}).status_code == 401

        def test_skipped(oauthmock):
            pytest.skip("not today")

        @pytest.mark.xfail(strict=True)
        def test_expected(oauthmock):
            assert not oauthmock.running
        """
    )

    result = suite.run("-rA")

    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    result.stdout.no_re_match_line(_TITLE.format(r"\d+"))


def test_a_fixture_that_fails_shows_the_exchanges(suite: Suite) -> None:
    """Most connectors log in while they are set up."""
    suite.tests(
        """
        @pytest.fixture
        def crm(oauthmock):
            connector.send(oauthmock.token_url, {"grant_type": "client_credentials"}).raise_for_status()

        def test_orders(crm): pass
        """
    )

    result = suite.run()

    result.assert_outcomes(errors=1)
    _assert_section(
        result,
        _TITLE.format(1),
        rf"#1  POST /token +401 invalid_client +{_MS}",
        r"    > grant_type=client_credentials",
        r'    < \{"error": ?"invalid_client".*\}',
        r"    why: the request says nowhere which client is asking: .*",
    )


def test_without_any_exchange_the_token_url_is_named(suite: Suite) -> None:
    """The commonest mistake of all: the code under test talks to somebody else."""
    suite.tests(
        """
        def test_orders(oauthmock):
            print("token_url is", oauthmock.token_url)
            assert oauthmock.tokens.last
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    _assert_section(
        result,
        _TITLE.format(0),
        r"no request reached the mock server; is the code under test given its URLs\?"
        r" token_url is http://127\.0\.0\.1:\d+/token",
    )
    (printed,) = (line for line in result.outlines if line.startswith("token_url is"))
    assert _section(result)[1].endswith(printed)


def test_a_long_story_is_cut_and_says_so(suite: Suite) -> None:
    """Only the newest exchanges are printed, the title counts all."""
    suite.tests(
        """
        def test_polling(oauthmock):
            with httpx.Client() as client:
                for _ in range(45):
                    client.get(oauthmock.api_url)
            assert 0
        """
    )

    result = suite.run()

    result.stdout.re_match_lines(
        [_TITLE.format(45), r"\.\.\. 5 earlier exchanges, see oauthmock\.journal", rf"#6 +GET /api +401 .*{_MS}"],
        consecutive=True,
    )


_SECRETS = {
    "by Basic": "connector.credentials(client, url)",
    "by Basic with a newline": 'connector.send(url, form, auth=("crm", client.client_secret + "\\n"))',
    "in a form": "connector.send(url, form | secret)",
    "in JSON": "connector.send(url, json=form | secret)",
    "in the query": "connector.send(url, form, params=secret)",
    "as a bearer token": 'connector.send(url, form, headers={"Authorization": f"Bearer {client.client_secret}"})',
    "as a whole header": 'connector.send(url, form, headers={"Authorization": client.client_secret})',
    "as a password": 'connector.send(url, form | secret | {"grant_type": "password", "username": "alice",'
    ' "password": user.password})',
    "under an escaped name": 'connector.send(url, content="client_id=crm&client%5Fsecret=" + client.client_secret,'
    ' headers={"Content-Type": "application/x-www-form-urlencoded"})',
    "as the client_id": 'connector.send(url, form | {"client_id": client.client_secret, "client_secret": "crm"})',
    "as the user of Basic": 'connector.send(url, form, auth=(client.client_secret, "crm"))',
    "in a multipart form": "connector.send(url, {'client_secret': client.client_secret} | form, files={'x': b'y'})",
    "in the repr of a dict": "connector.send(url, content=str(form | secret))",
    "as the value of another parameter": 'connector.send(url, form | secret | {"scope": client.client_secret})',
}


@pytest.mark.parametrize("call", _SECRETS.values(), ids=_SECRETS)
def test_a_secret_is_never_printed(suite: Suite, call: str) -> None:
    """Wherever a connector puts it by mistake: neither in what was sent nor in the why nor in a traceback."""
    suite.tests(
        f"""
        def test_it(oauthmock):
            client = oauthmock.client("crm", client_secret="-".join(["horse", "battery", "9", "staple"]))
            user = oauthmock.user("alice", password="-".join(["wonder", "land", "7"]))
            url, form = oauthmock.token_url, {{"grant_type": "client_credentials"}}
            secret = {{"client_id": "crm", "client_secret": client.client_secret}}
            {call}
            secret = None
            assert len(oauthmock.journal) == 0, oauthmock.journal
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([_TITLE.format(1)])
    shown = result.stdout.str() + result.stderr.str()
    assert [secret for secret in ("horse-battery-9-staple", "wonder-land-7") if secret in shown] == []


def test_what_the_mock_issued_is_never_printed(suite: Suite) -> None:
    """Codes, access, refresh and ID tokens, JWT or opaque, on their way out, in and back; also by --showlocals."""
    suite.tests(
        """
        import pathlib

        @pytest.mark.parametrize("form", ["jwt", "opaque"])
        def test_it(oauthmock, form):
            oauthmock.client("crm", access_token_format=form)
            oauthmock.user("alice")
            secrets = []
            use_them(oauthmock, secrets)
            client, user, token = oauthmock.client("other"), oauthmock.context.users["alice"], oauthmock.tokens.last
            secrets += [client.client_secret, user.password]
            pathlib.Path(form + ".txt").write_text("\\n".join(secrets))
            del secrets
            tokens, journal, exchange = oauthmock.tokens, oauthmock.journal, oauthmock.journal.last
            registered, endpoint = oauthmock.context.clients, oauthmock.token_endpoint
            assert not journal, exchange

        def use_them(oauthmock, secrets):
            __tracebackhide__ = True
            secret, back = oauthmock.context.clients["crm"].client_secret, "http://127.0.0.1:1/"
            query = {"response_type": "code", "client_id": "crm", "redirect_uri": back, "scope": "openid"}
            callback = oauthmock.approve(str(httpx.URL(oauthmock.authorize_url, params=query)))
            form = {"grant_type": "authorization_code", "code": callback.code, "redirect_uri": back}
            answer = connector.send(oauthmock.token_url, form, auth=("crm", secret)).json()
            form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
            again = [connector.send(oauthmock.token_url, form, auth=("crm", secret)).json() for _ in range(2)][0]
            connector.get(oauthmock.api_url, answer["access_token"])
            httpx.get(oauthmock.api_url, params={"access_token": answer["access_token"]})
            httpx.post(oauthmock.token_url, json={"token": answer["access_token"], "id_token": answer["id_token"]})
            httpx.get(oauthmock.userinfo_url, headers={"Authorization": answer["access_token"]})
            secrets += [secret, callback.code, answer["access_token"], answer["refresh_token"], answer["id_token"]]
            secrets += [again["access_token"], again["refresh_token"]]
        """
    )

    result = suite.run("--showlocals")

    result.assert_outcomes(failed=2)
    secrets = suite.said("jwt.txt") + suite.said("opaque.txt")
    assert len(secrets) == 18
    shown = result.stdout.str()
    assert [secret for secret in secrets if secret in shown] == []


_WHY = {
    "newline": (
        'connector.send(url, form, auth=("crm", client.client_secret + "\\n"))',
        r"the secret of client 'crm' is wrong: it is the registered one with a trailing newline: .*",
    ),
    "another's": (
        'connector.send(url, form, auth=("crm", other.client_secret))',
        r"the secret of client 'crm' is wrong: it is the secret of client 'erp' \(client_secret_basic\)",
    ),
    "length": (
        'connector.send(url, form | {"client_id": "crm", "client_secret": "guessed"})',
        r"the secret of client 'crm' is wrong: 7 characters were sent, the registered one has 12 .*",
    ),
    "percent-encoded twice": (
        'connector.send(url, form | {"client_id": "crm", "client_secret": "tooth%2Fbrush%2B"})',
        r"the secret of client 'crm' is wrong: it is the registered one percent-encoded once too often .*",
    ),
    "base64 twice": (
        'connector.send(url, form, auth=("crm", base64.b64encode(client.client_secret.encode()).decode()))',
        r"the secret of client 'crm' is wrong: it is the registered one in base64: it was encoded twice .*",
    ),
    "registered scope": (
        'connector.send(url, form | {"scope": "orders:read orders:write"}, auth=("crm", client.client_secret))',
        (
            r"scope 'orders:write' is not registered for client 'crm' .*; to register it:"
            r" oauthmock\.client\(scope='orders:read orders:write'\)"
        ),
    ),
    "unknown client": (
        'connector.send(url, form, auth=("cmr", client.client_secret))',
        r"no client is called 'cmr' \(registered: 'crm', 'erp'\); did you mean 'crm'\?",
    ),
    "both": (
        'connector.send(url, form | {"client_id": "crm", "client_secret": "x"}, auth=("crm", client.client_secret))',
        r"the request authenticates twice, by client_secret_basic and client_secret_post \(RFC 6749 2\.3\): .*",
    ),
    "unknown path": (
        'httpx.get(oauthmock.url + "/oauth2/token")',
        r"nothing is served at '/oauth2/token'; there are /authorize, /token, .*",
    ),
    "GET": (
        "httpx.get(url)",
        r"GET was used; the token endpoint takes POST",
    ),
}


@pytest.mark.parametrize(("call", "why"), _WHY.values(), ids=_WHY)
def test_every_refusal_has_a_why(suite: Suite, call: str, why: str) -> None:
    """One sentence that says what is wrong, how it differs from what is right, and what would make it right."""
    suite.tests(
        f"""
        import base64

        def test_it(oauthmock):
            client = oauthmock.client("crm", client_secret="tooth/brush+", scope="orders:read")
            other = oauthmock.client("erp")
            url, form = oauthmock.token_url, {{"grant_type": "client_credentials"}}
            assert {call}.status_code == 200
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1)
    assert re.fullmatch(f"    why: {why}", [line for line in _section(result) if line.startswith("    why: ")][-1])


def test_the_headline_has_the_error_that_was_sent(suite: Suite) -> None:
    """RFC 6750 3.1: a request without a token is challenged without an error code, so none is shown."""
    suite.tests("def test_it(oauthmock): assert httpx.get(oauthmock.api_url).status_code == 200")

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [rf"#1  GET /api +401 +{_MS}", r"    why: the request has no Authorization header \(RFC 6750 2\.1\)"]
    )


def test_the_printed_call_registers_the_scope(suite: Suite) -> None:
    """The remedy is code that works when it is pasted: for a client's scope and for a server's."""
    suite.tests(
        """
        import re

        def ask(oauthmock, client):
            answer = connector.credentials(client, oauthmock.token_url, scope="a b")
            return answer.status_code, re.sub(".*: ", "", oauthmock.journal.last.why)

        def test_of_the_client(oauthmock):
            status, remedy = ask(oauthmock, oauthmock.client(scope="a"))
            assert status == 400
            assert ask(oauthmock, eval(remedy))[0] == 200

        @pytest.mark.oauthmock(scopes_supported=["a"])
        def test_of_the_server(oauthmock):
            status, remedy = ask(oauthmock, oauthmock.client())
            assert (status, remedy) == (400, "scopes_supported=['a', 'b']")
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_a_fault_that_was_never_hit_fails_the_test_once(suite: Suite) -> None:
    """FAILED, not an error at teardown beside a pass; the message names the fault, its place and the remedies."""
    suite.tests(
        """
        def test_token(oauthmock):
            oauthmock.token_endpoint.fail(503, times=2, retry_after=1)

        def test_two(oauthmock):
            oauthmock.protect("/orders").fail(500)
            oauthmock.issuer("tenant-a").userinfo_endpoint.delay(0.5)
            oauthmock.jwks_endpoint.fail(404)
            httpx.get(oauthmock.jwks_url)

        def test_next(oauthmock): pass
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=2, passed=1)
    remedy = "remove it, let the code under test run into it, or arm it with optional=True"
    result.stdout.fnmatch_lines(
        [
            f"armed and never hit: fail(503, retry_after=1) at token, hit 0 of 2 times; {remedy}",
            "*- OAuth exchanges (0) -*",
            f"armed and never hit: fail(500) at protected /orders, hit 0 of 1 times; {remedy}",
            f"armed and never hit: delay(0.5) at userinfo of issuer 'tenant-a', hit 0 of 1 times; {remedy}",
            "*- OAuth exchanges (1) -*",
            "#1  GET /jwks *404 *",
            "    fault: fail(404)",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_fault_that_was_never_hit_is_silent_when_the_body_did_not_pass(suite: Suite) -> None:
    """A test that failed, skipped or failed as expected never got that far; an optional fault need not be hit."""
    suite.tests(
        """
        def arm(oauthmock):
            oauthmock.token_endpoint.fail(503)

        def test_failed(oauthmock):
            arm(oauthmock)
            assert not oauthmock.running

        def test_skipped(oauthmock):
            arm(oauthmock)
            pytest.skip("not today")

        @pytest.mark.xfail(strict=True, raises=ZeroDivisionError)
        def test_expected(oauthmock):
            arm(oauthmock)
            1 / 0

        def test_optional(oauthmock):
            oauthmock.token_endpoint.fail(503, optional=True)
            oauthmock.token_endpoint.delay(1, optional=True)

        def test_hit_once_of_three(oauthmock):
            oauthmock.token_endpoint.fail(503, times=3)
            assert connector.send(oauthmock.token_url).status_code == 503
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=1, skipped=1, xfailed=1, passed=2)
    result.stdout.no_fnmatch_line("*never hit*")
    result.stdout.fnmatch_lines(
        ["E *assert not True", "*- OAuth exchanges (0) -*", "armed: fail(503) at token, hit 0 of 1 times"]
    )


def test_the_verdict_holds_for_every_kind_of_test(suite: Suite) -> None:
    """Of unittest, with the fixture asked for in the body, or by a fixture that a test uses."""
    suite.tests(
        """
        import unittest

        class TestCase(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def give(self, oauthmock):
                self.oauthmock = oauthmock

            def test_case(self):
                self.oauthmock.token_endpoint.fail(503)

        def test_asked_for(request):
            request.getfixturevalue("oauthmock").token_endpoint.fail(503)

        @pytest.fixture
        def crm(oauthmock):
            oauthmock.token_endpoint.fail(503)

        @pytest.mark.usefixtures("crm")
        def test_uses(): pass
        """
    )

    result = suite.run()

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["armed and never hit: fail(503) at token, *", "*- OAuth exchanges (0) -*"] * 3)


_BROKEN = """
from mockserver.endpoints import ENDPOINTS

@pytest.fixture
def broken(monkeypatch):
    def answer(*arguments):
        raise ZeroDivisionError("a bug of the mock")
    token = ENDPOINTS["token"]
    monkeypatch.setitem(ENDPOINTS, "token", type(token)(token.name, token.methods, answer, token.refuse))

def works(oauthmock):
    assert oauthmock.exceptions == [] and len(oauthmock.journal) == 0
    assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 200

seen = []
"""


def test_a_handler_that_raises_fails_the_test_that_caused_it(suite: Suite) -> None:
    """A 500 that the code under test swallows is the mock's fault and not a pass; the next test has a fresh server."""
    suite.tests(
        _BROKEN,
        """
        def test_1(oauthmock, broken):
            seen.append(oauthmock.url)
            assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 500

        def test_2(oauthmock):
            assert oauthmock.url == seen[0]
            works(oauthmock)
        """,
    )

    result = suite.run()

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.re_match_lines(
        [
            r"_+ test_1 _+",
            r"the mock server broke while serving this test:",
            r"Traceback \(most recent call last\):",
            r'  File ".*test_own\.py", line \d+, in answer',
            r"ZeroDivisionError: a bug of the mock",
            _TITLE.format(1),
            rf"#1  POST /token +500 server_error +{_MS}",
            r"    why: ZeroDivisionError: a bug of the mock",
        ]
    )


def test_a_server_that_broke_in_a_fixture_is_noticed_too(suite: Suite) -> None:
    """What breaks while a fixture logs out belongs to the test like its body."""
    suite.tests(
        _BROKEN,
        """
        @pytest.fixture
        def crm(oauthmock, broken):
            client = oauthmock.client()
            yield
            connector.credentials(client, oauthmock.token_url)

        def test_1(crm): pass

        def test_2(oauthmock): works(oauthmock)
        """,
    )

    result = suite.run()

    result.assert_outcomes(errors=1, passed=2)
    result.stdout.re_match_lines(
        [r"_+ ERROR at teardown of test_1 _+", r"the mock server broke .*", r"ZeroDivisionError: a bug of the mock"]
    )


def test_a_server_that_broke_is_there_for_the_session_as_well(suite: Suite) -> None:
    """A test that holds the session's server alone finds it running again, at its port."""
    suite.tests(
        _BROKEN,
        """
        def test_1(oauthmock, oauthmock_server, broken):
            seen.append(oauthmock.url)
            connector.credentials(oauthmock.client(), oauthmock.token_url)

        def test_2(oauthmock_server):
            assert oauthmock_server.running
            assert oauthmock_server.url == seen[0]
            works(oauthmock_server)
        """,
    )

    result = suite.run("--tb=short")

    result.assert_outcomes(failed=1, passed=1)


def test_a_server_thread_that_dies_fails_the_test_that_caused_it(suite: Suite) -> None:
    """One thread that died of a bug is told with its traceback although others went on serving."""
    suite.tests(
        _BROKEN,
        """
        import queue
        from mockserver.serving.acceptors import Acceptors
        import threading

        def test_1(oauthmock, monkeypatch):
            seen.append(oauthmock.url)
            died, accept, turns = queue.Queue(), Acceptors._accept, iter([1])

            def dying(self):
                if next(turns, None) is None:
                    return accept(self)
                died.put(threading.current_thread())
                raise ZeroDivisionError("a bug of the acceptor")

            client = oauthmock.client()
            monkeypatch.setattr(Acceptors, "_accept", dying)
            assert connector.credentials(client, oauthmock.token_url).status_code == 200
            died.get(timeout=10).join(10)
            assert connector.credentials(client, oauthmock.token_url).status_code == 200

        def test_2(oauthmock):
            assert oauthmock.url == seen[0]
            works(oauthmock)
        """,
    )

    result = suite.run()

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.re_match_lines(
        [
            r"_+ test_1 _+",
            r"the mock server broke while serving this test:",
            r'  File ".*acceptors\.py", line \d+, in _work',
            r"ZeroDivisionError: a bug of the acceptor",
            _TITLE.format(2),
        ]
    )


def test_a_server_that_died_is_fresh_for_the_next_test_at_the_same_port(suite: Suite) -> None:
    """When the listener itself breaks, no thread is left: the test fails with the reason, the next one is served."""
    suite.tests(
        _BROKEN,
        """
        import socket
        import threading

        def test_1(oauthmock):
            seen.append(oauthmock.url)
            acceptors = oauthmock._server._acceptors
            threads = list(acceptors._threads)
            acceptors._listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)
            assert not oauthmock.running

        def test_2(oauthmock):
            assert oauthmock.running and oauthmock.url == seen[0]
            works(oauthmock)

        @pytest.fixture(scope="session")
        def app(oauthmock_server):
            return oauthmock_server.token_url

        def test_3(oauthmock, app):
            assert app == seen[0] + "/token"
        """,
    )

    result = suite.run()

    result.assert_outcomes(failed=1, passed=2)
    result.stdout.re_match_lines(
        [
            r"_+ test_1 _+",
            r"the mock server broke while serving this test:",
            r"OSError: .*",
            _TITLE.format(0),
            r"no request reached the mock server; .* token_url is \(the server is not running\)",
        ]
    )
