"""RFC 6749 3.1 and 4.1.1 to 4.1.2.1: the authorization request, and which errors may travel to the client."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_BACK = "http://127.0.0.1:7001/callback"
_RIGHT = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "orders:read", "state": "s-1"}
_HTML = "text/html; charset=utf-8"


def asked(**changes: str | None) -> dict[str, str]:
    """The right request with some parameters changed, or left out (None)."""
    return {name: value for name, value in {**_RIGHT, **changes}.items() if value is not None}


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    """A client that is registered in full, and one that is not allowed the grant."""
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], scope="orders:read orders:write")
    mock.client("machine", client_secret="s3cret", grant_types=["client_credentials"], redirect_uris=[_BACK])


def test_a_right_request_shows_the_page(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.1: the server authenticates the resource owner first; nothing is issued yet."""
    response = http.authorize(_RIGHT)

    assert (response.status_code, response.headers["Content-Type"]) == (200, _HTML)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Location" not in response.headers
    assert mock.journal.last.verdict == "accepted"
    assert mock.journal.last.client_id == "crm"


def test_approval_brings_code_and_state_back(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2: the redirect has the code and the state exactly as it came."""
    state = "a b+c%20&=/?é"

    response = http.authorize(asked(state=state), {"user": "alice", "scope": "orders:read"})

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", state)], "no-store")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    exchange = mock.journal.last
    assert (exchange.endpoint, exchange.verdict, exchange.status) == ("authorize", "accepted", 302)
    assert exchange.why == "'alice' approved client 'crm' for scope 'orders:read'"


def test_the_journal_knows_the_client_of_an_approval(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.1: client_id is in the URL of the page's form too, so the exchange that issues the code names it."""
    http.authorize(_RIGHT, {"user": "alice"})

    assert mock.journal.last.client_id == "crm"


def test_automatic_approval_redirects_at_once(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2: a client registered with consent 'auto' gets its code without a page."""
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")

    response = http.authorize(asked(client_id="auto"))

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")


@pytest.mark.parametrize("state", [pytest.param(None, id="left out"), pytest.param("", id="empty")])
def test_without_a_state_none_comes_back(http: typing.Any, state: str | None) -> None:
    """RFC 6749 3.1, 4.1.2: state comes back if it was present; a parameter without a value counts as omitted."""
    response = http.authorize(asked(state=state), {"user": "alice"})

    assert http.callback(response) == (302, _BACK, [("code", http.some.code)], "no-store")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": None}, "invalid_request", id="response_type missing"),
        pytest.param({"response_type": ""}, "invalid_request", id="response_type empty"),
        pytest.param({"response_type": "code code"}, "unsupported_response_type", id="a word twice"),
        pytest.param({"response_type": "CODE"}, "unsupported_response_type", id="upper case"),
        pytest.param({"client_id": "machine", "scope": None}, "unauthorized_client", id="grant not registered"),
        pytest.param({"scope": "orders:delete"}, "invalid_scope", id="scope not registered"),
        pytest.param({"scope": "Orders:read"}, "invalid_scope", id="scope in another case"),
        pytest.param({"scope": 'a"b'}, "invalid_scope", id="scope malformed"),
        pytest.param({"response_mode": "web_message"}, "invalid_request", id="response_mode web_message"),
        pytest.param({"code_challenge_method": "S256"}, "invalid_request", id="PKCE method without challenge"),
        pytest.param({"prompt": "none"}, "login_required", id="prompt none"),
        pytest.param({"nonce": "a\x00b"}, "invalid_request", id="NUL"),
        pytest.param({"nonce": "a\r\nb"}, "invalid_request", id="CR LF"),
    ],
)
def test_later_errors_travel_to_the_client(
    mock: OAuthMock, http: typing.Any, changes: dict[str, str | None], error: str
) -> None:
    """RFC 6749 4.1.2.1: once client and redirect URI are good, the error goes back with the state."""
    response = http.authorize(asked(**changes))

    parameters = [("error", error), ("error_description", http.some.description), ("state", "s-1")]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")
    exchange = mock.journal.last
    assert (exchange.verdict, exchange.error) == ("refused", error)
    assert exchange.why


def test_denial_travels_to_the_client(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: access_denied when the person said no, even if the form also names a user."""
    response = http.authorize(_RIGHT, [("user", "alice"), ("deny", "yes")])

    parameters = [("error", "access_denied"), ("error_description", http.some.description), ("state", "s-1")]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")
    assert mock.journal.last.why == "the person chose Deny on the page"


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"user": "mallory"}, id="an unknown user"),
        pytest.param(b"user=%FF", id="not UTF-8"),
    ],
)
def test_a_decision_that_cannot_be_read_travels_to_the_client(http: typing.Any, form: typing.Any) -> None:
    """RFC 6749 4.1.2.1: a decision the page could not have sent is invalid_request."""
    response = http.authorize(_RIGHT, form)

    parameters = [("error", "invalid_request"), ("error_description", http.some.description), ("state", "s-1")]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")


def test_a_form_without_a_decision_shows_the_page_again(http: typing.Any) -> None:
    """RFC 6749 3.1: a POST that decides nothing is answered like the GET."""
    response = http.authorize(_RIGHT, {"scope": "orders:read"})

    assert (response.status_code, response.headers["Content-Type"]) == (200, _HTML)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"client_id": None}, "the request has no client_id", id="client_id missing"),
        pytest.param({"client_id": ""}, "the request has no client_id", id="client_id empty"),
        pytest.param({"client_id": "unknown"}, "no client is called 'unknown'", id="client_id unknown"),
        pytest.param({"client_id": "a\x00b"}, "control character", id="client_id with NUL"),
        pytest.param({"redirect_uri": _BACK + "/"}, "is none of", id="a slash more"),
        pytest.param({"redirect_uri": _BACK + "?x=1"}, "is none of", id="a query more"),
        pytest.param({"redirect_uri": _BACK.replace("7001", "7002")}, "is none of", id="another port"),
        pytest.param({"redirect_uri": _BACK.replace("127.0.0.1", "localhost")}, "is none of", id="another name"),
        pytest.param({"redirect_uri": _BACK.upper()}, "is none of", id="upper case"),
        pytest.param({"redirect_uri": "https://evil.example/"}, "is none of", id="another host"),
        pytest.param({"redirect_uri": "/callback"}, "is not an absolute URI", id="relative"),
        pytest.param({"redirect_uri": "http://[::1"}, "is not an absolute URI", id="no URI"),
        pytest.param({"redirect_uri": "http://127.0.0.1:x/"}, "is not an absolute URI", id="no port"),
        pytest.param({"redirect_uri": _BACK + "#x"}, "has a fragment", id="a fragment"),
        pytest.param({"redirect_uri": _BACK + "#"}, "has a fragment", id="an empty fragment"),
        pytest.param({"redirect_uri": _BACK + "\r\nX-Evil: 1"}, "control character", id="CR LF"),
    ],
)
@pytest.mark.parametrize("consent", ["page", "auto"])
def test_errors_of_client_and_redirect_uri_go_nowhere(
    http: typing.Any, consent: typing.Any, changes: dict[str, str | None], why: str
) -> None:
    """RFC 6749 3.1.2.4, 4.1.2.1: these are shown to the person and must not redirect, by whatever way to consent."""
    mock = http.mock
    if consent == "auto":
        mock.reset()
        mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")

    response = http.authorize(asked(**changes))

    assert (response.status_code, response.headers["Content-Type"]) == (400, _HTML)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Location" not in response.headers
    assert "<code>400 invalid_request</code>" in response.text
    assert (mock.journal.last.verdict, mock.journal.last.error) == ("refused", "invalid_request")
    assert why in mock.journal.last.why


@pytest.mark.parametrize(
    ("registered", "status"),
    [
        pytest.param([_BACK], 302, id="one"),
        pytest.param([_BACK, "http://127.0.0.1:7002/callback"], 400, id="two"),
        pytest.param(None, 400, id="any"),
        pytest.param([], 400, id="none"),
    ],
)
def test_redirect_uri_may_be_left_out_when_one_is_registered(
    mock: OAuthMock, http: typing.Any, registered: list[str] | None, status: int
) -> None:
    """RFC 6749 3.1.2.3: exactly one registered URI in full needs no redirect_uri; otherwise it is required."""
    mock.client("one", client_secret="s3cret", redirect_uris=registered, consent="auto")

    response = http.authorize(asked(client_id="one", redirect_uri=None))

    assert response.status_code == status
    if status == 302:
        assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")
    else:
        assert "redirect_uri may only be left out when exactly one is registered" in mock.journal.last.why


@pytest.mark.parametrize(
    ("name", "sent_back"),
    [
        pytest.param("response_type", True, id="response_type"),
        pytest.param("scope", True, id="scope"),
        pytest.param("nonce", True, id="nonce"),
        pytest.param("strange", True, id="an unknown one"),
        pytest.param("client_id", False, id="client_id"),
        pytest.param("redirect_uri", False, id="redirect_uri"),
    ],
)
def test_a_repeated_parameter_is_refused(http: typing.Any, name: str, sent_back: bool) -> None:
    """RFC 6749 3.1: parameters must not be included more than once, not even with the same value."""
    value = _RIGHT.get(name, "x")

    response = http.authorize([*asked(**{name: value}).items(), (name, value)])

    if sent_back:
        parameters = [("error", "invalid_request"), ("error_description", http.some.description), ("state", "s-1")]
        assert http.callback(response) == (302, _BACK, parameters, "no-store")
    else:
        assert (response.status_code, response.headers.get("Location")) == (400, None)
    assert f"parameter {name!r} came more than once in the query" in http.mock.journal.last.why


def test_a_repeated_state_is_refused_and_none_comes_back(http: typing.Any) -> None:
    """RFC 6749 3.1: of two states nobody can say which is the client's."""
    response = http.authorize([*_RIGHT.items(), ("state", "s-2")])

    parameters = [("error", "invalid_request"), ("error_description", http.some.description)]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"audience": "x"}, id="audience"),
        pytest.param({"access_type": "offline"}, id="access_type"),
        pytest.param({"error": "x", "code": "y"}, id="words of the answer"),
        pytest.param({"": "x"}, id="no name"),
    ],
)
def test_unknown_parameters_are_ignored(http: typing.Any, extra: dict[str, str]) -> None:
    """RFC 6749 3.1: the server must ignore unrecognised parameters, and they do not come back."""
    response = http.authorize({**_RIGHT, **extra}, {"user": "alice"})

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")


@pytest.mark.parametrize(
    "name", ["scope", "response_mode", "code_challenge", "code_challenge_method", "nonce", "prompt"]
)
def test_an_empty_parameter_counts_as_left_out(http: typing.Any, name: str) -> None:
    """RFC 6749 3.1: parameters sent without a value must be treated as if they were omitted."""
    response = http.authorize(asked(**{name: ""}), {"user": "alice"})

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")


@pytest.mark.parametrize(
    ("uri", "where", "query"),
    [
        pytest.param("http://127.0.0.1/cb?tenant=a", "http://127.0.0.1/cb", [("tenant", "a")], id="a query"),
        pytest.param("http://127.0.0.1/cb?a=1&b=%20x", "http://127.0.0.1/cb", [("a", "1"), ("b", " x")], id="two"),
        pytest.param("https://app.example/cb", "https://app.example/cb", [], id="https"),
        pytest.param("com.example.app:/cb", "com.example.app:/cb", [], id="custom scheme"),
        pytest.param("com.example.app://cb", "com.example.app://cb", [], id="custom scheme with authority"),
        pytest.param("urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob", [], id="urn"),
        pytest.param("http://[::1]:7001/cb", "http://[::1]:7001/cb", [], id="IPv6"),
        pytest.param("http://127.0.0.1", "http://127.0.0.1", [], id="no path"),
    ],
)
def test_the_redirect_uri_is_kept_and_its_query_is_added_to(
    http: typing.Any, uri: str, where: str, query: list[tuple[str, str]]
) -> None:
    """RFC 6749 3.1.2: a query component must be retained when parameters are added."""
    http.mock.client("app", client_secret="s3cret", redirect_uris=[uri], consent="auto")

    response = http.authorize(asked(client_id="app", redirect_uri=uri))

    parameters = [*query, ("code", http.some.code), ("state", "s-1")]
    assert http.callback(response) == (302, where, parameters, "no-store")


def test_a_redirect_uri_with_an_empty_authority_is_kept_as_it_was(http: typing.Any) -> None:
    """RFC 6749 3.1.2: the URI that was registered is the URI that is opened, to the letter."""
    http.mock.client("app", client_secret="s3cret", redirect_uris=["com.example.app:///cb"], consent="auto")

    response = http.authorize(asked(client_id="app", redirect_uri="com.example.app:///cb"))

    assert response.headers["Location"].startswith("com.example.app:///cb?code=oam_ac_")


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        pytest.param("http://127.0.0.1/caf\u00e9", "http://127.0.0.1/caf%C3%A9", id="latin-1"),
        pytest.param("http://127.0.0.1/\u65e5", "http://127.0.0.1/%E6%97%A5", id="beyond latin-1"),
        pytest.param("http://127.0.0.1/cb?q=\u65e5", "http://127.0.0.1/cb?q=%E6%97%A5", id="in the query"),
    ],
)
@pytest.mark.parametrize("registered", [True, False])
def test_location_is_a_uri_in_ascii(http: typing.Any, registered: bool, uri: str, location: str) -> None:
    """RFC 9110 10.2.2, RFC 3986 2: Location is a URI; what is beyond ASCII is percent-encoded or refused."""
    http.mock.client("app", client_secret="s3cret", redirect_uris=[uri] if registered else None, consent="auto")

    response = http.authorize(asked(client_id="app", redirect_uri=uri))

    if response.status_code == 302:
        assert response.headers["Location"].startswith(location)
        assert response.headers["Location"].isascii()
    else:
        assert (response.status_code, response.headers.get("Location")) == (400, None)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        pytest.param("http://127.0.0.1/cb", True, id="127.0.0.1"),
        pytest.param("http://127.0.0.1:49152/cb?x=1", True, id="any port"),
        pytest.param("http://127.8.9.10/cb", True, id="127.0.0.0/8"),
        pytest.param("http://localhost:1/", True, id="localhost"),
        pytest.param("http://app.localhost/", True, id="below localhost"),
        pytest.param("https://localhost/", True, id="https"),
        pytest.param("http://[::1]:1/", True, id="::1"),
        pytest.param("http://192.168.0.1/", False, id="another machine"),
        pytest.param("http://localhost.evil.example/", False, id="a name that begins so"),
        pytest.param("http://evillocalhost/", False, id="a name that ends so"),
        pytest.param("http://localhost@evil.example/", False, id="localhost as user"),
        pytest.param("http://evil@localhost/", False, id="a user"),
        pytest.param("http://evil.example\\.localhost/", False, id="a backslash, which browsers take for a slash"),
        pytest.param("ftp://localhost/", False, id="ftp"),
        pytest.param("javascript:alert(1)//localhost", False, id="javascript"),
        pytest.param("com.example.app:/cb", False, id="custom scheme"),
        pytest.param("http:///cb", False, id="no host"),
    ],
)
def test_without_registered_uris_any_loopback_one_is_taken(http: typing.Any, uri: str, allowed: bool) -> None:
    """RFC 8252 7.3: a client registered without redirect URIs may come back to this machine, and nowhere else."""
    http.mock.client("any", client_secret="s3cret", consent="auto")

    response = http.authorize(asked(client_id="any", redirect_uri=uri))

    assert response.status_code == (302 if allowed else 400)
    assert ("Location" in response.headers) is allowed


def test_state_and_redirect_uri_cannot_inject_a_header(http: typing.Any) -> None:
    """RFC 9110 5.5: CR LF in a state is refused and never becomes a line of its own; the state comes back quoted."""
    response = http.authorize(asked(state="x\r\nSet-Cookie: evil=1"))

    parameters = [
        ("error", "invalid_request"),
        ("error_description", http.some.description),
        ("state", "x\r\nSet-Cookie: evil=1"),
    ]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")
    assert "Set-Cookie" not in response.headers
    assert "%0D%0A" in response.headers["Location"]
    assert not set("\r\n") & set(response.headers["Location"])


def test_an_authorization_url_keeps_a_query_of_its_own(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.1: the endpoint URI may have a query, to which the client adds; it is an unknown parameter."""
    response = http.authorize(b"tenant=a&" + urllib.parse.urlencode(_RIGHT).encode(), {"user": "alice"})

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")
    assert mock.journal.last.request.query[0] == ("tenant", "a")


@pytest.mark.parametrize(
    ("ticked", "granted"),
    [
        pytest.param(["orders:read", "orders:write"], "orders:read orders:write", id="all"),
        pytest.param(["orders:write"], "orders:write", id="one"),
        pytest.param(["orders:write", "orders:delete"], "orders:write", id="one, and one that was not asked"),
    ],
)
def test_the_person_may_grant_less(http: typing.Any, ticked: list[str], granted: str) -> None:
    """RFC 6749 3.3: when the granted scope differs from the requested one, the token answer says so."""
    form = [("user", "alice"), *(("scope", token) for token in ticked)]
    response = http.authorize(asked(scope="orders:read orders:write"), form)
    code = http.callback(response)[2][0][1]

    response = http.token(
        {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}, basic=("crm", "s3cret")
    )

    assert http.answer(response) == http.tokens(scope=granted)


def test_a_person_who_grants_nothing_is_not_taken_to_grant_everything(http: typing.Any) -> None:
    """RFC 6749 3.3, 5.1: a token answer without scope means the requested one, so an empty grant has to be said."""
    response = http.authorize(_RIGHT, {"user": "alice"})
    parameters = dict(http.callback(response)[2])
    if "error" in parameters:
        assert parameters["error"] in ("access_denied", "invalid_scope")
        return

    response = http.token(
        {"grant_type": "authorization_code", "code": parameters["code"], "redirect_uri": _BACK},
        basic=("crm", "s3cret"),
    )

    assert http.answer(response) == http.tokens(scope="")


@pytest.mark.parametrize(
    ("asks", "registered", "known", "granted"),
    [
        pytest.param("a", "a b", None, "a", id="less than registered"),
        pytest.param(None, "a b", None, "a b", id="left out: what is registered"),
        pytest.param(None, None, ("a", "b"), "a b", id="left out: what the issuer knows"),
        pytest.param(None, None, None, None, id="left out and nothing known"),
        pytest.param("x y", None, None, "x y", id="anything"),
    ],
)
def test_the_scope_that_is_granted(
    http: typing.Any, asks: str | None, registered: str | None, known: tuple[str, ...] | None, granted: str | None
) -> None:
    """RFC 6749 3.3: a scope that is left out is a default; the answer says which."""
    issuer = http.mock.issuer("a", scopes_supported=known)
    issuer.client("app", client_secret="s", scope=registered)
    parameters = {"grant_type": "client_credentials"} | ({"scope": asks} if asks else {})

    response = http.client.post("/a/token", data=parameters, headers={"Authorization": http.basic("app", "s")})

    assert http.answer(response) == http.tokens(scope=granted, refresh_token=False)


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        pytest.param("c", "'c' is not in scopes_supported 'a b'", id="unknown to the issuer"),
        pytest.param("A", "'A' is not in scopes_supported 'a b'", id="another case"),
        pytest.param("b", "'b' is not registered for client 'app'", id="not the client's"),
        pytest.param("a b", "oauthmock.client(scope='a b')", id="one of two"),
        pytest.param('a"', "has a character that RFC 6749 3.3 does not allow", id="malformed"),
        pytest.param("é", "has a character that RFC 6749 3.3 does not allow", id="not ASCII"),
    ],
)
@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_a_scope_that_cannot_be_had_is_refused(http: typing.Any, grant: str, scope: str, why: str) -> None:
    """RFC 6749 3.3, 5.2: invalid, unknown, malformed or more than registered is invalid_scope."""
    issuer = http.mock.issuer("a", scopes_supported=("a", "b"))
    issuer.client("app", client_secret="s", scope="a")
    issuer.user("alice", password="wonderland")
    parameters = {"grant_type": grant, "scope": scope, "username": "alice", "password": "wonderland"}

    response = http.client.post("/a/token", data=parameters, headers={"Authorization": http.basic("app", "s")})

    assert http.answer(response) == http.refused(400, "invalid_scope")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 3.1: GET must and POST may be supported; others are 405 with Allow (RFC 9110 15.5.6)."""
    response = http.client.open("/authorize", method=method, query_string=_RIGHT)

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert "Location" not in response.headers
    assert mock.journal.last.why == f"{method} was used; the authorize endpoint takes GET and POST"


def test_a_body_less_get_may_name_a_content_type(http: typing.Any) -> None:
    """RFC 6749 3.1: clients that put Content-Type: application/json on everything send a right request all the same."""
    response = http.client.get("/authorize", query_string=_RIGHT, content_type="application/json")

    assert (response.status_code, response.headers.get("Content-Type")) == (200, _HTML)


def test_a_query_that_is_not_utf_8_is_said_to_be_that(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 appendix B: parameters are UTF-8; the why names the cause, not a client_id that was there."""
    response = http.authorize(b"client_id=crm&state=%FF&redirect_uri=" + _BACK.encode())

    assert (response.status_code, response.headers.get("Location")) == (400, None)
    assert "UTF-8" in mock.journal.last.why


def test_prompt_none_succeeds_where_no_page_would_be_shown(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: prompt=none returns an error only if the person would have to do something."""
    http.mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")

    response = http.authorize(asked(client_id="auto", prompt="none"))

    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")
