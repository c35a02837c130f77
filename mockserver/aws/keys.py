"""The access keys that are good: those that were brought, and those that moto's IAM and STS have made."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import secrets
import string
import typing

from ..sigv4 import AccessKey

__all__ = ["Keys", "new_access_key_id", "new_secret"]

_ALPHABET = string.ascii_letters + string.digits


def new_access_key_id(prefix: str = "AKIA") -> str:
    """20 characters, as AWS has them; `ASIA` begins the id of a session's key."""
    return prefix + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))


def new_secret(length: int = 40) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


class Keys:
    """By access key id; looked up at each request, so that a key is good as soon as IAM or STS has made it."""

    def __init__(self, own: cabc.Mapping[str, str | AccessKey]) -> None:
        self._own = {name: AccessKey(key) if isinstance(key, str) else key for name, key in own.items()}

    def __call__(self, access_key_id: str) -> AccessKey | None:
        return self._own.get(access_key_id) or _of_moto(access_key_id)

    def add(self, access_key_id: str, key: AccessKey) -> None:
        self._own[access_key_id] = key

    def secrets(self) -> list[str]:
        """What nobody may see, of those that were brought."""
        every = [part for key in list(self._own.values()) for part in (key.secret, key.session_token)]
        # Words that tests have for "none", and that logs are full of
        return [secret for secret in every if secret and len(secret) >= 16]


def _of_moto(access_key_id: str) -> AccessKey | None:
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    for partitions in list(sts_backends.values()):
        for backend in list(partitions.values()):
            role: typing.Any = backend.get_assumed_role_from_access_key(access_key_id)
            if role is not None:
                ends = role.expiration.replace(tzinfo=dt.UTC)
                return AccessKey(role.secret_access_key, session_token=role.session_token, expires=ends)
    for partitions in list(iam_backends.values()):
        for backend in list(partitions.values()):
            key: typing.Any = backend.access_keys.get(access_key_id)
            if key is not None:
                return AccessKey(key.secret_access_key, active=key.status == "Active")
    return None
