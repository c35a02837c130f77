"""Standing before an attribute that each instance of somebody's class has of its own."""

from __future__ import annotations

import collections.abc as cabc
import types
import typing

from ..errors import UnknownLayout
from .patching import Patch
from .patching import attribute
from .patching import expect

__all__ = ["Shadow", "shadowed"]


def shadowed(
    module: types.ModuleType, owner_name: str, name: str, instead: cabc.Callable[[typing.Any], typing.Any]
) -> Patch:
    """
    Have an attribute of a class's instances read as what `instead` makes of it.

    Raises `UnknownLayout` for a class that is not there, or whose constructor does not set it.
    """
    owner = attribute(module, owner_name)
    if name not in expect(owner, "__init__", "self").__code__.co_names:
        raise UnknownLayout(f"{owner_name} has no {name}")
    return Patch(owner, name, Shadow(name, instead))


class Shadow:
    """
    A data descriptor, which Python prefers to the instances' own attribute, in objects that were made before it too.

    What is assigned goes where it would have gone.
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
