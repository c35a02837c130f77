"""`pytest docs` runs the code blocks of every page; `_ext/pages.py` says how."""

from __future__ import annotations

import pathlib
import sys
import typing

if typing.TYPE_CHECKING:
    import pytest

_HERE = pathlib.Path(__file__).parent

sys.path.insert(0, str(_HERE / "_ext"))

collect_ignore = ["_build", "_ext", "conf.py"]


def pytest_collect_file(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every page is a module."""
    if file_path.suffix != ".md" or not file_path.is_relative_to(_HERE):
        return None
    from pages import Page

    return Page.from_parent(parent, path=file_path)
