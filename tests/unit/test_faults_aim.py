"""Which requests a fault strikes, and how often; and faults that could strike none."""

from __future__ import annotations

import json
import pathlib
import typing

import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import tokens
from mockserver.faults import FAULTS
from mockserver.server import Issuer

_CREDENTIALS = {"grant_type": "client_credentials"}


def _ask(http: Client, *, client: str = "crm", path: str = "/token", **form: str) -> int:
    sent = {**_CREDENTIALS, "client_id": client, "client_secret": f"secret-of-{client}", **form}
    return http.post(path, data=sent).status_code


@pytest.fixture
def two(mock: OAuthMock) -> OAuthMock:
    """With two clients."""
    for name in ("crm", "erp"):
        mock.client(name, client_secret=f"secret-of-{name}")
    return mock


@pytest.mark.parametrize(
    ("aim", "struck"),
    [
        pytest.param({}, [1], id="the first"),
        pytest.param({"times": 3}, [1, 2, 3], id="the first three, then good"),
        pytest.param({"nth": 4}, [4], id="the fourth"),
        pytest.param({"nth": 4, "times": 2}, [4, 5], id="two from the fourth on"),
        pytest.param({"every": 3}, [3, 6, 9], id="each third"),
        pytest.param({"every": 3, "nth": 1}, [1, 4, 7], id="each third from the first on"),
        pytest.param({"every": 3, "times": 2}, [3, 6], id="each third, twice"),
        pytest.param({"always": True}, [1, 2, 3, 4, 5, 6, 7, 8, 9], id="always"),
        pytest.param({"always": True, "nth": 8}, [8, 9], id="always from the eighth on"),
        pytest.param({"chance": 0.3, "seed": 7}, [2, 4, 7, 9], id="some"),
        pytest.param({"chance": 0.3, "seed": 7, "times": 2}, [2, 4], id="two of some"),
    ],
)
def test_some_of_nine_requests_are_struck(
    two: OAuthMock, http: Client, aim: dict[str, typing.Any], struck: list[int]
) -> None:
    """The same ones in every run; what is returned counts them."""
    armed = two.token_endpoint.fail(503, **aim)

    answers = [_ask(http) for _ in range(9)]

    assert [number for number, status in enumerate(answers, 1) if status == 503] == struck
    assert armed.hits == len(struck)


def test_the_nth_is_counted_from_the_start(two: OAuthMock, http: Client) -> None:
    """Whether another fault struck those before or not."""
    two.token_endpoint.fail(500)
    two.token_endpoint.fail(502, nth=2)
    two.token_endpoint.fail(504, nth=4)

    two.token_endpoint.send_with(status=201, nth=3)
    two.token_endpoint.forge("expired", nth=5)

    assert [_ask(http) for _ in range(5)] == [500, 502, 201, 504, 200]
    assert [exchange.fault.partition("(")[0] for exchange in two.journal] == [
        *("fail", "fail", "send_with", "fail", "forge"),
    ]


def test_what_is_armed_while_a_request_is_under_way_may_strike_it(
    two: OAuthMock, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts from there."""

    def meanwhile(*decided: typing.Any) -> typing.Any:
        two.token_endpoint.send_with(status=201)
        return tokens.mint(*decided)

    monkeypatch.setattr("mockserver.endpoints.token.mint", meanwhile)

    assert _ask(http) == 201


def test_a_client_alone_is_struck(two: OAuthMock, http: Client) -> None:
    """Whichever way it says who it is; counted are its requests alone."""
    two.token_endpoint.fail(503, client="erp", nth=2)
    two.token_endpoint.fail(500, client="crm", nth=4)

    assert [_ask(http, client=name) for name in ("erp", "crm", "crm", "erp", "erp", "crm", "crm")] == [
        *(200, 200, 200, 503),
        *(200, 200, 500),
    ]
    basic = {"Authorization": "Basic Y3JtOnNlY3JldC1vZi1jcm0="}
    two.token_endpoint.fail(502, client="crm")
    assert http.post("/token", data=_CREDENTIALS, headers=basic).status_code == 502


def test_a_registered_client_may_be_given_itself(mock: OAuthMock, http: Client) -> None:
    """What `client` returned, in place of its `client_id`."""
    client, other = mock.client(), mock.client()
    armed = mock.token_endpoint.fail(503, client=client)

    assert str(armed) == f"fail(503) at token for client '{client.client_id}', hit 0 of 1 times"
    assert repr(armed) == f"<Armed: {armed}>"
    form = {**_CREDENTIALS, "client_id": other.client_id, "client_secret": other.client_secret}
    assert http.post("/token", data=form).status_code == 200
    assert armed.hits == 0


def test_a_grant_alone_is_struck(two: OAuthMock, http: Client) -> None:
    """At the token endpoint the one that is asked for."""
    two.user("alice", password="wonderland")
    two.token_endpoint.fail(503, grant="password", always=True)
    password = {"grant_type": "password", "username": "alice", "password": "wonderland"}

    assert [_ask(http), _ask(http, **password), _ask(http), _ask(http, **password)] == [200, 503, 200, 503]


def test_at_an_api_the_token_says_whose_request_it_is(two: OAuthMock, http: Client) -> None:
    """Client and grant; a request without a token is nobody's."""
    orders = two.protect("/orders", json=[])
    orders.fail(503, client="erp", always=True)
    orders.fail(500, grant="client_credentials", always=True)
    shop = two.client("shop")

    def fetched(token: str) -> int:
        return http.get("/orders", headers={"Authorization": f"Bearer {token}"}).status_code

    def token_of(client: str) -> str:
        _ask(http, client=client)
        return two.tokens.last.access_token

    assert [fetched(token) for token in (token_of("crm"), token_of("erp"), shop.grant().access_token)] == [
        500,
        503,
        200,
    ]
    assert http.get("/orders").status_code == 401


def test_at_the_authorization_endpoint_the_query_says_it(two: OAuthMock, http: Client) -> None:
    two.authorization_endpoint.fail(503, client="erp")

    assert http.get("/authorize?client_id=crm").status_code == 400
    assert http.get("/authorize?client_id=erp").status_code == 503


def test_an_outage_is_over_when_it_is_disarmed(two: OAuthMock, http: Client) -> None:
    """From then on it strikes nobody, and is no longer armed."""
    outage = two.token_endpoint.fail(503, always=True)
    during = [_ask(http) for _ in range(3)]
    outage.disarm()

    assert (during, _ask(http), outage.hits, list(two.state.faults)) == ([503] * 3, 200, 3, [])


def test_what_never_struck_is_known_whatever_its_number(two: OAuthMock, http: Client) -> None:
    """For the verdict: an outage that nobody met, a ninth request that never came."""
    two.token_endpoint.fail(503, always=True, client="erp")
    two.token_endpoint.delay(1, nth=9)
    two.token_endpoint.delay(1, nth=9, optional=True)
    _ask(http)

    assert [str(armed) for armed in two.state.faults.unused()] == [
        "fail(503) at token for client 'erp', hit 0 times",
        "delay(1) at token, hit 0 of 1 times",
    ]


# -- by table ----------------------------------------------------------------------------------------------------------

_TABLES: dict[str, dict[str, typing.Any]] = {
    "fail": {"status": 503, "retry_after": 3, "client": "crm", "grant": "client_credentials", "times": 2},
    "reply": {"status": 202, "json": {"errcode": 40029}, "headers": {"X-One": ["1", "2"]}},
    "redirect": {"status": 307, "to": "https://elsewhere.example/token", "always": True},
    "never_answer": {},
    "hold": {"n": 3, "timeout": 0.5},
    "expire_token": {},
    "revoke_token": {"every": 2},
    "withdraw_consent": {},
    "rotate_secret": {"overlap": 60.0},
    "rotate_keys": {"overlap": True},
    "refuse": {"error": "server_error"},
    "narrow": {"scope": "orders:read"},
    "forge": {"flaw": "expired", "token": "id_token"},
    "alter": {"members": {"expires_in": "3600"}, "without": ["scope"], "null": ["refresh_token"]},
    "send_as": {"representation": "form", "content_type": "text/plain"},
    "truncate": {"keep": 20},
    "send_with": {"status": 201, "without": ["Content-Type"]},
    "delay": {"seconds": 0.5, "before": "body", "chance": 0.5, "seed": 3},
    "drip": {"seconds": 1.0, "pieces": 4},
    "lose_answer": {"optional": True},
    "cut": {"at": "in_head", "reset": True},
    "garbage": {"size": 64, "seed": 9},
    "frame_as": {"framing": "chunked", "nth": 2},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_the_same_in_python_in_toml_and_in_json(name: str, tmp_path: pathlib.Path) -> None:
    """One name, one set of keys; the settings arm it again after a reset."""
    endpoint = "authorize" if name == "refuse" else "token"
    table = {"fault": name, "endpoint": endpoint, **_TABLES[name]}
    file = tmp_path / "oauthmock.toml"
    keys = "\n".join(f"{key} = {_toml(value)}" for key, value in table.items())
    file.write_text(f'[[clients]]\nclient_id = "crm"\n\n[[faults]]\n{keys}\n')
    by_toml = OAuthMock(config=file)
    by_json, by_verb = OAuthMock(), OAuthMock()
    for mock in (by_json, by_verb):
        mock.client("crm")
    by_json.arm(json.loads(json.dumps(table)))
    handle = by_verb.authorization_endpoint if name == "refuse" else by_verb.token_endpoint
    first = {"reply": "status", "alter": "members", "narrow": "scope"}.get(name)
    positional = [_TABLES[name][first]] if first else []
    getattr(handle, name)(*positional, **{key: value for key, value in _TABLES[name].items() if key != first})

    [armed] = by_toml.state.faults
    by_toml.reset()
    for mock in (by_toml, by_json, by_verb):
        [other] = mock.state.faults
        assert (other.fault, other.place, other.aim) == (armed.fault, armed.place, armed.aim)
    assert armed.fault.name == name
    # And back: the keys that were written, those that say what is so anyway aside
    again = by_json.arm(json.loads(json.dumps(armed.table())))
    assert (again.fault, again.place, again.aim) == (armed.fault, armed.place, armed.aim)
    assert armed.table() == table


def _toml(value: typing.Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
    return json.dumps(value)


def test_an_issuer_has_faults_of_its_own(http: Client) -> None:
    """Further issuers do not take over the server's."""
    fault = {"fault": "fail", "endpoint": "jwks", "status": 503}
    mock = OAuthMock(issuer="http://localhost", faults=[fault], issuers={"a": {}, "b": {"faults": [fault]}})
    mock.issuer("c", faults=[{**fault, "status": 500}])
    client = Client(mock.wsgi)

    assert [client.get(f"{path}/jwks").status_code for path in ("", "/a", "/b", "/c")] == [503, 200, 503, 500]


def test_one_path_of_the_echo_is_struck(mock: OAuthMock, http: Client) -> None:
    mock.arm({"fault": "fail", "endpoint": "api", "path": "/api/orders", "status": 503})

    assert [http.get(path).status_code for path in ("/api/items", "/api/orders")] == [401, 503]


# -- what could never strike -------------------------------------------------------------------------------------------

_NEVER = [
    pytest.param({"fault": "fial"}, "fault", "fault = 'fial': no such fault; did you mean 'fail'?", id="fault"),
    pytest.param({"endpoint": "token"}, "", "fault is missing; known are ", id="no fault"),
    pytest.param({"endpoint": "tokn"}, "endpoint", "no such endpoint; did you mean 'token'?", id="endpoint"),
    pytest.param({"endpoint": "refresh"}, "endpoint", "endpoint = 'refresh': no such endpoint", id="no such path"),
    pytest.param({"endpoint": None}, "", "endpoint is missing; known are api, authorization_server", id="no endpoint"),
    pytest.param({"path": "/orders"}, "path", "only the endpoint 'api' has paths, such as '/api/orders'", id="path"),
    pytest.param({"client": "cmr"}, "client", "no such client; did you mean 'crm'?; a client is reg", id="client"),
    pytest.param({"grant": "pasword"}, "grant", "no such grant; did you mean 'password'?", id="grant"),
    pytest.param(
        {"client": "crm", "grant": "password"},
        "grant",
        "grant = 'password': client 'crm' may not use it; it may use client_credentials",
        id="grant of the client",
    ),
    pytest.param({"endpoint": "jwks", "client": "crm"}, "client", "requests to jwks are nobody's", id="nobody's"),
    pytest.param(
        {"endpoint": "authorize", "grant": "password"}, "grant", "requests to authorize are of no grant", id="no grant"
    ),
    pytest.param(
        {"fault": "forge", "flaw": "expired", "endpoint": "jwks", "status": None},
        "endpoint",
        "forge never strikes at jwks; arm it at token",
        id="stage",
    ),
    pytest.param(
        {"fault": "refuse", "error": "server_error", "status": None},
        "endpoint",
        "refuse never strikes at token; arm it at authorize",
        id="no browser",
    ),
    pytest.param({"tmes": 2}, "tmes", "unknown key 'tmes' of the fault 'fail'; did you mean 'times'?", id="key"),
    pytest.param({"status": "503"}, "status", "status = '503': expected `int`, got `str`", id="type"),
    pytest.param({"status": None}, "", "status is missing; add it", id="missing"),
    pytest.param({"status": 200}, "", "a failure has a status from 400 to 599", id="value"),
    pytest.param({"times": 0}, "", "times = 0: a fault strikes at least once; write times=1 or more", id="times"),
    pytest.param({"nth": 0}, "", "nth = 0: requests are counted from 1; write nth=1 or more", id="nth"),
    pytest.param({"every": -1}, "", "every = -1: requests are counted from 1", id="every"),
    pytest.param({"times": 2, "always": True}, "", "times = 2 and always exclude each other; drop one", id="both"),
    pytest.param({"chance": 1.5}, "", "chance = 1.5: write more than 0 and less than 1, e.g. 0.3", id="chance"),
    pytest.param(
        {"fault": "hold", "n": 2, "status": None, "times": 2}, "times", "hold strikes n requests; leave", id="hold"
    ),
]


@pytest.mark.parametrize(("change", "key", "message"), _NEVER)
def test_a_fault_that_could_never_strike_is_refused(
    change: dict[str, typing.Any], key: str, message: str, tmp_path: pathlib.Path
) -> None:
    """By file, line, key and remedy before the server starts, or at the call, and nothing is armed."""
    plain = {"fault": "fail", "endpoint": "token", "status": 503}
    base = {} if "fault" not in change and change == {"endpoint": "token"} else plain
    table = {name: value for name, value in {**base, **change}.items() if value is not None}
    file = tmp_path / "oauthmock.toml"
    lines = ["[[clients]]", 'client_id = "crm"', 'grant_types = ["client_credentials"]', "", "[[faults]]"]
    lines += [f"{name} = {_toml(value)}" for name, value in table.items()]
    file.write_text("\n".join(lines) + "\n")
    line = 5 if not key else 6 + list(table).index(key)
    mock = OAuthMock()
    mock.client("crm", grant_types=["client_credentials"])

    with pytest.raises(ConfigurationError) as by_toml:
        OAuthMock(config=file)
    with pytest.raises(ConfigurationError) as by_call:
        mock.arm(table)

    told = str(by_toml.value).splitlines()
    assert [text for text in told if text.startswith(f"{file}:{line}: faults[0]") and message in text] == told
    assert message in str(by_call.value)
    assert str(by_call.value).startswith("arm({")
    assert list(mock.state.faults) == []


def test_every_wrong_fault_is_told_at_once(tmp_path: pathlib.Path) -> None:
    """As with every other key."""
    file = tmp_path / "oauthmock.toml"
    file.write_text('[[faults]]\nfault = "fial"\n\n[[faults]]\nfault = "delay"\nendpoint = "tokn"\nsecond = 1\n')

    with pytest.raises(ConfigurationError) as caught:
        OAuthMock(config=file)

    assert str(caught.value).splitlines() == [
        f"{file}:2: faults[0].fault: fault = 'fial': no such fault; did you mean 'fail'?",
        f"{file}:7: faults[1].second: unknown key 'second' of the fault 'delay'; did you mean 'seconds'?",
        f"{file}:4: faults[1]: seconds is missing; add it",
        f"{file}:6: faults[1].endpoint: endpoint = 'tokn': no such endpoint; did you mean 'token'?",
    ]


def test_a_refresh_elsewhere_is_of_no_other_grant() -> None:
    """Where `paths` has a `refresh`."""
    mock = OAuthMock(paths={"refresh": "/renew"})
    mock.arm({"fault": "fail", "endpoint": "refresh", "status": 503, "grant": "refresh_token"})

    with pytest.raises(ConfigurationError, match="grant = 'refresh_token' is never served at token; arm it at refresh"):
        mock.token_endpoint.fail(503, grant="refresh_token")
    with pytest.raises(ConfigurationError, match="grant = 'password' is never served at refresh; arm it at token"):
        mock.refresh_endpoint.fail(503, grant="password")


def test_without_a_client_the_remedy_is_to_register_one(mock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError, match=r"fail\(503, client='crm'\): .*; none is registered yet; register it"):
        mock.token_endpoint.fail(503, client="crm")
    with pytest.raises(ConfigurationError, match=r"fail\(client=7\): write a client_id, or what oauthmock.client\(\)"):
        mock.token_endpoint.fail(503, client=7)  # type: ignore[arg-type]


def test_handles_know_the_metadata_documents(mock: OAuthMock, http: Client) -> None:
    """Both can be made to fail."""
    issuer: Issuer = mock
    issuer.openid_configuration_endpoint.fail(500)
    issuer.authorization_server_endpoint.fail(502)

    assert http.get("/.well-known/openid-configuration").status_code == 500
    assert http.get("/.well-known/oauth-authorization-server").status_code == 502
