"""A reset with 100 tokens and 8 idle connections, against restarting a server: ours, and `pytest_httpserver`'s.

In turn within one run; medians.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import time
import typing

from pytest_httpserver import HTTPServer

from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    import collections.abc as cabc

_PROMISE = 1 / 100


def timed(*actions: cabc.Callable[[], object]) -> float:
    """Seconds for all of them."""
    begin = time.perf_counter()
    for action in actions:
        action()
    return time.perf_counter() - begin


def filled(mock: OAuthMock) -> list[socket.socket]:
    """100 tokens and 8 connections that have had an answer and stay open."""
    client = mock.client()
    for _ in range(100):
        client.grant()
    port = mock.state.port
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for connection in connections:
        connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
        connection.recv(65536)
    return connections


def main() -> None:
    """Print medians, ratios and promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="resets and restarts (default 20)")
    runs = parser.parse_args().runs
    resets, restarts, others = [], [], []
    other = HTTPServer(port=0)
    other.start()
    with OAuthMock(access_token_format="opaque") as mock:
        for run in range(runs + 1):
            connections = filled(mock)
            reset = timed(mock.reset)
            for connection in connections:
                assert connection.recv(1) == b"", "a reset closes idle connections"
                connection.close()
            restart = timed(mock.stop, mock.start)
            restart_of_other = timed(other.stop, other.start)
            if run:  # the first run warms up
                resets.append(reset)
                restarts.append(restart)
                others.append(restart_of_other)
    other.stop()
    median = statistics.median(resets)
    print(f"reset with 100 tokens, 8 connections {median * 1e6:>10.0f} us")
    for name, times in (("restart of ours", restarts), ("restart of pytest_httpserver", others)):
        ratio = median / statistics.median(times)
        verdict = "kept" if ratio <= _PROMISE else "BROKEN"
        print(
            f"{name:<36} {statistics.median(times) * 1e6:>10.0f} us   ratio {ratio:.4f},"
            f" promised at most {_PROMISE}: {verdict}"
        )


if __name__ == "__main__":
    main()
