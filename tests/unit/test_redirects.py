"""Redirect URIs: what is taken under which policy, and what cannot be registered."""

from __future__ import annotations

import typing
import urllib.parse

import hypothesis
import hypothesis.strategies as st
import pytest

from mockserver.client_settings import ClientSettings
from mockserver.config import IssuerSettings
from mockserver.errors import ConfigurationError
from mockserver.errors import InvalidRequest
from mockserver.model import Client
from mockserver.policies import RedirectUriPolicy
from mockserver.redirects import check_redirect_uri
from mockserver.registry import client as registered

_TEMPLATE = "https://platform.example/account/{account}/oauth2/callback"


def client(*, redirect_uris: tuple[str, ...] | None = None, **policies: typing.Any) -> Client:
    return registered(ClientSettings(client_id="crm", redirect_uris=redirect_uris, **policies), IssuerSettings())


def taken(asked: str, uri: str, policy: RedirectUriPolicy) -> bool:
    """Whether a client with one registered URI may be called back there."""
    crm = client(redirect_uris=(uri,), redirect_uri_policy=policy)
    try:
        return check_redirect_uri(asked, crm) == asked
    except InvalidRequest as error:
        refused = error
    assert refused.redirection is None
    assert repr(asked) in refused.hint
    return False


@pytest.mark.parametrize(
    ("asked", "uris", "outcome"),
    [
        pytest.param(None, ("https://a.example/cb",), "https://a.example/cb", id="left out, one registered"),
        pytest.param("https://a.example/cb", ("https://a.example/cb",), "https://a.example/cb", id="registered"),
        pytest.param("app:/cb", ("https://a.example/cb", "app:/cb"), "app:/cb", id="the second of two"),
        pytest.param("http://127.0.0.1:5000/cb", None, "http://127.0.0.1:5000/cb", id="loopback"),
    ],
)
def test_a_redirect_uri_is_taken(asked: str | None, uris: tuple[str, ...] | None, outcome: str) -> None:
    """RFC 6749 3.1.2.3."""
    assert check_redirect_uri(asked, client(redirect_uris=uris)) == outcome


@pytest.mark.parametrize(
    ("asked", "uris", "hint"),
    [
        pytest.param(None, None, "any loopback URI", id="left out, any"),
        pytest.param(None, ("https://a/", "https://b/"), "2 redirect URIs", id="left out, two"),
        pytest.param("https://a.example/", None, "redirect_uris=['https://a.example/']", id="not loopback"),
        pytest.param("https://b/", ("https://a/",), "none of 'https://a/'", id="another"),
        pytest.param("//127.0.0.1/cb", None, "not an absolute URI", id="no scheme"),
        pytest.param("http:", None, "not an absolute URI", id="a scheme alone"),
        pytest.param("http://127.0.0.1:99999/", None, "not an absolute URI", id="no such port"),
        pytest.param("https://a/#x", None, "has a fragment", id="a fragment"),
        pytest.param("http://\\localhost/", None, "redirect_uri", id="a backslash before the host"),
        pytest.param("http://evil.example\\.localhost/", None, "redirect_uri", id="a backslash in the host"),
        pytest.param("http://evil.example%2F.localhost/", None, "redirect_uri", id="an encoded slash in the host"),
        pytest.param("http://a b.localhost/", None, "redirect_uri", id="a space in the host"),
    ],
)
def test_a_redirect_uri_is_refused(asked: str | None, uris: tuple[str, ...] | None, hint: str) -> None:
    """RFC 6749 3.1.2, 3.1.2.4."""
    with pytest.raises(InvalidRequest) as caught:
        check_redirect_uri(asked, client(redirect_uris=uris))

    assert hint in caught.value.hint
    assert caught.value.redirection is None


_EVERYWHERE = [
    pytest.param("https://evil.example/cb", id="another host"),
    pytest.param("https://app.example.evil.example/cb", id="a host that begins so"),
    pytest.param("https://evilapp.example/cb", id="a host that ends so"),
    pytest.param("https://sub.app.example/cb", id="a host below"),
    pytest.param("https://app.example@evil.example/cb", id="the host as user"),
    pytest.param("https://evil@app.example/cb", id="a user"),
    pytest.param("https://app.example:443@evil.example/cb", id="host and port as user"),
    pytest.param("http://app.example/cb", id="another scheme"),
    pytest.param("https://app.example:444/cb", id="another port"),
    pytest.param("https://app.example:0/cb", id="port 0"),
    pytest.param("https:app.example/cb", id="no authority"),
    pytest.param("https:///app.example/cb", id="an empty authority"),
    pytest.param("//app.example/cb", id="no scheme"),
    pytest.param("https://app.example\\@evil.example/cb", id="a backslash"),
    pytest.param("https://evil.example\\.app.example/cb", id="a backslash in the host"),
    pytest.param("https://app%2Eexample/cb", id="an encoded dot in the host"),
    pytest.param("https://evil.example%2f.app.example/cb", id="an encoded slash in the host"),
    pytest.param("https://app.example/cb#x", id="a fragment"),
    pytest.param("https://evil.example#@app.example/cb", id="a fragment before the host"),
    pytest.param("https://evil.example?@app.example/cb", id="a query before the host"),
    pytest.param("https://app.example./cb", id="a dot more"),
    pytest.param("https://app.\uff45xample/cb", id="a letter that is normalised"),
    pytest.param("https://app.example/c\u00e9", id="not ASCII"),
    pytest.param("https://app.example/cb\n", id="a line's end"),
    pytest.param(" https://app.example/cb", id="a space before"),
    pytest.param("javascript://app.example/%0aalert(1)", id="javascript"),
    pytest.param("https://[::1/cb", id="no URI"),
]


@pytest.mark.parametrize("asked", _EVERYWHERE)
@pytest.mark.parametrize("policy", ["exact", "prefix", "host", "template", "loopback"])
def test_no_policy_lets_a_foreign_host_in(policy: RedirectUriPolicy, asked: str) -> None:
    """RFC 9700 4.1: the tricks by which a lenient comparison becomes an open redirect."""
    assert not taken(asked, "https://app.example/cb", policy)


@pytest.mark.parametrize(
    ("policy", "uri", "asked", "outcome"),
    [
        ("exact", "https://app.example/cb", "https://app.example/cb", True),
        ("exact", "https://app.example/cb", "https://APP.example/cb", False),
        ("exact", "https://app.example/cb", "https://app.example:443/cb", False),
        ("exact", "http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", False),
        ("prefix", "https://app.example/cb", "https://app.example/cb", True),
        ("prefix", "https://app.example/cb", "https://app.example/cb/deeper?x=/../y", True),
        ("prefix", "https://app.example/cb", "https://app.example/cbx", True),
        ("prefix", "https://app.example/cb/", "https://app.example/cb", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cbx", False),
        ("prefix", "https://app.example/cb", "HTTPS://App.Example:443/cb", True),
        ("prefix", "https://app.example/cb", "https://app.example/CB", False),
        ("prefix", "https://app.example/cb?a=1", "https://app.example/cb?a=1&b=2", True),
        ("prefix", "https://app.example/cb?a=1", "https://app.example/cb?b=2", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/../admin", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/%2e%2E/admin", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/.%2e", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/..%2fadmin", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/%5c..%5cadmin", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/%252e%252e/admin", False),
        ("prefix", "https://app.example/cb/", "https://app.example/cb/...", True),
        ("host", "https://app.example", "https://app.example/anything?x=1", True),
        ("host", "https://app.example/ignored", "https://app.example", True),
        ("host", "https://app.example", "https://APP.EXAMPLE:443/", True),
        ("host", "https://app.example:8443", "https://app.example:8443/cb", True),
        ("host", "https://app.example:8443", "https://app.example/cb", False),
        ("host", "http://[::1]:7001", "http://[::1]:7001/cb", True),
        ("template", _TEMPLATE, "https://platform.example/account/acme-7/oauth2/callback", True),
        ("template", _TEMPLATE, "HTTPS://PLATFORM.example:443/account/a.b/oauth2/callback", True),
        ("template", _TEMPLATE, "https://platform.example/account//oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a/b/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/../oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/./oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/%2e%2e/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a%2fb/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a%2Fb/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a\\b/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a@b/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a?b/oauth2/callback", False),
        ("template", _TEMPLATE, "https://platform.example/account/a/oauth2/callback?x=1", False),
        ("template", _TEMPLATE, "https://platform.example/account/a/oauth2/callback/", False),
        ("template", _TEMPLATE, "https://platform.example/Account/a/oauth2/callback", False),
        ("template", _TEMPLATE, _TEMPLATE, False),
        ("template", "https://a.example/{x}?t=1", "https://a.example/b?t=1", True),
        ("template", "https://a.example/{x}/{y}", "https://a.example/b/c", True),
        ("template", "https://a.example/cb", "https://a.example/cb", True),
        ("loopback", "http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", True),
        ("loopback", "http://127.0.0.1:1/cb?x=1", "http://127.0.0.1:2/cb?x=1", True),
        ("loopback", "http://[::1]/cb", "http://[::1]:2/cb", True),
        ("loopback", "http://127.0.0.1/cb", "http://[::1]:2/cb", False),
        ("loopback", "http://127.0.0.1/cb", "http://127.0.0.1:2/cb/", False),
        ("loopback", "http://127.0.0.1/cb", "http://127.0.0.1:2@evil.example/cb", False),
        ("loopback", "http://127.0.0.1/cb", "https://127.0.0.1:2/cb", False),
        ("loopback", "http://127.0.0.1", "http://127.0.0.1.evil.example", False),
        ("loopback", "http://localhost/cb", "http://localhost:2/cb", False),
        ("loopback", "http://localhost/cb", "http://localhost/cb", True),
        ("loopback", "https://app.example/cb", "https://app.example:2/cb", False),
        ("loopback", "app:/cb", "app:/cb", True),
    ],
)
def test_a_policy_compares(policy: RedirectUriPolicy, uri: str, asked: str, outcome: bool) -> None:
    """RFC 6749 3.1.2.3, RFC 8252 7.3, RFC 3986 6.2.2: each in its way, scheme and host as URIs are compared."""
    assert taken(asked, uri, policy) is outcome


@pytest.mark.parametrize("policy", ["prefix", "host", "template"])
def test_a_uri_that_is_not_registered_in_full_cannot_be_left_out(policy: RedirectUriPolicy) -> None:
    """RFC 6749 3.1.2.3."""
    with pytest.raises(InvalidRequest) as caught:
        check_redirect_uri(None, client(redirect_uris=("https://app.example/cb",), redirect_uri_policy=policy))

    assert f"has 1 redirect URIs under redirect_uri_policy='{policy}'" in caught.value.hint


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ("https://app.example/cb", True),
        ("http://127.0.0.1:5000/cb", True),
        ("http://localhost/cb", True),
        ("http://app.example/cb", False),
    ],
)
def test_https_alone_may_be_asked_for(asked: str, outcome: bool) -> None:
    """RFC 8252 7.3, 8.3: loopback is exempt, because nobody can listen there from elsewhere."""
    uris = ("https://app.example/cb", "http://127.0.0.1:5000/cb", "http://localhost/cb")
    lenient = client(redirect_uris=uris, redirect_uri_https_only=True)
    if outcome:
        assert check_redirect_uri(asked, lenient) == asked
        return
    with pytest.raises(ConfigurationError, match=r"is not https, and redirect_uri_https_only is set; write https"):
        client(redirect_uris=(asked,), redirect_uri_https_only=True)


@pytest.mark.parametrize(
    ("policy", "uri", "message"),
    [
        ("exact", "nonsense", "is not an absolute URI; write an absolute URI without fragment"),
        ("exact", "https://a.example/#x", "has a fragment; write"),
        ("exact", _TEMPLATE, "has a template and redirect_uri_policy is 'exact'; set redirect_uri_policy='template'"),
        ("template", "{anything}", "is not an absolute URI"),
        ("template", "https://{anything}", "has no plain host to compare"),
        ("template", "https://{tenant}.example/cb", "has no plain host to compare"),
        ("template", "https://a.example/x-{y}", "stands for one whole segment"),
        ("template", "https://a.example/{}", "has no plain host to compare"),
        ("template", "https://a.example/{a}{b}", "stands for one whole segment"),
        ("template", "https://a.example/{a}?x={b}", "stands for one whole segment"),
        ("template", "https://a.example/../{a}", "has dot segments or encoded separators"),
        ("prefix", "https://", "is not an absolute URI"),
        ("prefix", "https://a.example", "would let in every path of the host; write a path, or set"),
        ("prefix", "https://a.example/", "would let in every path of the host"),
        ("prefix", "app:/cb", "has no plain host to compare; for 'prefix' write scheme, host and path"),
        ("prefix", "https://a@b.example/cb", "has no plain host to compare"),
        ("prefix", "https://a.example/%2e%2e/cb", "has dot segments or encoded separators"),
        ("host", "https://", "is not an absolute URI"),
        ("host", "urn:ietf:wg:oauth:2.0:oob", "has no plain host to compare"),
        ("host", "https://:443", "has no plain host to compare"),
    ],
)
def test_what_would_let_everything_in_cannot_be_registered(policy: RedirectUriPolicy, uri: str, message: str) -> None:
    """The error names client, URI and what to write."""
    with pytest.raises(ConfigurationError) as caught:
        client(redirect_uris=(uri,), redirect_uri_policy=policy)

    assert str(caught.value).startswith(f"client 'crm': redirect_uris has {uri!r}, which ")
    assert message in str(caught.value)
    assert caught.value.key == "redirect_uris"


_TRICKY = """
https http :// : // / \\ @ ? # ; . .. %2f %2e evil.example app.example app .example cb acme oauth2 443
127.0.0.1 [::1] \u00e9
"""
_PIECES = st.sampled_from(_TRICKY.split())


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    asked=st.one_of(
        st.lists(_PIECES, min_size=1, max_size=12).map("".join),
        st.lists(_PIECES, max_size=6).map(lambda pieces: "https://app.example" + "".join(pieces)),
        st.lists(_PIECES, max_size=6).map(lambda pieces: "https://app.example/cb" + "".join(pieces)),
    ),
    policy=st.sampled_from(["exact", "prefix", "host", "template", "loopback"]),
)
def test_whatever_is_taken_goes_to_the_registered_host(asked: str, policy: RedirectUriPolicy) -> None:
    """RFC 9700 4.1.1: as a browser reads it, and below the registered path where one counts."""
    uri = "https://app.example/cb/{x}" if policy == "template" else "https://app.example/cb"
    if not taken(asked, uri, policy):
        return
    # A browser takes a backslash for a slash, drops tabs, and resolves dot segments
    parts = urllib.parse.urlsplit(urllib.parse.urljoin("http://elsewhere.example/", asked.replace("\\", "/")))
    assert (parts.scheme, parts.hostname, parts.username) == ("https", "app.example", None)
    assert parts.port in (None, 443)
    if policy != "host":
        assert urllib.parse.unquote(parts.path).startswith("/cb")
        assert "/../" not in urllib.parse.unquote(parts.path) + "/"
    if policy == "exact":
        assert asked == uri
