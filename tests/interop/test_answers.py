"""What other people's clients make of each answer of `answers.toml` and `failures.toml`, as measured."""

from __future__ import annotations

import gc

import pytest

from interop import answers
from interop.answers import Answer
from mockserver import OAuthMock

_ALL = [*answers.read("answers.toml"), *answers.read("failures.toml")]


# Clients leave sockets behind where a connection breaks
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("answer", [pytest.param(answer, id=answer.id) for answer in _ALL])
def test_what_clients_make_of_an_answer(oauthmock: OAuthMock, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line strikes each of them, and nothing breaks in the mock."""
    answers.without_waiting(monkeypatch)
    found, missed = {}, 0
    for name, ask in answers.ASK.items():
        oauthmock.reset()
        oauthmock.user("alice")
        answer.arm(oauthmock)
        found[name] = answers.outcome(ask, oauthmock, patience=answer.patience)
        missed += sum(not armed.hits for armed in oauthmock.state.faults)
        assert oauthmock.exceptions == []

    gc.collect()
    assert found == answer.clients
    # Who does not wait may be gone before it strikes
    assert missed == 0 or answer.patience < 1
