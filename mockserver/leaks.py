"""Secrets where they do not belong: which there are, which may be seen, and what was found in words."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import typing

from .conduct import shown
from .context import Context
from .errors import ConfigurationError
from .journal import Exchange
from .places import Text
from .places import texts
from .redaction import conceal
from .search import Leak
from .search import Search
from .search import Secret
from .shapes import CANARIES

__all__ = ["KINDS", "find", "told"]

KINDS: typing.Final = (*CANARIES.values(), "ID token", "private key", "guard's secret")
"""What `allow` may name."""

Allow = str | pathlib.Path

_LINES_TOLD = 10


def find(
    places: cabc.Iterable[object],
    allow: Allow | cabc.Iterable[Allow],
    contexts: cabc.Mapping[str, Context],
    exchanges: cabc.Iterable[Exchange],
) -> list[Leak]:
    """
    Every secret of these issuers in these places, and in the URLs and Referers of these exchanges.

    Raises `ConfigurationError`.
    """
    secrets = list(_known(contexts.values()))
    allowed = _Allowed([allow] if isinstance(allow, Allow) else allow, secrets)
    search = Search(secrets)

    def looked_at() -> cabc.Iterator[Text]:
        for number, place in enumerate(places, 1):
            yield from texts(place, f"{type(place).__name__} (place {number})", allowed.paths)
        for exchange in exchanges:
            yield from shown(exchange, contexts[exchange.issuer])

    return [leak for text in looked_at() for leak in search.through(text) if leak.secret not in allowed]


def _known(contexts: cabc.Iterable[Context]) -> cabc.Iterator[Secret]:
    """Everything that these issuers registered, issued or handed out and still remember."""
    for context in contexts:
        of = f" of issuer {context.name!r}" if context.name else ""
        for client in context.clients.values():
            owner = client.client_id
            for secret in client.secrets:
                name = f"client secret of client {owner!r}{of}"
                yield Secret(kind="client secret", name=name, value=secret.value, owner=owner)
        for user in context.users.values():
            name = f"password of user {user.username!r}{of}"
            yield Secret(kind="password", name=name, value=user.password, owner=user.username)
        for door in list(context.doors.values()):
            for value in door.secrets():
                yield Secret(kind="guard's secret", name=f"secret of the guard at {door.path or '/'}{of}", value=value)
        for kind, name, value in list(context.handed_out):
            yield Secret(kind=kind, name=name + of, value=value)
        for number, token in enumerate(context.ledger, 1):
            for kind, text in (
                ("access token", token.access_token),
                ("refresh token", token.refresh_token),
                ("ID token", token.id_token),
            ):
                if text is not None:
                    yield Secret(kind=kind, name=f"{kind} #{number} of client {token.client_id!r}{of}", value=text)


def told(leaks: cabc.Iterable[Leak]) -> str:
    """Every leak by secret and place, for a failing test."""
    grouped: dict[tuple[str, str, str], list[Leak]] = {}
    for leak in leaks:
        # A file or a key may be called by the secret.
        where = conceal(leak.where, [leak.secret.value])
        grouped.setdefault((leak.secret.name, where, leak.encoding), []).append(leak)
    lines = []
    for (name, where, encoding), found in grouped.items():
        numbers = list(dict.fromkeys(leak.line for leak in found if leak.line))
        shown = ", ".join(map(str, numbers[:_LINES_TOLD]))
        more = f" and {len(numbers) - _LINES_TOLD} more" if len(numbers) > _LINES_TOLD else ""
        place = f"{where}, line{'s' if len(numbers) > 1 else ''} {shown}{more}" if numbers else where
        lines.append(f"  {name} ({encoding}) in {place}")
        lines.append(f"      {found[0].around}")
    count = len({name for name, _, _ in grouped})
    return "\n".join([f"{count} secret{'' if count == 1 else 's'} leaked:", *lines])


class _Allowed:
    """What a test says may be seen: values, kinds, and files or folders that are meant to hold secrets."""

    def __init__(self, allow: cabc.Iterable[str | pathlib.Path], secrets: cabc.Collection[Secret]) -> None:
        items = list(allow)
        self.paths = [item for item in items if isinstance(item, pathlib.Path)]
        self._words = [item for item in items if not isinstance(item, pathlib.Path)]
        values = {secret.value for secret in secrets}
        for word in self._words:
            if not isinstance(word, str) or (word not in KINDS and word not in values):
                raise ConfigurationError(
                    "allow: one item is neither a secret of this server, nor a pathlib.Path, nor a kind of secret"
                    f" ({', '.join(KINDS)}); correct it or leave it out"
                )

    def __contains__(self, secret: Secret) -> bool:
        return secret.kind in self._words or (bool(secret.value) and secret.value in self._words)
