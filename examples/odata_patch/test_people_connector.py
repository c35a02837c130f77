"""The connector against an OData service that is behind the mock's guard."""

from __future__ import annotations

import collections.abc as cabc
import json

import httpx
import pytest
from people_connector import ChangedMeanwhile
from people_connector import NoSuchPerson
from people_connector import PeopleConnector
from people_connector import ServiceError
from people_service import PeopleService

from mockserver import Bearer
from mockserver import OAuthMock
from mockserver.server import Protected

_RUSSELL = {"UserName": "russellwhyte", "FirstName": "Russell", "LastName": "Whyte", "Emails": ["russell@example.com"]}
_DOUBLE = {"UserName": "o'neill", "FirstName": "Ann", "LastName": "O'Neill", "Emails": []}


@pytest.fixture
def service(oauthmock: OAuthMock) -> Protected:
    """The service: whoever reads needs another scope than whoever writes."""
    guard = Bearer(scope={"GET": "people:read", "*": "people:write"})
    return oauthmock.protect("/odata", app=PeopleService([_RUSSELL, _DOUBLE]), guard=guard)


def _connector(oauthmock: OAuthMock, service: Protected, *, scope: str = "", tunnel: bool = False) -> PeopleConnector:
    client = oauthmock.client(scope=scope or "people:read people:write")
    return PeopleConnector(
        service.url,
        token_url=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        tunnel=tunnel,
    )


@pytest.fixture
def connector(oauthmock: OAuthMock, service: Protected) -> cabc.Iterator[PeopleConnector]:
    with _connector(oauthmock, service) as made:
        yield made


def test_people_are_read(connector: PeopleConnector) -> None:
    """The whole set, and one of it by its key, whatever characters that has."""
    assert [person["UserName"] for person in connector.people()] == ["russellwhyte", "o'neill"]
    assert connector.person("o'neill")["LastName"] == "O'Neill"


def test_a_patch_changes_what_it_names(connector: PeopleConnector, service: Protected) -> None:
    """204, and an ETag for the next change; the rest of the person stays."""
    etag = connector.change("russellwhyte", {"FirstName": "Rus"}, etag='W/"1"')

    assert etag == 'W/"2"'
    assert service.exchanges[-1].status == 204
    assert service.exchanges[-1].request.method == "PATCH"
    assert service.exchanges[-1].body.content == b'{"FirstName": "Rus"}'
    assert connector.person("russellwhyte") == {
        "@odata.context": f"{service.url}/$metadata#People/$entity",
        "@odata.etag": 'W/"2"',
        **_RUSSELL,
        "FirstName": "Rus",
    }


def test_the_changed_person_comes_back_where_that_is_preferred(connector: PeopleConnector, service: Protected) -> None:
    """`Prefer: return=representation`, RFC 7240 4.2."""
    assert connector.changed("russellwhyte", {"Emails": []})["Emails"] == []
    assert dict(service.exchanges[-1].reply.headers)["Preference-Applied"] == "return=representation"


def test_a_change_of_an_old_version_is_refused(connector: PeopleConnector) -> None:
    """412: of two who read the same version one is first."""
    etag = connector.person("russellwhyte")["@odata.etag"]
    connector.change("russellwhyte", {"FirstName": "first"}, etag=etag)

    with pytest.raises(ChangedMeanwhile, match="412 PreconditionFailed"):
        connector.change("russellwhyte", {"FirstName": "second"}, etag=etag)
    assert connector.person("russellwhyte")["FirstName"] == "first"


def test_nobody_is_an_error_with_a_code(connector: PeopleConnector) -> None:
    """404 in OData's words."""
    with pytest.raises(NoSuchPerson) as caught:
        connector.change("nobody", {"FirstName": "x"})
    assert caught.value.code == "NotFound"


@pytest.mark.parametrize("changes", [{"Age": 7}, {"FirstName": 7}])
def test_what_a_person_cannot_have_is_refused(connector: PeopleConnector, changes: dict[str, object]) -> None:
    """400, and nothing was changed."""
    with pytest.raises(ServiceError, match="400 BadRequest"):
        connector.change("russellwhyte", changes)
    assert connector.person("russellwhyte")["@odata.etag"] == 'W/"1"'


def test_a_post_does_for_a_patch(oauthmock: OAuthMock, service: Protected) -> None:
    """Through a proxy that lets POST pass: `X-HTTP-Method: MERGE`."""
    with _connector(oauthmock, service, tunnel=True) as connector:
        assert connector.changed("russellwhyte", {"FirstName": "Rus"})["FirstName"] == "Rus"
    assert service.exchanges[-1].request.method == "POST"


def test_the_body_is_sent_again_with_a_new_token(
    oauthmock: OAuthMock, service: Protected, connector: PeopleConnector
) -> None:
    """The token expires between two calls; the change is made, and made once."""
    connector.people()
    oauthmock.clock.advance(hours=1)

    assert connector.change("russellwhyte", {"FirstName": "Rus"}) == 'W/"2"'

    refused, repeated = service.exchanges[-2:]
    assert (refused.status, refused.error, repeated.status) == (401, "invalid_token", 204)
    assert refused.body == repeated.body
    assert json.loads(repeated.body.content) == {"FirstName": "Rus"}
    assert oauthmock.journal.grant_types == ["client_credentials", "client_credentials"]


def test_reading_is_not_writing(oauthmock: OAuthMock, service: Protected) -> None:
    """A token that was revoked of its right to write: the guard refuses, and no new token is asked for."""
    with _connector(oauthmock, service) as connector:
        connector.people()
        oauthmock.protect("/odata", app=PeopleService([_RUSSELL]), guard=Bearer(scope="people:admin"))
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            connector.change("russellwhyte", {"FirstName": "x"})
    assert service.exchanges[-1].error == "insufficient_scope"
    assert len(oauthmock.tokens) == 1


def test_two_challenges_are_one_too_many(oauthmock: OAuthMock, service: Protected, connector: PeopleConnector) -> None:
    """An API that takes no token: the connector asks for one new one, and gives up."""
    oauthmock.protect("/odata", app=PeopleService([_RUSSELL]), guard=Bearer(audience="https://other.example/"))

    with pytest.raises(httpx.HTTPStatusError, match="401"):
        connector.change("russellwhyte", {"FirstName": "x"})
    assert [exchange.status for exchange in service.exchanges] == [401, 401]


def test_what_is_not_said_is_asked_for(oauthmock: OAuthMock, service: Protected) -> None:
    """The service itself: 428 without If-Match, 415 without JSON, 405 for what it does not have."""
    token = oauthmock.client().grant(scope="people:read people:write").access_token
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{service.url}/People('russellwhyte')"

    with httpx.Client(headers=headers) as http:
        assert http.patch(url, json={}).json()["error"]["code"] == "PreconditionRequired"
        assert http.patch(url, content=b"{}", headers={"If-Match": "*"}).status_code == 415
        assert http.delete(url).status_code == 405
        assert http.get(url).headers["OData-Version"] == "4.0"
