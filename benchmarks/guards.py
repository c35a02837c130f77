"""What guards cost, against what botocore takes to sign the same request.

In process, without HTTP around it: a PATCH with 200 bytes, checked by each guard in turn within one run, in the
thread's own time; medians. The aim: SigV4 at most as much as signing, the others at most a tenth of it.
"""

from __future__ import annotations

import argparse
import base64
import collections.abc as cabc
import io
import statistics
import time
import typing

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mockserver import ApiKey
from mockserver import Basic
from mockserver import Bearer
from mockserver import Digest
from mockserver import OAuthMock
from mockserver import Open
from mockserver import SigV4
from mockserver import wire
from mockserver.admission import Visit
from mockserver.digests import Proof
from mockserver.incoming import Whole
from mockserver.nonces import new_nonce
from mockserver.nonces import opaque

_BODY = b"x" * 200
_TARGET = "/orders?page=2"
_BLOCK = 20


def visit(headers: dict[str, str]) -> Visit:
    """A request as a guard is shown it."""
    every = {"Host": "localhost", "Content-Type": "application/json", **headers}
    environ: dict[str, typing.Any] = {
        "REQUEST_METHOD": "PATCH",
        "PATH_INFO": "/orders",
        "QUERY_STRING": "page=2",
        "REQUEST_URI": _TARGET,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(_BODY)),
        "wsgi.input": io.BytesIO(_BODY),
        "wsgi.url_scheme": "http",
        "serving.raw_headers": [(name.encode(), value.encode()) for name, value in every.items()],
    }
    request = wire.with_body(wire.head(environ, now=0, trust_proxy=False), environ, limit=1024)
    return Visit(request=request, payload=Whole(request), read=lambda: request)


def anew(shown: Visit) -> Visit:
    """The same request, of which no guard has found out anything yet."""
    return Visit(request=shown.request, payload=shown.payload, read=shown.read)


def signed() -> AWSRequest:
    """What botocore does for the same request."""
    request = AWSRequest(
        method="PATCH", url=f"http://localhost{_TARGET}", data=_BODY, headers={"Content-Type": "application/json"}
    )
    SigV4Auth(Credentials("AKIDEXAMPLE", "s3cret"), "execute-api", "us-east-1").add_auth(request)
    return request


def proofs(seed: bytes, now: float) -> cabc.Iterator[Visit]:
    """Digest credentials, each with the next count."""
    nonce = new_nonce(seed, "api", now=now)
    for count in range(1, 1_000_000):
        nc = f"{count:08x}"
        proof = Proof(
            algorithm="MD5", realm="api", nonce=nonce, uri=_TARGET, method="PATCH", qop="auth", nc=nc, cnonce="c"
        )
        value = (
            f'Digest username="crm", realm="api", nonce="{nonce}", uri="{_TARGET}", algorithm=MD5, qop=auth, nc={nc},'
            f' cnonce="c", opaque="{opaque(seed)}", response="{proof.response("crm", "s3cret")}"'
        )
        yield visit({"Authorization": value})


def measure(rounds: int) -> dict[str, float]:
    """Microseconds, the median of each."""
    mock = OAuthMock(issuer="http://localhost")
    context = mock.context
    token = mock.client("crm").grant().access_token
    basic = base64.b64encode(b"crm:s3cret").decode()
    guards: dict[str, tuple[typing.Any, Visit | None]] = {
        "open": (Open(), visit({})),
        "api_key": (ApiKey("k-123"), visit({"X-Api-Key": "k-123"})),
        "basic": (Basic({"crm": "s3cret"}), visit({"Authorization": f"Basic {basic}"})),
        "bearer": (Bearer(), visit({"Authorization": f"Bearer {token}"})),
        "digest": (Digest({"crm": "s3cret"}, algorithms="MD5"), None),
        "sigv4": (SigV4({"AKIDEXAMPLE": "s3cret"}), visit(dict(signed().headers.items()))),
    }
    counted = proofs(context.seed, context.clock.now())
    times: dict[str, list[float]] = {"botocore signs": [], **{name: [] for name in guards}}
    for _ in range(rounds):
        began = time.thread_time()
        for _ in range(_BLOCK):
            signed()
        times["botocore signs"].append((time.thread_time() - began) / _BLOCK)
        for name, (guard, shown) in guards.items():
            visits = [anew(shown) if shown is not None else next(counted) for _ in range(_BLOCK)]
            began = time.thread_time()
            for each in visits:
                guard.check(each, context)
            times[name].append((time.thread_time() - began) / _BLOCK)
    return {name: statistics.median(values) * 1e6 for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    found = measure(parser.parse_args().rounds)
    for name, microseconds in found.items():
        print(f"{name:<16}{microseconds:8.1f} us   {microseconds / found['botocore signs']:5.2f} of signing")


if __name__ == "__main__":
    main()
