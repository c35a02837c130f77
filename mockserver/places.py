"""Where a secret may have got to: log records, output, files, exceptions, mappings, each as texts to look through."""

from __future__ import annotations

import collections.abc as cabc
import logging
import os
import pathlib
import traceback
import typing
import zlib

import msgspec

from .errors import ConfigurationError

__all__ = ["Text", "texts"]

_CHUNK = 8 * 1024 * 1024
# So much of a file is looked at again with its next chunk: longer than any token in any encoding.
_OVERLAP = 128 * 1024
# A gzip'ed file may unfold to a thousand times its size.
_UNFOLDED = 512 * 1024 * 1024

_MAY_BE_GIVEN = (
    "caplog, capsys.readouterr(), a pathlib.Path of a file or a folder, a str, bytes, an exception, a log record, a"
    " subprocess.CompletedProcess, or a mapping or a list of these (os.environ)"
)

# What every log record has; the rest came by `extra=`.
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Text(msgspec.Struct, frozen=True):
    """
    A piece of a place.

    `line` is the number of its first line, 0 where lines have no numbers; the first `again` octets were the end of the
    piece before. `more`: it is cut, and its end comes again with the next piece.
    """

    where: str
    octets: bytes
    line: int = 0
    again: int = 0
    more: bool = False

    def __repr__(self) -> str:
        return f"Text(where={self.where!r})"


def texts(place: object, name: str, without: cabc.Collection[pathlib.Path] = ()) -> cabc.Iterator[Text]:
    """
    Every text of a place, which is called `name` where the place has no name of its own.

    Files and folders in `without` are left out. Raises `ConfigurationError` for what is no place, and for a file that
    is not there or cannot be read: a check that looks nowhere would pass.
    """
    yield from _Walk(without).through(place, name)


class _Walk:
    """One walk through a place; what refers to itself is entered once."""

    def __init__(self, without: cabc.Collection[pathlib.Path]) -> None:
        self._without = {path.resolve() for path in without}
        self._entered: set[int] = set()

    def through(self, place: object, name: str, *, inside: bool = False) -> cabc.Iterator[Text]:  # noqa: PLR0912
        if isinstance(place, str):
            yield Text(name, place.encode("utf-8", "surrogatepass"), line=int("\n" in place))
            return
        if isinstance(place, bytes | bytearray | memoryview):
            octets = bytes(place)
            yield Text(name, octets, line=int(b"\n" in octets))
            return
        if isinstance(place, pathlib.Path):
            yield from self._path(place)
            return
        if id(place) in self._entered:
            return
        self._entered.add(id(place))
        if isinstance(place, BaseException):
            yield from self._exception(place, name)
        elif isinstance(place, logging.LogRecord):
            yield from self._record(place, name)
        elif isinstance(place, cabc.Mapping):
            for key, value in place.items():
                yield from self.through(key, f"a key of {name}", inside=True)
                yield from self.through(value, f"{name}[{key!r}]", inside=True)
        elif (members := _members(place)) is not None:
            for label, member in members:
                yield from self.through(member, label.format(name), inside=True)
        elif inside:
            # A value among others: what it looks like when it is printed.
            yield Text(name, f"{_printed(place, str)}\n{_printed(place, repr)}".encode("utf-8", "surrogatepass"))
        elif hasattr(place, "readouterr"):
            raise ConfigurationError(
                f"{name} is a capture fixture, and reading it would take the output from the test; give what"
                " readouterr() returns: assert_no_secret_leak(capsys.readouterr())"
            )
        else:
            raise ConfigurationError(
                f"{name} is of type {type(place).__name__}, in which no secret is looked for; give {_MAY_BE_GIVEN}"
            )

    # -- log records and exceptions ------------------------------------------------------------------------------------

    def _record(self, record: logging.LogRecord, name: str) -> cabc.Iterator[Text]:
        where = f"{name} ({record.name}, {record.levelname})"
        try:
            message = record.getMessage()
        except Exception as error:  # a wrong format; what would have been shown is in the arguments
            message = f"{record.msg}: {error}"
        more = {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
        parts = [
            message,
            _printed(record.args, repr),
            *(str(part) for part in (record.exc_text, record.stack_info) if part),
        ]
        yield Text(where, "\n".join(parts).encode("utf-8", "surrogatepass"))
        yield from self.through(more, f"extra of {where}", inside=True)
        if record.exc_info and record.exc_info[1] is not None:
            yield from self.through(record.exc_info[1], f"the exception of {where}", inside=True)

    def _exception(self, error: BaseException, name: str) -> cabc.Iterator[Text]:
        where = f"{name} ({type(error).__name__})"
        told = [
            _printed(error, str),
            _printed(error, repr),
            _printed(error.args, repr),
            *map(str, getattr(error, "__notes__", ())),
        ]
        # Without its causes, which are entered on their own.
        told += traceback.format_tb(error.__traceback__)
        yield Text(where, "\n".join(told).encode("utf-8", "surrogatepass"))
        if isinstance(error, BaseExceptionGroup):
            for number, member in enumerate(error.exceptions, 1):
                yield from self.through(member, f"exception {number} in {where}", inside=True)
        yield from self.through(dict(vars(error)), f"the attributes of {where}", inside=True)
        for label, other in (("cause", error.__cause__), ("context", error.__context__)):
            if other is not None:
                yield from self.through(other, f"the {label} of {where}", inside=True)

    # -- files ---------------------------------------------------------------------------------------------------------

    def _path(self, path: pathlib.Path) -> cabc.Iterator[Text]:
        if path.is_dir():
            for folder, folders, files in os.walk(path, onerror=_unreadable):
                folders.sort()
                here = pathlib.Path(folder)
                folders[:] = [each for each in folders if (here / each).resolve() not in self._without]
                for each in (*folders, *sorted(files)):
                    yield Text(f"the name of {here / each}", os.fsencode(each))
                for each in sorted(files):
                    # No pipe or device, from which reading might never end
                    if (here / each).is_file():
                        yield from self._file(here / each)
        elif path.is_file():
            yield from self._file(path)
        else:
            raise ConfigurationError(f"there is no file or folder {str(path)!r} to look in; correct the path")

    def _file(self, path: pathlib.Path) -> cabc.Iterator[Text]:
        if path.resolve() in self._without:
            return
        try:
            with path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                yield from _pieces(str(path), iter(lambda: file.read(_CHUNK), b""))
                if packed:
                    file.seek(0)
                    yield from _pieces(f"{path} (gunzipped)", _gunzipped(file, path))
        except OSError as error:
            _unreadable(error)


def _pieces(where: str, chunks: cabc.Iterable[bytes]) -> cabc.Iterator[Text]:
    kept, line = b"", 1
    coming = iter(chunks)
    following = next(coming, None)
    while (chunk := following) is not None:
        following = next(coming, None)
        octets = kept + chunk
        yield Text(where, octets, line, len(kept), following is not None)
        line += octets.count(b"\n", 0, max(len(octets) - _OVERLAP, 0))
        kept = octets[-_OVERLAP:]


def _gunzipped(file: typing.BinaryIO, path: pathlib.Path) -> cabc.Iterator[bytes]:
    """RFC 1952, several members too. Ends where the file is cut off or goes on as something else."""
    unpacker, total = zlib.decompressobj(31), 0
    while packed := unpacker.unconsumed_tail or unpacker.unused_data or file.read(_CHUNK):
        if unpacker.eof:
            unpacker = zlib.decompressobj(31)
        try:
            chunk = unpacker.decompress(packed, _CHUNK)
        except zlib.error:
            return
        total += len(chunk)
        if total > _UNFOLDED:
            raise ConfigurationError(
                f"{path} is more than {_UNFOLDED // 1024 // 1024} MiB unpacked; leave it out: allow=[pathlib.Path(...)]"
            )
        if chunk:
            yield chunk


def _unreadable(error: OSError) -> typing.NoReturn:
    raise ConfigurationError(
        f"{error.filename} cannot be read: {error.strerror or error}; leave it out: allow=[pathlib.Path(...)]"
    ) from None


def _printed(value: object, how: cabc.Callable[[object], str]) -> str:
    try:
        return how(value)
    except Exception as error:  # what cannot be printed shows nothing
        return f"<{type(error).__name__}>"


def _members(place: object) -> list[tuple[str, object]] | None:
    """The parts of what has parts, with how each is called; None for what has none."""
    found: typing.Any = place
    if hasattr(place, "records"):  # caplog, which keeps what was logged before the test's body apart
        before = found.get_records("setup") if hasattr(place, "get_records") else []
        records = dict.fromkeys([*before, *found.records])
        return [(f"log record {number}", record) for number, record in enumerate(records, 1)]
    for names in (("out", "err"), ("stdout", "stderr")):  # capsys.readouterr(), subprocess.CompletedProcess
        if all(hasattr(place, name) for name in names):
            parts = [(name, getattr(place, name)) for name in names]
            parts += [("the command", found.args)] if hasattr(place, "args") else []
            return [(f"{name} of {{}}", part) for name, part in parts if part is not None]
    if hasattr(place, "getvalue"):  # io.StringIO, io.BytesIO
        return [("{}", found.getvalue())]
    if isinstance(getattr(place, "value", None), BaseException):  # pytest.raises(...) as caught
        return [("{}", found.value)]
    if isinstance(place, list | tuple | set | frozenset):
        return [(f"{{}}[{number}]", member) for number, member in enumerate(place)]
    return None
