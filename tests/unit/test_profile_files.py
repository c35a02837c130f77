"""Profiles are files: where they are, what they extend, their variables and versions, and what is wrong with them."""

from __future__ import annotations

import pathlib
import typing

import pytest

from mockserver import OAuthMock
from mockserver import profiles
from mockserver import settings
from mockserver.errors import ConfigurationError

_ACME = """
extends = "shopify"
title = "Acme"
issuer_path = "/{region}"
version = "old"

[variables]
region = "eu"

[paths]
token = "https://tokens.acme.example/{shop}/token"

[settings]
access_token_lifetime = 60
token_rate_limit = { requests = 1, seconds = 2 }

[versions.old]
[versions.new.settings]
access_token_lifetime = 90
"""


@pytest.fixture
def acme(tmp_path: pathlib.Path) -> pathlib.Path:
    """The profile of somebody's own."""
    path = tmp_path / "acme.toml"
    path.write_text(_ACME, encoding="utf-8")
    return path


def test_every_preset_is_a_file_and_can_be_read() -> None:
    """With its templates as they are written."""
    assert {"entra", "google", "rfc6749", "salesforce", "shopify"} <= {*profiles.available()}
    assert [profiles.load(name).name for name in profiles.available()] == profiles.available()
    assert profiles.load("entra").issuer_path == "/{tenant}/v2.0"


def test_a_profile_is_read_once() -> None:
    """Of presets there is one object."""
    assert profiles.load("entra", {"tenant": "a"}) is profiles.load("entra", {"tenant": "a"})
    assert profiles.load("entra", {"tenant": "b"}).paths["token"] == "/b/oauth2/v2.0/token"


def test_a_file_extends_another_and_whole_urls_are_taken_apart(acme: pathlib.Path) -> None:
    """Variables are filled in, also those of the profile below."""
    profile = profiles.load(str(acme), {"shop": "s"})

    assert (profile.name, profile.title, profile.origin) == ("acme", "Acme", "https://s.myshopify.com")
    assert (profile.issuer_path, profile.variables) == ("/eu", {"region": "eu", "shop": "s"})
    assert profile.paths["authorize"] == "/admin/oauth/authorize"
    assert (profile.paths["token"], profile.origins) == ("/s/token", {"token": "https://tokens.acme.example"})
    assert profile.paths["openid_configuration"] == "/eu/.well-known/openid-configuration"
    assert profile.settings["scope_separator"] == ","


def test_a_version_has_some_things_otherwise(acme: pathlib.Path) -> None:
    """It is chosen like a variable."""
    chosen = {"shop": "s", "version": "new"}

    assert OAuthMock(profile=str(acme), variables={"shop": "s"}).context.settings.access_token_lifetime == 60
    assert OAuthMock(profile=str(acme), variables=chosen).context.settings.access_token_lifetime == 90
    assert profiles.load("entra", {"tenant": "t", "version": "v1"}).paths["token"] == "/t/oauth2/token"


def test_a_file_that_changed_is_read_again(acme: pathlib.Path) -> None:
    """Somebody is writing it."""
    assert profiles.load(str(acme)).title == "Acme"
    acme.write_text(_ACME.replace("Acme", "Bcme"), encoding="utf-8")

    assert profiles.load(str(acme)).title == "Bcme"


def test_an_explicit_key_beats_the_profile(acme: pathlib.Path) -> None:
    """Default, profile, server, issuer: the later ones win, also when they say what the default is."""
    variables = {"shop": "s"}

    assert OAuthMock(profile="google").context.settings.refresh_policy == "static"
    assert OAuthMock(profile="google", refresh_policy="rotate").context.settings.refresh_policy == "rotate"
    server = OAuthMock(scope_separator=";", profile=str(acme), variables=variables)
    assert server.context.settings.scope_separator == ";"
    assert server.issuer("a").context.settings.scope_separator == ";"
    assert server.issuer("b", scope_separator=" ").context.settings.scope_separator == " "


def test_an_issuer_with_another_profile_has_nothing_of_the_servers(acme: pathlib.Path) -> None:
    """Neither its variables nor what it says of the settings; what somebody set for the server goes on."""
    server = OAuthMock(profile=str(acme), variables={"shop": "s"}, id_token_lifetime=7)
    google = server.issuer("g", profile="google").context.settings

    assert (google.variables, google.scope_separator, google.access_token_lifetime) == ({}, " ", 3600)
    assert (google.refresh_policy, google.id_token_lifetime) == ("static", 7)


def test_the_path_of_a_profile_in_a_file_is_beside_the_file(acme: pathlib.Path) -> None:
    """Wherever the tests are run from; in issuers too."""
    config = acme.with_name("oauthmock.toml")
    config.write_text(
        'profile = "acme.toml"\nvariables = { shop = "s" }\n'
        '[issuers.a]\nprofile = "acme.toml"\n[issuers.b]\nprofile = "google"\n',
        encoding="utf-8",
    )
    resolved = settings.resolve([settings.file(config)])

    assert resolved.profile == resolved.issuers["a"].profile == str(acme)
    assert resolved.issuers["a"].variables == {"shop": "s"}
    assert resolved.issuers["b"].profile == "google"


@pytest.mark.parametrize(
    ("origin", "profile", "variables"),
    [
        ("https://acme.myshopify.com", "shopify", {"shop": "acme"}),
        ("https://ACME.myshopify.com", "shopify", {"shop": "ACME"}),
        ("https://acme.my.salesforce.com", "salesforce", {"domain": "acme.my"}),
        ("https://login.microsoftonline.com", "entra", {}),
        ("https://oauth2.googleapis.com", "google", {}),
        ("https://acme.example", "shopify", {}),
        ("https://acme.myshopify.com.evil.example", "shopify", {}),
    ],
)
def test_variables_are_read_off_a_real_origin(origin: str, profile: str, variables: dict[str, str]) -> None:
    """The host alone; what is not the provider's has none."""
    assert profiles.variables_in(profile, origin) == variables


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"profile": "entr"}, "profile = 'entr': no such profile; did you mean 'entra'?"),
        (
            {"profile": "entra"},
            "profile = 'entra': variable 'tenant' is missing; write variables = { tenant = \"...\" }",
        ),
        (
            {"profile": "entra", "variables": {"tenat": "x"}},
            "variables = {'tenat': 'x'}: no such variable 'tenat'; did you mean 'tenant'?",
        ),
        (
            {"profile": "google", "variables": {"x": "y"}},
            "variables = {'x': 'y'}: no such variable 'x'; the profile has none; leave it out",
        ),
        (
            {"profile": "entra", "variables": {"tenant": "a/b"}},
            "variables = {'tenant': 'a/b'}: variable 'tenant' is 'a/b'; write letters, digits and -._~",
        ),
        (
            {"profile": "entra", "variables": {"tenant": "..", "version": "v1"}},
            "variable 'tenant' is '..'; write letters, digits and -._~",
        ),
        (
            {"profile": "entra", "variables": {"tenant": "t", "version": "v3"}},
            "no such version 'v3'; known are v1, v2",
        ),
        (
            {"profile": "google", "variables": {"version": "v3"}},
            "no such version 'v3'; the profile has one alone; leave it out",
        ),
        ({"issuers": {"a": {"profile": "entra"}}}, "issuers.a.profile = 'entra': variable 'tenant' is missing"),
        ({"profile": "nowhere.toml"}, "profile = 'nowhere.toml': cannot be read ("),
    ],
)
def test_what_cannot_be_meant_is_told_before_the_server_starts(given: dict[str, typing.Any], message: str) -> None:
    """Key, value and remedy."""
    with pytest.raises(ConfigurationError) as caught:
        OAuthMock(**given)

    assert str(caught.value).startswith("OAuthMock: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pahts]\n", "acme.toml:1: unknown key 'pahts'; did you mean 'paths'?"),
        ("title = 1\n", "acme.toml:1: title = 1: expected `str`, got `int`"),
        ("\n[settings]\nconset = 'auto'\n", "acme.toml:3: unknown key 'settings.conset'; did you mean 'consent'?"),
        ("[settings]\nconsent = 'aut'\n", "acme.toml:2: settings.consent = 'aut': did you mean 'auto'?"),
        ("[settings]\nprofile = 'x'\n", "acme.toml:2: unknown key 'settings.profile'"),
        (
            "[versions.a.settings]\nconset = 'auto'\n",
            "acme.toml:2: unknown key 'versions.a.settings.conset'; did you mean 'consent'?",
        ),
        ("[versions.a]\nversion = 'b'\n", "acme.toml:2: unknown key 'versions.a.version'"),
        ("version = 'b'\n[versions.a]\n", "acme.toml:1: version = 'b': no such version; known are a"),
        ("extends = 'googel'\n", "acme.toml:1: extends = 'googel': no such profile; did you mean 'google'?"),
        ("extends = 'acme'\n", "acme.toml:1: extends = 'acme' leads back here; name another"),
        ("[paths\n", "acme.toml: no TOML: "),
        ("[[sources]]\nsource = 'x'\n", "acme.toml:1: sources[0]: keys is missing; add it"),
    ],
)
def test_a_wrong_file_is_blamed_on_its_line(tmp_path: pathlib.Path, text: str, message: str) -> None:
    """With the nearest key."""
    path = tmp_path / "acme.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        profiles.load(str(path), {})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[paths]\ntoken = '/a b'\n", ":2: paths.token = '/a b': write a path that begins with /"),
        ("[paths]\ntoken = '/authorize'\n", ":2: paths.token = '/authorize': authorize is served there"),
        ("[paths]\ntokn = '/a'\n", ":2: paths.tokn = '/a': no such endpoint; did you mean 'token'?"),
        ("\n[parameter_names.token]\nid = 'clientid'\n", ":3: parameter_names.token.id = 'clientid': no parameter"),
        ("[grant_type_names]\nx = 'y'\n", ":2: grant_type_names.x = 'y': no such grant"),
        ("[settings.parameters.tken]\nrequired = ['a']\n", ":1: parameters.tken: no such endpoint or grant"),
    ],
)
def test_what_a_file_cannot_mean_is_blamed_on_its_line(tmp_path: pathlib.Path, text: str, message: str) -> None:
    """Once it is to be used: the endpoints and grants are known then."""
    path = tmp_path / "acme.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        OAuthMock(profile=str(path))
    assert f"{path}{message}" in str(caught.value)
