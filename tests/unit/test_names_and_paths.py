"""A provider's own names and URLs, by the settings of an issuer: requests, answers, callbacks, paths."""

from __future__ import annotations

import typing
import urllib.parse

import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import ConfigurationError
from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_REFRESH_NAMES = {"refresh": {"refresh_grant_type": "grant_type"}}


class Http:
    """A server with one client, and the answers to its requests."""

    def __init__(self, **settings: typing.Any) -> None:
        self.mock = OAuthMock(issuer="http://localhost", **settings)
        self.crm = self.mock.client("crm", client_secret="s3cret", scope="a b")
        self.client = Client(self.mock.wsgi, use_cookies=False)

    def token(self, path: str = "/token", **form: str) -> TestResponse:
        return self.client.post(path, data=form, auth=_CRM)

    def refused(self, response: TestResponse) -> tuple[int, str, str]:
        """Status, error, why."""
        return response.status_code, response.get_json()["error"], self.mock.journal.last.why


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_refresh_may_call_its_grant_type_otherwise() -> None:
    """`refresh_grant_type=refresh_token`, as one connector form has it; other grants keep the RFC's name."""
    http = Http(parameter_names=_REFRESH_NAMES)
    refresh_token = http.crm.grant().refresh_token or ""

    assert http.token(refresh_grant_type="refresh_token", refresh_token=refresh_token).status_code == 200
    assert http.token(grant_type="client_credentials").status_code == 200
    assert http.mock.journal.grant_types == ["refresh_token", "client_credentials"]


@pytest.mark.parametrize(
    ("form", "why"),
    [
        pytest.param(
            {"grant_type": "refresh_token"},
            "the body has no parameter grant_type; the body has 'grant_type', which is called"
            " 'refresh_grant_type' here",
            id="the RFC's name",
        ),
        pytest.param(
            {"grant_type": "refresh_token", "refresh_grant_type": "refresh_token"},
            "the body has 'refresh_grant_type' and 'grant_type', which mean the same; send 'refresh_grant_type' alone",
            id="both",
        ),
        pytest.param(
            {"Refresh_Grant_Type": "refresh_token"},
            "the body has no parameter grant_type; the body has 'Refresh_Grant_Type'; names are case-sensitive",
            id="another case",
        ),
        pytest.param(
            {"refresh_grant_type": "client_credentials"},
            "the body has no parameter grant_type",
            id="another grant",
        ),
    ],
)
def test_a_replaced_name_is_refused(form: dict[str, str], why: str) -> None:
    """400 invalid_request, with the name that is meant."""
    http = Http(parameter_names=_REFRESH_NAMES)
    refresh_token = http.crm.grant().refresh_token or ""
    response = http.token(**form, refresh_token=refresh_token)

    assert http.refused(response) == (400, "invalid_request", why)


@pytest.mark.parametrize("name", ["grant_type", "refresh_grant_type"])
def test_the_rfcs_name_goes_on_where_it_is_listed(name: str) -> None:
    """Either, not both."""
    names = {"refresh": {"refresh_grant_type": "grant_type", "grant_type": "grant_type"}}
    http = Http(parameter_names=names)
    refresh_token = http.crm.grant().refresh_token or ""

    assert http.token(**{name: "refresh_token"}, refresh_token=refresh_token).status_code == 200
    both = http.token(grant_type="refresh_token", refresh_grant_type="refresh_token", refresh_token=refresh_token)
    assert http.refused(both)[:2] == (400, "invalid_request")


def test_names_of_the_token_endpoint_hold_for_a_refresh_too() -> None:
    """And the query of the authorization endpoint has its own."""
    http = Http(
        parameter_names={"token": {"app": "client_id", "key": "client_secret"}, "authorize": {"app": "client_id"}}
        | _REFRESH_NAMES
    )
    refresh_token = http.crm.grant().refresh_token or ""
    form = {"refresh_grant_type": "refresh_token", "refresh_token": refresh_token, "app": "crm", "key": "s3cret"}
    query = {"response_type": "code", "app": "crm", "redirect_uri": "http://127.0.0.1/"}

    assert http.client.post("/token", data=form).status_code == 200
    assert http.client.get("/authorize", query_string=query).status_code == 200
    assert http.client.get("/authorize", query_string={**query, "client_id": "crm", "app": ""}).status_code == 400


def test_a_grant_type_has_the_providers_value() -> None:
    """The RFC's is refused, unless it is listed too; others stay; the journal has the RFC's."""
    http = Http(grant_type_names={"client_credential": "client_credentials"})

    assert http.token(grant_type="client_credential").status_code == 200
    assert http.mock.journal.grant_types == ["client_credentials"]
    assert http.refused(http.token(grant_type="client_credentials")) == (
        400,
        "unsupported_grant_type",
        "grant_type 'client_credentials' is called 'client_credential' here (grant_type_names)",
    )
    assert http.token(grant_type="password").get_json()["error"] == "invalid_request"

    both = {"client_credential": "client_credentials", "client_credentials": "client_credentials"}
    http = Http(grant_type_names=both)
    assert [http.token(grant_type=name).status_code for name in both] == [200, 200]


def test_a_refresh_by_another_value_has_the_names_of_a_refresh() -> None:
    """And is served where refreshing is."""
    http = Http(
        grant_type_names={"refresh": "refresh_token"},
        parameter_names={"refresh": {"token": "refresh_token"}},
    )
    refresh_token = http.crm.grant().refresh_token or ""

    assert http.token(grant_type="refresh", token=refresh_token).status_code == 200
    assert http.refused(http.token(grant_type="refresh_token", token="x"))[:2] == (400, "unsupported_grant_type")


@pytest.mark.parametrize(("any_case", "status"), [(False, 400), (True, 200)])
def test_the_case_of_names_counts_unless_it_is_switched_off(any_case: bool, status: int) -> None:
    """The journal keeps the names as they were sent."""
    http = Http(case_insensitive_parameters=any_case, parameter_names=_REFRESH_NAMES)
    refresh_token = http.crm.grant().refresh_token or ""

    assert http.token(Grant_Type="client_credentials", SCOPE="a").status_code == status
    assert dict(http.mock.journal.last.request.form) == {"Grant_Type": "client_credentials", "SCOPE": "a"}
    assert http.token(Refresh_Grant_Type="refresh_token", Refresh_Token=refresh_token).status_code == status
    if any_case:
        twice = http.token(grant_type="client_credentials", Scope="a", scope="a")
        assert http.refused(twice)[:2] == (400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "error", "why"),
    [
        pytest.param(
            {"Client_Id": "crm", "client_secret": "s3cret", "grant_type": "client_credentials"},
            "invalid_client",
            "; the body has 'Client_Id'; names are case-sensitive",
            id="client_id",
        ),
        pytest.param(
            {"client_id": "crm", "client_secret": "s3cret", "grant_type": "password", "userName": "u", "password": "p"},
            "invalid_request",
            "; the body has 'userName'; names are case-sensitive",
            id="username",
        ),
    ],
)
def test_a_wrong_case_is_named_wherever_the_parameter_is_missed(form: dict[str, str], error: str, why: str) -> None:
    """RFC 6749 3.2: parameters are named exactly; what is not known is ignored, and then missing."""
    http = Http()
    response = http.client.post("/token", data=form)

    assert response.get_json()["error"] == error
    assert http.mock.journal.last.why.endswith(why)


@pytest.mark.parametrize("name", ["app_secret", "App_Secret", "Client_Secret", "client_secret"])
def test_a_secret_is_masked_whatever_it_is_called(name: str) -> None:
    """Also a wrong one, which nobody has registered."""
    http = Http(parameter_names={"token": {"app_secret": "client_secret"}})
    http.client.post("/token", data={"grant_type": "client_credentials", "client_id": "crm", name: "nearly-right"})
    exchange = http.mock.journal.last

    assert exchange.sent(name)["body"] == ("nearly-right",)
    assert [line for line in exchange.lines() if "nearly-right" in line] == []
    assert any(f"{name}=***" in line for line in exchange.lines())


# -- answers and callbacks ---------------------------------------------------------------------------------------------


def test_an_answer_has_the_providers_names_and_nesting() -> None:
    """Dots are objects in the object; errors are renamed where that is said."""
    names = {"access_token": "data.access_token", "expires_in": "data.ttl.seconds", "error": "code"}
    http = Http(response_names=names, access_token_format="opaque")
    answer = http.token(grant_type="client_credentials", scope="a").get_json()
    token = http.mock.tokens.last.access_token

    assert answer == {
        "data": {"access_token": token, "ttl": {"seconds": 3600}},
        "token_type": "Bearer",
        "scope": "a",
    }
    refused = http.token(grant_type="nothing").get_json()
    assert refused == {
        "code": "unsupported_grant_type",
        "error_description": "The grant type is not supported.",
    }
    assert http.mock.journal.last.error == "unsupported_grant_type"


@pytest.mark.parametrize(
    ("response_type", "query"),
    [
        pytest.param("code", {"spapi_oauth_code": "<code>", "xyz": "s"}, id="success"),
        pytest.param(
            "id",
            {
                "error": "unsupported_response_type",
                "error_description": "The response type is not supported.",
                "xyz": "s",
            },
            id="error",
        ),
    ],
)
def test_a_callback_has_the_providers_names(response_type: str, query: dict[str, str]) -> None:
    """What the redirect URI's own query has is left alone; `Callback` knows the names."""
    http = Http(callback_names={"code": "spapi_oauth_code", "state": "xyz"}, consent="auto")
    asked = {
        "response_type": response_type,
        "client_id": "crm",
        "redirect_uri": "http://127.0.0.1/cb?code=1",
        "state": "s",
    }
    callback = http.mock.approve("http://localhost/authorize?" + urllib.parse.urlencode(asked))
    sent = urllib.parse.parse_qsl(urllib.parse.urlsplit(callback.url).query)

    assert sent[0] == ("code", "1")
    assert {name: "<code>" if value.startswith("oam_ac_") else value for name, value in sent[1:]} == query
    assert callback.state == "s"
    assert (callback.error is None) == (response_type == "code")
    if callback.code is not None:
        form = {"grant_type": "authorization_code", "code": callback.code, "redirect_uri": asked["redirect_uri"]}
        assert http.token(**form).status_code == 200


# -- paths -------------------------------------------------------------------------------------------------------------


def test_paths_move_and_the_metadata_follow() -> None:
    """What is not named stays where it was; the RFC's path is free."""
    http = Http(paths={"token": "/oauth/v2/access", "authorize": "/oauth/v2/auth"})
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()

    assert http.mock.token_url == http.mock.refresh_url == document["token_endpoint"]
    assert document["token_endpoint"] == "http://localhost/oauth/v2/access"
    assert document["authorization_endpoint"] == http.mock.authorize_url == "http://localhost/oauth/v2/auth"
    assert document["jwks_uri"] == "http://localhost/jwks"
    assert "refresh_endpoint" not in document
    assert http.token("/oauth/v2/access", grant_type="client_credentials").status_code == 200
    assert http.token("/token", grant_type="client_credentials").status_code == 404


def test_a_refresh_endpoint_is_for_refreshing_alone() -> None:
    """Each grant at its URL, in the words of the metadata and of the matrix."""
    http = Http(paths={"refresh": "/reauthenticate"}, parameter_names=_REFRESH_NAMES)
    mock = http.mock
    refresh_token = http.crm.grant().refresh_token or ""
    form = {"refresh_grant_type": "refresh_token", "refresh_token": refresh_token}
    document = http.client.get("/.well-known/openid-configuration").get_json()
    because = "(paths.refresh = '/reauthenticate')"

    assert mock.refresh_url == mock.refresh_endpoint.url == document["refresh_endpoint"]
    assert mock.refresh_url == "http://localhost/reauthenticate"
    assert http.refused(http.token("/token", **form)) == (
        400,
        "unsupported_grant_type",
        f"grant_type 'refresh_token' came to '/token'; it is served at '/reauthenticate' {because}",
    )
    assert http.token("/reauthenticate", **form).status_code == 200
    assert http.refused(http.token("/reauthenticate", refresh_grant_type="client_credentials")) == (
        400,
        "unsupported_grant_type",
        f"grant_type 'client_credentials' came to '/reauthenticate'; it is served at '/token' {because}",
    )
    assert http.token("/token", grant_type="client_credentials").status_code == 200
    assert [exchange.endpoint for exchange in mock.refresh_endpoint.exchanges] == ["refresh", "refresh"]
    assert http.client.get("/reauthenticate").status_code == 405


def test_a_refresh_endpoint_can_fail() -> None:
    """Alone."""
    http = Http(paths={"refresh": "/reauthenticate"})
    http.mock.refresh_endpoint.fail(503)

    assert http.token(grant_type="client_credentials").status_code == 200
    assert http.token("/reauthenticate", grant_type="refresh_token").status_code == 503


@pytest.mark.parametrize("settings", [{}, {"paths": {"refresh": "/reauthenticate"}}])
def test_a_variant_is_told_the_refresh_url(running: OAuthMock, settings: dict[str, typing.Any]) -> None:
    """And proves a refresh wherever it is served."""
    import httpx

    from mockserver.variants import Cell

    issuer = running.issuer("acme", **settings)
    variant = issuer.variant(Cell("refresh_token", "client_secret_basic"))
    told = variant.settings

    assert told["refresh_url"] == issuer.refresh_url
    httpx.post(
        told["refresh_url"],
        data={"grant_type": "refresh_token", "refresh_token": told["refresh_token"]},
        auth=(told["client_id"], told["client_secret"]),
    )
    variant.verify()


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_what_one_account_issues_is_worth_nothing_at_another() -> None:
    """Neither the access token at the API nor the refresh token, though the client is registered at both."""
    http = Http()
    one, two = http.mock.issuer("one"), http.mock.issuer("two")
    token = one.client("crm", client_secret="s3cret").grant()
    two.client("crm", client_secret="s3cret")
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token or ""}
    bearer = {"Authorization": f"Bearer {token.access_token}"}

    assert http.client.get("/two/api/orders", headers=bearer).get_json()["error"] == "invalid_token"
    assert http.refused(http.token("/two/token", **form))[:2] == (400, "invalid_grant")
    assert http.client.get("/one/api/orders", headers=bearer).status_code == 200
    assert http.token("/one/token", **form).status_code == 200


@pytest.mark.parametrize("path", ["/{{account}}/token", "/{account}/token", "/%7B%7Baccount%7D%7D/token", "/t/{{ a }}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_template_that_was_not_filled_in_is_named(method: str, path: str) -> None:
    """400 invalid_request."""
    http = Http()
    response = http.client.open(path, method=method)

    assert response.status_code == 400
    assert response.get_json() == {
        "error": "invalid_request",
        "error_description": "The path has a template that was not filled in.",
    }
    assert "is a variable of the client's settings that was never given a value" in http.mock.journal.last.why


def test_an_unknown_account_is_not_found() -> None:
    """404, and how to declare it."""
    http = Http()

    assert http.token("/acme/token", grant_type="client_credentials").status_code == 404
    assert "oauthmock.issuer('acme')" in http.mock.journal.last.why


# -- settings that cannot be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"paths": {"tokn": "/t"}}, "paths.tokn = '/t': no such endpoint; did you mean 'token'?"),
        ({"paths": {"token": "oauth"}}, "paths.token = 'oauth': write a path that begins with / and has no query"),
        ({"paths": {"token": "/t?a=b"}}, "has no query, fragment or %"),
        ({"paths": {"token": "/{account}/t"}}, "write a path that begins with /"),
        ({"paths": {"token": "/api/token"}}, "the server has /api for itself; choose another"),
        ({"paths": {"token": "/callback"}}, "the server has /callback for itself"),
        ({"paths": {"token": "/authorize"}}, "paths.token = '/authorize': authorize is served there; choose another"),
        ({"paths": {"refresh": "/token"}}, "paths.refresh = '/token': token is served there"),
        ({"paths": {"token": 1}}, "paths = {'token': 1}: expected `str`"),
        ({"paths": {"token": "/a/t"}, "issuers": {"a": {}}}, "paths.token = '/a/t': the issuer 'a' is there"),
        ({"parameter_names": {"tokens": {}}}, "parameter_names.tokens: no such table; did you mean 'token'?"),
        (
            {"parameter_names": {"token": {"app": "clientid"}}},
            "parameter_names.token.app = 'clientid': no parameter there; did you mean 'client_id'?",
        ),
        ({"response_names": {"acces_token": "t"}}, "no such name in the RFCs; did you mean 'access_token'?"),
        ({"response_names": {"access_token": "data."}}, "write a name that is not empty"),
        ({"response_names": {"access_token": "scope"}}, "response_names.access_token = 'scope': scope is there"),
        ({"response_names": {"access_token": "scope.token"}}, "'scope.token': scope is there; choose another"),
        (
            {"grant_type_names": {"cc": "client_credential"}},
            "grant_type_names.cc = 'client_credential': no such grant; did you mean 'client_credentials'?",
        ),
        (
            {"grant_type_names": {"": "password"}},
            "grant_type_names. = 'password': write a name that is not empty",
        ),
        ({"callback_names": {"cod": "c"}}, "callback_names.cod = 'c': no such name in the RFCs; did you mean 'code'?"),
        ({"callback_names": {"code": ""}}, "callback_names.code = '': write a name that is not empty"),
        ({"callback_names": {"code": "state"}}, "callback_names.code = 'state': state is there; choose another"),
        ({"issuers": {"a": {"paths": {"token": "t"}}}}, "issuers.a.paths.token = 't': write a path"),
    ],
)
def test_names_and_paths_that_cannot_be_are_refused(settings: dict[str, typing.Any], message: str) -> None:
    """Key, value, remedy."""
    with pytest.raises(ConfigurationError) as caught:
        OAuthMock(**settings)

    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_names_may_change_places() -> None:
    """Two that are swapped can be told apart."""
    http = Http(response_names={"access_token": "id_token", "id_token": "access_token"}, paths={"token": "/t/"})

    assert set(http.token("/t/", grant_type="client_credentials", scope="a").get_json()) == {
        "id_token",
        "token_type",
        "expires_in",
        "scope",
    }
