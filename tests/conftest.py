"""What every test lives under: nothing leaves this machine, which `outgoing` sees to."""

from __future__ import annotations

pytest_plugins = ["pytester", "outgoing"]
