"""
A page for every finding, from the rule in `mockserver/findings` and its row in `tests/findings/rules.toml`.

`python docs/_ext/finding_pages.py` writes the files of the pages, which have little more than their titles.
"""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import re
import sys
import tomllib
import typing

from tables import table

from mockserver.findings import RULES
from mockserver.findings import Rule

__all__ = ["FOLDER", "pages", "stub", "table_of_rules"]

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_ROWS = _ROOT / "tests" / "findings" / "rules.toml"

FOLDER = _ROOT / "docs" / "reference" / "findings"

Row = dict[str, typing.Any]


def stub(rule: Rule) -> str:
    """The file of a page."""
    return f"# {rule.id} {rule.name}\n\n```{{generated}} finding-{rule.id}\n```\n"


def table_of_rules() -> str:
    """Every rule, linked to its page."""
    rows = ((f"[{r.id}]({r.id}.md)", f"`{r.name}`", r.severity, r.clause, r.remedy) for r in RULES)
    return table(("id", "name", "severity", "clause", "what to do instead"), rows)


def pages() -> dict[str, cabc.Callable[[], str]]:
    """What each page has, by its name."""
    return {f"finding-{rule.id}": lambda rule=rule: _page(rule) for rule in RULES}


def _page(rule: Rule) -> str:
    row = next(row for row in tomllib.loads(_ROWS.read_text(encoding="utf-8"))["rule"] if row["id"] == rule.id)
    lines = [f"{rule.severity.capitalize()}, {rule.clause}.", "", row["why"], "", f"Instead: {rule.remedy}.", ""]
    for title, steps in (("Wrong", row["wrong"]), ("Right", row["right"])):
        lines += [f"## {title}", "", *_given(row, right=title == "Right")]
        for step in steps:
            lines += _step(step)
    if row.get("also"):
        also = " and ".join(f"[{other}]({other}.md)" for other in row["also"])
        lines += ["", f"The wrong request brings {also} as well."]
    return "\n".join(lines)


def _given(row: Row, *, right: bool) -> cabc.Iterator[str]:
    client = row.get("client_right", row.get("client")) if right else row.get("client")
    if client:
        yield f"The client is `{_call('oauthmock.client', client)}`."
    if "settings" in row:
        yield f"The server is `{_call('OAuthMock', row['settings'])}`."
    for name in row.get("issuers", ()):
        yield f"The client is registered at `oauthmock.issuer({name!r})` too."
    if "protect" in row:
        guard = f", guard={row['guard']}())" if "guard" in row else ")"
        yield f"The API is `{_call('oauthmock.protect', row['protect'])[:-1]}{guard}`."
    yield ""


def _call(name: str, keywords: Row) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in keywords.items())})"


def _step(step: str | Row) -> list[str]:
    if isinstance(step, str):
        shown = re.sub(r"\$([a-z_0-9]+)", lambda match: match[1].upper(), step.strip("\n"))
        first, _, rest = shown.partition("\n")
        return ["```http", f"{first} HTTP/1.1", *([rest] if rest else []), "```", ""]
    if "seconds" in step:
        return [f"{step['seconds']} seconds later:", ""]
    if "together" in step:
        return ["At the same time:", "", *(line for request in step["together"] for line in _step(request))]
    rest = {key: value for key, value in step.items() if key != "arm"}
    return [f"The mock is told `{_call('oauthmock.' + step['arm'], rest)}`.", ""]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for rule in RULES:
        (FOLDER / f"{rule.id}.md").write_text(stub(rule), encoding="utf-8")
    sys.stdout.write(f"{len(RULES)} pages in {FOLDER}\n")
