"""PyPI's `mockserver-client` also installs a top-level package called `mockserver`: notice it, and say what to do."""

from __future__ import annotations

import importlib

import pytest

__all__ = ["refuse_foreign_mockserver"]


def refuse_foreign_mockserver() -> None:
    """Fails the test when `import mockserver` finds somebody else's package."""
    try:
        found = importlib.import_module("mockserver")
    except ImportError as error:
        raise pytest.fail.Exception(f"mockserver cannot be imported: {error}", pytrace=False) from None
    if "OAuthMock" not in getattr(found, "__all__", ()):
        place = getattr(found, "__file__", None) or ", ".join(found.__path__)
        raise pytest.fail.Exception(
            f"the package `mockserver` at {place} is not the one that belongs to pytest-oauthmock (the distribution"
            " mockserver-client has one of the same name); uninstall that one and install pytest-oauthmock again, or"
            " take the folder off sys.path",
            pytrace=False,
        )
