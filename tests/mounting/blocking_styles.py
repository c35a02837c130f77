"""Clients on urllib3 and on the standard library."""

from __future__ import annotations

import collections.abc as cabc
import http.client
import io
import json
import typing
import urllib.parse
import urllib.request

import botocore.config
import botocore.exceptions
import botocore.session
import google.auth.transport.requests
import google.auth.transport.urllib3
import google.oauth2.credentials
import httplib2
import msal
import oauthlib.oauth2
import requests
import requests.adapters
import urllib3
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests_oauthlib import OAuth2Session

from mounting.errand import Errand
from mounting.errand import Style
from mounting.errand import bearer

__all__ = ["STYLES"]

_TIMEOUT = 10


def _with(session: requests.Session, errand: Errand, *, data: typing.Any = None) -> str:
    with session:
        answer = session.post(errand.token_url, data=data or errand.form, auth=errand.credentials, timeout=_TIMEOUT)
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        session.get(errand.api_url, headers=bearer(token), timeout=_TIMEOUT).raise_for_status()
    return token


def by_requests(errand: Errand) -> str:
    answer = requests.post(errand.token_url, data=errand.form, auth=errand.credentials, timeout=_TIMEOUT)
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    requests.get(errand.api_url, headers=bearer(token), timeout=_TIMEOUT).raise_for_status()
    return token


def by_requests_with_retry(errand: Errand) -> str:
    """The endpoint is not well the first time."""
    session = requests.Session()
    retry = urllib3.Retry(total=2, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
    return _with(session, errand)


class _Stamping(requests.adapters.HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *positional: typing.Any, **named: typing.Any) -> typing.Any:
        request.headers["X-Stamp"] = "of an adapter"
        return super().send(request, *positional, **named)


def by_an_adapter_of_the_applications_own(errand: Errand) -> str:
    session = requests.Session()
    session.mount("https://", _Stamping())
    return _with(session, errand)


def by_requests_streaming(errand: Errand) -> str:
    """A generator is sent chunked, and the answer is read bit by bit."""
    pieces = [b"grant_type=", b"client_", b"credentials"]
    with requests.Session() as session:
        answer = session.post(
            errand.token_url,
            data=iter(pieces),
            auth=errand.credentials,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            stream=True,
            timeout=_TIMEOUT,
        )
        token: str = json.loads(b"".join(answer.iter_content(7)))["access_token"]
        sent = session.put(errand.api_url, data=io.BytesIO(b"\x00" * 70_000), headers=bearer(token), timeout=_TIMEOUT)
        sent.raise_for_status()
    return token


def by_requests_with_redirects_cookies_and_gzip(errand: Errand) -> str:
    """The API redirects to itself with a Secure cookie, wants that back, and answers in gzip."""
    with requests.Session() as session:
        answer = session.post(errand.token_url, data=errand.form, auth=errand.credentials, timeout=_TIMEOUT)
        token: str = answer.json()["access_token"]
        session.headers.update(bearer(token))
        home = session.get(f"{errand.api_url}/visit", timeout=_TIMEOUT)
    assert [each.status_code for each in (*home.history, home)] == [302, 200]
    assert home.url == f"{errand.api_url}/visit/home"
    assert home.headers["Content-Encoding"] == "gzip"
    assert home.json() == {"cookie": "visitor=7"}
    return token


def by_requests_oauthlib(errand: Errand) -> str:
    with OAuth2Session(client=oauthlib.oauth2.BackendApplicationClient(errand.client_id)) as session:
        token: str = session.fetch_token(errand.token_url, client_secret=errand.client_secret)["access_token"]
        session.get(errand.api_url, timeout=_TIMEOUT).raise_for_status()
    return token


def by_authlib_on_requests(errand: Errand) -> str:
    with AuthlibSession(*errand.credentials) as session:
        token: str = session.fetch_token(errand.token_url, grant_type="client_credentials")["access_token"]
        session.get(errand.api_url, timeout=_TIMEOUT).raise_for_status()
    return token


def by_oauthlib(errand: Errand) -> str:
    """Only what is said is oauthlib's; what carries it is requests."""
    client = oauthlib.oauth2.BackendApplicationClient(errand.client_id)
    url, headers, body = client.prepare_token_request(
        errand.token_url, client_secret=errand.client_secret, include_client_id=True
    )
    answer = requests.post(url, headers=headers, data=body, timeout=_TIMEOUT)
    client.parse_request_body_response(answer.text)
    url, headers, _ = client.add_token(errand.api_url)
    requests.get(url, headers=headers, timeout=_TIMEOUT).raise_for_status()
    return str(client.access_token)


def by_msal(errand: Errand) -> str:
    app = msal.ConfidentialClientApplication(
        errand.client_id, client_credential=errand.client_secret, authority=f"{errand.origin}/contoso"
    )
    answer = app.acquire_token_for_client(["https://graph.example.com/.default"])
    assert "error" not in answer, answer
    requests.get(errand.api_url, headers=bearer(answer["access_token"]), timeout=_TIMEOUT).raise_for_status()
    return str(answer["access_token"])


def _stored(errand: Errand) -> typing.Any:
    return google.oauth2.credentials.Credentials(
        None,
        refresh_token=errand.refresh_token,
        token_uri=errand.token_url,
        client_id=errand.client_id,
        client_secret=errand.client_secret,
    )


def by_google_auth_on_requests(errand: Errand) -> str:
    """The credentials that it has are stale, so it refreshes before it calls."""
    credentials = _stored(errand)
    with google.auth.transport.requests.AuthorizedSession(credentials) as session:
        session.get(errand.api_url, timeout=_TIMEOUT).raise_for_status()
    return str(credentials.token)


def by_google_auth_on_urllib3(errand: Errand) -> str:
    credentials = _stored(errand)
    with urllib3.PoolManager() as pool:
        http = google.auth.transport.urllib3.AuthorizedHttp(credentials, pool)
        assert http.request("GET", errand.api_url).status == 200
    return str(credentials.token)


def _by_pool(pool: urllib3.PoolManager, errand: Errand) -> str:
    with pool:
        asked = {"fields": errand.form, "encode_multipart": False, "headers": errand.basic}
        answer = pool.request("POST", errand.token_url, **asked)
        token: str = answer.json()["access_token"]
        assert pool.request("GET", errand.api_url, headers=bearer(token)).status == 200
    return token


def by_urllib3(errand: Errand) -> str:
    return _by_pool(urllib3.PoolManager(), errand)


def by_urllib3_through_a_proxy(errand: Errand) -> str:
    """The office's proxy is written into the application."""
    return _by_pool(urllib3.ProxyManager("http://proxy.example.net:3128"), errand)


def by_urllib_request(errand: Errand) -> str:
    def opened(url: str, data: bytes | None, headers: cabc.Mapping[str, str]) -> bytes:
        request = urllib.request.Request(url, data, dict(headers))
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            body: bytes = answer.read()
        return body

    form = urllib.parse.urlencode(errand.form).encode()
    token: str = json.loads(opened(errand.token_url, form, errand.basic))["access_token"]
    opened(errand.api_url, None, bearer(token))
    return token


def by_http_client(errand: Errand) -> str:
    def asked(method: str, url: str, body: str | None, headers: cabc.Mapping[str, str]) -> bytes:
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT)
        connection.request(method, parts.path, body, headers)
        answer = connection.getresponse()
        assert answer.status == 200
        read = answer.read()
        connection.close()
        return read

    form, of_form = urllib.parse.urlencode(errand.form), {"Content-Type": "application/x-www-form-urlencoded"}
    token: str = json.loads(asked("POST", errand.token_url, form, {**of_form, **errand.basic}))["access_token"]
    asked("GET", errand.api_url, None, bearer(token))
    return token


def by_httplib2(errand: Errand) -> str:
    client = httplib2.Http(timeout=_TIMEOUT)
    form, of_form = urllib.parse.urlencode(errand.form), {"Content-Type": "application/x-www-form-urlencoded"}
    _, body = client.request(errand.token_url, "POST", form, {**of_form, **errand.basic})
    token: str = json.loads(body)["access_token"]
    answer, _ = client.request(errand.api_url, headers=bearer(token))
    assert answer.status == 200
    client.close()
    return token


def by_botocore(errand: Errand) -> str:
    """The token of AWS IAM Identity Center, from an endpoint that moto has not."""
    client = botocore.session.Session().create_client(
        "sso-oidc",
        region_name="eu-central-1",
        endpoint_url=errand.origin,
        # Without any it would look for them, at the metadata service of an instance too.
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=_TIMEOUT),
    )
    answer = client.create_token(
        clientId=errand.client_id,
        clientSecret=errand.client_secret,
        grantType="refresh_token",
        refreshToken=errand.refresh_token,
    )
    client.close()
    return str(answer["accessToken"])


STYLES = (
    Style(id="requests", does="post and get", run=by_requests),
    Style(id="requests-retry", does="Retry(503) tries again", run=by_requests_with_retry),
    Style(id="requests-adapter", does="a subclass of HTTPAdapter", run=by_an_adapter_of_the_applications_own),
    Style(id="requests-streaming", does="a generator and a file up, chunks down", run=by_requests_streaming),
    Style(id="requests-session", does="redirects, cookies, gzip", run=by_requests_with_redirects_cookies_and_gzip),
    Style(id="requests-oauthlib", does="OAuth2Session", run=by_requests_oauthlib),
    Style(id="authlib-requests", does="OAuth2Session", run=by_authlib_on_requests),
    Style(id="oauthlib", does="BackendApplicationClient, carried by requests", run=by_oauthlib),
    Style(
        id="msal",
        does="ConfidentialClientApplication with its tenant's discovery",
        run=by_msal,
        origin="https://login.microsoftonline.com",
        mount={"profile": "entra", "tenant": "contoso"},
        # It asks Microsoft whether the instance is one of theirs.
        refused_at="https://login.microsoftonline.com",
    ),
    Style(id="google-auth-requests", does="refreshes, AuthorizedSession", run=by_google_auth_on_requests),
    Style(id="google-auth-urllib3", does="refreshes, AuthorizedHttp", run=by_google_auth_on_urllib3),
    Style(id="urllib3", does="PoolManager", run=by_urllib3),
    Style(id="urllib3-proxy", does="ProxyManager", run=by_urllib3_through_a_proxy),
    Style(id="urllib-request", does="urlopen", run=by_urllib_request),
    Style(id="http-client", does="HTTPSConnection", run=by_http_client),
    Style(id="httplib2", does="Http", run=by_httplib2),
    Style(
        id="botocore",
        does="the token of sso-oidc",
        run=by_botocore,
        mount={
            "settings": {
                "parameter_names": {
                    "token": {
                        "clientId": "client_id",
                        "clientSecret": "client_secret",
                        "grantType": "grant_type",
                        "refreshToken": "refresh_token",
                    }
                },
                "response_names": {"access_token": "accessToken"},
            }
        },
        client={"token_endpoint_auth_method": "client_secret_json"},
        calls_api=False,
        refused_with=botocore.exceptions.HTTPClientError,
    ),
)
