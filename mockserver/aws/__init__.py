"""
moto's AWS behind verified signatures, in process or at a port of its own.

moto and boto3 are in the extra `aws`, and imported when something is started.
"""

from __future__ import annotations

from .cognito import cognito
from .federation import WebIdentity
from .in_process import in_process
from .server import AwsServer

__all__ = ["AwsServer", "WebIdentity", "cognito", "in_process"]
