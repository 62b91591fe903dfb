"""The journal of a running experiment: what is finished, safe against being killed.

One JSON object a line: a header with the experiment's fingerprint, a line for every session, a line
for every finished problem. Each line carries a checksum over itself and the line before it, and is
on disk (fsync) before the next problem starts, so a killed run loses the problem in flight and
nothing else. A last line cut short is dropped on resumption; a bad line anywhere else is an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from apd.errors import ApdError

if sys.platform != "win32":
    import fcntl

Entry = dict[str, Any]


class Journal:
    """An open journal, locked for this process; use it as a context manager.

    Attributes:
        path: the file.
        sessions, rows: what it holds, in the order written.
        recovered: whether a last line cut short was dropped.
    """

    def __init__(
        self, path: Path, fingerprint: Mapping[str, Any], *, restart: bool = False
    ) -> None:
        """Create the journal, or resume it if it is of the same experiment.

        Args:
            path: the file.
            fingerprint: what makes two runs the same experiment.
            restart: forget what the file holds, whatever it is.

        Raises:
            ApdError: it is in use, damaged, unwritable, or of another experiment; the message names
                the first difference and the remedy.
        """
        self.path = path
        self.sessions: list[Entry] = []
        self.rows: list[Entry] = []
        self.recovered = False
        self._checksum = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
        except OSError as error:
            raise ApdError(f"cannot write {path}: {error.strerror}; use another output") from None
        try:
            self._lock()
            if restart:
                self._file.truncate(0)
            header = self._read()
            if header is None:
                self._write("header", dict(fingerprint))
                _sync_directory(path.parent)
            else:
                self._require_same(header, fingerprint)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def start_session(self, session: Mapping[str, Any]) -> None:
        """Note that a process takes up the work: when, on what machine, with what code."""
        self.sessions.append(self._write("session", dict(session)))

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a finished problem; on return it is on disk."""
        self.rows.append(self._write("row", dict(row)))

    def delete(self) -> None:
        """Remove the file: its rows are stored elsewhere."""
        self.path.unlink()

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ApdError(
                f"{self.path} is being written by another run: wait for it, or use another output"
            ) from None

    def _write(self, kind: str, body: Entry) -> Entry:
        text, self._checksum = _encode(self._checksum, kind, body)
        try:
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise ApdError(
                f"cannot write {self.path}: {error.strerror}; make room and run again to resume"
            ) from None
        return body

    def _read(self) -> Entry | None:
        """Take in every line; drop a last one that was cut short. Returns the header, if any."""
        self._file.seek(0)
        lines = list(self._file)  # a binary file: only line feeds end its lines
        header, kept = None, 0
        for number, line in enumerate(lines, start=1):
            entry = _decode(self._checksum, line)
            if entry is None:
                self._drop_tail(number, len(lines), kept)
                break
            kind, body, self._checksum = entry
            kept += len(line)
            if kind == "header":
                header = body
            else:
                (self.rows if kind == "row" else self.sessions).append(body)
        return header

    def _drop_tail(self, number: int, lines: int, kept: int) -> None:
        """Cut the file behind its last good byte, if only the last line is bad."""
        if number < lines:
            raise ApdError(
                f"{self.path} is damaged at line {number}: delete the file to start over, "
                f"or restore it from a copy"
            )
        self.recovered = True
        os.ftruncate(self._file.fileno(), kept)

    def _require_same(self, header: Entry, fingerprint: Mapping[str, Any]) -> None:
        difference = _first_difference(header, json.loads(json.dumps(dict(fingerprint))))
        if difference:
            raise ApdError(
                f"{self.path} belongs to another run: {difference}; delete the file to start over, "
                "or use another output"
            )


def _encode(previous: str, kind: str, body: Entry) -> tuple[bytes, str]:
    """A line and its checksum: sha256 over the previous line's checksum, the kind and the body."""
    text = json.dumps([kind, body], sort_keys=True, allow_nan=False)
    checksum = hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()[:16]
    line = json.dumps({"sum": checksum, "kind": kind, "body": body}, sort_keys=True)
    return f"{line}\n".encode(), checksum


def _decode(previous: str, line: bytes) -> tuple[str, Entry, str] | None:
    """Kind, body and checksum of a line; None if it is cut short or altered."""
    try:
        entry = json.loads(line)
        kind, body = entry["kind"], entry["body"]
    except (ValueError, KeyError, TypeError):
        return None
    expected, checksum = _encode(previous, kind, body)
    return (kind, body, checksum) if line == expected else None


def _first_difference(old: Any, new: Any, name: str = "") -> str | None:
    """The first place where two JSON values differ, as "<name> was <old>, is <new>"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{name} {key}".strip()
            if key not in old or key not in new:
                return f"{place} is only in {'this run' if key in new else 'the file'}"
            difference = _first_difference(old[key], new[key], place)
            if difference:
                return difference
        return None
    return None if old == new else f"{name} was {old!r}, is {new!r}"


def _sync_directory(directory: Path) -> None:
    """Make the directory entry of a new file durable."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
