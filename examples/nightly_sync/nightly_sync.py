"""A nightly job that reads its OAuth client from AWS Secrets Manager."""

from __future__ import annotations

import json

import boto3
import httpx

__all__ = ["nightly_sync"]


def nightly_sync(secret_name: str, contacts_url: str) -> int:
    """Fetch the contacts and return how many there are. Raises `httpx.HTTPStatusError`."""
    secrets_manager = boto3.client("secretsmanager", region_name="us-east-1")
    secret = json.loads(secrets_manager.get_secret_value(SecretId=secret_name)["SecretString"])
    with httpx.Client() as http:
        answer = http.post(
            secret["token_url"],
            data={"grant_type": "client_credentials", "scope": "contacts:read"},
            auth=(secret["client_id"], secret["client_secret"]),
        )
        token = answer.raise_for_status().json()["access_token"]
        contacts = http.get(contacts_url, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
    return len(contacts)
