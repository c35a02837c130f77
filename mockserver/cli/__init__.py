"""The `oauthmock` command: what is typed, what is printed, what the exit status says."""

from __future__ import annotations

from .commands import main

__all__ = ["main"]
