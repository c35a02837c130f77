"""200 connections that send half a request and stall: cut within 15 s, while others are served.

Default limits, real time; prints when the last one was cut and how long requests took meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
import statistics
import time

from mockserver import OAuthMock

_PROMISE = 15.0


def main() -> None:
    """Print the figures and the promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=200, help="stalled connections (default 200)")
    count = parser.parse_args().connections
    with OAuthMock(access_token_format="opaque") as mock, contextlib.ExitStack() as stack:
        port = mock.state.port
        request = b"GET /jwks HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
        begin = time.perf_counter()
        stalled = {stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)}
        for connection in stalled:
            connection.sendall(request[:20])
        served = []
        while stalled and time.perf_counter() - begin < 2 * _PROMISE:
            sent = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port), timeout=5) as other:
                other.sendall(request)
                assert other.recv(65536).startswith(b"HTTP/1.1 200")
            served.append(time.perf_counter() - sent)
            readable, _, _ = select.select(stalled, [], [], 0.05)
            stalled -= {connection for connection in readable if not connection.recv(65536)}
        seconds = time.perf_counter() - begin
    cut = count - len(stalled)
    print(f"{cut} of {count} stalled connections were cut, the last after {seconds:.1f} s")
    print(
        f"meanwhile {len(served)} others were served, median {statistics.median(served) * 1e3:.1f} ms,"
        f" slowest {max(served) * 1e3:.1f} ms"
    )
    kept = cut == count and seconds <= _PROMISE
    print(f"promised: all within {_PROMISE:g} s: {'kept' if kept else 'BROKEN'}")


if __name__ == "__main__":
    main()
