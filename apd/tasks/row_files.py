"""Rows in files: JSON lines, Parquet, CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apd.errors import ApdError

Row = dict[str, Any]


def read_json_lines(path: Path) -> list[Row]:
    """The objects of a JSON-lines file; blank lines are skipped.

    Only a line feed ends a line: JSON strings may hold every other separator, U+2028 for one.

    Raises:
        ApdError: a line is no JSON object.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            rows = [json.loads(line) for line in file if line.strip()]
    except ValueError as error:
        raise ApdError(f"{path} is not JSON lines ({error}); write one object a line") from None
    if not all(isinstance(row, dict) for row in rows):
        raise ApdError(f"{path} is not JSON lines of objects; write one object a line")
    return rows


def read_parquet(path: Path) -> list[Row]:
    """The rows of a Parquet file. Raises ApdError without pyarrow, or if the file is damaged."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise ApdError(f"{path} needs pyarrow: run `pip install 'apd[eval]'`") from None
    try:
        return list(pyarrow.parquet.read_table(path).to_pylist())
    except (OSError, ValueError) as error:
        raise ApdError(f"{path} is damaged ({error}); download it again") from None


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


READERS: dict[str, Callable[[Path], list[Row]]] = {
    ".parquet": read_parquet,
    ".jsonl": read_json_lines,
    ".csv": read_csv,
}
