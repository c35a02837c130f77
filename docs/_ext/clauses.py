"""Which clause is cited where, and which test proves it."""

from __future__ import annotations

import ast
import collections
import pathlib
import re

from tables import table

__all__ = ["clauses", "tokens_of"]

_ROOT = pathlib.Path(__file__).resolve().parents[2]


_SECTION = r"(?:[Aa]ppendix [A-Z](?:\.\d+)*|\d{1,2}(?:\.\d+)*(?!\d))"
_DOCUMENT = r"RFC \d{4}|OpenID Connect (?:Core|Discovery|Registration|RP-Initiated Logout)|JARM"
_CITATION = re.compile(rf"({_DOCUMENT})(?: ((?:{_SECTION})(?:(?:, | and ){_SECTION})*))?")


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Every (document, section) that a text cites: `RFC 6749 4.1.2.1, 5.2` is two."""
    found: list[tuple[str, str]] = []
    for document, sections in _CITATION.findall(" ".join(text.split())):
        each = re.findall(_SECTION, sections) if sections else [""]
        found += [(document, section) for section in each]
    return found


def _tests() -> dict[tuple[str, str], list[str]]:
    index: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for folder in ("tests/rfc", "tests/unit"):
        for path in sorted((_ROOT / folder).rglob("test_*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            of_module = tokens_of(ast.get_docstring(tree) or "")
            for node in ast.walk(tree):
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                    continue
                # A test without a clause of its own proves that of its file
                for clause in dict.fromkeys(tokens_of(ast.get_docstring(node) or "") or of_module):
                    index[clause].append(f"`{path.relative_to(_ROOT).as_posix()}::{node.name}`")
    return index


def _code() -> dict[tuple[str, str], list[str]]:
    index: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for path in sorted((_ROOT / "mockserver").rglob("*.py")):
        module = path.relative_to(_ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for clause in dict.fromkeys(tokens_of(path.read_text(encoding="utf-8"))):
            index[clause].append(f"`{module}`")
    return index


def _order(clause: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    document, section = clause
    return document, [
        (int(part), "") if part.isdigit() else (1000, part) for part in re.split(r"[. ]", section) if part
    ]


def clauses() -> str:
    """Clause -> where the code cites it, and the tests that prove it."""
    tests, code = _tests(), _code()
    documents: dict[str, list[tuple[str, str, str]]] = collections.defaultdict(list)
    for clause in sorted({*tests, *code}, key=_order):
        document, section = clause
        proofs = ", ".join(tests.get(clause, ())) or "none"
        documents[document].append((section or "as a whole", ", ".join(code.get(clause, ())) or "none", proofs))
    parts: list[str] = []
    for document, rows in documents.items():
        parts += [f"## {document}", "", table(("clause", "cited in", "proved by"), rows), ""]
    return "\n".join(parts)
