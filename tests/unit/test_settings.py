"""From what people wrote to typed settings; every error has its place and its remedy."""

from __future__ import annotations

import pathlib
import re
import typing

import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import Settings
from mockserver import registry
from mockserver import settings as from_settings
from mockserver.client_settings import ClientSettings
from mockserver.config import IssuerSettings
from mockserver.config import UserSettings
from mockserver.grants import GRANTS
from mockserver.policies import Policies


def write(folder: pathlib.Path, text: str) -> pathlib.Path:
    path = folder / "oauthmock.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(*layers: from_settings.Layer) -> list[str]:
    """The lines of the error."""
    with pytest.raises(ConfigurationError) as caught:
        from_settings.resolve(layers)
    return str(caught.value).splitlines()


def test_nothing_said_is_the_default() -> None:
    """A loopback server on a free port."""
    settings = from_settings.resolve([])

    assert settings == Settings()
    assert (settings.host, settings.port, settings.https, settings.consent) == ("127.0.0.1", 0, False, "page")


def test_a_file_has_every_kind_of_key(tmp_path: pathlib.Path) -> None:
    """Numbers, tables, lists of tables, issuers by name."""
    path = write(
        tmp_path,
        """
access_token_lifetime = 60
scopes_supported = ["a", "b"]
consent = "auto"

[[clients]]
client_id = "crm"
client_secret = "s3cret"
token_endpoint_auth_method = ["client_secret_basic", "client_secret_json"]
scope = "a"

[[users]]
username = "alice"
claims = { email = "alice@example.com", roles = ["admin"] }

[issuers.tenant-a]
refresh_policy = "static"
users = [{ username = "bob", password = "b" }]
""",
    )
    settings = from_settings.resolve([from_settings.file(path)])

    assert settings.clients == (
        ClientSettings(
            client_id="crm",
            client_secret="s3cret",
            token_endpoint_auth_method=("client_secret_basic", "client_secret_json"),
            scope="a",
        ),
    )
    assert settings.users == (
        UserSettings(username="alice", claims={"email": "alice@example.com", "roles": ["admin"]}),
    )
    # issuers take over everything but clients and users
    assert settings.issuers == {
        "tenant-a": IssuerSettings(
            access_token_lifetime=60,
            scopes_supported=("a", "b"),
            consent="auto",
            refresh_policy="static",
            users=(UserSettings(username="bob", password="b"),),
        )
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("\nport = 1\nacess_token_lifetime = 1", 3, "did you mean 'access_token_lifetime'?", id="top"),
        pytest.param("xyzzy = 1", 1, "known are access_token_format, ", id="nothing near"),
        pytest.param("\nport = 'x'", 2, "port = 'x': expected `int`, got `str`", id="type"),
        pytest.param("port = 70000", 1, "expected `int` <= 65535", id="too large"),
        pytest.param("port = true", 1, "expected `int`, got `bool`", id="true is no number"),
        pytest.param("access_token_lifetime = -1", 1, "expected `int` >= 0", id="negative"),
        pytest.param("journal_size = 0", 1, "expected `int` >= 1", id="nought"),
        pytest.param("consent = 'ask'", 1, "consent = 'ask': known are auto, page", id="no such word"),
        pytest.param("clients = 5", 1, "clients = 5: must be a list of tables ([[clients]])", id="clients are no list"),
        pytest.param(
            "[clients]\nclient_id='x'",
            1,
            "clients = {'client_id': 'x'}: must be a list of tables ([[clients]])",
            id="a table",
        ),
        pytest.param("issuers = []", 1, "issuers = []: must be a table of issuers by name", id="issuers are a list"),
        pytest.param("clients = ['x']", 1, "clients[0] = 'x': must be a table of keys", id="a list of texts"),
        pytest.param("[issuers]\na = 1", 2, "issuers.a = 1: must be a table of keys", id="an issuer is a number"),
        pytest.param(
            "[[clients]]\nclient_id = 'a'\n\n[[clients]]\nclient_id = 'b'\nscopes = 'x'",
            6,
            "unknown key 'clients[1].scopes'; did you mean 'scope'?",
            id="second client",
        ),
        pytest.param("\n[[clients]]\nscope = 'x'", 2, "clients[0]: client_id is missing; add it", id="missing"),
        pytest.param(
            "[issuers.a]\n\n[[issuers.a.users]]\nusername = 1",
            4,
            "issuers.a.users[0].username = 1: expected `str`, got `int`",
            id="deep",
        ),
        pytest.param("[issuers.a]\nport = 1", 2, "unknown key 'issuers.a.port'", id="not an issuer's"),
    ],
)
def test_a_wrong_key_is_blamed_on_its_line(tmp_path: pathlib.Path, text: str, line: int, message: str) -> None:
    """File, line, key, value, nearest right name."""
    path = write(tmp_path, text)

    (error,) = refused(from_settings.file(path))

    assert error.startswith(f"{path}:{line}: ")
    assert message in error


def test_every_error_is_found_at_once(tmp_path: pathlib.Path) -> None:
    """Over all layers, in their order."""
    path = write(tmp_path, "prot = 1\nconsent = 'ask'\n[[users]]\nname = 'x'\n")

    errors = refused(
        from_settings.file(path),
        from_settings.environment({"OAUTHMOCK_PORT": "x", "OAUTHMOCK_HOSTS": "y"}),
        from_settings.texts("--set", ["https=yes"]),
        from_settings.given("test_x", {"port": -1}),
    )

    assert [error.partition(": ")[0] for error in errors] == [
        f"{path}:1",
        f"{path}:2",
        f"{path}:4",
        f"{path}:3",
        "OAUTHMOCK_PORT",
        "OAUTHMOCK_HOSTS",
        "--set",
        "test_x",
    ]


@pytest.mark.parametrize("wrong", [5, [], "x"])
def test_wrong_issuers_in_one_layer_do_not_break_the_next(wrong: object) -> None:
    """A ConfigurationError with its place, and no TypeError."""
    errors = refused(
        from_settings.given("first", {"issuers": wrong}), from_settings.given("second", {"issuers": {"a": {}}})
    )

    assert [error.partition(": ")[0] for error in errors] == ["first"]


def test_the_nearest_layer_wins(tmp_path: pathlib.Path) -> None:
    """Later layers override key by key, lists replace lists, issuers are merged by name."""
    path = write(
        tmp_path,
        "port = 1\naccess_token_lifetime = 1\nscopes_supported = ['a']\n[issuers.a]\n[issuers.b]\nconsent = 'auto'\n",
    )
    settings = from_settings.resolve(
        [
            from_settings.file(path),
            from_settings.environment({"OAUTHMOCK_PORT": "2", "OAUTHMOCK_REFRESH_TOKEN_LIFETIME": "2"}),
            from_settings.texts("--set", ["port=3", "scopes_supported=['b']"]),
            from_settings.given("call", {"issuers": {"b": {"consent": "page"}, "c": {}}, "users": []}),
        ]
    )

    assert (settings.port, settings.access_token_lifetime, settings.refresh_token_lifetime) == (3, 1, 2)
    assert settings.scopes_supported == ("b",)
    assert {name: issuer.consent for name, issuer in settings.issuers.items()} == {
        "a": "page",
        "b": "page",
        "c": "page",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", 60),
        ("true", True),
        ('["a", "b"]', ("a", "b")),
        ("auto", "auto"),
        ('"auto"', "auto"),
        ("", ""),
        ("http://x/?a=1#b", "http://x/?a=1#b"),
    ],
)
def test_texts_are_read_as_toml_or_as_they_are(text: str, value: object) -> None:
    """What a shell hands on."""
    key = {int: "port", bool: "https", tuple: "scopes_supported"}.get(type(value), "audience")
    from_environment = from_settings.resolve([from_settings.environment({f"OAUTHMOCK_{key.upper()}": text})])
    from_texts = from_settings.resolve([from_settings.texts("ini", [f" {key} = {text} "])])

    assert getattr(from_environment, key) == value
    assert from_environment == from_texts


def test_other_variables_are_left_alone() -> None:
    """Those without the prefix, and those that belong to somebody else."""
    environ = {"PATH": "/bin", "OAUTHMOCK_VARIANTS": "x", "oauthmock_port": "9", "OAUTHMOCK_PORT": "7"}
    settings = from_settings.resolve([from_settings.environment(environ, apart_from={"OAUTHMOCK_VARIANTS"})])

    assert settings == Settings(port=7)


def test_a_text_without_equals_is_no_setting() -> None:
    """The remedy shows how to write it."""
    with pytest.raises(
        ConfigurationError, match=r"--set: 'consent' is no setting; write KEY=VALUE, e\.g\. consent=auto"
    ):
        from_settings.texts("--set", ["consent"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read", id="not there"),
        pytest.param(b"port = ", "no TOML", id="no TOML"),
        pytest.param(b"port = \xff", "cannot be read", id="not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: pathlib.Path, content: bytes | None, message: str) -> None:
    """Path and cause."""
    path = tmp_path / "oauthmock.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=re.escape(f"{path}: {message}")):
        from_settings.file(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"host": "0.0.0.0"}, "if that is meant, allow_remote = true (--allow-remote)", id="remote"),
        pytest.param({"host": "example.com"}, "allow_remote = true", id="a name"),
        pytest.param({"issuer": "idp.test"}, "issuer = 'idp.test': write an http or https URL", id="issuer"),
        pytest.param(
            {"profile": "rfc6479"}, "profile = 'rfc6479': no such profile; did you mean 'rfc6749'?", id="near"
        ),
        pytest.param({"profile": "?"}, "no such profile; known are ", id="profile"),
        pytest.param({"issuers": {"token": {}}}, "issuers.token: not a path segment", id="reserved"),
        pytest.param({"issuers": {"a/b": {}}}, "issuers.a/b: not a path segment", id="a slash"),
        pytest.param({"issuers": {"a": {"profile": "?"}}}, "issuers.a.profile = '?'", id="an issuer's profile"),
        pytest.param(
            {"clients": [{"client_id": "a"}, {"client_id": "a"}]},
            "client 'a' comes twice; give each its own client_id",
            id="client twice",
        ),
        pytest.param(
            {"users": [{"username": "a"}, {"username": "a"}]},
            "user 'a' comes twice; give each their own username",
            id="user twice",
        ),
        pytest.param(
            {"clients": [{"client_id": "a", "grant_types": ["implicit"]}]}, "grant_types has 'implicit'", id="grant"
        ),
        pytest.param(
            {"state_min_length": 9, "state_max_length": 8},
            "state_min_length = 9: more than state_max_length = 8; no state fits, so change one",
            id="state lengths",
        ),
        pytest.param(
            {"scopes_supported": ["a"], "default_scope": "a z"},
            "default_scope = 'a z': scopes_supported does not know 'z'; add it there",
            id="default scope that is unknown",
        ),
        pytest.param(
            {"default_scope": 'a"'}, "default_scope = 'a\"': scope token 'a\"' has a char", id="default scope"
        ),
        pytest.param(
            {"parameters": []}, "parameters = []: must be a table of rules by endpoint or grant", id="no rules"
        ),
        pytest.param({"parameters": {"token": 1}}, "parameters.token = 1: must be a table of keys", id="no table"),
        pytest.param({"parameters": {"tokn": {}}}, "parameters.tokn: no such endpoint or grant; did you", id="of what"),
        pytest.param(
            {"parameters": {"token": {"require": ["a"]}}},
            "unknown key 'parameters.token.require'; did you mean 'required'?",
            id="unknown rule",
        ),
        pytest.param(
            {"parameters": {"password": {"required": ["quary:a"]}}},
            "parameters.password.required has 'quary:a': no such place; did you mean 'query'?",
            id="unknown place",
        ),
        pytest.param(
            {"parameters": {"token": {"fixed": {"body:": "a"}}}},
            "parameters.token.fixed has 'body:': write a name that is not empty",
            id="no name",
        ),
        pytest.param(
            {"parameters": {"token": {"allowed": ["header:x"]}}},
            "parameters.token.allowed has 'header:x': headers are never refused; leave it out",
            id="allowed header",
        ),
        pytest.param(
            {"parameters": {"token": {"required": ["header:x y"]}}}, "no name of a header", id="no header's name"
        ),
        pytest.param(
            {"parameters": {"authorize": {"required": ["body:a"]}}},
            "in the query; write 'a'",
            id="authorize has no body",
        ),
        pytest.param(
            {"parameters": {"token": {"required": "a"}}},
            "parameters.token.required = 'a': write a list, ['a']",
            id="no list",
        ),
        pytest.param({"scope_policy": "dorp"}, "scope_policy = 'dorp': did you mean 'drop'?", id="scope policy"),
        pytest.param({"scope_separator": "/"}, "scope_separator = '/': known are", id="separator"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, typing.Any], message: str) -> None:
    """Well-formed, but it cannot be meant."""
    (error,) = refused(from_settings.given("OAuthMock", values))

    assert message in error


@pytest.mark.parametrize(
    "values",
    [
        {"host": "0.0.0.0", "allow_remote": True},
        {"host": "localhost"},
        {"host": "::1"},
        {"issuer": "https://idp.test/base"},
        {"issuers": {"tokens": {}}},
        {"profile": "rfc6749"},
        {"scopes_supported": ["a", "b"], "default_scope": "a"},
        {"parameters": {"authorize": {"required": ["query:a"]}, "password": {"fixed": {"header:x-a": ""}}}},
    ],
)
def test_what_does_not_contradict_itself_is_taken(values: dict[str, typing.Any]) -> None:
    """The check can pass."""
    settings = from_settings.resolve([from_settings.given("OAuthMock", values)])

    assert isinstance(settings, Settings)


@pytest.mark.parametrize("name", ["a b", "a?b", "a#b", "", "é", "a%2Fb", ".."])
def test_an_issuer_that_no_url_can_name_is_refused(name: str) -> None:
    """The name is a path segment: a space, a query, a fragment or nothing is none."""
    (error,) = refused(from_settings.given("OAuthMock", {"issuers": {name: {}}}))

    assert "choose another" in error


# -- clients and users -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        pytest.param({"grant_types": ("client_credential",)}, "did you mean 'client_credentials'?", id="grant"),
        pytest.param({"grant_types": ("x",)}, "known are authorization_code, client_credentials", id="no grant"),
        pytest.param({"token_endpoint_auth_method": "client_secret_basc"}, "'client_secret_basic'?", id="method"),
        pytest.param({"token_endpoint_auth_method": ("none", "x")}, "known are client_secret_basic", id="no method"),
        pytest.param({"default_scope": 'a"'}, "separate tokens by single spaces", id="default scope"),
        pytest.param({"client_id": ""}, "client_id must be printable and not empty", id="no client_id"),
        pytest.param({"client_id": "a\nb"}, "client_id must be printable", id="a newline in it"),
        pytest.param(
            {"token_endpoint_auth_method": "none", "client_secret": "s"}, "'none' has no secret", id="public secret"
        ),
        pytest.param(
            {"token_endpoint_auth_method": "none", "grant_types": ("client_credentials",)},
            "may not use client_credentials (RFC 6749 4.4)",
            id="public client_credentials",
        ),
        pytest.param(
            {"state_min_length": 9, "state_max_length": 8},
            "state_min_length = 9 is more than state_max_length = 8; no state fits, so change one",
            id="state lengths",
        ),
        pytest.param(
            {"redirect_uri_policy": "host", "redirect_uris": ("app:/cb",)}, "has no plain host", id="redirect policy"
        ),
        pytest.param(
            {"redirect_uri_https_only": True, "redirect_uris": ("http://a.example/",)}, "write https", id="https only"
        ),
        pytest.param({"redirect_uris": ("/cb",)}, "write an absolute URI without fragment", id="relative"),
        pytest.param({"redirect_uris": ("http://a/#x",)}, "write an absolute URI without fragment", id="fragment"),
        pytest.param({"redirect_uris": ("http://a/#",)}, "write an absolute URI without fragment", id="empty fragment"),
        pytest.param({"redirect_uris": ("http://[::1",)}, "write an absolute URI", id="no URI"),
        pytest.param({"redirect_uris": ("http://a/\r\nX: y",)}, "redirect_uris has", id="CR LF"),
        pytest.param({"scope": 'a"'}, "separate tokens by single spaces", id="scope"),
        pytest.param({"scope": "c"}, "which scopes_supported does not know; add it there", id="unknown scope"),
    ],
)
def test_a_client_that_cannot_be_is_refused(keys: dict[str, typing.Any], message: str) -> None:
    """Named, with the remedy."""
    settings = ClientSettings(**{"client_id": "crm", **keys})

    with pytest.raises(ConfigurationError) as caught:
        registry.client(settings, IssuerSettings(scopes_supported=("a", "b")))

    assert message in str(caught.value)
    assert str(caught.value).startswith("client ")


def test_a_client_is_as_generous_as_most_servers() -> None:
    """Every grant, Basic and body, any scope, any loopback redirect, a secret of its own."""
    client = registry.client(ClientSettings(client_id="crm"), IssuerSettings(access_token_lifetime=7))

    assert client.grant_types == {*GRANTS}
    assert client.auth_methods == ("client_secret_basic", "client_secret_post")
    assert (client.scope, client.redirect_uris, client.client_name) == (None, None, "crm")
    assert client.client_secret is not None
    assert len(client.client_secret) >= 32
    assert (client.policies.access_token_lifetime, client.policies.authorization_code_lifetime) == (7, 600)


def test_what_a_client_names_wins_over_its_issuer() -> None:
    """Lifetimes of 0 too."""
    client = registry.client(
        ClientSettings(
            client_id="crm",
            client_name="The CRM",
            access_token_lifetime=0,
            refresh_token_lifetime=1,
            authorization_code_lifetime=2,
            access_token_format="opaque",
            refresh_policy="static",
            id_token_signed_response_alg="ES256",
            consent="auto",
            redirect_uris=("app:/cb",),
            grant_types=(),
        ),
        IssuerSettings(),
    )

    assert client.policies == Policies(
        access_token_lifetime=0,
        refresh_token_lifetime=1,
        authorization_code_lifetime=2,
        access_token_format="opaque",
        refresh_policy="static",
        id_token_signed_response_alg="ES256",
        consent="auto",
    )
    assert (client.redirect_uris, client.client_name) == (("app:/cb",), "The CRM")
    assert client.grant_types == frozenset()


def test_the_keywords_of_a_client_are_checked() -> None:
    """All at once; what is sound comes through."""
    with pytest.raises(ConfigurationError) as caught:
        registry.checked("crm", {"access_token_lifetime": "60", "grant_types": "password", "scop": "a"})

    assert str(caught.value).splitlines() == [
        "client 'crm': access_token_lifetime = '60': expected `int | null`, got `str`",
        "client 'crm': grant_types = 'password': write a list, ['password']",
        "client 'crm': unknown key 'scop'; did you mean 'scope'?",
    ]
    good = registry.checked("crm", {"access_token_lifetime": 60, "grant_types": ["password"], "scope": None})
    assert good == ClientSettings(client_id="crm", access_token_lifetime=60, grant_types=("password",))


@pytest.mark.parametrize(("password", "kept"), [("p", "p"), ("", ""), (None, None)])
def test_a_user_without_a_password_gets_one(password: str | None, kept: str | None) -> None:
    """Of their own."""
    user = registry.user(UserSettings(username="alice", password=password, claims={"sub": 7}))

    assert user.subject == "7"
    assert user.password == kept if kept is not None else user.password.startswith("oam_pw_")


def test_keywords_override_the_file(tmp_path: pathlib.Path) -> None:
    """`OAuthMock(config=...)` takes both, and says which of them was wrong."""
    path = write(tmp_path, "access_token_lifetime = 1\nconsent = 'auto'\n[[clients]]\nclient_id = 'crm'\n")
    mock = OAuthMock(config=str(path), access_token_lifetime=2)

    assert (mock.context.settings.access_token_lifetime, mock.context.settings.consent) == (2, "auto")
    assert list(mock.context.clients) == ["crm"]
    with pytest.raises(ConfigurationError, match=r"OAuthMock: unknown key 'prot'; did you mean 'port'\?"):
        OAuthMock(config=path, prot=1)
