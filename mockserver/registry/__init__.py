"""From what is written of a client or a person to who is registered: every default resolved, every name checked."""

from __future__ import annotations

from .clients import checked
from .clients import client
from .clients import default_methods
from .clients import refresh_policy
from .clients import user

__all__ = ["checked", "client", "default_methods", "refresh_policy", "user"]
