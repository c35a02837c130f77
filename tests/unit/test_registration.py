"""What a registration allows: scope, and what is on this machine."""

from __future__ import annotations

import pytest

from mockserver.client_settings import ClientSettings
from mockserver.config import IssuerSettings
from mockserver.errors import InvalidScope
from mockserver.model import Client
from mockserver.registration import allowed_scope
from mockserver.registration import is_loopback
from mockserver.registration import parse_scope
from mockserver.registry import client as registered
from mockserver.scope import Scope


def client(*, scope: str | None = None) -> Client:
    return registered(ClientSettings(client_id="crm", scope=scope), IssuerSettings())


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
