"""
Documentation pages as pytest modules: what stands in a page's code blocks runs.

The Python blocks of a page are one module, whose line numbers are the page's: tests and fixtures in them are collected
like those of any module. A Python block that does something at its top level is a script, run on its own after the
module's definitions. TOML blocks are read as settings or as pytest's configuration, JSON blocks are parsed, and the
lines `$ oauthmock ...` of console blocks are run and their output compared (`...` stands for anything); of `oauthmock
serve`, which would not end, only the options are read.

MyST comments before a block change that: `% fails` (the block's tests fail, and the text block after it is part of the
report), `% wrong` (settings that are refused), `% profile` (the file of a profile), `% file: NAME` (the block is that
file for the page's console blocks), `% exit: N` (of the console block's command; 0 otherwise), `% skip: REASON`.
"""

from __future__ import annotations

import ast
import collections.abc as cabc
import dataclasses
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
import types
import typing

import command_pages
import pytest
from _pytest.assertion.rewrite import rewrite_asserts

__all__ = ["Block", "Page", "blocks_of"]

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[a-z]+)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^% *(?P<name>[a-z]+)(?:: *(?P<value>.+))?$")
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the line it begins on and what the comments before it say."""

    language: str
    text: str
    line: int
    comments: dict[str, str]

    @property
    def is_script(self) -> bool:
        return not all(isinstance(node, _DEFINITIONS) for node in ast.parse(self.text).body)


def blocks_of(text: str) -> list[Block]:
    """Every fenced block of a page that names a language."""
    found = []
    for match in _FENCE.finditer(text):
        comments = {}
        for line in reversed(text[: match.start()].splitlines()):
            comment = _COMMENT.match(line)
            if comment is None:
                break
            comments[comment["name"]] = comment["value"] or ""
        line = text[: match.start("text")].count("\n") + 1
        found.append(Block(match["language"], match["text"], line, comments))
    return found


def _padded(blocks: cabc.Iterable[Block]) -> str:
    """The blocks as one source in which every line has the number that it has in the page."""
    source = ""
    for block in blocks:
        source += "\n" * (block.line - 1 - source.count("\n")) + block.text
    return source


class Page(pytest.Module):
    """A page: the tests of its Python blocks, and an item for every other block that can be checked."""

    @functools.cached_property
    def blocks(self) -> list[Block]:
        return [b for b in blocks_of(self.path.read_text(encoding="utf-8")) if "skip" not in b.comments]

    @property
    def definitions(self) -> list[Block]:
        return [b for b in self.blocks if b.language == "python" and "fails" not in b.comments and not b.is_script]

    def _getobj(self) -> types.ModuleType:
        name = "page_" + re.sub(r"\W", "_", self.nodeid)
        module = types.ModuleType(name)
        module.__file__ = str(self.path)
        sys.modules[name] = module
        self.run(_padded(self.definitions), module)
        return module

    def run(self, source: str, module: types.ModuleType) -> None:
        """Execute a source in the page's module, its assertions explained as in any test."""
        tree = ast.parse(source, filename=str(self.path))
        rewrite_asserts(tree, source.encode(), str(self.path), self.config)
        exec(compile(tree, str(self.path), "exec", dont_inherit=True), module.__dict__)

    def collect(self) -> cabc.Iterator[pytest.Item | pytest.Collector]:
        yield from super().collect()
        for index, block in enumerate(self.blocks):
            kind = self._kind(block)
            if kind is not None:
                yield kind.from_parent(self, name=f"{block.language} line {block.line}", index=index)

    def _kind(self, block: Block) -> type[_BlockItem] | None:
        if block.language == "python":
            return _Failing if "fails" in block.comments else _Script if block.is_script else None
        if block.language == "console":
            return _Console if "$ oauthmock" in block.text else None
        return {"toml": _Toml, "json": _Json}.get(block.language)


class _BlockItem(pytest.Item):
    """One block that is checked on its own."""

    parent: Page

    def __init__(self, *, index: int, **arguments: typing.Any) -> None:
        super().__init__(**arguments)
        self.block = self.parent.blocks[index]
        following = self.parent.blocks[index + 1 : index + 2]
        self.next = following[0] if following else None

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self.block.line - 1, self.name

    @classmethod
    def from_parent(cls, parent: pytest.Collector, **arguments: typing.Any) -> typing.Self:
        return super().from_parent(parent, **arguments)


class _Script(_BlockItem):
    def runtest(self) -> None:
        module = types.ModuleType(self.name)
        module.__dict__.update({k: v for k, v in vars(self.parent.obj).items() if not k.startswith("__")})
        self.parent.run(_padded([self.block]), module)


class _Failing(_BlockItem):
    def runtest(self) -> None:
        assert self.next is not None, "a failing test is followed by its report"
        assert self.next.language == "text", "a failing test is followed by its report"
        with tempfile.TemporaryDirectory(prefix="oauthmock-docs-") as folder:
            path = pathlib.Path(folder, "test_page.py")
            path.write_text(_padded([*self.parent.definitions, self.block]), encoding="utf-8")
            names = [n.name for n in ast.walk(ast.parse(self.block.text)) if getattr(n, "name", "").startswith("test_")]
            done = _run([sys.executable, "-m", "pytest", "-p", "pytest_oauthmock.plugin", "--rootdir", folder,
                         *(f"{path.name}::{name}" for name in names)], folder)  # fmt: skip
        assert done.returncode == 1, done.stdout
        _compare(self.next.text, done.stdout)


class _Console(_BlockItem):
    def runtest(self) -> None:
        with tempfile.TemporaryDirectory(prefix="oauthmock-docs-") as folder:
            for block in self.parent.blocks:
                if "file" in block.comments:
                    pathlib.Path(folder, block.comments["file"]).write_text(block.text, encoding="utf-8")
            for command, output in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", self.block.text, re.MULTILINE):
                words = shlex.split(command, comments=True)
                assert words[0] == "oauthmock", command
                if words[1] == "serve":  # would not end: its words are read, and that is all
                    command_pages.commands()["oauthmock serve"].make_context("serve", words[2:])
                    continue
                done = _run([sys.executable, "-m", "mockserver", *words[1:]], folder)
                assert done.returncode == int(self.block.comments.get("exit", "0")), done.stdout + done.stderr
                _compare(output, done.stdout + done.stderr)


class _Toml(_BlockItem):
    def runtest(self) -> None:
        from mockserver import profiles
        from mockserver import settings
        from mockserver.errors import ConfigurationError

        tables = tomllib.loads(self.block.text)
        if "tool" in tables:
            for key in tables["tool"]["pytest"]["ini_options"]:
                self.config.getini(key)  # ValueError for a key that nobody has
            return
        with tempfile.TemporaryDirectory(prefix="oauthmock-docs-") as folder:
            path = pathlib.Path(folder, self.block.comments.get("file", "oauthmock.toml"))
            path.write_text(self.block.text, encoding="utf-8")
            if "profile" in self.block.comments:
                profiles.load(str(path))
            elif "wrong" in self.block.comments:
                with pytest.raises(ConfigurationError):
                    settings.resolve([settings.file(path)])
            else:
                settings.resolve([settings.file(path)])


class _Json(_BlockItem):
    def runtest(self) -> None:
        json.loads(self.block.text)


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OAUTHMOCK_", "PYTEST_", "COV_CORE"))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, timeout=50, check=False)


def _normal(line: str) -> str:
    """A line without what differs from run to run: times, ports, white space at the end."""
    line = re.sub(r"\d+\.\d+ ?m?s\b", "N ms", line)
    line = re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT", line)
    return " ".join(line.split())


def _compare(wanted: str, got: str) -> None:
    """Every line that the page shows comes in the output, in the order of the page."""
    rest = [_normal(line) for line in got.splitlines()]
    for line in map(_normal, wanted.splitlines()):
        if not line or line == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")))
        while rest and not pattern.fullmatch(rest[0]):
            rest.pop(0)
        assert rest, f"the page shows a line that the output has not, or not there:\n  {line}\n\nthe output:\n{got}"
        rest.pop(0)
