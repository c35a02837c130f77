"""OpenID Connect Core 8: public subjects, and pairwise ones by sector."""

from __future__ import annotations

import typing

import jwt
import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_SECRET = "s3cret-of-crm"


def subjects(http: typing.Any, client: typing.Any, user: str = "alice") -> dict[str, str]:
    """By which `sub` a client knows somebody, wherever it meets them."""
    form = {"grant_type": "authorization_code", "code": client.issue_code(user=user, scope="openid")}
    answer = http.token(form, basic=(client.client_id, client.client_secret)).get_json()
    decode = {"options": {"verify_signature": False}}
    return {
        "id_token": jwt.decode(answer["id_token"], **decode)["sub"],
        "access_token": jwt.decode(answer["access_token"], **decode)["sub"],
        "userinfo": http.api(answer["access_token"], "/userinfo").get_json()["sub"],
    }


def one(http: typing.Any, client: typing.Any, user: str = "alice") -> str:
    found = subjects(http, client, user)
    assert len({*found.values()}) == 1
    return found["id_token"]


def test_a_sector_has_subjects_of_its_own(http: typing.Any) -> None:
    """OpenID Connect Core 8, 8.1: the same everywhere for one sector, another in the next, never the local name."""
    http.mock.user("bob")
    pairwise: typing.Any = {"subject_type": "pairwise"}
    crm = http.mock.client("crm", redirect_uris=["https://a.example/cb", "https://a.example/other"], **pairwise)
    app = http.mock.client("app", redirect_uris=["https://a.example/app"], **pairwise)
    named = http.mock.client("named", sector_identifier_uri="https://a.example/sector.json", **pairwise)
    other = http.mock.client("other", redirect_uris=["https://b.example/cb"], **pairwise)
    public = http.mock.client("public")

    first = one(http, crm)

    assert first == one(http, app) == one(http, named)
    assert len({first, one(http, other), one(http, crm, "bob"), one(http, public)}) == 4
    assert one(http, public) == "alice"
    assert "alice" not in first
    assert len(first) <= 255  # OpenID Connect Core 2


def test_subjects_are_the_same_in_the_next_test(http: typing.Any) -> None:
    """OpenID Connect Core 8.1: never reassigned; a reset does not change them."""
    first = one(http, http.mock.client("crm", subject_type="pairwise"))
    http.mock.reset()
    http.mock.user("alice")

    assert one(http, http.mock.client("crm", subject_type="pairwise")) == first


def test_a_pairwise_subject_names_its_person(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1, 5.3.2: as id_token_hint, and in the token of the authorization endpoint."""
    mock = http.mock
    mock.user("bob")
    mock.client("crm", subject_type="pairwise", consent="auto")
    url = (
        "http://localhost/authorize?response_type=id_token&client_id=crm&redirect_uri=http://127.0.0.1/cb&scope=openid"
    )
    hint = mock.approve(f"{url}&nonce=n&login_hint=bob").id_token or ""

    again = mock.approve(f"{url}&nonce=n&id_token_hint={hint}").id_token or ""

    decode: typing.Any = {"options": {"verify_signature": False}}
    assert jwt.decode(again, **decode)["sub"] == jwt.decode(hint, **decode)["sub"] != "bob"
    assert "'bob' approved client 'crm'" in mock.journal.last.why


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (
            {"redirect_uris": ["https://a.example/", "https://b.example/"]},
            "are at 'a.example' and 'b.example', so nobody",
        ),
        ({"sector_identifier_uri": "http://a.example/x"}, "write an https URL"),
        ({"sector_identifier_uri": "https://[x"}, "write an https URL"),
    ],
)
def test_a_sector_must_be_known(mock: OAuthMock, settings: typing.Any, why: str) -> None:
    """OpenID Connect Core 8.1, Registration 5: one host, or a sector_identifier_uri, which is not fetched."""
    with pytest.raises(ConfigurationError, match=rf"client 'crm': .*{why.replace('.', '[.]')}"):
        mock.client("crm", subject_type="pairwise", **settings)


def test_an_issuer_may_have_pairwise_subjects_for_all(http: typing.Any) -> None:
    """OpenID Connect Discovery 3: subject_types_supported; a client may be public all the same."""
    mock = OAuthMock(issuer="http://localhost", subject_type="pairwise")
    mock.user("alice")
    own = type(http)(mock)

    assert one(own, mock.client()) != "alice"
    assert one(own, mock.client(subject_type="public")) == "alice"
    document = own.client.get("/.well-known/openid-configuration").get_json()
    assert document["subject_types_supported"] == ["public", "pairwise"]
