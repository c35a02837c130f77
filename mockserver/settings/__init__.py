"""From what people wrote (TOML, ini, environment, flags, markers) to typed settings; errors name the place."""

from __future__ import annotations

from .faults import Order
from .faults import fault
from .layers import GIVEN_TO_COMMANDS
from .layers import Layer
from .layers import environment
from .layers import file
from .layers import given
from .layers import texts
from .resolve import of_profile
from .resolve import resolve

__all__ = [
    "GIVEN_TO_COMMANDS",
    "Layer",
    "Order",
    "environment",
    "fault",
    "file",
    "given",
    "of_profile",
    "resolve",
    "texts",
]
