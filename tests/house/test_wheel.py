"""What people install."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import zipfile

import pytest

_ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the checkout with the installed build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(_ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_both_packages_with_their_data_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Modules, templates, profiles and py.typed go in; tests, docs, examples and benchmarks stay out."""
    suffixes = {".py", ".html", ".toml", ".typed"}
    expected = {
        str(path.relative_to(_ROOT))
        for package in ("mockserver", "pytest_oauthmock")
        for path in (_ROOT / package).rglob("*")
        if path.suffix in suffixes
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert packed == expected
    assert {"mockserver/py.typed", "pytest_oauthmock/py.typed", "mockserver/pages/consent.html"} <= packed


def test_the_wheel_declares_plugin_scripts_and_licence(wheel: zipfile.ZipFile) -> None:
    """The entry points are those that the README promises."""
    (entry_points,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    text = wheel.read(entry_points).decode()

    assert text == (
        "[console_scripts]\n"
        "oauthmock = mockserver.cli:main\n"
        "pytest-oauthmock = mockserver.cli:main\n"
        "\n"
        "[pytest11]\n"
        "oauthmock = pytest_oauthmock.plugin\n"
    )
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())
