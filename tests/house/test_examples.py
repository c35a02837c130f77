"""The examples are what users copy: they pass as they stand."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

_EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


def test_the_examples_pass(tmp_path: pathlib.Path) -> None:
    """`pytest examples` with the configuration that stands beside them, warnings being errors."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OAUTHMOCK_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(_EXAMPLES)]
    done = subprocess.run(
        [*command, f"--basetemp={tmp_path / 'base'}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_example_has_a_test_and_a_row() -> None:
    """A folder of a connector and its test, named in the list."""
    folders = sorted(path for path in _EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    listed = (_EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert len(folders) >= 3
    assert [folder.name for folder in folders if not list(folder.glob("test_*.py"))] == []
    assert [folder.name for folder in folders if f"`{folder.name}`" not in listed] == []
