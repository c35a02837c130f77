"""
What the client did wrong: rules by family, each a line of data beside the function that sees it.

Rules look at an exchange and at what is remembered of earlier ones. They change nothing and never fail a request.
"""

from __future__ import annotations

from .case import Case
from .case import Rule
from .history import History
from .judgement import BY_ID
from .judgement import RULES
from .judgement import judge
from .selection import check_ignored
from .selection import remaining
from .selection import told

__all__ = ["BY_ID", "RULES", "Case", "History", "Rule", "check_ignored", "judge", "remaining", "told"]
