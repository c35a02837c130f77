"""Options that belong to the `--mount` before them."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

import click

__all__ = ["MountFlags", "OfMounts"]


@dataclasses.dataclass(slots=True)  # msgspec would be imported for a help text
class MountFlags:
    """One `--mount` and what was typed after it."""

    url: str
    profile: str | None = None
    variables: dict[str, str] = dataclasses.field(default_factory=dict)


class OfMounts(click.Command):
    """A command with `--mount`, `--profile` and `--variable`; the context's object is the list of `MountFlags`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name, ())) for name in ("mount", "profile", "variable")}
        typed = [(option.name, next(given[option.name])) for option in order if option.name and option.name in given]
        ctx.obj = _grouped(typed)
        return super().parse_args(ctx, args)


def _grouped(typed: cabc.Iterable[tuple[str, str]]) -> list[MountFlags]:
    mounts: list[MountFlags] = []
    for name, value in typed:
        if name == "mount":
            mounts.append(MountFlags(value))
            continue
        if not mounts:
            raise click.UsageError(f"--{name} {value} belongs to the --mount before it; write it after that --mount")
        last = mounts[-1]
        if name == "profile":
            if last.profile is not None:
                raise click.UsageError(
                    f"--mount {last.url} has two profiles, {last.profile} and {value}; leave one out, or repeat --mount"
                    " with another URL"
                )
            last.profile = value
            continue
        variable, equals, text = value.partition("=")
        if not equals or not variable:
            raise click.UsageError(f"--variable {value} gives no value; write NAME=VALUE, e.g. tenant=contoso")
        last.variables[variable] = text
    return mounts
