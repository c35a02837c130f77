"""RFC 7616: Digest at a protected path; the RFC's own examples, every parameter, and every way to get one wrong."""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import re
import typing

import pytest

from mockserver import ConfigurationError
from mockserver import Digest
from mockserver import OAuthMock
from mockserver.authorization import Malformed
from mockserver.authorization import parameters
from mockserver.digests import Proof
from mockserver.digests import same_target

_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def hashed(algorithm: str, text: str | bytes) -> str:
    octets = text.encode() if isinstance(text, str) else text
    return hashlib.new(_HASHES[algorithm.removesuffix("-sess")], octets, usedforsecurity=False).hexdigest()


class Client:
    """A Digest client of the tests' own: takes the first challenge, and lets a test spoil what it sends."""

    def __init__(
        self, http: typing.Any, path: str = "/orders", *, user: str = "Mufasa", password: str = "Circle"
    ) -> None:
        self._http = http
        self.path = path
        self.user, self.password = user, password
        self.challenge: dict[str, str] = {}
        self.count = 0

    def ask(self, number: int = 0) -> typing.Any:
        """The bare request; its challenge is kept."""
        answer = self._http.client.get(self.path)
        self.take(answer, number)
        return answer

    def take(self, answer: typing.Any, number: int = 0) -> None:
        value = [v for n, v in answer.headers if n in ("WWW-Authenticate", "Proxy-Authenticate")][number]
        assert value.startswith("Digest ")
        pairs = re.findall(r'([\w-]+)=(?:"([^"]*)"|([^\s,]+))', value)
        self.challenge = {name: quoted or bare for name, quoted, bare in pairs}
        self.count = 0

    def fields(self, method: str = "GET", body: bytes = b"", **changes: str | None) -> dict[str, str]:
        """What is sent; `changes` go into the hashes as well, and None leaves one out of the header."""
        algorithm = self.challenge.get("algorithm", "MD5")
        self.count += 1
        values: dict[str, str] = {
            "username": self.user,
            "realm": self.challenge["realm"],
            "nonce": self.challenge["nonce"],
            "uri": self.path,
            "algorithm": algorithm,
            "cnonce": "0a4f113b",
            "nc": f"{self.count:08x}",
            "qop": self.challenge.get("qop", "").partition(",")[0],
            "opaque": self.challenge["opaque"],
        }
        values.update({name: value for name, value in changes.items() if value is not None})
        a1 = hashed(algorithm, f"{self.user}:{values['realm']}:{self.password}")
        if algorithm.endswith("-sess"):
            a1 = hashed(algorithm, f"{a1}:{values['nonce']}:{values['cnonce']}")
        a2 = f"{method}:{values['uri']}"
        if values["qop"] == "auth-int":
            a2 += f":{hashed(algorithm, body)}"
        middle = [values["nonce"]]
        if values["qop"]:
            middle += [values["nc"], values["cnonce"], values["qop"]]
        values["response"] = hashed(algorithm, ":".join([a1, *middle, hashed(algorithm, a2)]))
        if not values["qop"]:
            for name in ("nc", "qop", *(() if algorithm.endswith("-sess") else ("cnonce",))):
                values.pop(name)
        return {name: value for name, value in values.items() if changes.get(name, "") is not None}

    def header(self, fields: cabc.Mapping[str, str]) -> str:
        bare = ("algorithm", "nc", "qop", "userhash")
        return "Digest " + ", ".join(f"{n}={v}" if n in bare else f'{n}="{v}"' for n, v in fields.items())

    def send(self, fields: cabc.Mapping[str, str], *, method: str = "GET", **options: typing.Any) -> typing.Any:
        return self.say(self.header(fields), method=method, **options)

    def say(self, header: str, *, method: str = "GET", proxy: bool = False, **options: typing.Any) -> typing.Any:
        name = "Proxy-Authorization" if proxy else "Authorization"
        return self._http.client.open(self.path, method=method, headers={name: header}, **options)


def protect(mock: OAuthMock, **settings: typing.Any) -> None:
    mock.protect("/orders", guard=Digest({"Mufasa": "Circle"}, **settings), json=[])


# -- the RFC's examples ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_3_9_1(algorithm: str, response: str) -> None:
    """RFC 7616 3.9.1."""
    proof = Proof(
        algorithm=algorithm,
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        uri="/dir/index.html",
        method="GET",
        qop="auth",
        nc="00000001",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert proof.response("Mufasa", "Circle of Life") == response


@pytest.mark.parametrize(
    ("algorithm", "user", "response"),
    [
        pytest.param(
            "SHA-512-256",
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
            id="as erratum 4897 corrects it",
        ),
        pytest.param(
            "truncated",
            "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec",
            "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd",
            id="as it is printed, with SHA-512 cut short",
        ),
    ],
)
def test_the_example_of_3_9_2(algorithm: str, user: str, response: str) -> None:
    """RFC 7616 3.9.2: charset, userhash and SHA-512/256."""
    proof = Proof(
        algorithm=algorithm,
        realm="api@example.org",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        uri="/doe.json",
        method="GET",
        qop="auth",
        nc="00000001",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert proof.response("Jäsøn Doe", "Secret, or not?") == response
    assert proof.user_hash("Jäsøn Doe") == user


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [("MD5", "6629fae49393a05397450978507c4ef1"), ("MD5-sess", None)],
)
def test_the_example_of_rfc_2617(algorithm: str, response: str | None) -> None:
    """RFC 2617 3.5, whose MD5 has not changed; the session's hash is another."""
    proof = Proof(
        algorithm=algorithm,
        realm="testrealm@host.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html",
        method="GET",
        qop="auth",
        nc="00000001",
        cnonce="0a4f113b",
    )
    assert (proof.response("Mufasa", "Circle Of Life") == "6629fae49393a05397450978507c4ef1") is (response is not None)


# -- what is taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", [(), "auth", "auth-int", ("auth", "auth-int")], ids=str)
@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"])
def test_every_algorithm_with_every_qop(http: typing.Any, mock: OAuthMock, algorithm: str, qop: typing.Any) -> None:
    """RFC 7616 3.4.1 to 3.4.3: and the server proves that it knows the password, too (3.5)."""
    protect(mock, algorithms=algorithm, qop=qop)
    client = Client(http)
    client.ask()
    first = "" if not qop else "auth-int" if qop == "auth-int" else "auth"
    fields = client.fields("PATCH", b"body", qop=first)
    answer = client.send(fields, method="PATCH", data=b"body")

    assert (answer.status_code, answer.data) == (200, b"[]")
    last = mock.journal.last
    assert (last.guard, last.caller, last.credentials, last.preemptive) == ("digest", "Mufasa", "digest", False)
    how = f"qop {first}" if first else "without qop"
    assert last.why == f"/orders took the proof of user 'Mufasa' (Digest {algorithm}, {how})"
    told = answer.headers.get("Authentication-Info")
    if not first:
        assert told is None
        return
    a1 = hashed(algorithm, "Mufasa:api:Circle")
    if algorithm.endswith("-sess"):
        a1 = hashed(algorithm, f"{a1}:{fields['nonce']}:0a4f113b")
    a2 = ":/orders" if first == "auth" else f":/orders:{hashed(algorithm, b'[]')}"
    rspauth = hashed(algorithm, f"{a1}:{fields['nonce']}:00000001:0a4f113b:{first}:{hashed(algorithm, a2)}")
    assert told == f'qop={first}, rspauth="{rspauth}", cnonce="0a4f113b", nc=00000001'


def test_the_whole_challenge(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.3 and 3.7: one for each algorithm in order, all of one nonce."""
    protect(mock, realm='the "api"', qop=("auth", "auth-int"), userhash=True, domain="/orders /items")
    answer = http.client.get("/orders")

    nonces = set()
    for value, algorithm in zip(answer.headers.getlist("WWW-Authenticate"), ("SHA-256", "MD5"), strict=True):
        found = re.fullmatch(
            r'Digest realm="the \\"api\\"", domain="/orders /items", qop="auth, auth-int", algorithm=([\w-]+),'
            r' nonce="([\w-]{43})", opaque="[0-9a-f]{32}", charset=UTF-8, userhash=true',
            value,
        )
        assert found is not None
        assert found[1] == algorithm
        nonces.add(found[2])
    assert len(nonces) == 1
    assert (answer.status_code, answer.data) == (401, b"Digest authentication is required.\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert mock.journal.last.why == "Digest is asked for in Authorization: no such header came"


def test_a_proxy_asks_with_407(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.8: fields of its own, and no domain."""
    protect(mock, proxy=True, domain="/", algorithms="SHA-256")
    client = Client(http)
    bare = client.ask()
    assert (bare.status_code, "domain" in client.challenge) == (407, False)

    assert client.say(client.header(client.fields())).status_code == 407
    answer = client.say(client.header(client.fields()), proxy=True)
    assert answer.status_code == 200
    assert answer.headers["Proxy-Authentication-Info"].startswith('qop=auth, rspauth="')
    assert [exchange.preemptive for exchange in mock.journal] == [False, False, False]


def test_a_user_may_be_hidden(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4.4: and is named in the journal."""
    protect(mock, algorithms="SHA-256", userhash=True)
    client = Client(http)
    client.ask()
    hidden = {**client.fields(), "username": hashed("SHA-256", "Mufasa:api"), "userhash": "true"}

    assert client.send(hidden).status_code == 200
    assert mock.journal.last.caller == "Mufasa"
    nobody = {**client.fields(), "username": hashed("SHA-256", "Scar:api"), "userhash": "true"}
    assert client.send(nobody).status_code == 401
    assert mock.journal.last.why == "the userhash is nobody's; there are Mufasa"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", 200),
        ("username*=utf-8'en'J%C3%A4s%C3%B8n%20Doe", 200),
        ("username*=UTF-8''J%E4s", 400),
        ("username*=J%C3%A4s%C3%B8n", 400),
        ("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, userhash=true", 400),
        ("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, username=\"x\"", 400),
    ],
)
def test_a_name_beyond_ascii(http: typing.Any, mock: OAuthMock, sent: str, status: int) -> None:
    """RFC 7616 3.4: username*, or username in the charset of the challenge."""
    mock.protect("/orders", guard=Digest({"Jäsøn Doe": "Secret, or not?"}, userhash=True), json=[])
    client = Client(http, user="Jäsøn Doe", password="Secret, or not?")
    client.ask()
    fields = client.fields()
    del fields["username"]
    assert client.say(f"{client.header(fields)}, {sent}").status_code == status
    assert mock.journal.last.verdict == ("accepted" if status == 200 else "refused")


@pytest.mark.parametrize("charset", ["UTF-8", None])
def test_a_name_as_its_octets(http: typing.Any, mock: OAuthMock, charset: typing.Any) -> None:
    """RFC 7616 3.3: charset is held to where it is in the challenge, and where it is not Latin-1 is taken as well."""
    mock.protect("/orders", guard=Digest({"Jäsøn": "Circle"}, charset=charset), json=[])
    client = Client(http, user="Jäsøn")
    client.ask()
    fields = client.fields()
    in_utf_8 = {**fields, "username": "Jäsøn".encode().decode("latin-1")}

    assert client.send(in_utf_8).status_code == 200
    client.ask()
    assert client.send(client.fields()).status_code == (400 if charset else 200)
    if charset:
        assert "it looks like Latin-1, as requests sends it" in mock.journal.last.why


def test_the_issuers_users_may_come_in(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4: those of `oauthmock.user`."""
    mock.protect("/orders", guard=Digest(), json=[])
    client = Client(http, user="alice", password="wonderland")
    client.ask()

    assert client.send(client.fields()).status_code == 200


def test_the_liberties_of_clients_are_noted(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4: what must not be in quotes, and what must; opaque that is not sent back."""
    protect(mock)
    client = Client(http)
    client.ask()
    fields = client.fields(opaque=None)
    header = "Digest " + ", ".join(
        f'{name}="{value}"' if name != "username" else f"{name}={value}" for name, value in fields.items()
    )

    assert client.say(header).status_code == 200
    assert mock.journal.last.why.partition("; ")[2] == (
        "algorithm and qop and nc must not be in quotes (RFC 7616 3.4); username must be in quotes (RFC 7616 3.4)"
        "; opaque was not sent back (RFC 7616 3.4)"
    )


@pytest.mark.parametrize(
    ("uri", "target", "same"),
    [
        ("/a?b=c", "/a?b=c", True),
        ("http://api.example/a?b=c", "/a?b=c", True),
        ("/a", "http://api.example:80/a", True),
        ("http://api.example", "/", True),
        ("/%7ea%2fb", "/~a%2Fb", True),
        ("/a/b", "/a%2Fb", False),
        ("/a", "/a?b=c", False),
        ("/A", "/a", False),
    ],
)
def test_the_same_resource(uri: str, target: str, same: bool) -> None:
    """RFC 7616 3.4.6, RFC 3986 6.2.2: a proxy may write it in another way."""
    assert same_target(uri, target) is same


# -- nonces ------------------------------------------------------------------------------------------------------------


def test_a_nonce_is_counted(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4, nc: each count once, in any order; a replay is told to start anew."""
    protect(mock)
    client = Client(http)
    client.ask()
    first, second = client.fields(), client.fields()

    assert client.send(second).status_code == 200
    assert client.send(first).status_code == 200
    replayed = client.send(first)
    assert replayed.status_code == 401
    assert mock.journal.last.why == "nc=00000001 came before with this nonce: a replay (RFC 7616 3.4)"
    client.take(replayed)
    assert client.challenge["stale"] == "true"
    assert client.send(client.fields()).status_code == 200


def test_of_equal_requests_at_once_one_is_no_replay(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 5.5."""
    protect(mock)
    client = Client(http)
    client.ask()
    fields = client.fields()
    statuses = [answer.status_code for answer in http.at_once([lambda: client.send(fields)] * 8)]

    assert sorted(statuses) == [200, *[401] * 7]


def test_an_old_nonce_is_stale(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.3: the client that knew the password is told, and repeats without asking anybody."""
    protect(mock, nonce_lifetime=60)
    client = Client(http)
    client.ask()
    mock.clock.advance(seconds=61)
    stale = client.send(client.fields())

    assert stale.status_code == 401
    assert all("stale=true" in value for value in stale.headers.getlist("WWW-Authenticate"))
    assert mock.journal.last.why == "the nonce is 61 s old; it is good for 60 s (server clock)"
    client.take(stale)
    assert client.send(client.fields()).status_code == 200


def test_a_wrong_password_is_not_called_stale(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.3: stale only for who knows it."""
    protect(mock, nonce_lifetime=60)
    client = Client(http, password="Square")
    client.ask()
    mock.clock.advance(seconds=61)

    assert "stale" not in client.send(client.fields()).headers["WWW-Authenticate"]


@pytest.mark.parametrize("nonce", ["dcd98b7102dd2f0e8b11d0f600bfb0c093", "x", "A" * 43, "\u00e4" * 10])
def test_a_foreign_nonce_is_stale(http: typing.Any, mock: OAuthMock, nonce: str) -> None:
    """RFC 7616 3.3: one of before a reset, or invented."""
    protect(mock)
    client = Client(http)
    client.ask()
    answer = client.send(client.fields(nonce=nonce))

    assert (answer.status_code, "stale=true" in answer.headers["WWW-Authenticate"]) == (401, True)


def test_the_next_nonce_comes_with_the_answer(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.5: and is good."""
    protect(mock, next_nonce=True)
    client = Client(http)
    client.ask()
    answer = client.send(client.fields())
    found = re.match(r'nextnonce="([\w-]{43})", qop=auth, rspauth=', answer.headers["Authentication-Info"])
    assert found is not None

    assert client.send(client.fields(nonce=found[1], nc="00000001")).status_code == 200


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"response": "0" * 64}, 401, "the response of user 'Mufasa' is wrong: another password"),
        ({"username": "Scar"}, 401, "there is no user 'Scar'; there are Mufasa"),
        ({"realm": "other"}, 401, "the realm is 'other'; the challenge has 'api'"),
        ({"algorithm": "SHA-512-256"}, 401, "the algorithm is SHA-512-256; SHA-256 and MD5 is offered"),
        ({"userhash": "true"}, 401, "userhash is true, which the challenge did not offer (RFC 7616 3.4.4)"),
        ({"uri": "/items"}, 400, "uri is another resource than the request line has: '/items' and '/orders'"),
        ({"opaque": "x"}, 400, "opaque is not the one of the challenge"),
        ({"qop": "auth-int"}, 400, "qop is 'auth-int'; auth is offered"),
        ({"nc": "1"}, 400, "nc is not eight hex digits that count from 00000001"),
        ({"nc": "00000000"}, 400, "nc is not eight hex digits that count from 00000001"),
        ({"nc": "0000000g"}, 400, "nc is not eight hex digits that count from 00000001"),
        ({"response": "A" * 64}, 400, "response is not 64 hex digits in lower case, which SHA-256 has"),
        ({"response": "a" * 32}, 400, "response is not 64 hex digits in lower case, which SHA-256 has"),
        ({"userhash": "yes"}, 400, "userhash is 'yes', neither true nor false"),
        ({"nonce": ""}, 400, "nonce is missing in the Digest credentials"),
        ({"cnonce": ""}, 400, "cnonce is missing, which qop and -sess need"),
    ],
    ids=str,
)
def test_a_wrong_value(http: typing.Any, mock: OAuthMock, changes: dict[str, str], status: int, why: str) -> None:
    """RFC 7616 3.4: 401 and a new challenge for what does not prove anything, 400 for what is improper."""
    protect(mock)
    client = Client(http)
    client.ask()
    answer = client.send({**client.fields(), **changes})

    assert answer.status_code == status
    assert mock.journal.last.why.startswith(why)
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    assert "stale" not in answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("name", ["username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop"])
def test_what_is_missing(http: typing.Any, mock: OAuthMock, name: str) -> None:
    """RFC 7616 3.4: 400 for each that is required."""
    protect(mock)
    client = Client(http)
    client.ask()
    fields = client.fields()
    del fields[name]
    answer = client.send(fields)

    assert (answer.status_code, answer.data) == (400, b"The credentials are malformed.\n")
    assert mock.journal.last.why.startswith("nc came without qop" if name == "qop" else name)


def test_without_algorithm_it_is_md5(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4: and MD5 has to be offered."""
    protect(mock, algorithms=["SHA-256", "MD5"])
    client = Client(http)
    client.ask(1)
    assert client.send(client.fields(algorithm=None)).status_code == 200

    protect(mock, algorithms="SHA-256")
    client.ask()
    fields = {**client.fields(), "response": "a" * 32}
    del fields["algorithm"]
    assert client.send(fields).status_code == 401
    assert mock.journal.last.why == "the algorithm is MD5 (it was left out, which means MD5); SHA-256 is offered"


def test_an_algorithm_that_nobody_knows(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.7: a client has to pass it over and take the next."""
    protect(mock, algorithms=["SHA-999", "SHA-256"])
    client = Client(http)
    client.ask()
    assert client.challenge["algorithm"] == "SHA-999"
    client.ask(1)
    assert client.send(client.fields()).status_code == 200
    assert client.send({**client.fields(), "algorithm": "SHA-999"}).status_code == 401
    assert mock.journal.last.why == "the algorithm SHA-999 is offered, but nobody knows it"


def test_a_uri_without_its_query(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4.6: what browsers once did."""
    protect(mock)
    client = Client(http)
    client.ask()
    fields = client.fields()
    client.path = "/orders?page=2"

    assert client.send(fields).status_code == 400
    assert mock.journal.last.why == "uri lacks the query: '/orders' and '/orders?page=2' (RFC 7616 3.4.6)"
    client.count = 0
    assert client.send(client.fields()).status_code == 200


@pytest.mark.parametrize("qop", [(), "auth"], ids=str)
def test_rfc_2069_is_asked_for_or_not_taken(http: typing.Any, mock: OAuthMock, qop: typing.Any) -> None:
    """RFC 7616 3.4: qop is there when it is offered, and only then."""
    protect(mock, qop=qop)
    client = Client(http)
    client.ask()
    client.challenge["qop"] = "auth" if not qop else ""

    assert client.send(client.fields()).status_code == 400
    assert mock.journal.last.why in (
        "qop is 'auth'; none is offered (RFC 7616 3.4)",
        "qop is missing, of which auth is offered; RFC 2069 clients want qop=()",
    )


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Digest", "realm is missing in the Digest credentials (RFC 7616 3.4)"),
        ("Digest abc", "what follows the scheme is no list of name=value, separated by commas (RFC 9110 11.2)"),
        ('Digest realm="a', "what follows the scheme is no list of name=value, separated by commas (RFC 9110 11.2)"),
        (
            'Digest realm="a" uri="b"',
            "what follows the scheme is no list of name=value, separated by commas (RFC 9110 11.2)",
        ),
        ('Digest realm="a", Realm="a"', "realm came twice (RFC 9110 11.2)"),
        ("", "the Authorization header is empty or has no scheme (RFC 9110 11.4)"),
    ],
)
def test_what_is_no_list_of_parameters(http: typing.Any, mock: OAuthMock, header: str, why: str) -> None:
    """RFC 9110 11.2: 400, and never a 500."""
    protect(mock)
    answer = Client(http).say(header)

    assert (answer.status_code, mock.journal.last.why) == (400, why)


def test_another_scheme_is_challenged(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9110 11.6.1."""
    protect(mock)

    assert Client(http).say("Basic YTpi").status_code == 401
    assert mock.journal.last.why == "Digest is asked for in Authorization: its scheme is 'Basic'"


@pytest.mark.parametrize(
    ("algorithm", "spoil", "why"),
    [
        ("SHA-256", {"body": b""}, "it is right for an empty body, so that the body was not hashed"),
        ("SHA-256", {"method": "GET"}, "it is right for the method GET"),
        ("SHA-256-sess", {"algorithm": "SHA-256"}, "it is right without -sess"),
        ("SHA-256", {"password": ""}, "it is right for an empty password"),
        ("SHA-256", {"password": "Circle\n"}, "it is right for the password with a trailing newline"),
        ("SHA-512-256", {"algorithm": "truncated"}, "it is right for the SHA-512 that is cut to 256 bits"),
        ("MD5", {"qop": ""}, "it is right for the formula without qop (RFC 2069)"),
        ("MD5", {"password": "Square"}, "another password, or other values than those in the header, went into it"),
    ],
    ids=str,
)
def test_mistakes_that_clients_make(
    http: typing.Any, mock: OAuthMock, algorithm: str, spoil: dict[str, typing.Any], why: str
) -> None:
    """RFC 7616 3.4: the why names the formula that the response fits."""
    protect(mock, algorithms=algorithm, qop="auth-int")
    client = Client(http)
    client.ask()
    fields = client.fields("PATCH", b"body")
    values = {
        "algorithm": algorithm,
        "realm": "api",
        "nonce": fields["nonce"],
        "uri": fields["uri"],
        "method": "PATCH",
        "qop": "auth-int",
        "nc": fields["nc"],
        "cnonce": fields["cnonce"],
        **{name: value for name, value in spoil.items() if name not in ("body", "password")},
    }
    body = spoil.get("body", b"body")
    proof = Proof(**values, body=lambda: [body])
    fields["response"] = proof.response("Mufasa", spoil.get("password", "Circle"))

    assert client.send(fields, method="PATCH", data=b"body").status_code == 401
    assert mock.journal.last.why.startswith(f"the response of user 'Mufasa' is wrong: {why}")


def test_a_body_that_was_changed(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.4.3: auth-int protects it, auth does not."""
    for qop, status in (("auth-int", 401), ("auth", 200)):
        protect(mock, qop=qop)
        client = Client(http)
        client.ask()
        assert client.send(client.fields("PUT", b"one"), method="PUT", data=b"two").status_code == status


def test_the_answer_of_an_application_is_proven(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7616 3.5: rspauth with auth-int is that of the whole body."""
    mock.protect("/orders", guard=Digest({"Mufasa": "Circle"}, qop="auth-int"), app=mock.echo)
    client = Client(http)
    client.ask()
    fields = client.fields("POST", b"x" * 70_000)
    answer = client.send(fields, method="POST", data=b"x" * 70_000)

    a1, a2 = hashed("SHA-256", "Mufasa:api:Circle"), f":/orders:{hashed('SHA-256', answer.data)}"
    expected = hashed("SHA-256", f"{a1}:{fields['nonce']}:00000001:0a4f113b:auth-int:{hashed('SHA-256', a2)}")
    assert f'rspauth="{expected}"' in answer.headers["Authentication-Info"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithms": ()}, "name some of MD5, SHA-256, SHA-512-256, or another word"),
        ({"algorithms": "SHA 256"}, "name some of MD5, SHA-256, SHA-512-256, or another word"),
        ({"qop": "integrity"}, "'integrity' is none of auth, auth-int; or write ()"),
        ({"nonce_lifetime": 0}, "write seconds, more than 0"),
        ({"charset": "latin-1"}, "RFC 7616 3.3 has 'UTF-8' alone; or write None"),
    ],
)
def test_a_guard_that_cannot_be(settings: dict[str, typing.Any], message: str) -> None:
    """RFC 7616 3.3: said where it is written."""
    with pytest.raises(ConfigurationError) as caught:
        Digest({"Mufasa": "Circle"}, **settings)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("text", [" " * 200_000 + "x", "a=b," * 50_000 + " x", "a" * 200_000, 'a="' + "\\" * 200_001])
def test_parameters_that_are_none_are_read_once(text: str) -> None:
    """RFC 9110 11.2: a field of 200 KB is refused at once, however it is put together."""
    with pytest.raises(Malformed):
        parameters(text)
