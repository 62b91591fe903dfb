"""Result tables: ``<pair>/<artefact>.parquet``, one row per (task, configuration, problem).

Beside a table stands ``<artefact>.json`` with its provenance: code, packages, machine, model files,
start and end. Reading checks one against the other. A row that is missing, duplicated, unknown or
made with other models than the provenance says is an error that names the row, never a default.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.paths import data_dir
from apd.runs.checks import check_rows
from apd.runs.columns import REQUIRED, columns, earlier_values, with_present_columns

try:
    import pandas as pd
    import pyarrow  # noqa: F401  (pandas reads and writes parquet with it)
except ImportError as error:
    raise ApdError(
        f"result tables need pandas and pyarrow ({error}): run `pip install 'apd[eval]'`"
    ) from error

# What every table's provenance has.
PROVENANCE: dict[str, type] = {
    "pair": str, "seed": int, "configurations": list, "tasks": dict, "models": dict,
}  # fmt: skip


def results_directory(pair: str) -> Path:
    """Where the repository keeps the tables of a pair: ``data/results/<pair>``."""
    return data_dir() / "results" / pair


def as_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table with exactly the columns of today, typed; other fields are left out.

    A row that was journalled before a setting existed has the value that the setting then had.
    """
    records = [
        earlier_values(row["algorithm"], row) | dict(row) if "algorithm" in row else dict(row)
        for row in rows
    ]
    frame = pd.DataFrame.from_records(records, columns=list(columns()))
    return frame.astype(columns())


def write_results(
    directory: Path, artefact: str, table: pd.DataFrame, provenance: Mapping[str, Any]
) -> Path:
    """Check a table and store it with its provenance, each file whole or not at all.

    Raises:
        ApdError: the table does not fit the provenance, or a file cannot be written.
    """
    check_rows(table, provenance, REQUIRED)
    path = directory / f"{artefact}.parquet"
    parts = [path.with_name(f"{path.name}.part"), path.with_name(f"{artefact}.json.part")]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        table.to_parquet(parts[0], index=False)
        stored = {**provenance, "rows": len(table), "table_sha256": _sha256(parts[0])}
        parts[1].write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        os.replace(parts[0], path)
        os.replace(parts[1], path.with_suffix(".json"))
    except OSError as error:
        reason = error.strerror or error
        raise ApdError(f"cannot write {path}: {reason}; make room, or use another output") from None
    finally:
        for part in parts:  # none is left but after an error
            with contextlib.suppress(OSError):
                part.unlink()
    return path


def read_provenance(directory: Path, artefact: str) -> dict[str, Any]:
    """The provenance of a table. Raises ApdError if it is missing or unreadable."""
    path = directory / f"{artefact}.json"
    try:
        provenance: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ApdError(f"no results at {path}: run the experiment {artefact!r} first") from None
    except ValueError as error:
        raise ApdError(f"{path} is damaged ({error}): run the experiment again") from None
    for name, kind in PROVENANCE.items():
        if not isinstance(provenance, dict) or not isinstance(provenance.get(name), kind):
            raise ApdError(f"{path} is damaged (no {name}): run the experiment again")
    return provenance


def read_results(directory: Path, artefact: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table and its provenance, checked row by row.

    Raises:
        ApdError: a file is missing or damaged, or a row is missing, duplicated, unknown, incomplete
            or made with other models; the message names the row.
    """
    provenance = read_provenance(directory, artefact)
    path = directory / f"{artefact}.parquet"
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise ApdError(f"no results at {path}: run the experiment {artefact!r} first") from None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ApdError(f"{path} is damaged ({reason}): run the experiment again") from None
    try:
        table = with_present_columns(table, provenance, path)
        check_rows(table, provenance, REQUIRED)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ApdError(
            f"{path} and its provenance do not fit together ({type(error).__name__}: {error}): "
            "run the experiment again"
        ) from None
    if provenance.get("table_sha256") != _sha256(path):
        raise ApdError(f"{path} was changed after it was written: run the experiment again")
    return table, provenance


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
