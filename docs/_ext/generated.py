"""What the reference pages show, made from the code at build time. Each part is a function that returns MyST text."""

from __future__ import annotations

import ast
import collections
import collections.abc as cabc
import importlib
import inspect
import itertools
import json
import pathlib
import re
import types
import typing

import click
import msgspec
import refusals
import requirement_rows

from mockserver import clientauth
from mockserver import config
from mockserver import faults
from mockserver import grants
from mockserver import policies
from mockserver import profiles
from mockserver import variants
from mockserver.endpoints import ENDPOINTS
from pytest_oauthmock import options

__all__ = ["PARTS", "STRUCTS", "commands", "examples", "fixtures", "option_names", "tokens_of"]

_ROOT = pathlib.Path(__file__).resolve().parents[2]

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "server": config.Settings,
    "issuer": config.IssuerSettings,
    "parameters": config.ParameterRules,
    "client": config.ClientSettings,
    "user": config.UserSettings,
}

# Values that are not the default, so that a spelling shows what it does.
_EXAMPLES: dict[str, str] = {
    "access_token_lifetime": "60",
    "refresh_token_lifetime": "86400",
    "authorization_code_lifetime": "30",
    "id_token_lifetime": "300",
    "access_token_format": '"opaque"',
    "audience": '"https://api.example.com"',
    "refresh_policy": '"static"',
    "access_token_policy": '"same"',
    "id_token_signed_response_alg": '"ES256"',
    "scopes_supported": '["orders:read", "orders:write"]',
    "require_pkce": "true",
    "basic_encoding": '"form"',
    "both_at_once": '"prefer_header"',
    "burn_code_on_invalid_client": "true",
    "request_encodings": '["form", "json"]',
    "client_assertion_audiences": '["issuer"]',
    "client_assertion_lifetime": "300",
    "consent": '"auto"',
    "redirect_uri_policy": '"host"',
    "redirect_uri_https_only": "true",
    "require_state": "true",
    "state_min_length": "8",
    "state_max_length": "255",
    "login_page_lifetime": "600",
    "authorization_code_length": "2500",
    "refresh_token_when": '"offline_access"',
    "scope_policy": '"drop"',
    "require_scope": "true",
    "default_scope": '"orders:read"',
    "scope_separator": '","',
    "audiences": '["https://api.example.com"]',
    "scope_in_response": '"when_different"',
    "bearer_methods_supported": '["header", "query"]',
    "expires_in_form": '"string"',
    "token_rate_limit": "{ requests = 10, seconds = 60 }",
    "profile": '"rfc6749"',
    "parameters": '{ token = { required = ["query:format"] } }',
    "paths": '{ refresh = "/oauth/refresh" }',
    "parameter_names": '{ refresh = { refresh_grant_type = "grant_type" } }',
    "response_names": '{ access_token = "data.access_token" }',
    "callback_names": '{ code = "spapi_oauth_code" }',
    "case_insensitive_parameters": "true",
    "clients": '[{ client_id = "crm" }]',
    "users": '[{ username = "alice" }]',
    "host": '"localhost"',
    "port": "9400",
    "https": "true",
    "allow_remote": "true",
    "issuer": '"http://oauth.test:9400"',
    "allow_hosts": '["oauth.test"]',
    "trust_proxy": "true",
    "body_limit": "65536",
    "journal_size": "100",
    "issuers": "{ tenant-a = { access_token_lifetime = 60 } }",
}


def _table(head: cabc.Sequence[str], rows: cabc.Iterable[cabc.Sequence[str]]) -> str:
    def line(cells: cabc.Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), line("---" for _ in head), *map(line, rows)])


# -- settings ----------------------------------------------------------------------------------------------------------


def _docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field in the source, also of the structs that it inherits from."""
    bases = [base for base in struct.__mro__ if base.__module__ in (config.__name__, policies.__name__)]
    return {name: text for base in reversed(bases) for name, text in _own_docstrings(base).items()}


def _own_docstrings(struct: type) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(struct).lstrip())
    found: dict[str, str] = {}
    for field, after in itertools.pairwise(tree.body[0].body):  # type: ignore[attr-defined]
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[field.target.id] = str(after.value.value)  # type: ignore[union-attr]
    return found


def _kind(hint: typing.Any) -> str:
    """A type in words."""
    if typing.get_origin(hint) is typing.Annotated:
        base, *metas = typing.get_args(hint)
        meta = metas[0]
        if meta.min_length is not None:
            return f"{_kind(base)}, at least {meta.min_length}"
        least = meta.ge if meta.ge is not None else None if meta.gt is None else meta.gt + 1
        most = meta.le
        limits = f"at least {least}" if most is None else f"{least} to {most}"
        return f"{_kind(base)}, {limits}"
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f'`"{value}"`' for value in typing.get_args(hint))
    args = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(_kind(arg) for arg in args if arg is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = _kind(args[0])
        return {"string": "list of strings", "table": "list of tables"}.get(inner, f"list of {inner}")
    if typing.get_origin(hint) is dict:
        return "table"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "table"
    return {str: "string", int: "integer", bool: "boolean"}[hint]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT:
        return "`{}`"
    value = field.default
    if value is None:
        return "none"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON spells strings, numbers and booleans as TOML does
    return json.dumps(value)


def _fields(of: str) -> list[msgspec.structs.FieldInfo]:
    """The fields of a struct that its base does not have."""
    inherited = {f.name for f in msgspec.structs.fields(config.IssuerSettings)} if of == "server" else set()
    return [field for field in msgspec.structs.fields(STRUCTS[of]) if field.name not in inherited]


def settings(of: str) -> str:
    """Key, type, default, meaning. Raises KeyError for a field whose meaning nobody has written down."""
    meanings = _docstrings(STRUCTS[of])
    if of == "client":
        shared = _docstrings(policies.Policies).items()
        meanings |= {name: f"{meaning} Left out, the issuer's." for name, meaning in shared if name not in meanings}
    rows = [(f"`{field.name}`", _kind(field.type), _default(field), meanings[field.name]) for field in _fields(of)]
    return _table(("key", "type", "default", "meaning"), rows)


def examples() -> dict[str, str]:
    """A TOML value for every key of the server."""
    return {field.name: _EXAMPLES[field.name] for of in ("issuer", "server") for field in _fields(of)}


def _python(value: str) -> str:
    import tomllib

    return repr(tomllib.loads(f"value = {value}")["value"]).replace("'", '"')


def spellings() -> str:
    """The same key in TOML, environment, flag and marker."""
    rows = []
    for key, value in examples().items():
        shell = value.strip('"') if value.startswith('"') else value
        quoted = shell if re.fullmatch(r"[\w:/.-]+", shell) else f"'{shell}'"
        flag = f"{key}={shell}" if quoted == shell else f"'{key}={shell}'"
        rows.append(
            (
                f"`{key} = {value}`",
                f"`OAUTHMOCK_{key.upper()}={quoted}`",
                f"`--oauthmock-set {flag}`",
                f"`oauthmock({key}={_python(value)})`",
            )
        )
    return _table(("TOML", "environment", "flag of pytest", "marker, `OAuthMock(...)`"), rows)


# -- the plugin --------------------------------------------------------------------------------------------------------


def fixtures() -> dict[str, tuple[str, str]]:
    """Name -> (scope, docstring), read from the source so that no pytest internals are needed."""
    source = (_ROOT / "pytest_oauthmock" / "plugin.py").read_text(encoding="utf-8")
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(source).body:
        for decorator in getattr(node, "decorator_list", []):
            text = ast.unparse(decorator)
            if text.startswith("pytest.fixture"):
                scope = "session" if "session" in text else "function"
                found[node.name] = (scope, ast.get_docstring(node) or "")  # type: ignore[attr-defined, arg-type]
    return found


class _Recorder:
    """Stands in for `pytest.Parser`: notes what the plugin adds."""

    def __init__(self) -> None:
        self.flags: list[tuple[str, dict[str, typing.Any]]] = []
        self.ini: list[tuple[str, str, str]] = []

    def getgroup(self, name: str, description: str = "") -> typing.Self:  # noqa: ARG002 - pytest's signature
        return self

    def addoption(self, flag: str, **attributes: typing.Any) -> None:
        self.flags.append((flag, attributes))

    def addini(self, name: str, help: str, type: str | None = None) -> None:  # noqa: A002 - pytest's names
        self.ini.append((name, type or "string", help))


def _recorded() -> _Recorder:
    recorder = _Recorder()
    options.add(recorder)  # type: ignore[arg-type]
    return recorder


def option_names() -> list[str]:
    """Every flag and ini option of the plugin."""
    recorded = _recorded()
    return [*(flag for flag, _ in recorded.flags), *(name for name, _, _ in recorded.ini)]


def fixture_table() -> str:
    rows = ((f"`{name}`", scope, " ".join(text.split())) for name, (scope, text) in fixtures().items())
    return _table(("fixture", "scope", "what it is"), rows)


def marker_table() -> str:
    rows = []
    for line in options.MARKERS:
        signature, _, meaning = line.partition(": ")
        rows.append((f"`@pytest.mark.{signature}`", meaning))
    return _table(("marker", "what it does"), rows)


def flag_table() -> str:
    rows = ((f"`{flag} {known.get('metavar', '')}".rstrip() + "`", known["help"]) for flag, known in _recorded().flags)
    return _table(("flag", "what it does"), rows)


def ini_table() -> str:
    return _table(("ini option", "type", "what it does"), ((f"`{n}`", t, text) for n, t, text in _recorded().ini))


def matrix() -> str:
    """Which cells there are, and which run by default."""
    default = {cell.id for cell in variants.cells()}
    every = {cell.id for cell in variants.cells(variants.GRANT_TYPES, variants.CLIENT_AUTH)}

    def shown(grant_type: str, method: str) -> str:
        cell = f"{grant_type}-{method}"
        return "default" if cell in default else "on demand" if cell in every else "left out"

    rows = ((f"`{g}`", *(shown(g, m) for m in variants.CLIENT_AUTH)) for g in variants.GRANT_TYPES)
    return _table(("", *(f"`{method}`" for method in variants.CLIENT_AUTH)), rows)


def axes() -> str:
    """What the matrix marker may name besides grant and method."""

    def shown(name: str, values: cabc.Sequence[str] | None) -> tuple[str, str]:
        return f"`{name}`", "seconds" if values is None else ", ".join(f'`"{value}"`' for value in values)

    return _table(("axis", "values"), itertools.starmap(shown, variants.AXES.items()))


# -- faults, profiles, endpoints, methods, grants ----------------------------------------------------------------------


def fault_table() -> str:
    rows = []
    for name, fault in faults.FAULTS.items():
        known = [f"`{parameter}`" for parameter in fault.__struct_fields__]
        rows.append((f"`{name}`", fault.stage, ", ".join(known), " ".join((inspect.getdoc(fault) or "").split())))
    return _table(("fault", "stage", "parameters", "what it does"), rows)


def profile_table() -> str:
    names = profiles.available()
    endpoints = list(dict.fromkeys(name for profile in names for name in profiles.load(profile).paths))
    head = ("profile", *(f"`{endpoint}`" for endpoint in endpoints), "renamed parameters", "renamed members")
    rows = []
    for name in names:
        profile = profiles.load(name)
        renamed = (
            ", ".join(f"`{a}` is `{b}`" for a, b in d.items())
            for d in (_flat(profile.parameter_names), profile.response_names)
        )
        paths = (f"`{profile.paths[endpoint]}`" if endpoint in profile.paths else "" for endpoint in endpoints)
        rows.append((f"`{name}`", *paths, *(text or "none" for text in renamed)))
    return _transposed(head, rows)


def _flat(tables: cabc.Mapping[str, cabc.Mapping[str, str]]) -> dict[str, str]:
    return {f"{endpoint}.{name}": rfc for endpoint, names in tables.items() for name, rfc in names.items()}


def _transposed(head: cabc.Sequence[str], rows: cabc.Sequence[cabc.Sequence[str]]) -> str:
    columns = [head, *rows]
    turned = [[column[index] for column in columns] for index in range(len(head))]
    return _table(turned[0], turned[1:])


def endpoint_table() -> str:
    paths = profiles.load("rfc6749").paths
    others = {
        "refresh": "that of `paths.refresh`, where it is set",
        "callback": "/callback",
        "protected": "the path of `protect(path)`",
        "api": "/api and /api/...",
    }
    rows = []
    for name, endpoint in ENDPOINTS.items():
        path = paths.get(name, others.get(name, ""))
        meaning = " ".join((inspect.getdoc(inspect.getmodule(endpoint.answer)) or "").split())
        if name in ("protected", "api", "openid_configuration", "authorization_server"):
            meaning = " ".join((inspect.getdoc(endpoint.answer) or "").split())
        shown = path if "`" in path or " " in path else f"`{path}`"
        rows.append((f"`{name}`", shown, " ".join(endpoint.methods) or "any", meaning))
    return _table(("endpoint", "path below the issuer", "methods", "what it is"), rows)


def _modules(found: cabc.Mapping[str, object]) -> cabc.Iterable[tuple[str, str]]:
    return ((f"`{name}`", " ".join((inspect.getdoc(module) or "").split())) for name, module in found.items())


def method_table() -> str:
    return _table(("`token_endpoint_auth_method`", "what it is"), _modules(clientauth.METHODS))


def grant_table() -> str:
    rows = (
        (name, ", ".join(f"`{parameter}`" for parameter in sorted(grants.GRANTS[name.strip("`")].parameters)), text)
        for name, text in _modules(grants.GRANTS)
    )
    return _table(("`grant_type`", "parameters of its own", "what it is"), rows)


# -- the command -------------------------------------------------------------------------------------------------------


def _root_command() -> click.Command:
    cli = importlib.import_module("mockserver.cli")
    found = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    nested = {id(command) for group in found for command in group.commands.values()}
    return next(group for group in found if id(group) not in nested)


def commands() -> dict[str, click.Command]:
    """`oauthmock`, `oauthmock serve`, ... -> the click command."""
    found: dict[str, click.Command] = {}

    def visit(name: str, command: click.Command) -> None:
        found[name] = command
        if isinstance(command, click.Group):
            for key, inner in command.commands.items():
                visit(f"{name} {key}", inner)

    visit("oauthmock", _root_command())
    return found


def command_pages() -> str:
    """Every command with its arguments and options."""
    parts: list[str] = []
    help_names = _root_command().context_settings.get("help_option_names")
    for name, command in commands().items():
        context = click.Context(command, info_name=name, help_option_names=help_names)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        help_text = inspect.cleandoc(command.help or command.short_help or "").replace("\b\n", "").replace("<", "&lt;")
        parts += [f"## {name}", "", f"```text\n{usage}\n```", "", help_text.replace("``", "`"), ""]
        rows = []
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                rows.append((f"`{record[0]}`", record[1]))
        parts += [_table(("option", "what it does"), rows), ""]
    return "\n".join(parts)


# -- clauses -----------------------------------------------------------------------------------------------------------

_SECTION = r"(?:[Aa]ppendix [A-Z](?:\.\d+)*|\d{1,2}(?:\.\d+)*(?!\d))"
_CITATION = re.compile(
    rf"(RFC \d{{4}}|OpenID Connect (?:Core|Discovery))(?: ((?:{_SECTION})(?:(?:, | and ){_SECTION})*))?"
)


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
        parts += [f"## {document}", "", _table(("clause", "cited in", "proved by"), rows), ""]
    return "\n".join(parts)


PARTS: dict[str, cabc.Callable[[], str]] = {
    "settings-server": lambda: settings("server"),
    "settings-issuer": lambda: settings("issuer"),
    "settings-parameters": lambda: settings("parameters"),
    "settings-client": lambda: settings("client"),
    "settings-user": lambda: settings("user"),
    "settings-spellings": spellings,
    "fixtures": fixture_table,
    "markers": marker_table,
    "flags": flag_table,
    "ini": ini_table,
    "matrix": matrix,
    "axes": axes,
    "faults": fault_table,
    "profiles": profile_table,
    "endpoints": endpoint_table,
    "client-authentication": method_table,
    "grants": grant_table,
    "command": command_pages,
    "clauses": clauses,
    "connectors-rows": requirement_rows.table,
    "connectors-not-covered": requirement_rows.not_covered,
    "refusals-token": lambda: _refusals("token"),
    "refusals-authorize": lambda: _refusals("authorize"),
    "refusals-resource": lambda: _refusals("resource"),
    "refusals-anywhere": lambda: _refusals("anywhere"),
}


def _refusals(where: str) -> str:
    rows = []
    for case, seen in refusals.observed(where):
        outcome = f"{seen.status} `{seen.error}`" if seen.error else str(seen.status)
        rows.append((case.request, outcome, case.clause, seen.why.replace("<", "&lt;").replace("*", "\\*")))
    return _table(("request", "answer", "clause", "why, as the journal has it"), rows)
