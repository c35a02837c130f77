"""The nightly job with moto's AWS beside the mock."""

from __future__ import annotations

import typing

import httpx
import pytest
from nightly_sync import nightly_sync

from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    from boto3.session import Session


@pytest.fixture
def contacts_url(oauthmock: OAuthMock) -> str:
    """An API with two contacts."""
    return oauthmock.protect("/contacts", scope="contacts:read", json=[{"id": 1}, {"id": 2}]).url


@pytest.mark.usefixtures("oauthmock_aws")
def test_the_client_comes_from_secrets_manager(oauthmock: OAuthMock, contacts_url: str) -> None:
    """Production code, unchanged: it knows the name of a secret."""
    oauthmock.client("sync-app").store_in_secretsmanager("prod/crm")

    assert nightly_sync("prod/crm", contacts_url) == 2
    assert oauthmock.tokens.last.client_id == "sync-app"


def test_a_secret_that_was_rotated_elsewhere_is_refused(
    oauthmock: OAuthMock, oauthmock_aws: Session, contacts_url: str
) -> None:
    """The journal says how the secret is wrong."""
    oauthmock.client("sync-app").store_in_secretsmanager("prod/crm")
    secrets_manager = oauthmock_aws.client("secretsmanager", region_name="us-east-1")
    stale = f'{{"client_id": "sync-app", "client_secret": "old", "token_url": "{oauthmock.token_url}"}}'
    secrets_manager.put_secret_value(SecretId="prod/crm", SecretString=stale)

    with pytest.raises(httpx.HTTPStatusError, match="401"):
        nightly_sync("prod/crm", contacts_url)
    assert "the secret of client 'sync-app' is wrong" in oauthmock.journal.last.why
