"""`pytest_oauthmock.responses.register`: a mounted origin for suites that stub HTTP with `responses`, and no socket."""

from __future__ import annotations

import collections.abc as cabc
import gzip
import io
import json
import re
import typing

import boto3
import moto
import pytest
import requests
import responses
import urllib3
from responses import registries

from mockserver import ConfigurationError
from mockserver import Mount
from mockserver import OAuthMock
from pytest_oauthmock.responses import register

if typing.TYPE_CHECKING:
    from wsgiref.types import StartResponse
    from wsgiref.types import WSGIEnvironment

_ORIGIN = "https://login.example.com"
_FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def mock() -> OAuthMock:
    """Never started: there is no socket."""
    return OAuthMock()


@pytest.fixture
def rsps() -> cabc.Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as stubs:
        yield stubs


@pytest.fixture
def login(rsps: responses.RequestsMock, mock: OAuthMock) -> cabc.Iterator[Mount]:
    with register(rsps, _ORIGIN, mock) as mount:
        yield mount


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are nobody's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def _token(mount: Mount, base: str = _ORIGIN, **options: typing.Any) -> requests.Response:
    client = mount.client()
    return requests.post(
        f"{base}/token", data=_FORM, auth=(client.client_id, client.client_secret), timeout=10, **options
    )


def _echo(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    """What an application behind the mock sees."""
    body = environ["wsgi.input"].read()
    told = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "scheme": environ["wsgi.url_scheme"],
        "length": environ.get("CONTENT_LENGTH"),
        "coding": environ.get("HTTP_TRANSFER_ENCODING"),
        "body": body.decode(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


# -- what a client sees ------------------------------------------------------------------------------------------------


def test_the_server_speaks_of_itself_as_the_origin(login: Mount) -> None:
    document = requests.get(f"{_ORIGIN}/.well-known/openid-configuration", timeout=10).json()
    token = _token(login).json()["access_token"]

    assert (document["issuer"], document["token_endpoint"]) == (_ORIGIN, f"{_ORIGIN}/token")
    answer = requests.get(f"{_ORIGIN}/api/orders", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.json()["path"] == "/api/orders"
    assert login.tokens.last.access_token == token


def test_a_profile_and_its_variables_are_those_of_mount(rsps: responses.RequestsMock, mock: OAuthMock) -> None:
    """A provider with several hosts is at all of them."""
    entra = register(rsps, "https://login.microsoftonline.com", mock, profile="entra", tenant="contoso")
    client = entra.client()
    with entra:
        answer = requests.post(
            "https://login.microsoftonline.com/contoso/oauth2/v2.0/token",
            data={**_FORM, "client_id": client.client_id, "client_secret": client.client_secret, "scope": "x/.default"},
            timeout=10,
        )
        userinfo = requests.get("https://graph.microsoft.com/oidc/userinfo", timeout=10)

    assert answer.json()["token_type"] == "Bearer"
    assert userinfo.status_code == 401
    assert "https://graph.microsoft.com" not in entra.origins


@pytest.mark.parametrize(
    "base",
    [
        "https://login.example.com:443",
        "https://LOGIN.Example.COM",
        "https://login.example.com.",
        "HTTPS://Login.example.com.:443",
    ],
)
def test_hosts_are_compared_as_http_does(login: Mount, base: str) -> None:
    """A prefix or a pattern would miss them."""
    assert _token(login, base).status_code == 200


@pytest.mark.parametrize("url", ["http://login.example.com/token", "https://login.example.com:8443/", "https://x.org"])
def test_other_origins_are_refused_by_responses(login: Mount, url: str) -> None:
    with pytest.raises(requests.ConnectionError, match="URL is not at the mounted origin"):
        requests.post(url, timeout=10)


def test_another_port_and_plain_http_are_origins_like_any(rsps: responses.RequestsMock, mock: OAuthMock) -> None:
    with register(rsps, "http://api.example.com:8080", mock) as api:
        document = requests.get(f"{api.url}/.well-known/openid-configuration", timeout=10).json()

    assert document["issuer"] == "http://api.example.com:8080"


def test_redirects_are_followed_and_cookies_kept(rsps: responses.RequestsMock, mock: OAuthMock) -> None:
    """From the page to the callback, which is at another origin; the cookie is of the browser session."""
    with register(rsps, _ORIGIN, mock, settings={"consent": "auto"}) as login:
        login.user("alice")
        client = login.client(redirect_uris=["https://app.example.com/callback"])
        rsps.get("https://app.example.com/callback", body="welcome")
        query = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": "https://app.example.com/callback",
            "state": "0123456789abcdef",
        }
        answer = requests.get(f"{_ORIGIN}/authorize", params=query, timeout=10)

    assert answer.text == "welcome"
    assert [each.status_code for each in answer.history] == [302]


def test_several_cookies_are_kept_and_sent_again(login: Mount) -> None:
    seen: list[str | None] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        seen.append(environ.get("HTTP_COOKIE"))
        start_response("204 No Content", [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/; Secure")])
        return []

    login.protect("/cookies", app=app)
    with requests.Session() as session:
        for _ in range(2):
            session.get(f"{_ORIGIN}/cookies", headers=_bearer(login), timeout=10)

        assert session.cookies.get_dict() == {"a": "1", "b": "2"}
    assert seen == [None, "a=1; b=2"]


def _bearer(mount: Mount) -> dict[str, str]:
    return {"Authorization": f"Bearer {mount.client().grant().access_token}"}


def test_a_compressed_body_is_read_and_a_long_one_streamed(login: Mount) -> None:
    text = b"0123456789" * 20_000

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")])
        return [gzip.compress(text)]

    login.protect("/long", app=app)
    whole = requests.get(f"{_ORIGIN}/long", headers=_bearer(login), timeout=10)
    with requests.get(f"{_ORIGIN}/long", headers=_bearer(login), timeout=10, stream=True) as answer:
        pieces = list(answer.iter_content(1000))

    assert whole.content == b"".join(pieces) == text
    assert len(pieces) == 200


def _pieces() -> cabc.Iterator[bytes]:
    yield b"grant_type="
    yield b"client_credentials"


@pytest.mark.parametrize(
    "body",
    [
        _pieces,
        lambda: io.BytesIO(b"grant_type=client_credentials"),
        lambda: "grant_type=client_credentials",
        lambda: b"grant_type=client_credentials",
        lambda: iter(["grant_type=", "client_credentials"]),
    ],
    ids=["generator", "file", "text", "octets", "texts"],
)
def test_a_body_of_any_kind_arrives_whole(
    login: Mount, rsps: responses.RequestsMock, body: cabc.Callable[[], typing.Any]
) -> None:
    """Without Transfer-Encoding, which would make it look empty; and it can be read in `calls`."""
    login.protect("/echo", app=_echo)
    answer = requests.post(f"{_ORIGIN}/echo?a=b%20c", data=body(), headers=_bearer(login), timeout=10).json()

    assert answer == {
        "method": "POST",
        "path": answer["path"],
        "query": "a=b%20c",
        "scheme": "https",
        "length": "29",
        "coding": None,
        "body": "grant_type=client_credentials",
    }
    assert rsps.calls[-1].request.body in (b"grant_type=client_credentials", "grant_type=client_credentials")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "PUT", "POST"])
def test_every_method_is_answered_by_one_registration(login: Mount, method: str) -> None:
    answer = requests.request(method, f"{_ORIGIN}/api/x", headers=_bearer(login), timeout=10)

    assert answer.status_code == 200
    assert bool(answer.content) is (method != "HEAD")


def test_a_retry_is_one(login: Mount) -> None:
    """As `responses` does it: the adapter's own policy, without the waiting."""
    login.token_endpoint.fail(503, times=2, retry_after=0)
    retry = urllib3.Retry(total=3, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    client = login.client()
    with requests.Session() as session:
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
        answer = session.post(f"{_ORIGIN}/token", data=_FORM, auth=(client.client_id, client.client_secret), timeout=10)

    assert answer.status_code == 200


def test_the_journal_has_what_was_sent(mock: OAuthMock, login: Mount) -> None:
    """Names in their case, the Host that a connection would have had, the URL as it was written."""
    requests.get(f"{_ORIGIN}/jwks?x=%20", headers={"x-cASE": "1"}, timeout=10)
    request = mock.journal.last.request

    assert (request.target, request.host, request.scheme) == ("/jwks?x=%20", "login.example.com", "https")
    assert ("x-cASE", "1") in request.headers
    assert request.header_values("host") == ["login.example.com"]
    assert request.header_values("content-length") == []


def test_a_host_that_the_client_sets_is_the_one_that_is_asked(login: Mount) -> None:
    """RFC 9110 7.4: nothing of ours is there."""
    assert requests.get(f"{_ORIGIN}/jwks", headers={"Host": "evil.example.com"}, timeout=10).status_code == 421


def test_a_fault_that_needs_a_connection_has_its_replacement(login: Mount) -> None:
    """There is none to cut."""
    login.token_endpoint.lose_answer()

    assert _token(login).status_code >= 500


def test_a_socket_is_never_made(login: Mount, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*arguments: object, **options: object) -> typing.NoReturn:
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", refuse)

    assert _token(login).status_code == 200


# -- beside other stubs ------------------------------------------------------------------------------------------------


def test_a_mount_that_nobody_asks_does_not_fail_the_test(mock: OAuthMock) -> None:
    """`assert_all_requests_are_fired` is on by default; for stubs it holds."""
    with responses.RequestsMock() as stubs, register(stubs, _ORIGIN, mock):
        pass
    with pytest.raises(AssertionError, match="Not all requests have been executed") as caught:  # noqa: SIM117
        with responses.RequestsMock() as stubs, register(stubs, "https://other.example.com", mock):
            stubs.get("https://api.example.com/")
    assert "other.example.com" not in str(caught.value)


def test_calls_are_counted(login: Mount, rsps: responses.RequestsMock) -> None:
    _token(login)
    _token(login)
    (registered,) = rsps.registered()

    assert (registered.call_count, len(registered.calls), len(rsps.calls)) == (2, 2, 2)
    rsps.assert_call_count(f"{_ORIGIN}/token", 2)


@pytest.mark.parametrize("first", ["stub", "mount"])
def test_a_stub_at_the_same_origin_comes_first_and_the_mount_stays(
    rsps: responses.RequestsMock, mock: OAuthMock, first: str
) -> None:
    """Of two that match, `responses` would drop the first."""
    if first == "stub":
        rsps.get(f"{_ORIGIN}/health", body="well")
    with register(rsps, _ORIGIN, mock) as login:
        if first == "mount":
            rsps.get(f"{_ORIGIN}/health", body="well")
        for _ in range(3):
            assert requests.get(f"{_ORIGIN}/health", timeout=10).text == "well"
            assert _token(login).status_code == 200


@responses.activate
def test_the_module_is_a_mock_too(mock: OAuthMock) -> None:
    with register(responses, _ORIGIN, mock) as login:
        responses.get("https://api.example.com/orders", json=[])

        assert _token(login).status_code == 200
        assert requests.get("https://api.example.com/orders", timeout=10).json() == []


def test_a_decorated_test_has_nothing_left_of_the_one_before(mock: OAuthMock) -> None:
    """`activate` empties the module's mock at its end: what was registered there is gone, and is registered anew."""
    statuses: list[int] = []

    @responses.activate
    def first() -> None:
        statuses.append(_token(register(responses, _ORIGIN, mock)).status_code)

    @responses.activate
    def second() -> None:
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{_ORIGIN}/token", timeout=10)
        mock.reset()
        statuses.append(_token(register(responses, _ORIGIN, mock)).status_code)

    first()
    second()
    mock.reset()
    assert statuses == [200, 200]


# -- beside moto -------------------------------------------------------------------------------------------------------


def _bucket() -> typing.Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="orders")
    client.put_object(Bucket="orders", Key="1", Body=b"tea")
    return client


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_moto_may_start_before_or_after(mock: OAuthMock, when: str) -> None:
    """The one that starts last is asked first; moto would send what it does not know to the real network."""
    stubs, cloud = responses.RequestsMock(), moto.mock_aws()
    steps: list[cabc.Callable[[], object]] = [stubs.start, lambda: register(stubs, _ORIGIN, mock)]
    steps.insert(["before", "between", "after"].index(when), cloud.start)
    for step in steps:
        step()
    try:
        (login,) = (each.mount for each in stubs.registered() if hasattr(each, "mount"))
        objects = _bucket()

        assert _token(login).status_code == 200
        assert objects.get_object(Bucket="orders", Key="1")["Body"].read() == b"tea"
        if when == "before":
            with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
                requests.get("https://evil.example.com/", timeout=10)
        assert next(call.request.url for call in stubs.calls) == f"{_ORIGIN}/token"
    finally:
        # The other way round, as blocks end; patches of `HTTPAdapter.send` do not end in any order.
        for end in (cloud.stop, stubs.stop) if when != "before" else (stubs.stop, cloud.stop):
            end()
        mock.reset()


@pytest.mark.usefixtures("aws")
@moto.mock_aws
def test_a_presigned_url_goes_to_moto_when_it_is_let_through(mock: OAuthMock) -> None:
    """`responses`, started last, refuses it otherwise; what it lets through goes where moto has put its hook."""
    url = _bucket().generate_presigned_url("get_object", Params={"Bucket": "orders", "Key": "1"})
    with responses.RequestsMock() as strict, register(strict, _ORIGIN, mock) as login:
        assert _token(login).status_code == 200
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            requests.get(url, timeout=10)
    send = requests.adapters.HTTPAdapter.send
    with responses.RequestsMock(real_adapter_send=send) as stubs, register(stubs, _ORIGIN, mock) as login:
        stubs.add_passthru(re.compile(r"https://[^/]+\.amazonaws\.com/"))

        assert _token(login).status_code == 200
        assert requests.get(url, timeout=10).content == b"tea"


@pytest.mark.usefixtures("aws")
@moto.mock_aws
def test_motos_own_mock_is_refused_with_the_remedy(mock: OAuthMock) -> None:
    """Its registry goes by method: a mock for any would never be found."""
    from moto.core.models import responses_mock

    with pytest.raises(ConfigurationError) as caught:
        register(responses_mock, _ORIGIN, mock)

    assert str(caught.value) == (
        "register(): the mock has a registry of its own, CustomRegistry, which would not find an origin; hand over a"
        " responses.RequestsMock without one, before or after mock_aws started"
    )
    mock.mount(_ORIGIN, connect=False)  # it was not mounted


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["unmount", "reset", "stop"])
def test_it_ends_with_the_mount_and_nothing_stays_patched(
    rsps: responses.RequestsMock, mock: OAuthMock, end: str
) -> None:
    before = responses.RequestsMock._on_request
    login = register(rsps, _ORIGIN, mock)
    other = register(rsps, "https://other.example.com", mock)
    assert responses.RequestsMock._on_request is not before
    if end == "unmount":
        login.unmount()
        other.unmount()
    else:
        getattr(mock, end)()

    assert responses.RequestsMock._on_request is before
    assert login.origins == ()
    with pytest.raises(requests.ConnectionError, match="URL is not at the mounted origin"):
        requests.get(f"{_ORIGIN}/jwks", timeout=10)


def test_what_was_mounted_without_connecting_may_be_registered(rsps: responses.RequestsMock, mock: OAuthMock) -> None:
    """In one mock or several."""
    with mock.mount(_ORIGIN, connect=False) as login, responses.RequestsMock() as second:
        for stubs in (rsps, second):
            assert register(stubs, "https://LOGIN.example.com:443", login) is login

        assert _token(login).status_code == 200


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "options", "message"),
    [
        ("login.example.com", {}, "there is no scheme; write 'https://login.example.com'"),
        (f"{_ORIGIN}/token", {}, "an origin has no path, query or fragment; write 'https://login.example.com'"),
        (_ORIGIN, {"profile": "acme"}, "no such profile"),
        ("https://login.microsoftonline.com", {"profile": "entra"}, "variable 'tenant' is missing"),
    ],
)
def test_bad_input_is_told_as_by_mount(
    rsps: responses.RequestsMock, mock: OAuthMock, origin: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        register(rsps, origin, mock, **options)

    assert rsps.registered() == []


def test_an_origin_twice_is_refused(rsps: responses.RequestsMock, mock: OAuthMock, login: Mount) -> None:
    with pytest.raises(ConfigurationError, match=r"https://login\.example\.com is mounted already"):
        register(rsps, _ORIGIN, mock)
    with pytest.raises(ConfigurationError, match="it is registered here already; leave one of the two out"):
        register(rsps, _ORIGIN, login)


@pytest.mark.parametrize(("origin", "options"), [("https://x.example.com", {}), (_ORIGIN, {"profile": "google"})])
def test_a_mount_has_its_origins_and_its_settings(
    rsps: responses.RequestsMock, mock: OAuthMock, origin: str, options: dict[str, str]
) -> None:
    with (
        mock.mount(_ORIGIN, connect=False) as login,
        pytest.raises(ConfigurationError, match=r"what is mounted already is at https://login\.example\.com, with"),
    ):
        register(rsps, origin, login, **options)


def test_an_ordered_registry_is_refused(mock: OAuthMock) -> None:
    """It asks each once, in turn."""
    with (
        responses.RequestsMock(registry=registries.OrderedRegistry) as stubs,
        pytest.raises(ConfigurationError, match="a registry of its own, OrderedRegistry"),
    ):
        register(stubs, _ORIGIN, mock)


def test_what_is_no_mock_is_refused(mock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError, match=r"neither a responses\.RequestsMock nor the module"):
        register(requests, _ORIGIN, mock)
