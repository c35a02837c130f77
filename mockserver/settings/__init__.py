"""From what people wrote (TOML, ini, environment, flags, markers) to typed settings, with errors that name the place."""

from __future__ import annotations

from .layers import Layer
from .layers import environment
from .layers import file
from .layers import given
from .layers import texts
from .registry import client
from .registry import user
from .resolve import resolve

__all__ = ["Layer", "client", "environment", "file", "given", "resolve", "texts", "user"]
