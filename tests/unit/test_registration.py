"""What a registration allows: scope, redirect URIs, what is on this machine."""

from __future__ import annotations

import pytest

from mockserver.config import ClientSettings
from mockserver.config import IssuerSettings
from mockserver.errors import InvalidRequest
from mockserver.errors import InvalidScope
from mockserver.model import Client
from mockserver.registration import allowed_scope
from mockserver.registration import check_redirect_uri
from mockserver.registration import is_loopback
from mockserver.registration import parse_scope
from mockserver.scope import Scope
from mockserver.settings import client as registered


def client(*, scope: str | None = None, redirect_uris: tuple[str, ...] | None = None) -> Client:
    return registered(ClientSettings(client_id="crm", scope=scope, redirect_uris=redirect_uris), IssuerSettings())


@pytest.mark.parametrize(("text", "scope"), [(None, None), ("", Scope()), ("a b", Scope(["a", "b"]))])
def test_a_scope_parameter_is_parsed(text: str | None, scope: Scope | None) -> None:
    """None means left out, which is not the same as empty."""
    assert parse_scope(text) == scope


def test_a_malformed_scope_is_invalid_scope() -> None:
    """RFC 6749 3.3, 5.2."""
    with pytest.raises(InvalidScope) as caught:
        parse_scope('a"')

    assert "RFC 6749 3.3" in caught.value.hint


@pytest.mark.parametrize(
    ("asked", "registered_scope", "known", "granted"),
    [
        pytest.param(None, None, None, "", id="nothing at all"),
        pytest.param(None, "a b", None, "a b", id="the registered one"),
        pytest.param(None, "a", ("a", "b"), "a", id="the registered one before the known ones"),
        pytest.param(None, None, ("b", "a"), "b a", id="the known ones"),
        pytest.param("x y", None, None, "x y", id="anything"),
        pytest.param("b", "a b", ("a", "b", "c"), "b", id="less"),
        pytest.param("", "a", ("a",), "", id="empty"),
    ],
)
def test_the_scope_is_granted(
    asked: str | None, registered_scope: str | None, known: tuple[str, ...] | None, granted: str
) -> None:
    """RFC 6749 3.3."""
    settings = IssuerSettings(scopes_supported=known)

    assert str(allowed_scope(parse_scope(asked), client(scope=registered_scope), settings)) == granted


@pytest.mark.parametrize(
    ("asked", "registered_scope", "known", "remedy"),
    [
        pytest.param("c", None, ("a", "b"), "scopes_supported=['a', 'b', 'c']", id="unknown"),
        pytest.param("c", None, (), "scopes_supported=['c']", id="nothing known"),
        pytest.param("a b", "a", None, "oauthmock.client(scope='a b')", id="more than registered"),
        pytest.param("b", "", None, "oauthmock.client(scope='b')", id="nothing registered"),
    ],
)
def test_a_refused_scope_comes_with_its_remedy(
    asked: str, registered_scope: str | None, known: tuple[str, ...] | None, remedy: str
) -> None:
    """The hint prints the call that would allow it."""
    with pytest.raises(InvalidScope) as caught:
        allowed_scope(parse_scope(asked), client(scope=registered_scope), IssuerSettings(scopes_supported=known))

    assert remedy in caught.value.hint


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


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("[::1]", True),
        ("", False),
        (".", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("127.1", False),
        ("2130706433", False),
        ("evil.example/.localhost", False),
        ("evil.example?.localhost", False),
        ("evil.example#.localhost", False),
        ("evil.example\\.localhost", False),
        ("evil.example:80@.localhost", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    """RFC 8252 8.3, RFC 6761 6.3; what is no host name is none."""
    assert is_loopback(host) is loopback
