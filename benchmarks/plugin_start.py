"""What the plugin costs a suite that does not use it: the import time of our modules when pytest collects.

`python -X importtime`, own time of our modules summed; medians over fresh processes without other plugins.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

_PROMISE = 5.0


def milliseconds(folder: pathlib.Path) -> float:
    """Our modules' own import time in one run of `pytest --co`."""
    command = [sys.executable, "-X", "importtime", "-m", "pytest", "--co", "-q", "-p", "pytest_oauthmock.plugin"]
    result = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split("|") for line in result.stderr.splitlines() if line.startswith("import time:")]
    ours = ("pytest_oauthmock", "mockserver")
    times = [int(own.split(":")[1]) for own, _, name in lines[1:] if name.strip().partition(".")[0] in ours]
    if not times:
        raise SystemExit("the plugin was not loaded")
    return sum(times) / 1000


def main() -> None:
    """Print median and promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="processes (default 15)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "test_other.py").write_text("def test_other(): pass\n", encoding="utf-8")
        milliseconds(folder)  # fills the file cache
        median = statistics.median(milliseconds(folder) for _ in range(runs))
    verdict = "kept" if median <= _PROMISE else "BROKEN"
    print(f"our modules' import time {median:.2f} ms, promised at most {_PROMISE:g} ms: {verdict}")


if __name__ == "__main__":
    main()
