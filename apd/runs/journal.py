"""The journal of a cell: its rows as they were decoded, safe against being killed.

One JSON array a line: a header that says what the cell is, a line for every session, a line for
every finished problem. A line is on disk (fsync) before the next problem starts, so a killed run
loses the problems in flight and nothing else. Each carries a checksum over itself and its number. A
last line cut short is dropped on resumption; a bad line anywhere else is an error.

A finished cell keeps its journal: tables are put together from it, and a longer run goes on behind
its last row.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from apd.errors import ApdError

Entry = dict[str, Any]


@dataclass
class Contents:
    """What a journal holds, in the order written.

    Attributes:
        header: what the cell is; None in an empty file.
        sessions, rows: of all runs so far.
        size: bytes up to the end of the last whole line.
        lines: how many whole lines there are.
    """

    header: Entry | None = None
    sessions: list[Entry] = field(default_factory=list)
    rows: list[Entry] = field(default_factory=list)
    size: int = 0
    lines: int = 0


def read_journal(path: Path) -> Contents:
    """What a journal holds up to its last whole line; nothing, if there is no such file.

    Raises:
        ApdError: a line before the last is damaged, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Contents()
    except OSError as error:
        raise ApdError(f"cannot read {path}: {error.strerror}; use another output") from None
    found = Contents()
    while found.size < len(data):
        end = data.find(b"\n", found.size) + 1 or len(data)
        entry = _decode(found.lines, data[found.size : end])
        if entry is None:
            if end < len(data):
                raise ApdError(
                    f"{path} is damaged at line {found.lines + 1}: delete the file to start over, "
                    "or restore it from a copy"
                )
            break
        kind, body = entry
        if kind == "header":
            found.header = body
        else:
            (found.rows if kind == "row" else found.sessions).append(body)
        found.size, found.lines = end, found.lines + 1
    return found


class Journal:
    """A journal that is open for writing, locked for this process; use it as a context manager.

    Attributes:
        path: the file.
        contents: what it holds.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], *, restart: bool = False) -> None:
        """Create the journal, or resume it if its header is the same.

        Args:
            path: the file.
            header: what makes two runs the same.
            restart: forget what the file holds, whatever it is.

        Raises:
            ApdError: it is in use, damaged, unwritable, or of another run; the message has the
                remedy.
        """
        self.path = path
        with contextlib.ExitStack() as stack:
            stack.enter_context(locked(path))
            try:
                # Unbuffered: nothing is left to be written when the file is closed.
                self._file = stack.enter_context(path.open("ab", buffering=0))
            except OSError as error:
                raise _unwritable(path, error) from None
            self.contents = Contents() if restart else read_journal(path)
            self._file.truncate(self.contents.size)
            if self.contents.header is None:
                self.contents.header = self._write("header", dict(header))
                _sync_directory(path.parent)
            elif self.contents.header != json.loads(json.dumps(dict(header))):
                raise ApdError(f"{path} belongs to another run: delete the file to start over")
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def start_session(self, session: Mapping[str, Any]) -> None:
        """Note that a process takes up the work: when, on what machine, with what code."""
        self.contents.sessions.append(self._write("session", dict(session)))

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a finished problem; on return it is on disk."""
        self.contents.rows.append(self._write("row", dict(row)))

    def _write(self, kind: str, body: Entry) -> Entry:
        line = _encode(self.contents.lines, kind, body)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self.contents.size)
            raise ApdError(
                f"cannot write {self.path}: {error.strerror}; what was finished is stored: make "
                "room and run again to resume"
            ) from None
        self.contents.size += len(line)
        self.contents.lines += 1
        return body


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing `path` meanwhile. The system frees a killed one's lock.

    Raises:
        ApdError: another run writes it now, or its directory cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
        lock.acquire()
    except Timeout:
        raise ApdError(
            f"{path} is being written by another run: wait for it, or use another output"
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        yield
    finally:
        lock.release()


def _unwritable(path: Path, error: OSError) -> ApdError:
    return ApdError(f"cannot write {path}: {error.strerror or error}; use another output")


def _encode(number: int, kind: str, body: Entry) -> bytes:
    """Line `number` of a journal: checksum, kind and body."""
    text = json.dumps([number, kind, body], sort_keys=True, allow_nan=False)
    line = json.dumps([f"{zlib.crc32(text.encode()):08x}", kind, body], sort_keys=True)
    return f"{line}\n".encode()


def _decode(number: int, line: bytes) -> tuple[str, Entry] | None:
    """Kind and body of line `number`; None if it is cut short, altered or out of place."""
    try:
        _, kind, body = json.loads(line)
        return (kind, body) if line == _encode(number, kind, body) else None
    except (ValueError, TypeError):
        return None


def _sync_directory(directory: Path) -> None:
    """Make the directory entry of a new file durable."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
