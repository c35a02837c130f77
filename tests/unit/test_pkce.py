"""Proof keys by themselves; with the endpoints they are in tests/rfc."""

from __future__ import annotations

import pytest

from mockserver import pkce
from mockserver.errors import InvalidGrant
from mockserver.errors import InvalidRequest


def test_the_example_of_the_rfc() -> None:
    """RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert pkce.challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pkce.challenge_of(verifier, "plain") == verifier


def test_a_new_verifier_is_one() -> None:
    """RFC 7636 4.1: 43 unreserved characters, and every time others."""
    made = {pkce.new_verifier() for _ in range(50)}

    assert len(made) == 50
    for verifier in made:
        pkce.check_verifier(verifier, challenge=pkce.challenge_of(verifier), method="S256")


@pytest.mark.parametrize(
    ("challenge", "method", "required", "outcome"),
    [
        pytest.param(None, None, False, "plain", id="none"),
        pytest.param("a" * 43, None, True, "plain", id="method left out"),
        pytest.param("a" * 43, "S256", True, "S256", id="S256"),
        pytest.param("a" * 43, "plain", True, "plain", id="plain"),
    ],
)
def test_a_challenge_has_a_method(challenge: str | None, method: str | None, required: bool, outcome: str) -> None:
    """RFC 7636 4.3."""
    assert pkce.check_challenge(challenge, method, required=required) == outcome


@pytest.mark.parametrize(
    ("challenge", "method", "required"),
    [
        pytest.param(None, None, True, id="required"),
        pytest.param(None, "S256", False, id="method alone"),
        pytest.param("a" * 43, "none", False, id="unknown method"),
        pytest.param("a" * 42, "S256", False, id="short"),
        pytest.param("a" * 43 + "\n", "S256", False, id="newline"),
    ],
)
def test_a_challenge_may_be_refused(challenge: str | None, method: str | None, required: bool) -> None:
    """RFC 7636 4.4.1."""
    with pytest.raises(InvalidRequest):
        pkce.check_challenge(challenge, method, required=required)


@pytest.mark.parametrize("verifier", [None, "a" * 43 + "\n", "b" * 43])
def test_a_verifier_may_be_refused(verifier: str | None) -> None:
    """RFC 7636 4.6."""
    with pytest.raises(InvalidGrant):
        pkce.check_verifier(verifier, challenge=pkce.challenge_of("a" * 43), method="S256")
