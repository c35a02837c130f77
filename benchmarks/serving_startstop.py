"""Warm start plus stop: our server against `pytest_httpserver.HTTPServer`, in turn within one run; medians."""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

from pytest_httpserver import HTTPServer

from mockserver.serving import Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable
    from wsgiref.types import StartResponse
    from wsgiref.types import WSGIEnvironment

PROMISE = 1 / 10


def constant(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def timed(start: Callable[[], None], stop: Callable[[], None]) -> float:
    begin = time.perf_counter()
    start()
    stop()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20, help="cycles of each server (default 20)")
    ours, theirs = [], []
    for turn in range(parser.parse_args().requests + 1):
        server, other = Server(constant), HTTPServer(port=0)
        pair = timed(server.start, server.stop), timed(other.start, other.stop)
        if turn:  # the first turn warms both up
            ours.append(pair[0])
            theirs.append(pair[1])
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"{'start and stop':<32}{'median us':>12}{'worst us':>12}")
    for name, times in (("mockserver.serving", ours), ("pytest_httpserver.HTTPServer", theirs)):
        print(f"{name:<32}{statistics.median(times) * 1e6:>12.0f}{max(times) * 1e6:>12.0f}")
    print(f"ratio {ratio:.4f}, promised at most {PROMISE:.3f}: {'kept' if ratio <= PROMISE else 'BROKEN'}")


if __name__ == "__main__":
    main()
