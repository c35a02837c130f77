"""What a token costs: opaque and ES256 against a constant answer, `werkzeug.serving` and one `jwt.encode`.

Raw socket, keep-alive, loopback, each request timed to the last octet of its body; everything in turn within one run,
so that whatever slows the machine slows all of it; medians. `werkzeug.serving` closes after each answer, so its time
includes the connect that it forces.
"""

from __future__ import annotations

import argparse
import base64
import logging
import socket
import statistics
import threading
import time
import typing

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.serving import make_server

from mockserver import OAuthMock
from mockserver.serving import Server

if typing.TYPE_CHECKING:
    import collections.abc as cabc
    from wsgiref.types import StartResponse
    from wsgiref.types import WSGIEnvironment

_CONSTANT = b'{"access_token": "constant"}'
# In blocks: what one leaves behind (werkzeug's thread drains for 10 ms) is not charged to the next.
_BLOCK = 50
_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def constant(_environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    """The application that does nothing."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_CONSTANT)))])
    return [_CONSTANT]


def token_request(client_id: str, port: int) -> bytes:
    """A client credentials request as a connector sends it."""
    body = b"grant_type=client_credentials&scope=orders%3Aread"
    credentials = base64.b64encode(f"{client_id}:secret".encode()).decode()
    head = (
        f"POST /token HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nUser-Agent: benchmark\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def exchange(connection: socket.socket, request: bytes) -> None:
    """Send, and read to the last octet that Content-Length announces. Raises SystemExit for anything but a 200."""
    connection.sendall(request)
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += connection.recv(65536)
    head = answer[:end].lower()
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise SystemExit(answer.decode())
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(answer) < end + 4 + length:
        answer += connection.recv(65536)


def timed(action: cabc.Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def connected(port: int) -> socket.socket:
    """A connection that does not wait to fill segments."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def measure(requests: int) -> dict[str, float]:
    """Medians in microseconds, by name."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    theirs = make_server("127.0.0.1", 0, constant, threaded=True)
    thread = threading.Thread(target=theirs.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    key = ec.generate_private_key(ec.SECP256R1())
    with OAuthMock(journal_size=1000) as mock, Server(constant) as ours:
        mock.client("opaque", client_secret="secret", access_token_format="opaque")
        token = mock.client("jwt", client_secret="secret").grant(scope="orders:read")
        claims, port = token.claims, mock.state.port
        assert claims is not None
        assert port is not None
        kept = {port: connected(port), ours.port: connected(ours.port)}

        def closing() -> None:
            with socket.create_connection(("127.0.0.1", theirs.server_port)) as fresh:
                exchange(fresh, _GET)

        opaque, es256 = token_request("opaque", port), token_request("jwt", port)
        actions: dict[str, cabc.Callable[[], object]] = {
            "constant, werkzeug.serving": closing,
            "constant, mockserver.serving": lambda: exchange(kept[ours.port], _GET),
            "opaque token": lambda: exchange(kept[port], opaque),
            "ES256 token": lambda: exchange(kept[port], es256),
            "jwt.encode": lambda: jwt.encode(claims, key, algorithm="ES256", headers={"kid": "k", "typ": "at+jwt"}),
        }
        times: dict[str, list[float]] = {name: [] for name in actions}
        for turn in range(1 + -(-requests // _BLOCK)):
            for name, action in actions.items():
                block = [timed(action) for _ in range(_BLOCK)]
                if turn:  # the first turn warms up
                    times[name] += block
        for connection in kept.values():
            connection.close()
    theirs.shutdown()
    theirs.server_close()
    thread.join()
    return {name: statistics.median(values) * 1e6 for name, values in times.items()}


def main() -> None:
    """Print the medians, the ratios and what they are promised to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="turns of every kind (default 2000)")
    medians = measure(parser.parse_args().requests)
    for name, median in medians.items():
        print(f"{name:<32}{median:>10.0f} us")
    base, encode = medians["constant, werkzeug.serving"], medians["jwt.encode"]
    ours, opaque, es256 = (medians[name] for name in ("constant, mockserver.serving", "opaque token", "ES256 token"))
    for what, ratio, promise in (
        ("constant answer / werkzeug.serving's", ours / base, 1 / 5),
        ("(opaque - constant) / werkzeug.serving's constant", (opaque - ours) / base, 1 / 3),
        ("(ES256 - opaque) / jwt.encode", (es256 - opaque) / encode, 1.5),
    ):
        print(f"{what:<52}{ratio:>7.3f}, promised at most {promise:.3f}: {'kept' if ratio <= promise else 'BROKEN'}")


if __name__ == "__main__":
    main()
