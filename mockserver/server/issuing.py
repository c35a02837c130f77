"""What one issuer gives out: the tokens that there were, and any that a test asks for."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..errors import ConfigurationError
from ..faults import Flaw
from ..policies import AccessTokenFormat
from ..written import nearest
from . import minting
from .endpoints import Endpoints

if typing.TYPE_CHECKING:
    from ..ledger import Ledger

__all__ = ["Issuing"]


class Issuing(Endpoints):
    """One issuer by its name, its endpoints and its tokens."""

    @property
    def tokens(self) -> Ledger:
        """The tokens that this issuer gave out since the last reset."""
        return self.context.ledger

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set by which this issuer's tokens are verified (RFC 7517 5), as `jwks_url` has it."""
        return self.context.keys.jwks(self.context.signing_algorithms())

    def issue_token(
        self,
        *,
        subject: str | None = None,
        client_id: str = "app",
        scope: str = "",
        audience: str | cabc.Sequence[str] | None = None,
        lifetime: int = 3600,
        access_token_format: AccessTokenFormat | None = None,
        token: typing.Literal["access_token", "id_token"] = "access_token",
        flaw: Flaw | None = None,
        claims: cabc.Mapping[str, typing.Any] | None = None,
        headers: cabc.Mapping[str, typing.Any] | None = None,
        without: cabc.Sequence[str] = (),
    ) -> str:
        """
        A token for an API under test, which takes it from whoever calls; no client has to ask for it.

        `subject` is a person, registered or not; None: the client itself. `client_id` need not be registered either.
        `audience` None is `api_url`, `lifetime` is seconds. `claims` and
        `headers` replace what would be there, `without` leaves claims out; `flaw` is one of those of the fault `forge`,
        and the token one that nobody should take. Raises `ConfigurationError`.
        """
        if flaw is not None and flaw not in typing.get_args(Flaw):
            raise ConfigurationError(f"issue_token(flaw={flaw!r}): {nearest(flaw, typing.get_args(Flaw))}")
        return minting.token(
            self._self(),
            minting.Wanted(
                subject=subject,
                client_id=client_id,
                scope=scope,
                audience=audience,
                lifetime=lifetime,
                access_token_format=access_token_format,
                token=token,
                flaw=flaw,
                claims=claims or {},
                headers=headers or {},
                without=without,
            ),
        )
