"""RFC 6749 2.3, RFC 7591 3.2.1: where a secret goes, how many are good and how long; clients that are switched off."""

from __future__ import annotations

import base64
import itertools
import typing
import urllib.parse

import pytest
import time_machine

from mockserver import ConfigurationError
from mockserver import OAuthMock

_NOW = 1_800_000_000
_CHALLENGE = 'Basic realm="token endpoint"'
_BODY = {"grant_type": "client_credentials"}
# Every character that form-urlencoding changes, and one beyond ASCII
_SECRET = ":%+ /=&é"

METHODS = {
    "client_secret_basic": "Basic",
    "client_secret_post": None,
    "client_secret_json": None,
    "client_secret_query": None,
    "client_secret_bearer": "Bearer",
}
_SCHEME = {method: None if scheme is None else f'{scheme} realm="token endpoint"' for method, scheme in METHODS.items()}


def sent(http: typing.Any, method: str, secret: str, client_id: str = "crm") -> typing.Any:
    """A token request by client credentials with the secret in one of the places."""
    credentials = {"client_id": client_id, "client_secret": secret}
    if method == "client_secret_basic":
        return http.token(_BODY, basic=(client_id, secret))
    if method == "client_secret_post":
        return http.token({**_BODY, **credentials})
    if method == "client_secret_json":
        return http.token_as_json({**_BODY, **credentials})
    if method == "client_secret_query":
        return http.token(_BODY, query=urllib.parse.urlencode(credentials))
    return http.token({**_BODY, "client_id": client_id}, headers=[("Authorization", f"Bearer {secret}")])


def refused(http: typing.Any, response: typing.Any, why: str, challenge: str | None = None) -> None:
    assert http.answer(response) == http.refused(401, "invalid_client", challenge=challenge)
    assert why in http.mock.journal.last.why


def taken(http: typing.Any, response: typing.Any) -> None:
    assert http.answer(response) == http.tokens(refresh_token=False)


# -- how many, how long ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_several_secrets_are_good_at_once(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """Each of them; the first is what the client is told."""
    client = mock.client("crm", client_secret=["one", "two", "three"], token_endpoint_auth_method=method)
    mock.client("erp", client_secret="six")

    assert client.client_secret == "one"
    for secret in ("one", "two", "three"):
        taken(http, sent(http, method, secret))
        assert (mock.journal.last.client_id, mock.journal.last.client_auth) == ("crm", method)
    for secret, how in (
        ("four", "4 characters were sent, the registered one has 3"),
        ("six", "it is the secret of client 'erp'"),
    ):
        why = f"the secret of client 'crm' is wrong: {how} ({method})"
        assert http.told(sent(http, method, secret)) == (401, "invalid_client", "Client authentication failed.", why)
        refused(http, sent(http, method, secret), why, _SCHEME[method])


@pytest.mark.parametrize("method", METHODS)
def test_a_secret_is_rotated(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """The old one is good as long as the two overlap, by the server's clock; the new one for ever."""
    with time_machine.travel(_NOW, tick=False):
        client = mock.client("crm", client_secret="old", token_endpoint_auth_method=method)
        assert client.rotate_secret("new", overlap=60) == "new" == client.client_secret
        taken(http, sent(http, method, "old"))
        mock.clock.advance(seconds=59)
        taken(http, sent(http, method, "old"))
        mock.clock.advance(seconds=1)
        why = f"this secret of client 'crm' expired 0 s ago ({method})"
        refused(http, sent(http, method, "old"), why, _SCHEME[method])
        mock.clock.advance(days=1)
        why = f"this secret of client 'crm' expired 86400 s ago ({method})"
        refused(http, sent(http, method, "old"), why, _SCHEME[method])

        taken(http, sent(http, method, "new"))


def test_a_secret_is_rotated_without_overlap(mock: OAuthMock, http: typing.Any) -> None:
    """The old one is refused at once; the new one is made up, and different each time."""
    client = mock.client("crm", client_secret="old", token_endpoint_auth_method="client_secret_post")
    made = [client.rotate_secret() for _ in range(3)]

    assert len({*made}) == 3
    assert all(len(secret) == 50 and secret.startswith("oam_cs_") for secret in made)
    for secret in ("old", *made[:2]):
        refused(http, sent(http, "client_secret_post", secret), "this secret of client 'crm' expired ")
    taken(http, sent(http, "client_secret_post", made[2]))


def test_rotations_in_a_row_keep_the_earlier_end(mock: OAuthMock, http: typing.Any) -> None:
    """An overlap never makes a secret live longer than it would have; a secret may come back."""
    with time_machine.travel(_NOW, tick=False):
        client = mock.client("crm", client_secret="a", token_endpoint_auth_method="client_secret_post")
        client.rotate_secret("b", overlap=10)
        client.rotate_secret("c", overlap=100)
        mock.clock.advance(seconds=10)
        refused(http, sent(http, "client_secret_post", "a"), "expired 0 s ago")
        taken(http, sent(http, "client_secret_post", "b"))
        client.rotate_secret("a")

        taken(http, sent(http, "client_secret_post", "a"))
        refused(http, sent(http, "client_secret_post", "c"), "expired 0 s ago")


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_what_was_granted_outlives_the_secret(mock: OAuthMock, http: typing.Any, grant_type: str) -> None:
    """A code and a refresh token are the client's, whichever secret it has by now; the old one costs them nothing."""
    client = mock.client("crm", client_secret="old", token_endpoint_auth_method="client_secret_post")
    if grant_type == "refresh_token":
        grant = {"refresh_token": client.grant(user="alice", scope="a").refresh_token}
    else:
        grant = {"code": client.issue_code(user="alice", scope="a")}
    client.rotate_secret("new")
    body = {"grant_type": grant_type, "client_id": "crm", **grant}

    refused(http, http.token({**body, "client_secret": "old"}), "this secret of client 'crm' expired 0 s ago")
    assert http.answer(http.token({**body, "client_secret": "new"})) == http.tokens(scope="a")


def test_all_secrets_expire(mock: OAuthMock, http: typing.Any) -> None:
    """`expire_secret`, as when a vault was read: nothing opens any more until there is a new one."""
    client = mock.client("crm", client_secret=["a", "b"], token_endpoint_auth_method="client_secret_post")
    client.expire_secret()

    for secret in ("a", "b"):
        refused(http, sent(http, "client_secret_post", secret), "this secret of client 'crm' expired 0 s ago")
    refused(http, sent(http, "client_secret_post", "c"), "the secret of client 'crm' is wrong")
    taken(http, sent(http, "client_secret_post", client.rotate_secret()))


def test_a_secret_expires_when_it_was_registered_to(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7591 3.2.1: `client_secret_expires_at`, seconds since the epoch; 0 is never."""
    with time_machine.travel(_NOW, tick=False):
        method = "client_secret_post"
        mock.client("crm", client_secret="s", client_secret_expires_at=_NOW + 60, token_endpoint_auth_method=method)
        mock.client("erp", client_secret="t", client_secret_expires_at=0, token_endpoint_auth_method=method)
        mock.client("old", client_secret="u", client_secret_expires_at=1, token_endpoint_auth_method=method)
        taken(http, sent(http, method, "s"))
        mock.clock.skew(seconds=3600)  # the client's clock is another matter
        taken(http, sent(http, method, "s"))
        mock.clock.advance(seconds=60)

        refused(http, sent(http, method, "s"), "this secret of client 'crm' expired 0 s ago (client_secret_post)")
        taken(http, sent(http, method, "t", "erp"))
        refused(http, sent(http, method, "u", "old"), f"this secret of client 'old' expired {_NOW + 59} s ago")


def test_an_assertion_under_an_expired_secret_is_refused(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7523 3: `client_secret_jwt` signs with a live one; within the overlap the old one is live."""
    urn = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    client = mock.client("crm", token_endpoint_auth_method="client_secret_jwt")
    old = [client.client_assertion(lifetime=3600) for _ in range(3)]
    client.rotate_secret(overlap=60)
    taken(http, http.token({**_BODY, "client_assertion_type": urn, "client_assertion": old[0]}))
    mock.clock.advance(seconds=60)
    why = "it is signed with a secret that has expired; was the secret rotated? (client_secret_jwt)"
    refused(http, http.token({**_BODY, "client_assertion_type": urn, "client_assertion": old[1]}), why)
    new = client.client_assertion()
    taken(http, http.token({**_BODY, "client_assertion_type": urn, "client_assertion": new}))
    client.expire_secret()
    new = client.client_assertion()
    refused(http, http.token({**_BODY, "client_assertion_type": urn, "client_assertion": new}), why)


@pytest.mark.parametrize("method", METHODS)
def test_a_client_is_switched_off_and_on(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """Refused with the right secret; what it holds already stays good."""
    client = mock.client("crm", client_secret="s", token_endpoint_auth_method=method)
    token = client.grant(user="alice").access_token
    client.disable()
    refused(http, sent(http, method, "s"), "client 'crm' is disabled; to switch it on", _SCHEME[method])
    assert http.api(token).status_code == 200
    client.enable()

    taken(http, sent(http, method, "s"))


def test_a_disabled_client_gets_no_code(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: it is told on a page, as an unknown one is, and the browser is not sent anywhere."""
    mock.client("crm", disabled=True, redirect_uris=["https://crm.example/cb"])
    response = http.authorize({"response_type": "code", "client_id": "crm", "redirect_uri": "https://crm.example/cb"})

    assert (response.status_code, response.mimetype, response.location) == (400, "text/html", None)
    assert "client 'crm' is disabled" in mock.journal.last.why


@pytest.mark.parametrize("method", ["private_key_jwt", "none"])
def test_a_client_without_secret_has_none_to_change(mock: OAuthMock, method: str) -> None:
    """It would be given one that no request could use."""
    client = mock.client("crm", token_endpoint_auth_method=method)
    for change in (client.rotate_secret, client.expire_secret):
        with pytest.raises(ConfigurationError, match=f"registered with {method} and has no secret; register it with"):
            change()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"client_secret": ""}, "client 'crm': client_secret is empty; write one, or leave it out"),
        ({"overlap": -1}, "client 'crm': overlap = -1: write seconds, 0 or more"),
        ({"overlap": float("nan")}, "client 'crm': overlap = nan: write seconds, 0 or more"),
    ],
)
def test_a_rotation_that_cannot_be_meant_is_refused(
    mock: OAuthMock, http: typing.Any, arguments: dict[str, typing.Any], message: str
) -> None:
    """And changes nothing."""
    client = mock.client("crm", client_secret="s", token_endpoint_auth_method="client_secret_post")
    with pytest.raises(ConfigurationError) as caught:
        client.rotate_secret(**arguments)

    assert message in str(caught.value)
    taken(http, sent(http, "client_secret_post", "s"))


def test_a_client_of_before_a_reset_is_not_changed(mock: OAuthMock) -> None:
    """A handle that outlived its server's state does not bring the client back."""
    client = mock.client("crm")
    mock.reset()
    for change in (client.rotate_secret, client.expire_secret, client.disable, client.enable):
        with pytest.raises(ConfigurationError, match="client 'crm' is not registered any more: a reset came between"):
            change()
    assert "crm" not in mock.state.issuers[""].clients


# -- where -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("used", "registered"), [*itertools.permutations(METHODS, 2)])
def test_a_secret_in_another_place_is_refused(mock: OAuthMock, http: typing.Any, used: str, registered: str) -> None:
    """RFC 6749 2.3.1: the right secret by a method that is not registered; then by the one that is."""
    mock.client("crm", client_secret="s3cret", token_endpoint_auth_method=registered)

    response = sent(http, used, "s3cret")
    # A Bearer header counts only for clients that are registered for it: what is left is the client_id
    seen = "none" if used == "client_secret_bearer" else used
    challenge = _CHALLENGE if METHODS[used] else None
    why = f"client 'crm' is registered with {registered}; the request sent {seen} (RFC 6749 2.3.1)"
    refused(http, response, why, challenge)
    taken(http, sent(http, registered, "s3cret"))
    assert mock.journal.last.client_auth == registered


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pair
        for pair in itertools.combinations(METHODS, 2)
        if not {"client_secret_post", "client_secret_json"} <= {*pair}  # a body is one or the other
        and not {"client_secret_basic", "client_secret_bearer"} <= {*pair}  # and so is a header
    ],
)
@pytest.mark.parametrize("policy", ["reject", "prefer_header", "prefer_body"])
@pytest.mark.parametrize("wrong", [None, "first", "second"])
def test_two_secrets_at_once(http: typing.Any, policy: str, first: str, second: str, wrong: str | None) -> None:
    """RFC 6749 2.3: refused, or one of them counts and the other is not looked at; two outside the header always."""
    pair = (first, second)
    http.mock.client("crm", client_secret="s", token_endpoint_auth_method=pair, both_at_once=policy)
    secrets = {first: "x" if wrong == "first" else "s", second: "x" if wrong == "second" else "s"}
    credentials = {method: {"client_id": "crm", "client_secret": secret} for method, secret in secrets.items()}
    headers = {}
    if "client_secret_basic" in pair:
        headers["Authorization"] = http.basic("crm", secrets["client_secret_basic"])
    if "client_secret_bearer" in pair:
        headers["Authorization"] = f"Bearer {secrets['client_secret_bearer']}"
    query = credentials.get("client_secret_query", {})
    if "client_secret_json" in pair:
        body: dict[str, typing.Any] = {"json": {**_BODY, **credentials["client_secret_json"]}}
    else:
        body = {"data": {**_BODY, **credentials.get("client_secret_post", {})}}

    response = http.client.post("/token", headers=headers, query_string=query, **body)

    in_header = next((method for method in pair if METHODS[method]), None)
    counts = None
    if in_header is not None and policy != "reject":
        counts = in_header if policy == "prefer_header" else next(method for method in pair if method != in_header)
    if counts is None:
        assert http.answer(response) == http.refused(400, "invalid_request")
        assert "the request authenticates twice, by " in http.mock.journal.last.why
        assert {*http.mock.journal.last.client_auth.split("+")} == {*pair}
    elif secrets[counts] == "s":
        taken(http, response)
        assert http.mock.journal.last.client_auth == counts
    else:
        assert response.status_code == 401
        assert f"({counts})" in http.mock.journal.last.why


def test_both_at_once_may_be_the_issuers(http: typing.Any) -> None:
    """An unknown client is judged by the issuer's policy."""
    server = OAuthMock(issuer="http://localhost", both_at_once="prefer_body")
    http = type(http)(server)
    server.client("crm", client_secret="s")
    body = {**_BODY, "client_id": "crm", "client_secret": "s"}

    taken(http, http.token(body, basic=("nobody", "x")))
    taken(http, http.token(body, headers=[("Authorization", "Basic !!!")]))
    refused(http, http.token({**body, "client_id": "erp"}, basic=("nobody", "x")), "no client is called", _CHALLENGE)
    assert server.exceptions == []


@pytest.mark.parametrize("policy", ["reject", "prefer_header", "prefer_body"])
def test_a_client_id_beside_basic_is_one_method(mock: OAuthMock, http: typing.Any, policy: str) -> None:
    """RFC 6749 3.2.1: it identifies and is no second secret; another one contradicts, in the body and in the URL."""
    mock.client("crm", client_secret="s", both_at_once=policy, token_endpoint_auth_method="client_secret_basic")
    mock.client("erp", client_secret="t")

    taken(http, http.token({**_BODY, "client_id": "crm"}, basic=("crm", "s")))
    for place in ("body", "URL"):
        body, query = ({**_BODY, "client_id": "erp"}, "") if place == "body" else (_BODY, "client_id=erp")
        response = http.token(body, basic=("crm", "s"), query=query)
        assert http.answer(response) == http.refused(400, "invalid_request")
        why = f"by client_secret_basic the client is 'crm', the {place} says 'erp' (RFC 6749 2.3)"
        assert mock.journal.last.why == why


@pytest.mark.parametrize("header", ["Bearer stale", "Bearer ", "bearer a b c", "Bearer é"])
@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_json", "client_secret_query"])
def test_a_stale_bearer_token_counts_for_nothing(mock: OAuthMock, http: typing.Any, method: str, header: str) -> None:
    """Clients that send one with every request are no rarity; it is a secret for those alone that are registered so."""
    mock.client("crm", client_secret="s", token_endpoint_auth_method=method)
    mock.client("erp", client_secret="s", token_endpoint_auth_method=["client_secret_bearer", method])
    own = {"client_secret": "s"}
    for client_id in ("crm", "erp"):
        body, query = {**_BODY, "client_id": client_id, **own}, ""
        if method == "client_secret_query":
            body, query = _BODY, f"client_id={client_id}&client_secret=s"
        if method == "client_secret_json":
            response = http.client.post("/token", json=body, headers={"Authorization": header})
        else:
            response = http.token(body, query=query, headers=[("Authorization", header)])
        if client_id == "crm":
            taken(http, response)
            assert mock.journal.last.client_auth == method
        else:
            assert http.answer(response) == http.refused(400, "invalid_request")


def test_a_bearer_secret_needs_no_client_id(mock: OAuthMock, http: typing.Any) -> None:
    """Whose it is shows by itself; a secret of nobody's is refused, also one that a client has for Basic."""
    mock.client("erp", client_secret="t", token_endpoint_auth_method="client_secret_basic")
    mock.client("crm", client_secret=["s", "u"], token_endpoint_auth_method="client_secret_bearer")

    for secret in ("s", "u"):
        taken(http, http.token(_BODY, headers=[("Authorization", f"Bearer {secret}")]))
        assert mock.journal.last.client_id == "crm"
    for secret, why in (
        ("x", "no client has the secret that came as client_secret_bearer, and no client_id says whose it is"),
        ("t", "client 'erp' is registered with client_secret_basic; the request sent client_secret_bearer"),
    ):
        response = http.token(_BODY, headers=[("Authorization", f"Bearer {secret}")])
        refused(http, response, why, _SCHEME["client_secret_bearer"])


def test_basic_needs_a_client_id(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 2.3.1: the secret alone does not say whose it is, though it may be known."""
    mock.client("crm", client_secret="s")
    why = "the Authorization header has no client_id before the colon (RFC 6749 2.3.1)"

    refused(http, http.token(_BODY, basic=("", "s")), why, _CHALLENGE)
    refused(http, http.token({**_BODY, "client_id": "crm"}, basic=("", "s")), why, _CHALLENGE)


def test_a_public_client_shows_itself_in_the_body(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.2.1, 4.1.3: not in the URL, unless `request_encodings` has `query`."""
    grant = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    mock.client("spa", token_endpoint_auth_method="none")
    mock.client("old", token_endpoint_auth_method="none", request_encodings=["form", "query"])

    refused(http, http.token(grant, query="client_id=spa"), "client_id is in the URL; client 'spa' has to send it in")
    assert http.answer(http.token(grant, query="client_id=old")) == http.tokens()
    assert http.answer(http.token({**grant, "client_id": "spa"})) == http.tokens()


# -- how Basic is written ----------------------------------------------------------------------------------------------


def _header(client_id: str, secret: str, how: str) -> list[tuple[str, str]]:
    if how == "form":
        client_id, secret = urllib.parse.quote_plus(client_id), urllib.parse.quote_plus(secret)
    octets = f"{client_id}:{secret}".encode("latin-1" if how == "latin-1" else "utf-8")
    return [("Authorization", f"Basic {base64.b64encode(octets).decode()}")]


@pytest.mark.parametrize("client_id", ["crm", "c+r m"])
@pytest.mark.parametrize("secret", [_SECRET, *_SECRET, "plain", "100%", "a%2Fb", "%25", "++"])
@pytest.mark.parametrize("how", ["raw", "form", "latin-1"])
@pytest.mark.parametrize("setting", ["either", "raw", "form"])
def test_basic_is_read_as_it_is_set(http: typing.Any, setting: str, how: str, secret: str, client_id: str) -> None:
    """RFC 6749 2.3.1 against RFC 7617 2: each by itself, or either; the journal says which of them it was."""
    http.mock.client(
        client_id, client_secret=secret, token_endpoint_auth_method="client_secret_basic", basic_encoding=setting
    )

    response = http.token(_BODY, headers=_header(client_id, secret, how))

    pair = (client_id, secret)
    as_form, as_raw = tuple(map(urllib.parse.quote_plus, pair)), pair
    read_as_form = tuple(map(urllib.parse.unquote_plus, as_form if how == "form" else as_raw)) == pair
    read_as_raw = (as_form if how == "form" else as_raw) == pair
    fits = {"either": read_as_form or read_as_raw, "raw": read_as_raw, "form": read_as_form}[setting]
    if fits:
        taken(http, response)
        encoding = "" if read_as_form and read_as_raw else "form" if read_as_form else "raw"
        assert http.mock.journal.last.basic_encoding == encoding
    else:
        other, remedy = ("form", "RFC 7617 2") if setting == "raw" else ("raw", "RFC 6749 2.3.1")
        why = f"has basic_encoding {setting!r}, and its credentials fit only when they are read as {other!r}: "
        refused(http, response, why, _CHALLENGE)
        assert remedy in http.mock.journal.last.why


@pytest.mark.parametrize("setting", ["either", "raw", "form"])
def test_a_wrong_secret_is_wrong_in_any_encoding(mock: OAuthMock, http: typing.Any, setting: str) -> None:
    """The hint says what is wrong with the secret, not with its encoding."""
    mock.client("crm", client_secret="a b", basic_encoding=setting)

    for how in ("raw", "form"):
        response = http.token(_BODY, headers=_header("crm", "a c", how))
        refused(http, response, "the secret of client 'crm' is wrong: ", _CHALLENGE)


# -- what a failure costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("burn", [False, True], ids=["kept", "burnt"])
@pytest.mark.parametrize("probe", ["wrong method", "wrong secret", "unknown client", "no credentials", "expired"])
def test_a_failed_attempt_and_its_code(mock: OAuthMock, http: typing.Any, probe: str, burn: bool) -> None:
    """RFC 6749 4.1.2: some clients probe Basic and then the body with one code; `burn_code_on_invalid_client`."""
    method = "client_secret_post"
    client = mock.client(
        "crm", client_secret=["s", "t"], token_endpoint_auth_method=method, burn_code_on_invalid_client=burn
    )
    body = {"grant_type": "authorization_code", "code": client.issue_code(user="alice", scope="a")}
    if probe == "expired":
        client.rotate_secret("new")
    secret = client.client_secret
    attempt = {
        "wrong method": lambda: http.token(body, basic=("crm", "s")),
        "wrong secret": lambda: http.token({**body, "client_id": "crm", "client_secret": "x"}),
        "unknown client": lambda: http.token({**body, "client_id": "nobody", "client_secret": "s"}),
        "no credentials": lambda: http.token(body),
        "expired": lambda: http.token({**body, "client_id": "crm", "client_secret": "s"}),
    }
    assert attempt[probe]().status_code == 401

    response = http.token({**body, "client_id": "crm", "client_secret": secret})

    if burn:
        assert http.answer(response) == http.refused(400, "invalid_grant")
        assert mock.journal.last.why == (
            "the code has been used before, or an attempt whose client authentication failed"
            " (burn_code_on_invalid_client); whatever it brought is revoked (RFC 6749 4.1.2)"
        )
    else:
        assert http.answer(response) == http.tokens(scope="a")


def test_a_code_in_the_url_is_burnt_too(mock: OAuthMock, http: typing.Any) -> None:
    """Wherever it came; a code that nobody has is no matter, and other clients' codes are by their policy."""
    client = mock.client(
        "crm", client_secret="s", token_endpoint_auth_method="client_secret_query", burn_code_on_invalid_client=True
    )
    careful = mock.client("erp", client_secret="s", token_endpoint_auth_method="client_secret_post")
    code, other = client.issue_code(user="alice"), careful.issue_code(user="alice")
    query = f"grant_type=authorization_code&code={code}&client_id=crm&client_secret="
    for attempt in (code, other, "none"):
        assert http.token(b"", query=query.replace(code, attempt) + "x").status_code == 401

    assert http.answer(http.token(b"", query=query + "s")) == http.refused(400, "invalid_grant")
    body = {"grant_type": "authorization_code", "code": other, "client_id": "erp", "client_secret": "s"}
    assert http.answer(http.token(body)) == http.tokens()
