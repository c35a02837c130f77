"""RFC 6749 3.1, 3.2: parameters that an issuer demands, allows or fixes besides the RFCs', by endpoint and place."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_CALLBACK = "http://127.0.0.1/cb"


def served(http: typing.Any, **settings: typing.Any) -> typing.Any:
    """The same requests to a server with these settings, client `crm` and user `alice`."""
    mock = OAuthMock(issuer="http://localhost", consent="auto", **settings)
    mock.client("crm", client_secret="s3cret")
    mock.user("alice", password="wonderland")
    return type(http)(mock)


@pytest.mark.parametrize(
    ("rules", "form", "query", "headers"),
    [
        pytest.param({"token": {"required": ["format"]}}, {"format": "json"}, "", [], id="body"),
        pytest.param({"token": {"required": ["body:format"]}}, {"format": "json"}, "", [], id="body by name"),
        pytest.param({"token": {"required": ["query:format"]}}, {}, "format=json", [], id="query"),
        pytest.param({"token": {"required": ["header:x-api-key"]}}, {}, "", [("X-Api-Key", "k")], id="header"),
        pytest.param({"token": {"fixed": {"format": "json"}}}, {"format": "json"}, "", [], id="fixed"),
        pytest.param({"token": {"fixed": {"header:X-Api": "é"}}}, {}, "", [("X-Api", "é")], id="fixed in Latin-1"),
        pytest.param(
            {"token": {"fixed": {"header:X-Api": "€"}}}, {}, "", [("X-Api", "€".encode().decode("latin-1"))], id="UTF-8"
        ),
        pytest.param({"client_credentials": {"required": ["Format"]}}, {"Format": "json"}, "", [], id="of the grant"),
        pytest.param({"password": {"required": ["format"]}}, {}, "", [], id="of another grant"),
        pytest.param({"token": {"allowed": ["a"]}}, {"a": "1", "scope": "x"}, "", [], id="allowed, and the RFC's"),
        pytest.param({"token": {"allowed": []}}, {"a": ""}, "", [], id="empty is left out"),
        pytest.param(
            {"token": {"allowed": ["a"], "required": ["b"]}, "client_credentials": {"allowed": ["query:c"]}},
            {"a": "1", "b": "2"},
            "c=3",
            [],
            id="both tables",
        ),
        pytest.param({}, {"a": "1", "b": "2"}, "c=3&c=4", [("X-D", "5")], id="no rules: ignored"),
        pytest.param(
            {"token": {"required": ["resource"]}}, {"resource": "https://a.example"}, "", [], id="a known one"
        ),
    ],
)
def test_a_request_that_keeps_the_rules_is_served(
    http: typing.Any, rules: dict[str, typing.Any], form: dict[str, str], query: str, headers: list[tuple[str, str]]
) -> None:
    """RFC 6749 3.2: what is not known is ignored, unless the issuer says otherwise."""
    http = served(http, parameters=rules)
    answer = http.token({"grant_type": "client_credentials", **form}, basic=_CRM, query=query, headers=headers)

    assert http.answer(answer) == http.tokens(scope=form.get("scope"), refresh_token=False)


@pytest.mark.parametrize(
    ("rules", "form", "query", "headers", "why"),
    [
        pytest.param(
            {"token": {"required": ["format"]}},
            {},
            "",
            [],
            "parameters.token.required has 'format', and the body has none; send 'format' there",
            id="missing",
        ),
        pytest.param(
            {"token": {"required": ["format"]}},
            {"format": ""},
            "",
            [],
            "the body has none; it came empty, which counts as left out",
            id="empty",
        ),
        pytest.param(
            {"token": {"required": ["query:format"]}},
            {"format": "json"},
            "",
            [],
            "has 'query:format', and the query has none; it came in the body: move it",
            id="in the body",
        ),
        pytest.param(
            {"client_credentials": {"required": ["format"]}},
            {},
            "format=json",
            [],
            "parameters.client_credentials.required has 'format', and the body has none; it came in the query: move it",
            id="in the query",
        ),
        pytest.param(
            {"token": {"required": ["body:x-api-key"]}},
            {},
            "",
            [("X-Api-Key", "k")],
            "the body has none; it came in the header: move it",
            id="in the header",
        ),
        pytest.param(
            {"token": {"required": ["format"]}},
            {"Format": "json"},
            "",
            [],
            "the body has none; it has 'Format': names are case-sensitive",
            id="another case",
        ),
        pytest.param(
            {"token": {"required": ["header:x-api-key"]}},
            {"x-api-key": "k"},
            "",
            [],
            "has 'header:x-api-key', and the header has none; it came in the body: move it",
            id="no header",
        ),
        pytest.param(
            {"token": {"required": ["query:format"]}},
            {},
            "format=a&format=b",
            [],
            "parameter 'format' came more than once in the query (RFC 6749 3.1, 3.2)",
            id="twice in the query",
        ),
        pytest.param(
            {"token": {"fixed": {"format": "json"}}},
            {"format": "JSON"},
            "",
            [],
            "parameters.token.fixed has 'format' = 'json', and the request has 'JSON'; send exactly that value, once",
            id="another value",
        ),
        pytest.param(
            {"token": {"fixed": {"header:x": "1"}}},
            {},
            "",
            [("X", "1"), ("X", "1")],
            "has 'header:x' = '1', and the request has",
            id="a header twice",
        ),
        pytest.param(
            {"token": {"fixed": {"format": "json"}}},
            {},
            "",
            [],
            "parameters.token.fixed has 'format', and the body has none; send 'format' there",
            id="fixed and missing",
        ),
        pytest.param(
            {"token": {"allowed": ["a"]}},
            {"b": "1"},
            "",
            [],
            "parameters.token.allowed is ['a'], and the body has 'b'; to allow it, add 'b'",
            id="not allowed",
        ),
        pytest.param(
            {"client_credentials": {"allowed": ["a"]}},
            {},
            "a=1",
            [],
            "parameters.client_credentials.allowed is ['a'], and the query has 'a'; to allow it, add 'query:a'",
            id="not allowed there",
        ),
        pytest.param(
            {"token": {"allowed": []}}, {"username": "alice"}, "", [], "the body has 'username'", id="another grant's"
        ),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(
    http: typing.Any,
    rules: dict[str, typing.Any],
    form: dict[str, str],
    *,
    query: str,
    headers: list[tuple[str, str]],
    why: str,
) -> None:
    """RFC 6749 5.2: invalid_request, and the tester learns key, place and remedy."""
    http = served(http, parameters=rules)
    answer = http.token({"grant_type": "client_credentials", **form}, basic=_CRM, query=query, headers=headers)

    assert http.answer(answer) == http.refused(400, "invalid_request")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("rules", "sent", "why"),
    [
        pytest.param({"required": ["audience"]}, {"audience": "api"}, None, id="there"),
        pytest.param({"required": ["audience"]}, {}, "parameters.authorize.required has 'audience'", id="missing"),
        pytest.param({"required": ["header:x-api"]}, {}, "the header has none; send 'x-api' there", id="header"),
        pytest.param({"fixed": {"access_type": "offline"}}, {"access_type": "offline"}, None, id="fixed"),
        pytest.param({"fixed": {"query:access_type": "offline"}}, {"access_type": "online"}, "'offline'", id="wrong"),
        pytest.param({"allowed": ["a"]}, {"a": "1", "nonce": "n", "prompt": "consent"}, None, id="allowed"),
        pytest.param({"allowed": ["a"]}, {"b": "1"}, "to allow it, add 'b'", id="not allowed"),
    ],
)
def test_the_authorization_endpoint_has_rules_of_its_own(
    http: typing.Any, rules: dict[str, typing.Any], sent: dict[str, str], why: str | None
) -> None:
    """RFC 6749 4.1.2.1: a refusal goes back to the client with its state."""
    http = served(http, parameters={"authorize": rules})
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "state": "s", **sent}
    callback = http.callback(http.authorize(query))

    if why is None:
        assert callback == (302, _CALLBACK, [("code", http.some.code), ("state", "s")], "no-store")
        return
    refusal = [("error", "invalid_request"), ("error_description", http.some.description), ("state", "s")]
    assert callback == (302, _CALLBACK, refusal, "no-store")
    assert why in http.mock.journal.last.why


def test_the_page_of_the_authorization_endpoint_is_under_no_rule(http: typing.Any) -> None:
    """RFC 6749 3.1: the form is the server's own."""
    mock = OAuthMock(issuer="http://localhost", parameters={"authorize": {"allowed": []}})
    mock.client("crm", client_secret="s3cret")
    http = type(http)(mock)
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "scope": "a"}

    assert http.callback(http.authorize(query, {"user": "user", "scope": "a"}))[2] == [("code", http.some.code)]


def test_rules_know_case_where_it_does_not_count(http: typing.Any) -> None:
    """RFC 6749 3.2 has names exact; `case_insensitive_parameters` does not."""
    rules = {"token": {"required": ["Format"], "fixed": {"query:Version": "1"}, "allowed": []}}
    http = served(http, parameters=rules, case_insensitive_parameters=True)
    form = {"Grant_Type": "client_credentials", "FORMAT": "json"}

    assert http.token(form, basic=_CRM, query="VERSION=1").status_code == 200
    assert http.token({**form, "Other": "1"}, basic=_CRM, query="version=1").status_code == 400


def test_rules_hold_where_parameters_may_come_in_the_url(http: typing.Any) -> None:
    """RFC 6749 4 has them in the body; with `request_encodings` a client may have them in the query."""
    http = served(http, parameters={"token": {"required": ["format"]}}, request_encodings=["form", "query"])

    assert http.token({}, basic=_CRM, query="grant_type=client_credentials&format=json").status_code == 200
    assert http.token({}, basic=_CRM, query="grant_type=client_credentials").status_code == 400


@pytest.mark.parametrize("rule", [{"required": ["header:x-api-key"]}, {"fixed": {"header:x-api-key": "k3y"}}])
@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_provider_has_a_status_of_its_own_for_what_is_missing(
    http: typing.Any, rule: dict[str, typing.Any], status: int
) -> None:
    """RFC 6749 5.2: the error is the same; with the header the request is served."""
    http = served(http, parameters={"token": {**rule, "status": status}})
    form = {"grant_type": "client_credentials"}

    assert http.answer(http.token(form, basic=_CRM)) == http.refused(status, "invalid_request")
    assert http.token(form, basic=_CRM, headers=[("x-api-key", "k3y")]).status_code == 200
    if "fixed" in rule:
        other = http.token(form, basic=_CRM, headers=[("x-api-key", "other")])
        assert http.answer(other) == http.refused(status, "invalid_request")


def test_at_the_authorization_endpoint_the_browser_is_sent_back_whatever_the_status(http: typing.Any) -> None:
    """RFC 6749 4.1.2.1."""
    http = served(http, parameters={"authorize": {"required": ["owner"], "status": 403}})
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK}

    status, where, parameters, _ = http.callback(http.authorize(query))

    assert (status, where, dict(parameters)["error"]) == (302, _CALLBACK, "invalid_request")
