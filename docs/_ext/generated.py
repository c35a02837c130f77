"""What the reference pages show, made from the code at build time. Each part is a function that returns MyST text."""

from __future__ import annotations

import collections.abc as cabc
import functools

import clauses
import client_answers
import command_pages
import finding_pages
import guard_tables
import plugin_tables
import provider_pages
import requirement_rows
import server_tables
import settings_tables

__all__ = ["PARTS"]

PARTS: dict[str, cabc.Callable[[], str]] = {
    "settings-server": lambda: settings_tables.settings("server"),
    "settings-issuer": lambda: settings_tables.settings("issuer"),
    "settings-parameters": lambda: settings_tables.settings("parameters"),
    "settings-trusted-issuer": lambda: settings_tables.settings("trusted-issuer"),
    "settings-client": lambda: settings_tables.settings("client"),
    "settings-user": lambda: settings_tables.settings("user"),
    **{
        f"settings-{of}": functools.partial(settings_tables.settings, of)
        for of in settings_tables.STRUCTS
        if of.startswith("profile")
    },
    "placeholders": server_tables.placeholder_table,
    "settings-spellings": settings_tables.spellings,
    "fixtures": plugin_tables.fixture_table,
    "markers": plugin_tables.marker_table,
    "flags": plugin_tables.flag_table,
    "ini": plugin_tables.ini_table,
    "matrix": plugin_tables.matrix,
    "axes": plugin_tables.axes,
    "faults": server_tables.fault_table,
    "faults-aim": server_tables.aim_table,
    "profiles": provider_pages.profile_table,
    "profiles-unverified": provider_pages.unverified_table,
    "endpoints": server_tables.endpoint_table,
    "client-authentication": server_tables.method_table,
    "grants": server_tables.grant_table,
    "command": command_pages.command_pages,
    "clauses": clauses.clauses,
    "client-answers": lambda: client_answers.answers("answers.toml"),
    "client-failures": lambda: client_answers.answers("failures.toml"),
    "findings": finding_pages.table_of_rules,
    **finding_pages.pages(),
    "connectors-rows": requirement_rows.table,
    "connectors-not-covered": requirement_rows.not_covered,
    "guards": guard_tables.guard_table,
    "refusals-guards": guard_tables.refusal_table,
    "refusals-token": lambda: server_tables.refusal_table("token"),
    "refusals-authorize": lambda: server_tables.refusal_table("authorize"),
    "refusals-resource": lambda: server_tables.refusal_table("resource"),
    "refusals-anywhere": lambda: server_tables.refusal_table("anywhere"),
}
