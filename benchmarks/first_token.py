"""A cold process up to its first token over HTTP, against importing werkzeug, jwt, httptools and msgspec alone.

Whole processes, in turn within one run; medians of what each process itself measured from its first line on.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

_PROMISE = 1.6

_IMPORTS = """
import time; begin = time.perf_counter()
import werkzeug, jwt, httptools, msgspec
print(time.perf_counter() - begin)
"""

_TOKEN = """
import time; begin = time.perf_counter()
import socket
from mockserver import OAuthMock
with OAuthMock() as mock:
    client = mock.client("crm", client_secret="secret")
    body = b"grant_type=client_credentials&client_id=crm&client_secret=secret"
    with socket.create_connection(("127.0.0.1", mock.state.port)) as connection:
        connection.sendall(
            b"POST /token HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\nConnection: close\\r\\n"
            b"Content-Type: application/x-www-form-urlencoded\\r\\nContent-Length: %d\\r\\n\\r\\n"
            % (mock.state.port, len(body)) + body
        )
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    seconds = time.perf_counter() - begin
assert b'"access_token":"eyJ' in answer, answer
print(seconds)
"""


def seconds(code: str) -> float:
    """What a fresh interpreter prints."""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print medians, ratio and promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="processes of each kind (default 15)")
    runs = parser.parse_args().runs
    imports, tokens = [], []
    for run in range(runs + 1):
        pair = seconds(_IMPORTS), seconds(_TOKEN)
        if run:  # the first pair fills the file cache
            imports.append(pair[0])
            tokens.append(pair[1])
    ratio = statistics.median(tokens) / statistics.median(imports)
    print(f"imports alone     {statistics.median(imports) * 1e3:>8.1f} ms")
    print(f"first token       {statistics.median(tokens) * 1e3:>8.1f} ms")
    print(f"ratio {ratio:.3f}, promised at most {_PROMISE}: {'kept' if ratio <= _PROMISE else 'BROKEN'}")


if __name__ == "__main__":
    main()
