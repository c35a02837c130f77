"""One cell of the matrix, live: the settings for a connector, and the proof that the server saw what they ask for."""

from __future__ import annotations

import collections.abc as cabc
import typing

from .. import pkce
from ..credentials import new_secret

if typing.TYPE_CHECKING:
    from ..callback import Callback
    from ..client_settings import ClientKeywords
    from ..variants import Cell
    from .issuer import Issuer

__all__ = ["ConnectorSettings", "Variant"]

_SCOPE = "orders:read"
_USERNAME = "alice"


class ConnectorSettings(cabc.Mapping[str, str]):
    """
    What a connector needs for one cell: a mapping that is also an object, so that it can be keyword arguments.

    What a cell does not need is absent, not None.
    """

    def __init__(self, values: cabc.Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __getattr__(self, name: str) -> str:
        # copy and pickle ask for underscored names before there are values
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"this cell has no {name!r}; it has {', '.join(self._values)}") from None

    def __iter__(self) -> cabc.Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        secret = ("client_secret", "private_key", "password", "refresh_token", "code_verifier")
        return f"ConnectorSettings({ {k: '***' if k in secret else v for k, v in self.items()} })"


class Variant:
    """A client registered for one grant, one method and what else its cell says, and a user who approves at once."""

    def __init__(self, issuer: Issuer, cell: Cell) -> None:
        self._issuer = issuer
        self.cell = cell
        self.grant_type = cell.grant_type
        self.client_auth = cell.client_auth
        self._user = issuer.context.users.get(_USERNAME) or issuer.user(_USERNAME)
        follow_up = () if cell.grant_type in ("client_credentials", "refresh_token") else ("refresh_token",)
        registration: ClientKeywords = {
            **_policies(cell),
            "grant_types": (cell.grant_type, *follow_up),
            "token_endpoint_auth_method": cell.client_auth,
            "scope": _SCOPE,
            "redirect_uris": [issuer.callback_url],
            # Connectors that follow redirects by themselves never see a page.
            "consent": "auto",
        }
        self.client = issuer.client(**registration)
        self.resource_url = f"{issuer.api_url}/orders"
        self.settings = ConnectorSettings(self._settings())

    def approve(self, url: str) -> Callback:
        """The person at the browser: from an authorization URL to the callback."""
        return self._issuer.approve(url, user=self._user.username)

    def verify(self) -> None:
        """
        Check that the server really saw this cell: at least one success, and no exchange with another grant or method.

        A refresh that follows a first token by the same method belongs to the cell. Raises AssertionError.
        """
        others_ids = {*self._issuer.context.clients} - {self.client.client_id}
        both = (self._issuer.token_endpoint, self._issuer.refresh_endpoint)
        at_either = {exchange.number: exchange for endpoint in both for exchange in endpoint.exchanges}
        seen = [at_either[number] for number in sorted(at_either) if at_either[number].client_id not in others_ids]
        mine = [exchange for exchange in seen if exchange.client_auth == self.client_auth]
        succeeded = [e for e in mine if e.grant_type == self.grant_type and e.verdict == "accepted"]
        allowed = {self.grant_type, "refresh_token"} & {*self.client.grant_types}
        others = [e for e in seen if e.client_auth != self.client_auth or e.grant_type not in allowed]
        wanted = f"{self.grant_type} by {self.client_auth}"
        if not seen:
            raise AssertionError(f"no token request reached {self._issuer.token_url}; wanted {wanted}")
        if others:
            other = others[0]
            raise AssertionError(
                f"wanted {wanted}, but exchange #{other.number} was {other.grant_type or 'no grant'} by"
                f" {other.client_auth or 'no method'}: {other.why}"
            )
        if not succeeded:
            last = mine[-1]
            raise AssertionError(f"wanted {wanted}, but exchange #{last.number} was {last.verdict}: {last.why}")

    def _settings(self) -> dict[str, str]:
        issuer, grant_type, axes = self._issuer, self.grant_type, dict(self.cell.axes)
        settings = {
            "grant_type": grant_type,
            "client_auth": self.client_auth,
            "client_id": self.client.client_id,
            "token_url": issuer.token_url,
            "scope": _SCOPE,
            "resource_url": self.resource_url,
            "bearer": str(axes.get("bearer", "header")),
        }
        if self.client_auth == "private_key_jwt":
            settings |= {"private_key": self.client.private_key, "key_id": self.client.key_id}
        elif self.client_auth.endswith("tls_client_auth"):
            cert, key = self.client.certificate.cert
            settings |= {"cert": cert, "key": key, "ca": str(self.client.certificate.ca_path)}
        elif self.client_auth != "none":
            settings["client_secret"] = self.client.client_secret
        if self.client_auth in ("private_key_jwt", "client_secret_jwt"):
            settings["alg"] = self.client.signing_alg
        if "basic_encoding" in axes:
            settings["basic_encoding"] = str(axes["basic_encoding"])
        if grant_type != "client_credentials":
            settings["refresh_url"] = issuer.refresh_url
        if grant_type == "authorization_code":
            settings["authorize_url"] = issuer.authorize_url
            settings["redirect_uri"] = issuer.callback_url
            if self.client_auth == "none":
                # RFC 9700 2.1.1: public clients must use PKCE
                settings["code_verifier"] = pkce.new_verifier()
        if grant_type == "password":
            settings |= {"username": self._user.username, "password": self._user.password}
        if grant_type == "refresh_token":
            refresh_token = self._with_refresh_token()
            settings["refresh_token"] = refresh_token
        return settings

    def _with_refresh_token(self) -> str:
        token = self.client.grant(user=self._user.username, scope=_SCOPE)
        assert token.refresh_token is not None, "a client of the refresh_token grant is given one"
        return token.refresh_token

    def __repr__(self) -> str:
        return f"<Variant {self.cell.id}>"


def _policies(cell: Cell) -> ClientKeywords:
    """The axes of a cell as what a client is registered with."""
    axes: dict[str, typing.Any] = dict(cell.axes)
    if "bearer" in axes:
        axes["bearer_methods_supported"] = [axes.pop("bearer")]
    if "basic_encoding" in axes:
        # With a secret that reads the same both ways the two encodings could not be told apart.
        axes["client_secret"] = f"{new_secret('cs')}:%+ /=&"
    return typing.cast("ClientKeywords", axes)
