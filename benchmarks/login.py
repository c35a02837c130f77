"""What a login costs: code with PKCE, tokens under ES256 and userinfo, against one request for an opaque token.

Raw socket, keep-alive, loopback; both in turn within one run, so that whatever slows the machine slows both; medians.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import statistics
import sys
import time
import typing
import urllib.parse

import token_request

from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    import collections.abc as cabc
    import socket

_BLOCK = 25
_PROMISE = 12
_REDIRECT_URI = "http://127.0.0.1:3000/callback"
_VERIFIER = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636"


def answered(connection: socket.socket, request: str) -> tuple[str, bytes]:
    """Head and body of the answer."""
    connection.sendall(request.encode())
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += connection.recv(65536)
    head = answer[:end].decode()
    length = int(head.lower().partition("content-length:")[2].split("\r\n")[0])
    while len(answer) < end + 4 + length:
        answer += connection.recv(65536)
    return head, answer[end + 4 :]


def posted(port: int, path: str, form: cabc.Mapping[str, str], authorization: str) -> str:
    body = urllib.parse.urlencode(form)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


def login(connection: socket.socket, port: int) -> None:
    """Three requests, as a relying party makes them. Raises SystemExit where one brings something else."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": "rp",
        "redirect_uri": _REDIRECT_URI,
        "scope": "openid email",
        "state": "state",
        "nonce": "nonce",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"/authorize?{urllib.parse.urlencode(asked)}"
    head, body = answered(connection, f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
    location = head.partition("Location: ")[2].split("\r\n")[0]
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query)).get("code")
    if code is None:
        raise SystemExit(head + body.decode())
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _REDIRECT_URI,
        "code_verifier": _VERIFIER,
    }
    basic = "Basic " + base64.b64encode(b"rp:secret").decode()
    tokens = json.loads(answered(connection, posted(port, "/token", form, basic))[1])
    bearer = f"Bearer {tokens['access_token']}"
    asking = f"GET /userinfo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {bearer}\r\n\r\n"
    claims = json.loads(answered(connection, asking)[1])
    if "id_token" not in tokens or claims != {"sub": "alice", "email": "alice@example.com"}:
        raise SystemExit(f"{sorted(tokens)} {claims}")


def measure(logins: int) -> tuple[float, float]:
    """Medians in microseconds: one login, one opaque token."""
    with OAuthMock(journal_size=1000, consent="auto") as mock:
        mock.user("alice", email="alice@example.com")
        mock.client("rp", client_secret="secret", id_token_signed_response_alg="ES256", redirect_uris=[_REDIRECT_URI])
        mock.client("opaque", client_secret="secret", access_token_format="opaque")
        port = mock.state.port
        assert port is not None
        connection = token_request.connected(port)
        opaque = token_request.token_request("opaque", port)
        actions: tuple[cabc.Callable[[], object], ...] = (
            lambda: login(connection, port),
            lambda: token_request.exchange(connection, opaque),
        )
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(1 + -(-logins // _BLOCK)):
            for which, action in enumerate(actions):
                block = [token_request.timed(action) for _ in range(_BLOCK)]
                if turn:  # the first turn warms up
                    times[which].extend(block)
        connection.close()
    return statistics.median(times[0]) * 1e6, statistics.median(times[1]) * 1e6


def main() -> None:
    """Print both, the ratio and what it is promised to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logins", type=int, default=500, help="turns of both (default 500)")
    began = time.perf_counter()
    whole, opaque = measure(parser.parse_args().logins)
    ratio = whole / opaque
    print(f"a login {whole:.0f} us, an opaque token {opaque:.0f} us ({time.perf_counter() - began:.1f} s)")
    print(f"login / opaque token {ratio:.1f}, promised at most {_PROMISE}: {'kept' if ratio <= _PROMISE else 'BROKEN'}")
    sys.exit(ratio > _PROMISE)


if __name__ == "__main__":
    main()
