"""What can be wrong: `OAuthError` travels on the wire, `MockServerError` is for the person who runs the mock."""

from __future__ import annotations

from .login import ConsentRequired
from .login import LoginRequired
from .login import Refused
from .login import RequestNotSupported
from .login import RequestUriNotSupported
from .login import UnmetAuthenticationRequirements
from .mock_server import AlreadyRegistered
from .mock_server import ConfigurationError
from .mock_server import MockServerError
from .mock_server import NothingRecorded
from .mock_server import PortInUse
from .mock_server import ServerNotRunning
from .mock_server import UnexpectedPage
from .mock_server import UnknownLayout
from .mock_server import UnmountedHostError
from .protocol import AccessDenied
from .protocol import AuthorizationPending
from .protocol import ExpiredLoginHintToken
from .protocol import ExpiredToken
from .protocol import Inaccessible
from .protocol import InsufficientScope
from .protocol import InvalidBindingMessage
from .protocol import InvalidClient
from .protocol import InvalidClientMetadata
from .protocol import InvalidGrant
from .protocol import InvalidRedirectUri
from .protocol import InvalidRequest
from .protocol import InvalidRequestUri
from .protocol import InvalidScope
from .protocol import InvalidSoftwareStatement
from .protocol import InvalidTarget
from .protocol import InvalidToken
from .protocol import MissingToken
from .protocol import OAuthError
from .protocol import Redirection
from .protocol import ResourceError
from .protocol import ServerError
from .protocol import SlowDown
from .protocol import TooManyRequests
from .protocol import UnapprovedSoftwareStatement
from .protocol import UnauthorizedClient
from .protocol import UnknownUserId
from .protocol import UnsupportedGrantType
from .protocol import UnsupportedResponseType
from .protocol import UnsupportedTokenType

__all__ = [
    "AccessDenied",
    "AlreadyRegistered",
    "AuthorizationPending",
    "ConfigurationError",
    "ConsentRequired",
    "ExpiredLoginHintToken",
    "ExpiredToken",
    "Inaccessible",
    "InsufficientScope",
    "InvalidBindingMessage",
    "InvalidClient",
    "InvalidClientMetadata",
    "InvalidGrant",
    "InvalidRedirectUri",
    "InvalidRequest",
    "InvalidRequestUri",
    "InvalidScope",
    "InvalidSoftwareStatement",
    "InvalidTarget",
    "InvalidToken",
    "LoginRequired",
    "MissingToken",
    "MockServerError",
    "NothingRecorded",
    "OAuthError",
    "PortInUse",
    "Redirection",
    "Refused",
    "RequestNotSupported",
    "RequestUriNotSupported",
    "ResourceError",
    "ServerError",
    "ServerNotRunning",
    "SlowDown",
    "TooManyRequests",
    "UnapprovedSoftwareStatement",
    "UnauthorizedClient",
    "UnexpectedPage",
    "UnknownLayout",
    "UnmetAuthenticationRequirements",
    "UnknownUserId",
    "UnmountedHostError",
    "UnsupportedGrantType",
    "UnsupportedResponseType",
    "UnsupportedTokenType",
]

for _name in __all__:
    # As people import them, so that a traceback names them that way
    globals()[_name].__module__ = __name__
