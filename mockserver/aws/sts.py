"""What moto's STS does not do: `AssumeRoleWithWebIdentity` that looks at the token, sessions with keys of their own."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import json
import math
import re
import secrets
import typing
import xml.sax.saxutils

import msgspec

from ..admission import Refusal
from ..sigv4 import AccessKey
from ..sigv4 import failure
from . import trust
from . import web_identity
from .keys import new_access_key_id
from .keys import new_secret
from .refusing import refusal

if typing.TYPE_CHECKING:
    from ..request import Request
    from ..server import OAuthMock
    from .keys import Keys

__all__ = ["Session", "assume_with_web_identity", "session_token"]

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/[\w+=,.@/-]+")
_HOST = re.compile(r"sts\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_SESSION_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)
_LONGEST_POLICY = 2048
_STATUS = {"IDPRejectedClaim": 403, "AccessDenied": 403, "RegionDisabledException": 403}
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# DurationSeconds left out: of a role's session, of a user's
_HOUR, _HALF_A_DAY = 3600, 43_200
_LONGEST_OF_USER = 129_600


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What STS answers, and why it did."""

    answer: bytes
    why: str


def assume_with_web_identity(request: Request, mock: OAuthMock, *, disabled_regions: cabc.Container[str]) -> Session:
    """The credentials of a role for a token of an OpenID provider. Raises `Refusal`, in STS's words."""
    given = _parameters(request)
    _check_region(request, disabled_regions)
    role_arn, session_name, token = _checked(given)
    policy = _session_policy(given)
    found = _ROLE_ARN.fullmatch(role_arn)
    if found is None:
        raise _refusal("ValidationError", "Request ARN is invalid", f"RoleArn is {role_arn!r}, no ARN of a role")
    iam, backend = _backends(found["account"], found["partition"])
    try:
        identity = web_identity.verify(token, iam.open_id_providers, mock)
    except web_identity.Rejected as rejected:
        raise _refusal(rejected.code, rejected.message, rejected.hint) from None
    role = next((role for role in iam.get_roles() if role.arn == role_arn), None)
    if role is None:
        raise _denied(f"there is no role {role_arn}")
    asker = trust.Asker(
        provider_arn=identity.provider_arn,
        provider=identity.provider,
        claims=identity.claims,
        session_name=session_name,
    )
    why = trust.refusal(role.assume_role_policy_document, asker)
    if why is not None:
        raise _denied(why)
    duration = int(given.get("DurationSeconds", _HOUR))
    longest = int(role.max_session_duration or _HOUR)
    if duration > longest:
        raise _refusal(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            f"DurationSeconds is {duration}; the role's MaxSessionDuration is {longest}",
        )
    assumed = backend.assume_role_with_web_identity(
        region_name="us-east-1",
        role_session_name=session_name,
        role_arn=role_arn,
        policy=policy,
        duration=duration,
        external_id=None,
    )
    members = [
        ("SubjectFromWebIdentityToken", identity.subject),
        ("Audience", identity.audience),
        ("AssumedRoleUser", [("Arn", assumed.arn), ("AssumedRoleId", assumed.user_id)]),
        ("Credentials", _credentials(assumed.access_key_id, assumed.secret_access_key, assumed)),
        ("Provider", identity.provider_arn),
        ("PackedPolicySize", str(_packed(given))),
    ]
    answer = _answer("AssumeRoleWithWebIdentity", members)
    return Session(answer=answer, why=f"took the web identity of {identity.subject!r} of {identity.provider}")


def session_token(request: Request, keys: Keys, mock: OAuthMock) -> Session:
    """`GetSessionToken` and `GetFederationToken`, for which moto has one key for everybody. Raises `Refusal`."""
    given = _parameters(request)
    wrong = _duration_problems(given, most=_LONGEST_OF_USER)
    name = given.get("Name")
    if given["Action"] == "GetFederationToken" and not 2 <= len(name or "") <= 32:
        wrong.append(_problem("name", name, "Member must have length from 2 to 32"))
    _raise(wrong)
    expires = mock.clock.now() + int(given.get("DurationSeconds", _HALF_A_DAY))
    key_id, key = new_access_key_id("ASIA"), AccessKey(new_secret(), session_token=new_secret(200), expires=expires)
    keys.add(key_id, key)
    members: list[tuple[str, typing.Any]] = [
        ("Credentials", _credentials(key_id, key.secret, _Lasting(str(key.session_token), _moment(expires))))
    ]
    if given["Action"] == "GetFederationToken":
        user = [
            ("Arn", f"arn:aws:sts::123456789012:federated-user/{name}"),
            ("FederatedUserId", f"123456789012:{name}"),
        ]
        members += [("FederatedUser", user), ("PackedPolicySize", str(_packed(given)))]
    return Session(answer=_answer(given["Action"], members), why=f"made a session, {key_id}")


# -- the request -------------------------------------------------------------------------------------------------------


def _parameters(request: Request) -> dict[str, str]:
    return dict(reversed((*request.form, *request.query)))


def _check_region(request: Request, disabled: cabc.Container[str]) -> None:
    found = _HOST.fullmatch(request.host)
    if found is not None and found["region"] in disabled:
        region = found["region"]
        raise _refusal(
            "RegionDisabledException",
            f"STS is not activated in this region for account:123456789012. Your account administrator can activate STS"
            f" in this region using the IAM Console. ({region})",
            f"{region} is in disabled_regions",
        )


def _checked(given: cabc.Mapping[str, str]) -> tuple[str, str, str]:
    """The parameters that every request must have (API_AssumeRoleWithWebIdentity, "Request Parameters")."""
    arn, name, token = (given.get(key) for key in ("RoleArn", "RoleSessionName", "WebIdentityToken"))
    wrong = [
        *_length_problems("roleArn", arn, 20, 2048),
        *_length_problems("roleSessionName", name, 2, 64),
        # Of the token not its value, as with AWS
        *_length_problems("webIdentityToken", token, 4, 20_000, shown=False),
        *_duration_problems(given, most=_HALF_A_DAY),
        *_length_problems("policy", given.get("Policy", " "), 1, _LONGEST_POLICY),
    ]
    if name is not None and not _SESSION_NAME.fullmatch(name):
        constraint = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
        wrong.append(_problem("roleSessionName", name, constraint))
    if len(_policy_arns(given)) > 10:
        wrong.append(_problem("policyArns", None, "Member must have length less than or equal to 10"))
    _raise(wrong)
    return str(arn), str(name), str(token)


def _length_problems(name: str, value: str | None, least: int, most: int, *, shown: bool = True) -> list[str]:
    if value is None:
        return [_problem(name, None, "Member must not be null")]
    if least <= len(value) <= most:
        return []
    of = f"greater than or equal to {least}" if len(value) < least else f"less than or equal to {most}"
    return [_problem(name, value, f"Member must have length {of}", shown=shown)]


def _duration_problems(given: cabc.Mapping[str, str], *, most: int) -> list[str]:
    text = given.get("DurationSeconds", "3600")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return [_problem("durationSeconds", text, "Member must be a number")]
    if 900 <= int(text) <= most:
        return []
    of = "greater than or equal to 900" if int(text) < 900 else f"less than or equal to {most}"
    return [_problem("durationSeconds", text, f"Member must have value {of}")]


def _problem(name: str, value: str | None, constraint: str, *, shown: bool = True) -> str:
    said = "Value" if not shown else "Value null" if value is None else f"Value '{value[:200]}'"
    return f"{said} at '{name}' failed to satisfy constraint: {constraint}"


def _raise(wrong: cabc.Sequence[str]) -> None:
    if wrong:
        several = "s" if len(wrong) > 1 else ""
        said = f"{len(wrong)} validation error{several} detected: {'; '.join(wrong)}"
        raise _refusal("ValidationError", said, said)


def _session_policy(given: cabc.Mapping[str, str]) -> str | None:
    policy = given.get("Policy")
    if policy is not None:
        try:
            statements = json.loads(policy)["Statement"]
        except (ValueError, KeyError, TypeError, RecursionError):
            statements = None
        if not isinstance(statements, list | dict):
            hint = "Policy is no JSON object with a Statement"
            raise _refusal("MalformedPolicyDocument", "This policy contains invalid Json", hint)
    packed = _packed(given)
    if packed > 100:
        raise _refusal(
            "PackedPolicyTooLarge",
            f"The session policies and tags need {packed} percent of the space that is allotted to them",
            f"Policy and PolicyArns together are {packed} percent of {_LONGEST_POLICY} characters",
        )
    return policy


def _policy_arns(given: cabc.Mapping[str, str]) -> list[str]:
    return [value for name, value in given.items() if re.fullmatch(r"PolicyArns\.member\.\d+\.arn", name)]


def _packed(given: cabc.Mapping[str, str]) -> int:
    """Percent. AWS packs in a way of its own, so that this is close and no more."""
    return math.ceil(100 * sum(map(len, (given.get("Policy", ""), *_policy_arns(given)))) / _LONGEST_POLICY)


# -- the answer --------------------------------------------------------------------------------------------------------


def _backends(account: str, partition: str) -> tuple[typing.Any, typing.Any]:
    """moto's IAM and STS of an account."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    return iam_backends[account][partition], sts_backends[account][partition]


class _Lasting(typing.NamedTuple):
    """A session's token and its end, UTC without a time zone, as moto has them."""

    session_token: str
    expiration: dt.datetime


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)


def _credentials(key_id: str, secret: str, session: _Lasting) -> list[tuple[str, str]]:
    return [
        ("AccessKeyId", key_id),
        ("SecretAccessKey", secret),
        ("SessionToken", session.session_token),
        ("Expiration", session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]


def _answer(action: str, members: cabc.Sequence[tuple[str, typing.Any]]) -> bytes:
    result = "".join(_element(name, value) for name, value in members)
    metadata = _element("ResponseMetadata", [("RequestId", secrets.token_hex(16))])
    return (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>{metadata}</{action}Response>'
    ).encode()


def _element(name: str, value: typing.Any) -> str:
    if isinstance(value, list):
        inside = "".join(_element(*member) for member in value)
    else:
        inside = xml.sax.saxutils.escape(value)
    return f"<{name}>{inside}</{name}>"


def _denied(hint: str) -> Refusal:
    return _refusal("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", hint)


def _refusal(code: str, message: str, hint: str) -> Refusal:
    return refusal(failure(code, _STATUS.get(code, 400), message), hint)
