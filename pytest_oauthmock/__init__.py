"""The pytest plugin of the mock OAuth server; the public names of `mockserver`, handed on."""

from __future__ import annotations

import typing

import mockserver

if typing.TYPE_CHECKING:
    from mockserver import *  # noqa: F403

__all__ = list(mockserver.__all__)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> typing.Any:
    if name not in mockserver.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(mockserver, name)
