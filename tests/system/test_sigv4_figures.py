"""
The full figures of SigV4: AWS's vectors, and 20,000 random requests.

The vectors are in botocore's source distribution, not in its wheel. They are under the Apache licence and are fetched
with pip, in the version that is installed, rather than kept here; `OAUTHMOCK_BOTOCORE_SDIST` names a file that is there
already. `OAUTHMOCK_SIGV4_REQUESTS` is how many random requests are made of each kind.
"""

from __future__ import annotations

import calendar
import collections
import collections.abc as cabc
import os
import pathlib
import random
import re
import subprocess
import sys
import tarfile

import botocore
import pytest

from mockserver import AccessKey
from mockserver import OAuthMock
from mockserver import SigV4
from signing.random_requests import ACCESS_KEY
from signing.random_requests import SECRET
from signing.random_requests import SESSION_KEY
from signing.random_requests import TOKEN
from signing.random_requests import changed
from signing.random_requests import signed
from signing.wire import Wire
from signing.wire import at
from signing.wire import send

_REQUESTS = int(os.environ.get("OAUTHMOCK_SIGV4_REQUESTS", "10000"))
_FOLDER = "tests/unit/auth/aws4_testsuite/"
_NOW = calendar.timegm((2015, 8, 30, 12, 36, 0))
_TOKEN = re.compile(r"^x-amz-security-token:(.*)$", re.MULTILINE | re.IGNORECASE)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By case: the texts by the ends of their names."""
    given = os.environ.get("OAUTHMOCK_BOTOCORE_SDIST")
    if given:
        archive = pathlib.Path(given)
    else:
        folder = tmp_path_factory.mktemp("botocore")
        asked = [f"botocore=={botocore.__version__}", "--no-deps", "--no-binary", "botocore", "-q", "-d", str(folder)]
        done = subprocess.run([sys.executable, "-m", "pip", "download", *asked], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("botocore's source distribution cannot be fetched")
        (archive,) = folder.glob("botocore-*.tar.gz")
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    with tarfile.open(archive) as files:
        for member in files:
            path = pathlib.PurePosixPath(member.name)
            if _FOLDER in member.name and path.suffix in (".req", ".creq", ".sts", ".authz", ".sreq"):
                content = files.extractfile(member)
                assert content is not None
                found[path.parent.name][path.suffix] = content.read().decode("latin-1").replace("\r", "")
    return dict(found)


def wire_of(text: str) -> Wire:
    """A request as the vectors write it; a header that goes on in the next line is joined as HTTP once did."""
    head, _, body = text.partition("\n\n")
    request_line, *lines = head.split("\n")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith((" ", "\t")):
            name, value = headers[-1]
            headers[-1] = (name, f"{value}\n{line}")
        else:
            name, _, value = line.partition(":")
            headers.append((name, value))
    method, _, rest = request_line.partition(" ")
    return Wire(method, rest.rpartition(" ")[0], headers, body.encode("latin-1"))


def test_all_vectors(vectors: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    """The request with its signature is taken; with another one the why has their canonical request to the letter."""
    for name, texts in sorted(vectors.items()):
        token = _TOKEN.search(texts[".sreq"])
        key = AccessKey(SECRET, session_token=token[1].strip()) if token else AccessKey(SECRET)
        mock = OAuthMock(issuer="http://localhost")
        mock.protect("/", app=mock.echo, guard=SigV4({ACCESS_KEY: key}, service="service", region="us-east-1"))
        at(mock, _NOW)
        # The signature in .sreq is wrong in one case, get-vanilla-with-session-token; that in .authz never is
        authorization = texts[".authz"].strip()
        wire = wire_of(texts[".sreq"]).with_header("Authorization", authorization)

        assert send(mock, wire)[0] == 200, f"{name}\n{mock.journal.last.why}"
        assert send(mock, wire.with_header("Authorization", authorization[:-8] + "00000000"))[0] == 403
        shown = mock.journal.last.reply.body.decode()
        for end in (".creq", ".sts"):
            assert texts[end] in _unescaped(shown), f"{name}\n{shown}"
    with capsys.disabled():
        sys.stdout.write(f" [{len(vectors)} vectors] ")
    assert len(vectors) >= 30


def _unescaped(text: str) -> str:
    """JSON's escapes undone."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1", "replace").decode("latin-1")


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    server = OAuthMock(issuer="http://localhost", journal_size=10)
    keys = {ACCESS_KEY: SECRET, SESSION_KEY: AccessKey(SECRET, session_token=TOKEN)}
    server.protect("/", app=server.echo, guard=SigV4(keys))
    yield server
    assert server.exceptions == []


@pytest.mark.timeout(1800)
def test_requests_that_botocore_signs_are_taken(mock: OAuthMock) -> None:
    """10,000 of them."""
    rng = random.Random(1)
    for _ in range(_REQUESTS):
        request = signed(rng)
        assert send(mock, request.wire)[0] == 200, f"{request.wire}\n{mock.journal.last.why}"


@pytest.mark.timeout(1800)
def test_requests_with_another_byte_are_refused(mock: OAuthMock, capsys: pytest.CaptureFixture[str]) -> None:
    """10,000 that botocore sees as others; those that are the same to it are taken, and counted apart."""
    rng = random.Random(2)
    counted: collections.Counter[bool] = collections.Counter()
    while counted[False] < _REQUESTS:
        request = signed(rng)
        where, wire = changed(rng, request)
        status, _, _ = send(mock, wire)
        alike = request.alike(wire)
        assert (status == 200) is alike, f"{where}\n{wire}\n{request.wire}\n{mock.journal.last.why}"
        counted[alike] += 1
    with capsys.disabled():
        sys.stdout.write(f" [{counted[False]} refused, {counted[True]} alike and taken] ")
