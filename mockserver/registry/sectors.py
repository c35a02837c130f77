"""Whom a client shares pairwise subjects with (OpenID Connect Core 8.1)."""

from __future__ import annotations

import urllib.parse

from ..client_settings import ClientSettings
from ..errors import ConfigurationError
from ..policies import Policies

__all__ = ["sector"]

# The sector of clients that may be called back anywhere on this machine
_LOOPBACK = "localhost"


def sector(what: str, settings: ClientSettings, policies: Policies) -> str | None:
    """
    The host of `sector_identifier_uri`, which is never fetched, or the one host of the redirect URIs; None: public.

    Raises `ConfigurationError`.
    """
    uri = settings.sector_identifier_uri
    if uri is not None:
        try:
            parts = urllib.parse.urlsplit(uri)
        except ValueError:
            parts = urllib.parse.urlsplit("")
        if parts.scheme != "https" or not parts.hostname:
            raise ConfigurationError(
                f"{what}: sector_identifier_uri = {uri!r}: write an https URL (OpenID Connect Registration 5)",
                key="sector_identifier_uri",
            )
    if policies.subject_type == "public":
        return None
    if uri is not None:
        return str(parts.hostname)
    hosts = {urllib.parse.urlsplit(each).hostname or each for each in settings.redirect_uris or ()}
    if len(hosts) > 1:
        raise ConfigurationError(
            f"{what}: redirect_uris are at {' and '.join(map(repr, sorted(hosts)))}, so nobody knows the sector of"
            " subject_type = 'pairwise'; name it: sector_identifier_uri (OpenID Connect Core 8.1)",
            key="sector_identifier_uri",
        )
    return next(iter(hosts), _LOOPBACK)
