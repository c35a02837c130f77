"""What a refresh policy may be written as, and what is wrong with the rest."""

from __future__ import annotations

import pathlib
import typing

import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import settings as from_settings
from mockserver.policies import Policies
from mockserver.policies import RefreshPolicySettings

_WRONG = [
    pytest.param({"policy": "rotate", "seconds": 3}, "'rotate' has no seconds; leave it out, or write", id="seconds"),
    pytest.param({"policy": "static", "uses": 3}, "'static' has no uses; leave it out, or write", id="uses"),
    pytest.param(
        {"policy": "rotate_every", "seconds": 9, "uses": 3},
        "'rotate_every' has no uses; leave it out, or write 'rotate_grace'",
        id="uses beside seconds",
    ),
    pytest.param({"policy": "rotate_grace", "seconds": 0}, "seconds = 0: expected `int` >= 1", id="nought"),
    pytest.param({"policy": "rotate_grace", "uses": -1}, "uses = -1: expected `int` >= 1", id="negative"),
    pytest.param({"policy": "rotate_every", "seconds": 2**53 + 1}, "expected `int` <= 9007199254740992", id="huge"),
    pytest.param({"policy": "rotate_grace", "seconds": True}, "seconds = True: expected `int", id="no number"),
    pytest.param({"policy": "rotate_grce"}, "policy = 'rotate_grce': did you mean 'rotate_grace'?", id="unknown"),
    pytest.param({"policy": 5}, "policy = 5: expected `str`, got `int`", id="no word"),
]
_WRONG_TABLES = [
    pytest.param({"seconds": 3}, "refresh_policy: policy is missing; add it", id="table without policy"),
    pytest.param({}, "refresh_policy: policy is missing; add it", id="empty table"),
    pytest.param(
        {"policy": "rotate_grace", "second": 3},
        "unknown key 'refresh_policy.second'; did you mean 'seconds'?",
        id="unknown key",
    ),
    pytest.param("rotat", "refresh_policy = 'rotat': did you mean 'rotate'?", id="unknown name"),
    pytest.param(5, "refresh_policy = 5: expected `str | object", id="neither name nor table"),
]


@pytest.mark.parametrize(("value", "message"), [*_WRONG, *_WRONG_TABLES])
def test_a_wrong_policy_is_refused_in_python(value: typing.Any, message: str) -> None:
    """By the server, its issuers and its clients."""
    mock = OAuthMock(issuer="http://localhost")
    for what, make in (
        ("OAuthMock: ", lambda: OAuthMock(refresh_policy=value)),
        ("OAuthMock: ", lambda: OAuthMock(issuers={"a": {"refresh_policy": value}})),
        ("client 'crm': ", lambda: mock.client("crm", refresh_policy=value)),
    ):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert str(caught.value).startswith(what)
        assert message in str(caught.value).replace("'issuers.a.", "'")


@pytest.mark.parametrize(("value", "message"), _WRONG)
def test_a_struct_is_held_to_the_same(value: typing.Any, message: str) -> None:
    """msgspec does not look at what Python gives it."""
    mock = OAuthMock(issuer="http://localhost")
    with pytest.raises(ConfigurationError) as caught:
        mock.client("crm", refresh_policy=RefreshPolicySettings(**value))

    assert str(caught.value).startswith("client 'crm': refresh_policy: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param(
            "port = 1\nrefresh_policy = { policy = 'rotate', seconds = 3 }",
            2,
            "refresh_policy: 'rotate' has no seconds;",
            id="top",
        ),
        pytest.param(
            "[refresh_policy]\npolicy = 'rotate_grace'\nuses = 0", 3, "refresh_policy.uses = 0: expected", id="table"
        ),
        pytest.param("\n[refresh_policy]\nseconds = 3", 2, "refresh_policy: policy is missing; add it", id="without"),
        pytest.param("\nrefresh_policy = 'rotat'", 2, "did you mean 'rotate'?", id="unknown"),
        pytest.param(
            "[[clients]]\nclient_id = 'crm'\nrefresh_policy = { policy = 'rotate_every', uses = 1 }",
            3,
            "client 'crm': refresh_policy: 'rotate_every' has no uses;",
            id="client",
        ),
        pytest.param(
            "[issuers.a]\n\n[issuers.a.refresh_policy]\npolicy = 'omit'\nuses = 1",
            3,
            "issuers.a.refresh_policy: 'omit' has no uses;",
            id="issuer",
        ),
        pytest.param("access_token_policy = 'sme'", 1, "did you mean 'same'?", id="access_token_policy"),
    ],
)
def test_a_wrong_policy_is_blamed_on_its_line(tmp_path: pathlib.Path, text: str, line: int, message: str) -> None:
    """File, line, key, value, remedy."""
    path = tmp_path / "oauthmock.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        from_settings.resolve([from_settings.file(path)])

    (error,) = str(caught.value).splitlines()
    assert error.startswith(f"{path}:{line}: ")
    assert message in error


@pytest.mark.parametrize(
    ("value", "seconds", "uses"),
    [
        ("static", None, None),
        ("rotate", None, None),
        ({"policy": "rotate"}, None, None),
        ("rotate_grace", 30, 1),
        ({"policy": "rotate_grace", "seconds": 5}, 5, 1),
        ({"policy": "rotate_grace", "uses": 5}, 30, 5),
        ({"policy": "rotate_grace", "seconds": 1, "uses": 2**53}, 1, 2**53),
        ("rotate_every", 86400, None),
        ({"policy": "rotate_every", "seconds": 5}, 5, None),
    ],
)
def test_numbers_are_filled_in(value: typing.Any, seconds: int | None, uses: int | None) -> None:
    """A name alone, a table with some or all."""
    mock = OAuthMock(issuer="http://localhost", refresh_policy=value)
    mock.client("crm")
    policy = value if isinstance(value, str) else value["policy"]

    policies: Policies = mock.context.clients["crm"].policies
    assert policies.refresh == RefreshPolicySettings(policy=policy, seconds=seconds, uses=uses)
