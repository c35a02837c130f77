"""What a profile's file may say of the edge: each key by what it does to requests and answers."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import hmac
import json
import pathlib
import time
import typing
import urllib.parse

import jwt
import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError
from mockserver.keys import SigningKey

_SECRET = "a-secret-of-thirty-two-characters"
_CALLBACK = "http://127.0.0.1/cb"


class Provider:
    """A server with a profile of a few lines, and one client."""

    def __init__(self, path: pathlib.Path, text: str, **client: typing.Any) -> None:
        path.write_text(text, encoding="utf-8")
        self.mock = OAuthMock(
            profile=str(path), issuer="http://localhost", consent="auto", access_token_format="opaque"
        )
        self.mock.user("alice", password="wonderland")
        self.client = self.mock.client("crm", **{"client_secret": _SECRET, **client})  # type: ignore[arg-type]
        self.http = Client(self.mock.wsgi, use_cookies=False)

    def ask(self, headers: cabc.Mapping[str, str] | None = None, **form: str) -> TestResponse:
        """A token request with the secret in the body."""
        data = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": _SECRET, **form}
        return self.http.post("/token", data={name: value for name, value in data.items() if value}, headers=headers)

    def api(self, **headers: str) -> TestResponse:
        return self.http.get("/api/orders", headers={name.replace("_", "-"): value for name, value in headers.items()})

    def authorize(self, **query: str) -> TestResponse:
        asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "state": "s1", **query}
        return self.http.get("/authorize", query_string=asked)

    def callback(self, **query: str) -> dict[str, str]:
        """What came back to the client."""
        location = self.authorize(**query).headers["Location"]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))

    def redeem(self, code: str, **form: str) -> TestResponse:
        return self.ask(grant_type="authorization_code", code=code, redirect_uri=_CALLBACK, **form)


Make = cabc.Callable[..., Provider]


@pytest.fixture
def provider(tmp_path: pathlib.Path) -> Make:
    def make(text: str, **client: typing.Any) -> Provider:
        return Provider(tmp_path / "acme.toml", text, **client)

    return make


# -- token answers -----------------------------------------------------------------------------------------------------


def test_an_answer_may_have_another_status_type_and_word(provider: Make) -> None:
    """D7, D9."""
    text = "[response]\nstatus = 201\ncontent_type = 'text/plain'\ntoken_type = 'bearer'\n"
    answer = provider(text + "token_types = { password = 'User Token' }\n").ask()

    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "text/plain")
    assert json.loads(answer.data)["token_type"] == "bearer"


def test_a_word_may_depend_on_the_grant(provider: Make) -> None:
    """Of the others the common one holds."""
    acme = provider("[response]\ntoken_types = { password = 'User Token' }\n")
    answer = acme.ask(grant_type="password", username="alice", password="wonderland")

    assert answer.get_json()["token_type"] == "User Token"
    assert acme.ask().get_json()["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("form", "scope", "expected"),
    [
        ("scope = 'list'", "a b", ["a", "b"]),
        ("scope = 'null'", "a b", None),
        ("scope = 'null'", "", None),
        ("scope_separator = ','", "a b", "a,b"),
        ("", "a b", "a b"),
    ],
)
def test_a_scope_is_put_in_several_ways(provider: Make, form: str, scope: str, expected: object) -> None:
    """D11."""
    assert provider(f"[response]\n{form}\n").ask(scope=scope).get_json()["scope"] == expected


def test_members_may_be_left_out(provider: Make) -> None:
    """`scope` and `token_type` everywhere, others by grant."""
    acme = provider("[response]\nscope = 'missing'\ntoken_type = ''\nlacks = { client_credentials = ['expires_in'] }\n")

    assert set(acme.ask(scope="a").get_json()) == {"access_token"}
    password = acme.ask(grant_type="password", username="alice", password="wonderland")
    assert set(password.get_json()) == {"access_token", "expires_in", "refresh_token"}


def test_further_members_are_filled_in(provider: Make) -> None:
    """D20: numbers stay numbers, a dot makes an object, and what there is nothing to say for is left out."""
    acme = provider(
        """
        [variables]
        team = "T1"
        [response.fields]
        ok = true
        "team.id" = "{team}"
        until = "{expires_at}"
        until_text = "{expires_at|iso}"
        life = "{expires_in|duration}"
        life_ms = "{expires_in|milliseconds}"
        scopes = "{scope|list}"
        nothing = "{null}"
        who = "for {username}"
        nested = { client = "{client_id}", list = ["{grant_type}"] }
        [response.fields_of.password]
        user_id = "{subject}"
        """
    )
    acme.mock.clock.advance(seconds=0)
    members = acme.ask(scope="a b").get_json()

    assert (
        members
        | {
            "ok": True,
            "team": {"id": "T1"},
            "life": "1:00:00",
            "life_ms": 3600000,
            "scopes": ["a", "b"],
            "nothing": None,
            "nested": {"client": "crm", "list": ["client_credentials"]},
        }
        == members
    )
    assert "who" not in members
    assert "user_id" not in members
    assert abs(members["until"] - time.time() - 3600) < 60
    assert members["until_text"][:4] == time.strftime("%Y", time.gmtime(members["until"]))
    password = acme.ask(grant_type="password", username="alice", password="wonderland").get_json()
    assert (password["who"], password["user_id"]) == ("for alice", "alice")


def test_an_answer_may_be_a_form(provider: Make) -> None:
    """Always, or for those who did not ask for JSON."""
    answer = provider("[response]\nformat = 'form'\n").ask(headers={"Accept": "application/json"})
    negotiated = provider("[response]\nformat = 'form_unless_json'\n[errors.token]\nformat = 'form_unless_json'\n")
    plain, asked = negotiated.ask(), negotiated.ask(headers={"Accept": "text/html, application/json"})
    wrong = negotiated.ask(client_secret="wrong")

    assert dict(urllib.parse.parse_qsl(answer.text))["token_type"] == "Bearer"
    assert plain.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.get_json()["token_type"] == "Bearer"
    assert dict(urllib.parse.parse_qsl(wrong.text))["error"] == "invalid_client"


# -- errors ------------------------------------------------------------------------------------------------------------


def test_an_error_has_the_providers_status_name_and_shape(provider: Make) -> None:
    """D14; the journal keeps the RFC's."""
    acme = provider(
        """
        [errors.token]
        status = 200
        statuses = { unsupported_grant_type = 418 }
        names = { invalid_client = "bad_client_secret" }
        challenge = false
        [errors.token.members]
        ok = false
        "error.code" = "{error}"
        "error.number" = "{number}"
        message = "{status}: {error_description}"
        [errors.token.words]
        default = { number = 1 }
        invalid_client = { number = 4711, error_description = "no" }
        """
    )
    answer = acme.http.post("/token", data={"grant_type": "client_credentials"}, auth=("crm", "wrong"))

    assert answer.status_code == 200
    assert answer.get_json() == {
        "ok": False,
        "error": {"code": "bad_client_secret", "number": 4711},
        "message": "200: no",
    }
    assert "WWW-Authenticate" not in answer.headers
    assert (acme.mock.journal.last.error, acme.mock.journal.last.status) == ("invalid_client", 200)
    other = acme.ask(grant_type="implicit")
    assert (other.status_code, other.get_json()["error"]) == (418, {"code": "unsupported_grant_type", "number": 1})


def test_an_error_of_the_api_has_a_shape_of_its_own(provider: Make) -> None:
    """D15; one without a token has a name too."""
    acme = provider(
        """
        [errors.resource]
        in_list = true
        names = { missing_token = "NO_SESSION" }
        members = { errorCode = "{error}" }
        """
    )

    assert acme.api().get_json() == [{"errorCode": "NO_SESSION"}]
    assert acme.api(Authorization="Bearer wrong").get_json() == [{"errorCode": "invalid_token"}]
    assert acme.api().headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert acme.ask(client_secret="wrong").get_json()["error"] == "invalid_client"


def test_only_the_name_of_an_error_changes_where_no_members_are_given(provider: Make) -> None:
    """The description stays."""
    answer = provider("[errors.token]\nnames = { invalid_grant = 'invalid_code' }\n").redeem("x")

    assert set(answer.get_json()) == {"error", "error_description"}
    assert answer.get_json()["error"] == "invalid_code"


def test_an_error_may_be_a_page(provider: Make) -> None:
    """With what is said escaped."""
    answer = provider("[errors.token]\nformat = 'html'\nmembers = { message = '<b>{error}</b>' }\n").ask(
        client_secret="x"
    )

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text == "<!DOCTYPE html><title>Error</title><p>message: &lt;b&gt;invalid_client&lt;/b&gt;</p>"


# -- access tokens at the API ------------------------------------------------------------------------------------------


def test_a_token_may_have_a_header_of_its_own(provider: Make) -> None:
    """And then the usual one means nothing; the echo has what was sent."""
    acme = provider("[bearer]\nschemes = []\nheader = 'X-Token'\n")
    token = acme.ask().get_json()["access_token"]

    assert acme.api(X_Token=token).status_code == 200
    assert ["X-Token", token] in acme.api(X_Token=token).get_json()["headers"]
    refused = acme.api(Authorization=f"Bearer {token}")
    assert refused.status_code == 401
    assert acme.mock.journal.last.why.endswith("this provider takes it in the header X-Token")


@pytest.mark.parametrize(
    ("schemes", "value", "status"),
    [
        ("['OAuth', 'Bearer']", "OAuth {}", 200),
        ("['OAuth', 'Bearer']", "bearer {}", 200),
        ("['OAuth']", "Bearer {}", 401),
        ("['OAuth']", "Token {}", 401),
        ("['']", "{}", 200),
        ("['']", "Bearer {}", 401),
        ("['Bearer']", "OAuth {}", 401),
    ],
)
def test_a_token_may_have_another_word_before_it(provider: Make, schemes: str, value: str, status: int) -> None:
    """D16."""
    acme = provider(f"[bearer]\nschemes = {schemes}\n")
    token = acme.ask().get_json()["access_token"]

    assert acme.api(Authorization=value.format(token)).status_code == status


def test_a_token_may_have_another_name_in_the_query(provider: Make) -> None:
    """Where the query may have it."""
    acme = provider(
        "[parameter_names.api]\noauth_token = 'access_token'\n[settings]\nbearer_methods_supported = ['query']\n"
    )
    token = acme.ask().get_json()["access_token"]

    assert acme.http.get("/api/x", query_string={"oauth_token": token}).status_code == 200
    assert acme.http.get("/api/x", query_string={"access_token": token}).status_code == 401


def test_the_api_may_demand_a_header(provider: Make) -> None:
    """Of requests whose token is good."""
    acme = provider("[settings.parameters.api]\nrequired = ['header:Notion-Version']\n")
    token = acme.ask().get_json()["access_token"]

    assert acme.api(Authorization=f"Bearer {token}", Notion_Version="2022-06-28").status_code == 200
    assert acme.api(Authorization=f"Bearer {token}").status_code == 400
    acme.mock.protect("/orders", json=[])
    assert acme.http.get("/orders", headers={"Authorization": f"Bearer {token}"}).status_code == 400


# -- token requests ----------------------------------------------------------------------------------------------------


def test_basic_credentials_may_have_another_word(provider: Make) -> None:
    """And the usual one is no authentication then."""
    acme = provider("[request]\nbasic_scheme = 'ID'\n")
    credentials = base64.b64encode(f"crm:{_SECRET}".encode()).decode()
    form = {"grant_type": "client_credentials"}

    assert acme.http.post("/token", data=form, headers={"Authorization": f"ID {credentials}"}).status_code == 200
    assert acme.http.post("/token", data=form, headers={"Authorization": f"Basic {credentials}"}).status_code == 401


def test_the_secret_may_be_cut(provider: Make) -> None:
    """For some grants alone."""
    acme = provider("[request]\nclient_secret = 'prefix_20'\nclient_secret_grants = ['refresh_token']\n")
    token = acme.client.grant().refresh_token or ""

    def refresh(secret: str) -> int:
        return acme.ask(grant_type="refresh_token", refresh_token=token, client_secret=secret).status_code

    assert (refresh(_SECRET), refresh(_SECRET[:20]), acme.ask().status_code) == (401, 200, 200)
    assert acme.client.client_secret == _SECRET


def test_the_secret_may_be_hashed_with_the_code(provider: Make) -> None:
    """Smartsheet's way; a refresh token takes the place of the code."""
    acme = provider("[request]\nclient_secret = 'sha256_with_code'\n[parameter_names.token]\nhash = 'client_secret'\n")
    code = acme.callback()["code"]

    def hashed(redeemed: str) -> str:
        return hashlib.sha256(f"{_SECRET}|{redeemed}".encode()).hexdigest()

    assert acme.redeem(code, client_secret="", hash=_SECRET).status_code == 401
    answer = acme.redeem(code, client_secret="", hash=hashed(code))
    assert answer.status_code == 200
    token = answer.get_json()["refresh_token"]
    again = acme.ask(grant_type="refresh_token", refresh_token=token, client_secret="", hash=hashed(token))
    assert again.status_code == 200


def test_the_secret_may_be_a_jwt(provider: Make) -> None:
    """Apple's way: signed by the client's key, whoever the issuer."""
    text = "[request]\nclient_secret = 'jwt'\nassertion_claims = ['sub']\n[settings]\nclient_assertion_audiences = ['https://a']\n"
    key = SigningKey.generate("ES256")
    acme = provider(text, jwks={"keys": [key.public_jwk()]})
    claims = {"iss": "TEAM", "sub": "crm", "aud": "https://a", "exp": int(time.time()) + 60}

    assert acme.ask(client_secret=key.sign(claims, typ="JWT")).status_code == 200
    assert acme.mock.journal.last.client_auth == "client_secret_post"
    assert acme.ask(client_secret=key.sign({**claims, "sub": "other"}, typ="JWT")).status_code == 401
    assert acme.ask(client_secret=jwt.encode(claims, "x" * 32, algorithm="HS256")).status_code == 401
    assert acme.ask().status_code == 401


@pytest.mark.parametrize("by", ["hmac_sha256", "sha256"])
def test_requests_may_have_a_signed_header(provider: Make, by: str) -> None:
    """Of other headers, the client and its secret."""
    acme = provider(
        f"[request]\nsigned_by = '{by}'\nsigned_header = 'X-Sig'\n"
        "signed_text = '{client_id}:{client_secret}:{header:x-date}'\n"
    )
    text = f"crm:{_SECRET}:today".encode()
    good = hmac.new(_SECRET.encode(), text, "sha256") if by == "hmac_sha256" else hashlib.sha256(text)

    assert acme.ask(headers={"X-Date": "today", "X-Sig": good.hexdigest()}).status_code == 200
    assert acme.ask(headers={"X-Date": "monday", "X-Sig": good.hexdigest()}).status_code == 401
    assert acme.ask(headers={"X-Sig": good.hexdigest()}).status_code == 401
    assert "the header x-date is missing, which X-Sig signs" in acme.mock.journal.last.why
    assert acme.ask(headers={"X-Date": "today"}).status_code == 401
    assert "the header X-Sig came 0 times; send it once" in acme.mock.journal.last.why


def test_a_request_may_name_no_grant(provider: Make) -> None:
    """GitHub and Slack do not look at it; what is named counts all the same."""
    acme = provider("[request]\ngrant_type = 'authorization_code'\n[settings]\nrequest_encodings = ['form', 'query']\n")
    query = {"client_id": "crm", "code": acme.callback()["code"], "redirect_uri": _CALLBACK}

    assert acme.ask(grant_type="", code=acme.callback()["code"], redirect_uri=_CALLBACK).status_code == 200
    credentials = ("crm", _SECRET)
    assert acme.http.post("/token", query_string=query, auth=credentials).status_code == 200
    assert acme.ask().get_json()["token_type"] == "Bearer"
    assert acme.mock.tokens.last.grant_type == "client_credentials"


def test_a_get_may_ask_for_a_token(provider: Make) -> None:
    """Where the provider has it, and the query may have the parameters."""
    acme = provider(
        "[settings]\ntoken_endpoint_methods = ['GET']\nrequest_encodings = ['query']\n"
        "token_endpoint_auth_methods_supported = ['client_secret_query']\n"
    )
    query = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": _SECRET}

    assert acme.http.get("/token", query_string=query).status_code == 200
    assert acme.http.post("/token", query_string=query).status_code == 405
    assert acme.mock.journal.last.why == "POST was used; the token endpoint takes GET"


def test_another_parameter_may_ask_for_a_refresh_token(provider: Make) -> None:
    """Reddit's `duration=permanent`; access_type means nothing then."""
    acme = provider("[request]\noffline = 'duration=permanent'\n[settings]\nrefresh_token_when = 'access_type'\n")

    def brought(**query: str) -> bool:
        return "refresh_token" in acme.redeem(acme.callback(**query)["code"]).get_json()

    assert brought(duration="permanent")
    assert not brought(duration="temporary")
    assert not brought(access_type="offline")


def test_another_scope_may_ask_for_a_refresh_token(provider: Make) -> None:
    """Salesforce has two."""
    acme = provider(
        "[settings]\nrefresh_token_when = 'offline_access'\noffline_scopes = ['refresh_token', 'offline']\n"
    )

    def brought(scope: str) -> bool:
        return "refresh_token" in acme.redeem(acme.callback(scope=scope)["code"]).get_json()

    assert [brought(scope) for scope in ("a refresh_token", "offline", "offline_access")] == [True, True, False]


def test_pkce_may_mean_nothing_or_less(provider: Make) -> None:
    """Neither a challenge nor a method is looked at; or one method is left, which is not the default of RFC 7636."""
    none, one = (provider(f"[settings]\ncode_challenge_methods_supported = {given}\n") for given in ("[]", "['S256']"))
    code = none.callback(code_challenge="short", code_challenge_method="S512")["code"]

    assert none.redeem(code).status_code == 200
    assert "code_challenge_methods_supported" not in none.http.get("/.well-known/openid-configuration").get_json()
    challenge = "c" * 43
    assert one.callback(code_challenge=challenge)["error"] == "invalid_request"
    assert one.callback(code_challenge=challenge, code_challenge_method="plain")["error"] == "invalid_request"
    assert "code" in one.callback(code_challenge=challenge, code_challenge_method="S256")
    assert "code" in one.callback()


# -- grants ------------------------------------------------------------------------------------------------------------


def test_a_provider_has_grants_of_its_own(provider: Make) -> None:
    """D6: for the client, for a person, with what they need."""
    acme = provider(
        """
        [grants.account_credentials]
        required = ["account_id"]
        lifetime = 60
        [grants."urn:acme:assertion"]
        outcome = "person"
        person = "subject_name"
        refresh = true
        [grants.anybody]
        outcome = "person"
        [response.fields_of.account_credentials]
        api_url = "https://api.example"
        """
    )
    machine = acme.ask(grant_type="account_credentials", account_id="7")

    assert machine.get_json()["api_url"] == "https://api.example"
    assert machine.get_json()["expires_in"] == 60
    assert acme.mock.tokens.last.grant_type == "account_credentials"
    missing = acme.ask(grant_type="account_credentials")
    assert (missing.status_code, missing.get_json()["error"]) == (400, "invalid_request")
    assert "needs the parameter account_id" in acme.mock.journal.last.why
    person = acme.ask(grant_type="urn:acme:assertion", subject_name="alice").get_json()
    assert (acme.mock.tokens.last.username, "refresh_token" in person) == ("alice", True)
    assert acme.ask(grant_type="urn:acme:assertion", subject_name="bob").get_json()["error"] == "invalid_grant"
    assert acme.ask(grant_type="anybody").status_code == 200
    assert acme.ask(grant_type="nobody").get_json()["error"] == "unsupported_grant_type"


def test_an_access_token_may_be_exchanged_for_a_longer_one(provider: Make) -> None:
    """D23: Meta's way; while it is good, and by its own client."""
    acme = provider(
        "[grants.fb_exchange_token]\noutcome = 'exchange'\ntoken = 'fb_exchange_token'\nlifetime = 5184000\n"
    )
    short = acme.client.grant(user="alice", scope="email")
    form = {"grant_type": "fb_exchange_token", "fb_exchange_token": short.access_token}
    answer = acme.ask(**form)

    assert (answer.status_code, answer.get_json()["expires_in"]) == (200, 5184000)
    assert (acme.mock.tokens.last.username, acme.mock.tokens.last.scope) == ("alice", {"email"})
    acme.mock.client("other", client_secret=_SECRET)
    assert acme.ask(**form, client_id="other").get_json()["error"] == "invalid_grant"
    assert acme.ask(**{**form, "fb_exchange_token": "x"}).get_json()["error"] == "invalid_grant"
    acme.mock.clock.advance(hours=2)
    assert acme.ask(**form).get_json()["error"] == "invalid_grant"
    assert "it must be exchanged while it is good" in acme.mock.journal.last.why


def test_grants_that_the_provider_has_not_are_unsupported(provider: Make) -> None:
    """For clients that say nothing of grants; one that does has them."""
    acme = provider("[settings]\ngrant_types_supported = ['authorization_code']\n")
    acme.mock.client("all", client_secret=_SECRET, grant_types=["client_credentials"])

    assert acme.ask().get_json()["error"] == "unsupported_grant_type"
    assert acme.ask(client_id="all").status_code == 200
    assert acme.http.get("/.well-known/openid-configuration").get_json()["grant_types_supported"] == [
        "authorization_code"
    ]


# -- callbacks ---------------------------------------------------------------------------------------------------------


def test_a_callback_may_have_more_and_a_signature(provider: Make) -> None:
    """D19: not when something went wrong."""
    acme = provider(
        "[variables]\nshop = 's'\n[callback]\nsignature = 'hmac'\n"
        "fields = { shop = '{shop}.example', user = '{username}' }\n"
    )
    params = acme.callback()
    signature = params.pop("hmac")
    message = "&".join(f"{name}={value}" for name, value in sorted(params.items()))

    assert params | {"shop": "s.example", "user": "alice", "state": "s1"} == params
    assert signature == hmac.new(_SECRET.encode(), message.encode(), "sha256").hexdigest()
    assert set(acme.callback(response_type="magic")) == {"error", "error_description", "state"}


def test_a_callback_may_be_posted_unless_something_else_is_asked(provider: Make) -> None:
    """Apple's way."""
    acme = provider("[callback]\nmode = 'form_post'\n")

    assert acme.authorize().status_code == 200
    assert 'name="code"' in acme.authorize().text
    assert acme.authorize(response_mode="query").status_code == 302


# -- what cannot be meant ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[response.fields]\nx = '{usrname}'",
            ":2: response.fields.x has {usrname}: nothing is called so here; did you",
        ),
        ("[response.fields]\nx = '{now|iso8601}'", ":2: response.fields.x has {now|iso8601}: did you mean 'iso'?"),
        ("[callback]\nfields = { x = '{code}' }", ":2: callback.fields.x has {code}: nothing is called so here"),
        ("[errors.token.members]\nx = '{nmber}'", ":2: errors.token.members.x has {nmber}: nothing"),
        ("[errors.token.names]\ninvalid_grnt = 'x'", ":2: errors.token.names.invalid_grnt: no such error; did you"),
        (
            "[errors.resource.words.default]\nx = 1\n[errors.resource.words.defalt]\nx = 1",
            ":3: errors.resource.words.def",
        ),
        ("[errors.tokn]\nstatus = 200", ":1: unknown key 'errors.tokn'; did you mean 'token'?"),
        ("[errors.token]\nstatus = 99", ":2: errors.token.status = 99: expected `int` >= 200"),
        ("[request]\noffline = 'duration'", ":2: request.offline = 'duration': write name=value"),
        ("[request]\nsigned_header = 'X'", ":2: request: signed_header and signed_text belong together"),
        ("[request]\ngrant_type = 'cod'", ":2: request.grant_type has 'cod': no such grant; known are"),
        ("[request]\nclient_secret = 'md5'", ":2: request.client_secret = 'md5': known are jwt, plain, prefix_20,"),
        ("[request]\nsigned_header = 'X'\nsigned_text = '{date}'", ":3: request.signed_text has {date}: known are"),
        ("[grants.password]\nrefresh = true", ":1: grants.password: the RFC has this grant"),
        ("[grants.x]\noutcome = 'exchange'", ":2: grants.x: token and outcome = 'exchange' belong together"),
        (
            "[response.lacks]\npasword = ['scope']",
            ":2: response.lacks.pasword: no such grant; did you mean 'password'?",
        ),
        ("[response]\nformat = 'xml'", ":2: response.format = 'xml': known are form, form_unless_json, html, json"),
        (
            "[settings]\nrefresh_policy = { policy = 'by_client_type', public = 'by_client_type' }",
            "'by_client_type' leads to itself",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_before_the_server_starts(provider: Make, text: str, message: str) -> None:
    """File, line, key and remedy."""
    with pytest.raises(ConfigurationError) as caught:
        provider(text)
    assert message in str(caught.value)
