"""Scopes: a set that keeps its order."""

from __future__ import annotations

import pytest

from mockserver.scope import Scope


@pytest.mark.parametrize(
    ("text", "tokens", "again"),
    [
        pytest.param("", set(), "", id="empty"),
        pytest.param("a", {"a"}, "a", id="one"),
        pytest.param("b a", {"a", "b"}, "b a", id="in the order of the text"),
        pytest.param("a b a", {"a", "b"}, "a b", id="twice"),
        pytest.param(" a   b ", {"a", "b"}, "a b", id="doubled spaces"),
        pytest.param("!#[]~", {"!#[]~"}, "!#[]~", id="the ends of the grammar"),
        pytest.param("https://graph.microsoft.com/.default", {"https://graph.microsoft.com/.default"}, None, id="URL"),
    ],
)
def test_a_scope_is_read(text: str, tokens: set[str], again: str | None) -> None:
    """RFC 6749 3.3: tokens separated by spaces; order is remembered and does not matter."""
    scope = Scope.parse(text)

    assert scope == tokens
    assert hash(scope) == hash(frozenset(tokens))
    assert str(scope) == (text if again is None else again)
    assert repr(scope) == f"Scope({str(scope)!r})"


@pytest.mark.parametrize("text", ['a"', "a\\b", "é", "a\tb", "a\nb", "a\x7f", "ok \x00"])
def test_a_malformed_token_is_named(text: str) -> None:
    """RFC 6749 3.3: quote, backslash, controls and everything beyond ASCII are not in the grammar."""
    with pytest.raises(ValueError, match=r"scope token '.*' has a character that RFC 6749 3\.3 does not allow"):
        Scope.parse(text)


def test_narrowing_keeps_the_order() -> None:
    """What is in both, in the order of the scope."""
    assert str(Scope.parse("c b a").narrowed_to({"a", "c", "x"})) == "c a"


def test_scopes_are_case_sensitive() -> None:
    """RFC 6749 3.3."""
    assert Scope.parse("A") != Scope.parse("a")
