"""Standing before an attribute that each instance of somebody's class has of its own."""

from __future__ import annotations

import collections.abc as cabc
import typing

__all__ = ["Shadow"]


class Shadow:
    """
    A data descriptor, which Python prefers to the instances' own attribute, in objects that were made before it too.

    It is read as what `instead` makes of the attribute; what is assigned goes where it would have gone.
    """

    def __init__(self, name: str, instead: cabc.Callable[[typing.Any], typing.Any]) -> None:
        self._name = name
        self._instead = instead

    def __get__(self, instance: typing.Any, owner: type | None = None) -> typing.Any:
        if instance is None:
            return self
        try:
            own = vars(instance)[self._name]
        except KeyError:
            raise AttributeError(self._name) from None
        return self._instead(own)

    def __set__(self, instance: typing.Any, value: typing.Any) -> None:
        vars(instance)[self._name] = value
