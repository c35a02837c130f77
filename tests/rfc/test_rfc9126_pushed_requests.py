"""RFC 9126: authorization requests that are pushed before the browser is sent with a reference to them."""

from __future__ import annotations

import typing
import urllib.parse

import pytest
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver import RegisteredClient

_CALLBACK = "http://127.0.0.1:9/callback"
_ASKED = {"response_type": "code", "redirect_uri": _CALLBACK, "scope": "orders:read", "state": "xyz"}
_UNKNOWN = "The request_uri is unknown, used, expired or another client's."


@pytest.fixture
def client(mock: OAuthMock) -> RegisteredClient:
    return mock.client("crm", redirect_uris=[_CALLBACK], scope="orders:read", consent="auto")


def push(http: typing.Any, client: RegisteredClient, **more: str) -> TestResponse:
    form = {**_ASKED, "client_id": client.client_id, "client_secret": client.client_secret, **more}
    response: TestResponse = http.client.post("/par", data={name: value for name, value in form.items() if value})
    return response


def pushed(http: typing.Any, client: RegisteredClient, **more: str) -> str:
    return str(push(http, client, **more).get_json()["request_uri"])


def test_a_request_is_pushed_and_redeemed(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 2.2, 4: 201, a URN that nobody can guess, and the browser brings client_id and that alone."""
    response = push(http, client)

    request_uri = response.get_json()["request_uri"]
    assert http.answer(response) == (201, {"request_uri": request_uri, "expires_in": 60}, http.json_headers)
    assert urllib.parse.urlsplit(request_uri).path.startswith("ietf:params:oauth:request_uri:oam_ru_")
    assert mock.journal.last.why == "client 'crm' pushed an authorization request by client_secret_post"
    status, where, query, _ = http.callback(http.authorize({"client_id": "crm", "request_uri": request_uri}))
    assert (status, where, query) == (302, _CALLBACK, [("code", http.some.code), ("state", "xyz")])
    form = {"grant_type": "authorization_code", "code": dict(query)["code"], "redirect_uri": _CALLBACK}
    assert http.answer(http.token(form, basic=("crm", client.client_secret))) == http.tokens(scope="orders:read")


def test_the_reference_may_be_posted(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 4, OpenID Connect Core 3.1.2.1: by a form in place of a URL, and used up likewise."""
    form = {"client_id": "crm", "request_uri": pushed(http, client)}

    assert http.callback(http.client.post("/authorize", data=form))[1] == _CALLBACK
    shown(http, http.client.post("/authorize", data=form), "it has been used before (RFC 9126 4)")


def test_parameters_beside_the_reference_are_ignored(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 4, RFC 9101 6.3: only what was pushed counts."""
    beside = {"scope": "orders:delete", "state": "other", "redirect_uri": "https://evil.example"}

    response = http.authorize({"client_id": "crm", "request_uri": pushed(http, client), **beside})

    assert http.callback(response)[1:3] == (_CALLBACK, [("code", http.some.code), ("state", "xyz")])


@pytest.mark.parametrize(
    ("more", "error", "why"),
    [
        pytest.param(
            {"request_uri": "urn:x"},
            "invalid_request",
            "the body has request_uri; push the parameters",
            id="by reference",
        ),
        pytest.param({"response_type": ""}, "invalid_request", "the request has no response_type", id="response_type"),
        pytest.param({"response_type": "magic"}, "unsupported_response_type", "response_type is 'magic'", id="magic"),
        pytest.param({"scope": "orders:delete"}, "invalid_scope", "", id="scope"),
        pytest.param({"redirect_uri": "https://evil.example/"}, "invalid_request", "is none of", id="redirect_uri"),
        pytest.param({"code_challenge": "short"}, "invalid_request", "code_challenge", id="PKCE"),
        pytest.param({"resource": "no-uri"}, "invalid_target", "RFC 8707", id="resource"),
        pytest.param({"client_id": "erp"}, "invalid_client", "no client is called 'erp'", id="unknown client"),
        pytest.param({"client_secret": "wr0ng"}, "invalid_client", "the secret of client 'crm' is wrong", id="secret"),
    ],
)
def test_what_is_wrong_is_told_at_once(
    http: typing.Any, client: RegisteredClient, more: dict[str, str], error: str, why: str
) -> None:
    """RFC 9126 2.3: as a token error, to the client and not through the browser."""
    response = push(http, client, **more)

    assert http.answer(response) == http.refused(401 if error == "invalid_client" else 400, error)
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_it_is_posted(http: typing.Any, method: str) -> None:
    """RFC 9126 2.3: 405 for every other method."""
    assert http.answer(http.client.open("/par", method=method)) == http.refused(405, "invalid_request", allow="POST")


def test_a_body_that_is_too_large(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 2.3: 413."""
    assert http.answer(push(http, client, state="x" * 2_000_000)) == http.refused(413, "invalid_request")


def test_a_parameter_that_comes_twice(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 6749 3.1."""
    body = urllib.parse.urlencode([*_ASKED.items(), ("scope", "orders:read")])
    response = http.client.post(
        "/par",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": http.basic("crm", client.client_secret)},
    )

    assert http.answer(response) == http.refused(400, "invalid_request")


def test_a_public_client_pushes_by_its_name(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9126 2: authenticated as at the token endpoint, where a public client says who it is."""
    mock.client("app", token_endpoint_auth_method="none", redirect_uris=[_CALLBACK])

    assert http.client.post("/par", data={**_ASKED, "client_id": "app"}).status_code == 201
    assert http.answer(http.client.post("/par", data=_ASKED)) == http.refused(401, "invalid_client")


def shown(http: typing.Any, response: TestResponse, why: str) -> None:
    """Refused on a page: nobody knows where to send the browser."""
    assert (response.status_code, "Location" in response.headers) == (400, False)
    assert (http.mock.journal.last.error, why in http.mock.journal.last.why) == ("invalid_request_uri", True)


def test_a_reference_is_used_once(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 4, 7.3: whether the person approved or not; a page that is shown is no use yet."""
    query = {"client_id": "crm", "request_uri": pushed(http, client)}

    assert http.authorize(query).status_code == 302
    shown(http, http.authorize(query), "it has been used before (RFC 9126 4)")


def test_a_page_may_be_shown_again(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9126 4: a browser that reloads; the button ends it, and so does Deny."""
    client = mock.client("crm", redirect_uris=[_CALLBACK])
    for form in ({"user": "alice", "scope": "orders:read"}, {"deny": "deny"}):
        query = {"client_id": "crm", "request_uri": pushed(http, client)}
        assert [http.authorize(query).status_code for _ in range(2)] == [200, 200]
        assert http.authorize(query, form).status_code == 302
        shown(http, http.authorize(query, form), "it has been used before")


def test_of_many_at_once_one_has_the_code(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 7.3: exactly one."""
    query = {"client_id": "crm", "request_uri": pushed(http, client)}

    outcomes = http.at_once([lambda: http.authorize(query).status_code] * 8)

    assert sorted(outcomes) == [302] + [400] * 7


def test_an_error_that_travels_uses_it_up(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: prompt=none where a page would have to be shown."""
    client = mock.client("crm", redirect_uris=[_CALLBACK])
    query = {"client_id": "crm", "request_uri": pushed(http, client, prompt="none")}

    assert dict(http.callback(http.authorize(query))[2])["error"] == "login_required"
    shown(http, http.authorize(query), "it has been used before")


def test_a_reference_expires(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9126 2.2, 4: `expires_in` by the server's clock."""
    client = mock.client("crm", redirect_uris=[_CALLBACK], consent="auto", pushed_authorization_request_lifetime=90)
    response = push(http, client)
    assert response.get_json()["expires_in"] == 90
    mock.clock.advance(seconds=90)

    query = {"client_id": "crm", "request_uri": response.get_json()["request_uri"]}
    shown(http, http.authorize(query), "it expired 0 s ago (pushed_authorization_request_lifetime)")


def test_a_reference_is_its_clients(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9126 4, 7.1: another client's attempt costs the owner nothing."""
    mock.client("erp", redirect_uris=[_CALLBACK])
    request_uri = pushed(http, client)

    response = http.authorize({"client_id": "erp", "request_uri": request_uri})
    shown(http, response, "it was issued to client 'crm', not to 'erp' (RFC 9126 4)")
    assert http.authorize({"client_id": "crm", "request_uri": request_uri}).status_code == 302


@pytest.mark.parametrize(
    ("request_uri", "why"),
    [
        pytest.param("https://client.example/request.jwt", "nothing is ever fetched", id="of somebody else"),
        pytest.param("http://169.254.169.254/latest/meta-data", "nothing is ever fetched", id="of the network"),
        pytest.param("file:///etc/passwd", "nothing is ever fetched", id="of the disk"),
        pytest.param("urn:ietf:params:oauth:request_uri:x", "this issuer never issued it", id="made up"),
        pytest.param("urn:ietf:params:oauth:request_uri:" + "x" * 100_000, "this issuer never issued it", id="long"),
        pytest.param("\u2603", "nothing is ever fetched", id="no URI"),
    ],
)
def test_a_reference_that_is_none_of_ours(
    mock: OAuthMock, http: typing.Any, client: RegisteredClient, request_uri: str, why: str
) -> None:
    """RFC 9126 7.1, RFC 9101 10.4: refused, and never fetched."""
    shown(http, http.authorize({"client_id": "crm", "request_uri": request_uri}), why)


@pytest.mark.parametrize(
    ("query", "description"),
    [
        pytest.param("request_uri=urn:x", "client_id is missing.", id="no client_id"),
        pytest.param("client_id=crm&request_uri=urn:x&request_uri=urn:y", "The parameter request_uri is", id="twice"),
        pytest.param("client_id=crm&request_uri=%0d%0aSet-Cookie:x", "The parameter request_uri has", id="CR LF"),
    ],
)
def test_a_request_by_reference_that_is_malformed(
    mock: OAuthMock, http: typing.Any, client: RegisteredClient, query: str, description: str
) -> None:
    """RFC 9126 4, RFC 6749 3.1: shown, and nothing breaks."""
    response = http.authorize(query.encode())

    assert (response.status_code, mock.journal.last.error) == (400, "invalid_request")
    assert description in response.text


def test_a_client_that_must_push(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9126 6: the parameters in the URL are refused, by way of the browser where that is safe."""
    client = mock.client("crm", redirect_uris=[_CALLBACK], consent="auto", require_pushed_authorization_requests=True)

    query = http.callback(http.authorize({**_ASKED, "client_id": "crm"}))[2]
    assert query == [
        ("error", "invalid_request"),
        ("error_description", "The authorization request must be pushed."),
        ("state", "xyz"),
    ]
    unsafe = http.authorize({**_ASKED, "client_id": "crm", "redirect_uri": "https://evil.example/"})
    assert (unsafe.status_code, "Location" in unsafe.headers) == (400, False)
    assert http.authorize({"client_id": "crm", "request_uri": pushed(http, client)}).status_code == 302


def test_a_server_that_wants_them_pushed() -> None:
    """RFC 9126 5: in the metadata, and of every client."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", require_pushed_authorization_requests=True)
    mock.client("crm", redirect_uris=[_CALLBACK])
    http = Client(mock.wsgi)
    document = http.get("/.well-known/oauth-authorization-server").get_json()

    assert document["require_pushed_authorization_requests"] is True
    assert document["pushed_authorization_request_endpoint"] == "http://localhost/par" == mock.identifier + "/par"
    refused = http.get("/authorize", query_string={**_ASKED, "client_id": "crm"})
    assert "error=invalid_request" in refused.headers["Location"]
    assert http.get("/authorize", query_string={**_ASKED, "client_id": "erp"}).status_code == 400
    assert mock.exceptions == []


def test_a_server_without_it() -> None:
    """RFC 8414 2: not there, and not advertised."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", pushed_authorization_requests=False)
    http = Client(mock.wsgi)

    assert http.post("/par").status_code == 404
    assert not [name for name in http.get("/.well-known/openid-configuration").get_json() if "pushed" in name]


# -- RFC 9207 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("consent", ["auto", "page"])
def test_a_callback_says_whose_answer_it_is(consent: typing.Literal["auto", "page"]) -> None:
    """RFC 9207 2, 2.1, 3: `iss` beside a code and beside an error, by query and by form, and in the metadata."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", authorization_response_iss_parameter_supported=True, consent=consent)
    mock.client("crm", redirect_uris=[_CALLBACK])
    http = Client(mock.wsgi)
    asked = {**_ASKED, "client_id": "crm", "prompt": "none"}

    callback = http.get("/authorize", query_string=asked).headers["Location"]
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(callback).query))
    assert query["iss"] == "http://localhost"
    assert ("code" in query) is (consent == "auto")
    assert ("error" in query) is (consent == "page")
    page = http.get("/authorize", query_string={**asked, "response_mode": "form_post"}).text
    assert 'name="iss" value="http://localhost"' in page
    document = http.get("/.well-known/oauth-authorization-server").get_json()
    assert document["authorization_response_iss_parameter_supported"] is True


def test_an_issuer_with_a_path_says_so(mock: OAuthMock) -> None:
    """RFC 9207 2: the issuer identifier as the metadata have it."""
    from werkzeug.test import Client

    tenant = mock.issuer("tenant", authorization_response_iss_parameter_supported=True, consent="auto")
    tenant.client("crm")

    location = (
        Client(mock.wsgi).get("/tenant/authorize", query_string={**_ASKED, "client_id": "crm"}).headers["Location"]
    )

    assert dict(urllib.parse.parse_qsl(location))["iss"] == "http://localhost/tenant"
