"""The arrows between the rooms."""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys

import pytest

_ROOT = pathlib.Path(__file__).parents[2]


def _lint_imports(cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-cache", str(_ROOT / "pyproject.toml")],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_point_downwards() -> None:
    """Every contract in pyproject.toml is kept."""
    result = _lint_imports(_ROOT)

    assert result.returncode == 0, result.stdout


def test_a_grant_that_looks_up_to_an_endpoint_breaks_the_contract(tmp_path: pathlib.Path) -> None:
    """The check can fail: a copy of the packages with one arrow upwards is refused, by name."""
    for package in ("mockserver", "pytest_oauthmock"):
        for source in (_ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(_ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    with (tmp_path / "mockserver/grants/password.py").open("a", encoding="utf-8") as grant:
        grant.write("\nfrom ..endpoints import token\n")

    result = _lint_imports(tmp_path)

    assert result.returncode == 1
    assert "mockserver.grants.password -> mockserver.endpoints" in result.stdout


@pytest.mark.parametrize("package", ["mockserver", "pytest_oauthmock"])
def test_no_file_is_two_ideas(package: str) -> None:
    """A module stays under about 300 lines."""
    long = {
        str(path.relative_to(_ROOT)): lines
        for path in (_ROOT / package).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 330
    }

    assert long == {}


def test_werkzeug_serving_is_never_imported() -> None:
    """Our own server serves; Werkzeug's is for tests and benchmarks."""
    importers = [
        str(path.relative_to(_ROOT))
        for package in ("mockserver", "pytest_oauthmock")
        for path in (_ROOT / package).rglob("*.py")
        if "werkzeug.serving" in path.read_text(encoding="utf-8")
        and "import" in path.read_text(encoding="utf-8").split("werkzeug.serving")[0].splitlines()[-1]
    ]

    assert importlib.util.find_spec("werkzeug.serving") is not None
    assert importers == []
