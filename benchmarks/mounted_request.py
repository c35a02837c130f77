"""A token request to a mounted https origin over the same request to the server's own URL, by requests and by httpx.

Keep-alive, each request timed to the whole answer; everything in turn within one run, so that whatever slows the
machine slows all of it; medians. Exit status 1 when the promise is broken.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import typing

import httpx
import requests

from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    import collections.abc as cabc

    from mockserver.server import Issuer

_PROMISE = 1.3
# In blocks: a client that has just been used is faster than one that has not.
_BLOCK = 20


def asking(http: typing.Any, issuer: Issuer) -> cabc.Callable[[], None]:
    """A client credentials request as a connector sends it. It raises SystemExit for anything but a 200."""
    client = issuer.client()
    credentials = (client.client_id, client.client_secret)
    form, url = {"grant_type": "client_credentials"}, issuer.token_url

    def ask() -> None:
        answer = http.post(url, data=form, auth=credentials)
        if answer.status_code != 200:
            raise SystemExit(answer.text)

    return ask


def timed(action: cabc.Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def measure(count: int) -> dict[tuple[str, str], float]:
    """Medians in microseconds, by client and by where it asked."""
    with OAuthMock(journal_size=1000) as mock, requests.Session() as session, httpx.Client() as client:
        mount = mock.mount("https://login.example.com")
        actions = {
            (name, where): asking(http, issuer)
            for name, http in (("requests", session), ("httpx", client))
            for where, issuer in (("loopback", mock), ("mounted", mount))
        }
        times: dict[tuple[str, str], list[float]] = {name: [] for name in actions}
        for turn in range(1 + -(-count // _BLOCK)):
            for name, action in actions.items():
                block = [timed(action) for _ in range(_BLOCK)]
                if turn:  # the first turn warms up
                    times[name] += block
    return {name: statistics.median(values) * 1e6 for name, values in times.items()}


def main() -> None:
    """Print the medians, the ratios and what they are promised to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="requests of every kind (default 1000)")
    medians = measure(parser.parse_args().requests)
    for (name, where), median in medians.items():
        print(f"{name + ', ' + where:<32}{median:>10.0f} us")
    broken = False
    for name in ("requests", "httpx"):
        ratio = medians[name, "mounted"] / medians[name, "loopback"]
        broken = broken or ratio > _PROMISE
        verdict = "kept" if ratio <= _PROMISE else "BROKEN"
        print(f"{name + ', mounted / loopback':<52}{ratio:>7.3f}, promised at most {_PROMISE:.3f}: {verdict}")
    sys.exit(broken)


if __name__ == "__main__":
    main()
