"""Rows F7, F21, F22, L21 and L22: whose answer it is, requests that are pushed or signed, tokens that are bound."""

from __future__ import annotations

import ssl
import time
import typing

import httpx
import pytest

from matrix.connector import Rejected
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from matrix.world import callback
from mockserver import OAuthMock
from mockserver import RegisteredClient
from signing.prover import Prover

_CALLBACK = "http://127.0.0.1:9/callback"
_ASKED = {"response_type": "code", "redirect_uri": _CALLBACK, "scope": "orders:read", "state": "s"}


def came_to(world: World, answer: httpx.Response, case: Case) -> None:
    """The status, and the error that the journal has of it."""
    assert (answer.status_code, world.mock.journal.last.error) == (case.status, case.error)


# -- F7 ----------------------------------------------------------------------------------------------------------------


@of("F7", "right", "wrong", "missing")
def test_issuer_of_a_callback(world: World, case: Case) -> None:
    issuer = world.mock.issuer("acme", authorization_response_iss_parameter_supported=True, consent="auto")
    connector = world.connector(case.connector, issuer=issuer)
    connector.settings["issuer"] = issuer.url
    came = issuer.approve(connector.start(), user="alice")
    assert came.params["iss"] == issuer.url
    forged = {
        "right": came,
        "wrong": came.with_params(iss="https://login.evil.example"),
        "missing": came.without("iss"),
    }[case.title]

    if case.connector == "right" and case.title != "right":
        with pytest.raises(Rejected):
            connector.finish(forged)
    else:
        connector.finish(forged)

    assert [seen.removeprefix("acme ") for seen in world.seen()] == case.seen


# -- F21 and F22 -------------------------------------------------------------------------------------------------------


def push(world: World, client: RegisteredClient, **more: str) -> httpx.Response:
    auth = (client.client_id, more.pop("secret", client.client_secret))
    return world.http.post(world.mock.par_url, data={**_ASKED, **more}, auth=auth)


def by_reference(world: World, client: RegisteredClient, request_uri: str) -> httpx.Response:
    return world.authorize({"client_id": client.client_id, "request_uri": request_uri})


@of("F21", "pushed", "wrong secret", "method", "redirect_uri")
def test_pushed_request(world: World, case: Case) -> None:
    client = world.mock.client(redirect_uris=[_CALLBACK])
    if case.title == "method":
        answer = world.http.get(world.mock.par_url)
    else:
        wrong = {"wrong secret": {"secret": "wr0ng"}, "redirect_uri": {"redirect_uri": "https://evil.example/"}}
        answer = push(world, client, **wrong.get(case.title, {}))

    came_to(world, answer, case)
    if case.title == "pushed":
        assert {*answer.json()} == {"request_uri", "expires_in"}
        assert callback(by_reference(world, client, answer.json()["request_uri"])).state == "s"


@of("F21", "used", "expired", "another client's", "not pushed")
def test_pushed_request_that_is_no_good(world: World, case: Case) -> None:
    must = case.title == "not pushed"
    client = world.mock.client(redirect_uris=[_CALLBACK], require_pushed_authorization_requests=must)
    request_uri = push(world, client).json()["request_uri"]
    if case.title == "used":
        assert by_reference(world, client, request_uri).status_code == 302
    elif case.title == "expired":
        world.pass_time(60)
    sender = world.mock.client(redirect_uris=[_CALLBACK]) if case.title == "another client's" else client

    if must:
        answer = world.authorize({**_ASKED, "client_id": client.client_id})
        assert callback(answer).error == case.error
    else:
        answer = by_reference(world, sender, request_uri)

    came_to(world, answer, case)


@of("F22", "signed", "by somebody else", "alg none", "expired", "of another place")
def test_signed_request(world: World, case: Case) -> None:
    client = world.mock.client(redirect_uris=[_CALLBACK], request_object_signing_alg="ES256")
    query = {"client_id": client.client_id, "scope": "other"}
    if case.title == "of another place":
        answer = world.authorize({**query, "request_uri": "http://127.0.0.1:9/request.jwt"})
    elif case.title == "alg none":
        text = Prover().proof("GET", "x", alg="none", headers={"typ": "JWT"}, client_id=client.client_id, **_ASKED)
        answer = world.authorize({**query, "request": text})
    else:
        key = Prover().key if case.title == "by somebody else" else None
        text = client.request_object(**_ASKED, exp=int(time.time()) - 60 if case.title == "expired" else None)
        if key is not None:
            headers = {"typ": "JWT", "kid": client.key_id, "jwk": None}
            text = Prover(key).proof("GET", "x", headers=headers, client_id=client.client_id, **_ASKED)
        answer = world.authorize({**query, "request": text})

    came_to(world, answer, case)
    if case.title == "signed":
        assert callback(answer).state == "s"


# -- L21 ---------------------------------------------------------------------------------------------------------------


def token(world: World, client: RegisteredClient, prover: Prover, nonce: str | None = None, **form: str) -> typing.Any:
    proof = prover.proof("POST", world.mock.token_url, nonce=nonce)
    if client.token_endpoint_auth_method == ("none",):
        data = {**form, "client_id": client.client_id}
        return world.http.post(world.mock.token_url, data=data, headers={"DPoP": proof})
    auth = (client.client_id, client.client_secret)
    return world.http.post(world.mock.token_url, data=form, headers={"DPoP": proof}, auth=auth)


@of("L21", "right", "another key", "as Bearer", "jti again", "htu", "htm", "iat", "ath")
def test_bound_token_at_the_api(world: World, case: Case) -> None:
    prover, url = Prover(), f"{world.mock.api_url}/orders"
    issued = token(world, world.mock.client(), prover, grant_type="client_credentials").json()
    assert issued["token_type"] == "DPoP"
    wrong = {"htu": {"htu": f"{url}/1"}, "htm": {"htm": "POST"}, "iat": {"iat": 1}, "ath": {"ath": "x"}}
    by = Prover() if case.title == "another key" else prover
    proof = by.proof("GET", url, issued["access_token"], **wrong.get(case.title, {}))
    scheme = "Bearer" if case.title == "as Bearer" else "DPoP"
    headers = {"Authorization": f"{scheme} {issued['access_token']}", "DPoP": proof}
    if case.title == "jti again":
        assert world.http.get(url, headers=headers).status_code == 200

    came_to(world, world.http.get(url, headers=headers), case)


@of("L21", "nonce of the server", "nonce of the API")
def test_nonce(world: World, case: Case) -> None:
    client, prover, url = world.mock.client(dpop_nonce=True), Prover(), f"{world.mock.api_url}/orders"
    first = token(world, client, prover, grant_type="client_credentials")
    second = token(world, client, prover, first.headers["DPoP-Nonce"], grant_type="client_credentials")
    assert (second.status_code, second.headers["DPoP-Nonce"] != first.headers["DPoP-Nonce"]) == (200, True)
    if case.title == "nonce of the server":
        assert (first.status_code, first.json()["error"]) == (case.status, case.error)
        return
    bound = second.json()["access_token"]

    def call(nonce: str | None) -> httpx.Response:
        proof = prover.proof("GET", url, bound, nonce=nonce)
        return world.http.get(url, headers={"Authorization": f"DPoP {bound}", "DPoP": proof})

    refused = call(None)
    came_to(world, refused, case)
    assert call(refused.headers["DPoP-Nonce"]).status_code == 200


@of("L21", "refresh by the key", "refresh by another key", "dpop_jkt")
def test_key_of_a_public_client(world: World, case: Case) -> None:
    client, prover = world.mock.client(token_endpoint_auth_method="none", redirect_uris=[_CALLBACK]), Prover()
    query = {**_ASKED, "client_id": client.client_id}
    if case.title == "dpop_jkt":
        query["dpop_jkt"] = Prover().jkt
    redeem = {"grant_type": "authorization_code", "redirect_uri": _CALLBACK}
    answer = token(world, client, prover, code=str(callback(world.authorize(query)).code), **redeem)
    if case.title != "dpop_jkt":
        by = prover if case.title == "refresh by the key" else Prover()
        refresh = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
        answer = token(world, client, by, **refresh)

    came_to(world, answer, case)


# -- L22 ---------------------------------------------------------------------------------------------------------------


@of("L22", "its certificate", "another certificate", "no certificate", "aliases")
def test_token_bound_to_a_certificate(case: Case) -> None:
    with OAuthMock(https=True, client_certificates="optional") as mock:
        client = mock.client(
            token_endpoint_auth_method="tls_client_auth", tls_client_certificate_bound_access_tokens=True
        )

        def over(certificate: typing.Any) -> ssl.SSLContext:
            context = ssl.create_default_context(cafile=mock.ca_path)
            if certificate is not None:
                context.load_cert_chain(*certificate.cert)
            return context

        own = over(client.certificate)
        document = httpx.get(mock.authorization_server_url, verify=own).json()
        form = {"grant_type": "client_credentials", "client_id": client.client_id}
        answer = httpx.post(document["mtls_endpoint_aliases"]["token_endpoint"], data=form, verify=own)
        if case.title != "aliases":
            shown = {"its certificate": client.certificate, "another certificate": mock.client_certificate("erp")}
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            answer = httpx.get(mock.api_url, headers=headers, verify=over(shown.get(case.title)))

        assert (answer.status_code, mock.journal.last.error) == (case.status, case.error)
