"""A role that tokens of an issuer may assume, and the file that AWS's clients read such a token from."""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import typing

from ..errors import ConfigurationError
from ..policies import SigningAlgorithm

if typing.TYPE_CHECKING:
    from ..server import Issuer

__all__ = ["WebIdentity"]

_ACCOUNT = "123456789012"
_WITH_KEYS: tuple[SigningAlgorithm, ...] = typing.get_args(SigningAlgorithm)

Conditions = cabc.Mapping[str, cabc.Mapping[str, str | cabc.Sequence[str]]]


class WebIdentity:
    """
    An issuer as a provider in IAM, a role that trusts it, and a file with a token, as a pod of EKS has it.

    `conditions` are those of the role's trust policy, with the claims' names for keys: `{"StringLike": {"sub":
    "repo:acme/*"}}`; None: exactly this `sub` and this `aud`. A role that is there already is left as it is.
    """

    def __init__(
        self,
        issuer: Issuer,
        folder: pathlib.Path,
        *,
        role: str,
        sub: str,
        aud: str,
        lifetime: int,
        session_name: str,
        max_session_duration: int,
        conditions: Conditions | None,
        claims: cabc.Mapping[str, typing.Any],
    ) -> None:
        self._issuer = issuer
        self._claims = {"sub": sub, "aud": aud, **claims}
        self._lifetime = lifetime
        self.sub = sub
        self.aud = aud
        self.role_session_name = session_name
        self.role_arn = f"arn:aws:iam::{_ACCOUNT}:role/{role}"
        self.token_file = folder / "token"
        self.provider_arn = _registered(issuer.identifier, aud)
        given = {"StringEquals": {"sub": sub, "aud": aud}} if conditions is None else conditions
        _trust(role, self.provider_arn, given, max_session_duration)
        self.token = ""
        """What is in the file."""
        self.rotate()

    @property
    def environment(self) -> dict[str, str]:
        """Where AWS's clients look for it."""
        return {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.token_file),
            "AWS_ROLE_ARN": self.role_arn,
            "AWS_ROLE_SESSION_NAME": self.role_session_name,
        }

    def rotate(self, **claims: typing.Any) -> str:
        """
        Put a new token into the file, and return it; `claims` replace what it would have, None leaves one out.

        It begins now, by the clock of the mock.
        """
        self.token = self.issue(**claims)
        # As the kubelet does: whoever reads sees the old token or the new one
        new = self.token_file.with_suffix(".new")
        new.write_text(self.token, encoding="ascii")
        new.replace(self.token_file)
        return self.token

    def issue(self, **claims: typing.Any) -> str:
        """The same token, put nowhere."""
        context = self._issuer.context
        now = int(context.clock.now())
        times = {"iat": now, "nbf": now, "exp": now + self._lifetime}
        every = {"iss": self._issuer.identifier, **times, **self._claims, **claims}
        alg = context.settings.id_token_signed_response_alg
        # Of HS256 the secret is a client's, and there is none here
        key = context.keys.signing(alg if alg in _WITH_KEYS else "ES256")
        return key.sign({name: value for name, value in every.items() if value is not None}, typ="JWT")

    def __repr__(self) -> str:
        return f"<WebIdentity {self.sub!r} for {self.role_arn}>"


def _registered(issuer: str, audience: str) -> str:
    """The ARN of an issuer's provider in moto's IAM, which has the audience in its list."""
    iam = _iam()
    bare = issuer.partition("://")[2].rstrip("/")
    for arn, provider in iam.open_id_providers.items():
        if provider.url.rstrip("/") == bare:
            if audience not in provider.client_id_list:
                provider.client_id_list.append(audience)
            return str(arn)
    made = iam.create_open_id_connect_provider(url=issuer, thumbprint_list=[], client_id_list=[audience], tags=[])
    return str(made.arn)


def _trust(role: str, provider_arn: str, conditions: Conditions, max_session_duration: int) -> None:
    if not role or len(role) > 64:
        raise ConfigurationError(f"role={role!r}: write the name of a role, of 64 characters at most")
    iam = _iam()
    if any(each.name == role for each in iam.get_roles()):
        return
    provider = provider_arn.partition(":oidc-provider/")[2]
    table = {
        operator: {_key(provider, key): value for key, value in keys.items()} for operator, keys in conditions.items()
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": table,
    }
    iam.create_role(
        role_name=role,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration=str(max_session_duration),
    )


def _key(provider: str, name: str) -> str:
    return name if ":" in name else f"{provider}:{name}"


def _iam() -> typing.Any:
    from moto.iam.models import iam_backends

    return iam_backends[_ACCOUNT]["aws"]
