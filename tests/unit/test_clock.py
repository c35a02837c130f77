"""The server's two readings of time."""

from __future__ import annotations

import pytest
import time_machine

from mockserver import Clock

_NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("amounts", "seconds"),
    [
        pytest.param({"seconds": 1.5}, 1.5, id="seconds"),
        pytest.param({"minutes": 2}, 120, id="minutes"),
        pytest.param({"hours": 1}, 3600, id="hours"),
        pytest.param({"days": 1}, 86400, id="days"),
        pytest.param({"days": 1, "hours": 1, "minutes": 1, "seconds": 1}, 90061, id="all"),
        pytest.param({"hours": -1}, -3600, id="back"),
        pytest.param({}, 0, id="nothing"),
    ],
)
def test_advancing_moves_the_servers_reading_alone(amounts: dict[str, float], seconds: float) -> None:
    """`now` moves, `peer` stands."""
    clock = Clock()
    with time_machine.travel(_NOW, tick=False):
        clock.advance(**amounts)

        assert (clock.now(), clock.peer()) == (_NOW + seconds, _NOW)


def test_advances_add_up() -> None:
    """A second advance goes on from the first."""
    clock = Clock()
    with time_machine.travel(_NOW, tick=False):
        clock.advance(minutes=1)
        clock.advance(minutes=1)

        assert clock.now() == _NOW + 120


@pytest.mark.parametrize(("seconds", "minutes", "skew"), [(5, 0, 5), (0, -5, -300), (1, 1, 61)])
def test_skewing_moves_the_peers_reading_alone(seconds: float, minutes: float, skew: float) -> None:
    """`peer` moves, `now` stands; a second skew replaces the first."""
    clock = Clock()
    with time_machine.travel(_NOW, tick=False):
        clock.skew(seconds=999)
        clock.skew(seconds=seconds, minutes=minutes)

        assert (clock.now(), clock.peer()) == (_NOW, _NOW + skew)


def test_both_readings_follow_the_wall_clock() -> None:
    """time-machine carries both."""
    clock = Clock()
    clock.advance(hours=1)
    with time_machine.travel(_NOW, tick=False) as traveller:
        traveller.shift(10)

        assert (clock.now(), clock.peer()) == (_NOW + 3610, _NOW + 10)


def test_the_repr_says_how_far_it_was_moved() -> None:
    """What pytest prints."""
    clock = Clock()
    clock.advance(hours=1)
    clock.skew(minutes=-1)

    assert repr(clock) == "Clock(advanced=3600s, skew=-60s)"
