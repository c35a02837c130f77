"""The command that is run: found, started, told of signals, waited for; its exit status as shells have it."""

from __future__ import annotations

import collections.abc as cabc
import os
import pathlib
import shutil
import signal
import subprocess
import time
import types

import click

__all__ = ["Signals", "found", "run"]

NOT_STARTED, NOT_FOUND = 126, 127

# After a signal the command gets this long to end, then SIGTERM and a little more, then SIGKILL
_GRACE_SECONDS = 10.0
_LAST_SECONDS = 5.0
_LOOK_SECONDS = 0.1

_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")


class Signals:
    """Signals that end a command, noted for `run` to act on: a handler that raised would do so in midst of things."""

    def __init__(self) -> None:
        self.received: list[int] = []
        for name in _PASSED_ON:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._note)

    def _note(self, number: int, frame: types.FrameType | None) -> None:  # noqa: ARG002 - as signal calls it
        self.received.append(number)


def found(name: str, environ: cabc.Mapping[str, str]) -> str | int:
    """Where a command is; the exit status for one that cannot be run, which has then been said on standard error."""
    path = shutil.which(name, path=environ.get("PATH"))
    if path is not None:
        return path
    if pathlib.Path(name).exists() and os.path.dirname(name):  # noqa: PTH120 - "./x" and "x" differ
        return _unstartable(name, "it is not executable")
    click.echo(f"oauthmock exec: there is no command {name!r}; look at its spelling and at PATH", err=True)
    return NOT_FOUND


def run(program: str, command: cabc.Sequence[str], environ: cabc.Mapping[str, str], signals: Signals) -> int:
    """
    Start the command and wait for it. Signals are passed on.

    Raises KeyboardInterrupt when one of them was SIGINT.
    """
    try:
        process = subprocess.Popen(command, executable=program, env=environ)
    except OSError as error:
        return _unstartable(command[0], error.strerror or str(error))
    with process:
        _wait(process, signals)
    if signal.SIGINT in signals.received:
        raise KeyboardInterrupt
    status = process.returncode
    return 128 - status if status < 0 else status


def _wait(process: subprocess.Popen[bytes], signals: Signals) -> None:
    """Until it has ended: as long as it likes, but not long after a signal."""
    passed_on, deadlines = 0, [(_GRACE_SECONDS, process.terminate), (_LAST_SECONDS, process.kill)]
    deadline = float("inf")
    while True:
        try:
            process.wait(_LOOK_SECONDS)
            return
        except subprocess.TimeoutExpired:
            pass
        if len(signals.received) > passed_on:
            if passed_on == 0:
                deadline = time.monotonic() + deadlines[0][0]
            number = signals.received[passed_on]
            passed_on += 1
            if number != signal.SIGINT or not _in_the_foreground():
                process.send_signal(number)
        elif deadlines and time.monotonic() >= deadline:
            deadlines.pop(0)[1]()
            deadline = time.monotonic() + _LAST_SECONDS


def _in_the_foreground() -> bool:
    """Whether a Ctrl-C at the terminal reaches the command by itself: it would take a second one for impatience."""
    try:
        with pathlib.Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (AttributeError, OSError):  # no terminal, or no such thing
        return os.name != "posix"


def _unstartable(name: str, why: str) -> int:
    click.echo(f"oauthmock exec: {name!r} cannot be started: {why}", err=True)
    return NOT_STARTED
