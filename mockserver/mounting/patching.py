"""Replacing attributes of other people's classes while something is mounted, all or nothing, and putting them back."""

from __future__ import annotations

import collections.abc as cabc
import importlib.abc
import importlib.machinery
import importlib.metadata
import inspect
import sys
import threading
import types
import typing

import msgspec

from ..errors import UnknownLayout

__all__ = ["Library", "Patch", "Patcher", "attribute", "expect"]

_ABSENT: typing.Final = object()


class Patch(msgspec.Struct, frozen=True):
    """One attribute of a class, and what stands there while something is mounted."""

    owner: type
    name: str
    replacement: typing.Any


class Library(msgspec.Struct, frozen=True):
    """A library that has to be patched: the module that its patches need, and what makes them from it."""

    module: str
    distribution: str | None
    """Its name on PyPI, to tell the version by; None: the standard library."""
    versions: str
    """Those that the patch was tried with."""
    patches: cabc.Callable[[types.ModuleType], list[Patch]]
    """Raises `UnknownLayout` for a module that does not have what is to be replaced."""


class Patcher:
    """
    Patches the libraries that are imported, and those that will be, from `install` to `remove`.

    Replacements ask the table of routes and do what was there before when nothing is mounted: should another's patch,
    made on top, put one back after `remove`, it does nothing.
    """

    def __init__(self, libraries: cabc.Sequence[Library]) -> None:
        self._libraries = libraries
        self._lock = threading.RLock()
        self._installed: list[tuple[Patch, object]] = []
        self._finder = _Finder({library.module: library for library in libraries}, self._add)

    def install(self) -> None:
        """Raises `UnknownLayout`, and has then patched nothing."""
        with self._lock:
            modules = [(library, sys.modules.get(library.module)) for library in self._libraries]
            patches = [
                patch for library, module in modules if module is not None for patch in _patches(library, module)
            ]
            for patch in patches:
                self._set(patch)
            sys.meta_path.insert(0, self._finder)

    def remove(self) -> None:
        with self._lock:
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)
            while self._installed:
                patch, before = self._installed.pop()
                if vars(patch.owner).get(patch.name) is not patch.replacement:
                    continue  # patched over by somebody who will put ours back, which then does nothing
                if before is _ABSENT:
                    delattr(patch.owner, patch.name)
                else:
                    setattr(patch.owner, patch.name, before)

    def _add(self, library: Library, module: types.ModuleType) -> None:
        """Patch a library that was imported while something is mounted."""
        with self._lock:
            if self._finder in sys.meta_path:
                for patch in _patches(library, module):
                    self._set(patch)

    def _set(self, patch: Patch) -> None:
        self._installed.append((patch, vars(patch.owner).get(patch.name, _ABSENT)))
        setattr(patch.owner, patch.name, patch.replacement)


def expect(owner: type, name: str, *parameters: str) -> typing.Any:
    """
    The function that a class has under this name.

    Raises `UnknownLayout` when it has none, or one that does not begin with these parameters.
    """
    found = inspect.getattr_static(owner, name, None)
    function = found.__func__ if isinstance(found, classmethod) else found
    if not callable(function):
        raise UnknownLayout(f"{owner.__module__}.{owner.__qualname__} has no method {name}")
    known = inspect.signature(function).parameters.values()
    if not any(each.kind is each.VAR_POSITIONAL for each in known):
        names = tuple(each.name for each in known)
        if names[: len(parameters)] != parameters:
            raise UnknownLayout(
                f"{owner.__module__}.{owner.__qualname__}.{name} takes {', '.join(names)}, and not"
                f" {', '.join(parameters)}"
            )
    return function


def attribute(module: types.ModuleType, name: str) -> typing.Any:
    """What a module has under this name. Raises `UnknownLayout`."""
    found = getattr(module, name, None)
    if found is None:
        raise UnknownLayout(f"{module.__name__} has no {name}")
    return found


def _patches(library: Library, module: types.ModuleType) -> list[Patch]:
    try:
        return library.patches(module)
    except UnknownLayout as error:
        name = library.distribution or library.module
        raise UnknownLayout(
            f"{name} {_version(library)} cannot be led to mounted hosts: {error}. Known are {library.versions}: install"
            " one of these, or tell the project; nothing was patched, and no request was sent"
        ) from None


def _version(library: Library) -> str:
    if library.distribution is None:
        return sys.version.partition(" ")[0]
    try:
        return importlib.metadata.version(library.distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(unknown version)"


class _Finder(importlib.abc.MetaPathFinder):
    """Tells of libraries as soon as they have been imported."""

    def __init__(
        self, libraries: dict[str, Library], imported: cabc.Callable[[Library, types.ModuleType], None]
    ) -> None:
        self._libraries = libraries
        self._imported = imported

    def find_spec(
        self, fullname: str, path: cabc.Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        library = self._libraries.get(fullname)
        if library is None:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        for finder in others:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, lambda module: self._imported(library, module))
                return spec
        return None


class _Loader(importlib.abc.Loader):
    """Another loader, and word of what it has loaded."""

    def __init__(self, loader: importlib.abc.Loader, loaded: cabc.Callable[[types.ModuleType], None]) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader  # as if nobody had been asked in between
        self._loader.exec_module(module)
        self._loaded(module)
