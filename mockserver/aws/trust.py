"""Whether a role lets a web identity in: its trust policy, as the IAM User Guide has it, no more than STS can ask."""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import typing

import msgspec

__all__ = ["Asker", "refusal"]

_ACTION = "sts:AssumeRoleWithWebIdentity"
# What STS makes keys of, of the claims of a token
_CLAIMS = ("amr", "azp", "email", "sub")

Values = tuple[str, ...]


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to assume a role: a token that has been verified, and the provider that it is of."""

    provider_arn: str
    provider: str
    """Its URL without the scheme, by which condition keys begin."""
    claims: cabc.Mapping[str, typing.Any]
    session_name: str

    def keys(self) -> dict[str, Values]:
        """
        Condition keys, in lower case, as they are compared.

        Where there is an `azp`, that is the key `aud`, and the claim `aud` is `oaud`.
        """
        audiences = listed(self.claims.get("aud"))
        azp = listed(self.claims.get("azp"))
        found = {name: listed(self.claims.get(name)) for name in _CLAIMS}
        found |= {"aud": azp or audiences, "oaud": audiences if azp else ()}
        own = {f"{self.provider}:{name}".lower(): values for name, values in found.items() if values}
        return {**own, "sts:rolesessionname": (self.session_name,), "aws:federatedprovider": (self.provider_arn,)}


def listed(value: object) -> Values:
    """A claim that is a string or a list of strings."""
    return tuple(str(each) for each in (value if isinstance(value, list) else [value]) if each is not None)


def refusal(document: str, asker: Asker) -> str | None:
    """Why a trust policy does not let somebody in; None: it does."""
    try:
        statements = _list(json.loads(document)["Statement"])
    except (ValueError, KeyError, TypeError, RecursionError):
        statements = []
    if not all(isinstance(statement, dict) for statement in statements):
        statements = []
    whys: list[str] = []
    allowed = False
    for number, statement in enumerate(statements, 1):
        effect = statement.get("Effect")
        why = _mismatch(statement, asker)
        if why is not None:
            whys.append(f"statement {number} ({effect}): {why}")
        elif effect == "Deny":
            return f"statement {number} of the trust policy denies it"
        elif effect == "Allow":
            allowed = True
    return None if allowed else "no statement of the trust policy allows it: " + ("; ".join(whys) or "there is none")


def _mismatch(statement: cabc.Mapping[str, typing.Any], asker: Asker) -> str | None:
    """Why a statement says nothing of somebody; None: it does."""
    actions = _list(statement.get("Action", []))
    if not any(_like(_ACTION.lower(), str(action).lower()) for action in actions):
        return f"Action is {', '.join(map(str, actions)) or 'missing'}, not {_ACTION}"
    principal = statement.get("Principal")
    named = principal.get("Federated", []) if isinstance(principal, dict) else []
    trusted = ["*"] if principal == "*" else _list(named)
    if asker.provider_arn not in trusted and "*" not in trusted:
        return f"Principal.Federated is {', '.join(map(str, trusted)) or 'missing'}, not {asker.provider_arn}"
    keys = asker.keys()
    for operator, key, wanted in _conditions(statement.get("Condition", {})):
        has = keys.get(key.lower(), ())
        met = _is_met(operator, has, wanted)
        # With Deny, what is not understood counts as met
        if met is None and statement.get("Effect") != "Deny":
            return f"the operator {operator!r} is not known here"
        if met is False:
            return f"{operator} {key} wants {' or '.join(wanted)}; it is {', '.join(has) or 'not there'}"
    return None


def _conditions(block: typing.Any) -> cabc.Iterator[tuple[str, str, Values]]:
    for operator, table in block.items() if isinstance(block, dict) else ():
        for key, wanted in table.items() if isinstance(table, dict) else ():
            yield operator, key, tuple(map(str, _list(wanted)))


def _is_met(operator: str, has: Values, wanted: Values) -> bool | None:
    """Whether a condition holds; None for an operator that is not known."""
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (not has) is (wanted[:1] == ("true",))
    name, optional = name.removesuffix("IfExists"), name.endswith("IfExists")
    compare = _OPERATORS.get(name)
    if compare is None or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        return None
    negated = name.startswith(("StringNot", "ArnNot"))
    if not has:
        return optional or negated or quantifier == "ForAllValues"
    each = [any(compare(value, want) for want in wanted) is not negated for value in has]
    every = quantifier == "ForAllValues" or (negated and not quantifier)
    return all(each) if every else any(each)


def _like(text: str, pattern: str) -> bool:
    """`*` is any number of characters, `?` is one."""
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _same(text: str, wanted: str) -> bool:
    return text == wanted


def _alike(text: str, wanted: str) -> bool:
    return text.lower() == wanted.lower()


_OPERATORS: dict[str, cabc.Callable[[str, str], bool]] = {
    "StringEquals": _same,
    "StringNotEquals": _same,
    "StringEqualsIgnoreCase": _alike,
    "StringNotEqualsIgnoreCase": _alike,
    "StringLike": _like,
    "StringNotLike": _like,
    "ArnEquals": _like,
    "ArnNotEquals": _like,
    "ArnLike": _like,
    "ArnNotLike": _like,
}


def _list(value: typing.Any) -> list[typing.Any]:
    return value if isinstance(value, list) else [value]
