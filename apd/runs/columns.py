"""The columns of result tables: those of every table, and one for each setting of a decoder.

The settings come from the registry of decoders. A table stored before a setting existed lacks its
column, and is read with the value that the setting then had (`Setting.earlier`); a table stored by
a version with further settings is read as long as none of its rows uses one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.decoding.registry import FIRST_COLUMNS, decoder, decoders, stored_settings
from apd.errors import ApdError

if TYPE_CHECKING:
    import pandas as pd

_TEXT, _COUNT, _REAL = "string", "Int64", "float64"
_TYPES = {bool: "boolean", int: _COUNT, float: _REAL, str: _TEXT}
SUBJECT = {
    "artefact": _TEXT,
    "configuration": _TEXT,
    "algorithm": _TEXT,
    "model": _TEXT,
}
MEASURED = {
    "model_version": _TEXT,
    "verifier_version": _TEXT,
    "task": _TEXT,
    "problem_id": _COUNT,
    "seed": _COUNT,
    "correct": "boolean",
    "faithful": "boolean",
    "prompt_tokens": _COUNT,
    "generated_tokens": _COUNT,
    "generated_tokens_reference": _COUNT,
    "iterations": _COUNT,
    "max_tokens_per_iteration": _COUNT,
    "max_tokens_per_iteration_reference": _COUNT,
    "dllm_forwards": _COUNT,
    "verifier_forwards": _COUNT,
    "batch_size": _COUNT,
    "wall_s": _REAL,
    "dllm_s": _REAL,
    "verifier_s": _REAL,
}
MAY_BE_EMPTY = {"verifier_version", "correct", "faithful"}  # no verifier, no such judge
ADDED = ("faithful",)  # measured columns that a table stored before them lacks: read as missing
REQUIRED = tuple(name for name in {**SUBJECT, **MEASURED} if name not in MAY_BE_EMPTY)


def columns() -> dict[str, str]:
    """Name and type of every column, in order. A setting that a decoder lacks is left empty."""
    settings = {name: _TYPES[each.kind] for name, each in stored_settings().items()}
    return {**SUBJECT, **settings, **MEASURED}


def earlier_values(algorithm: str, present: Collection[str]) -> dict[str, Any]:
    """The settings of a decoder that are not present, with the values they had before they were."""
    own = decoder(algorithm).stored
    return {name: each.earlier for name, each in own.items() if name not in present}


def with_present_columns(
    table: pd.DataFrame, provenance: Mapping[str, Any], path: Path
) -> pd.DataFrame:
    """A stored table with exactly the columns of today, typed.

    Args:
        table: as stored.
        provenance: what stands beside it; its configurations name the settings of that time.
        path: of the table, for messages.

    Raises:
        ApdError: it has other columns than its provenance says, or a decoder or a setting that is
            not registered.
    """
    settings = [name for name in provenance["configurations"][0] if name not in _NO_SETTING]
    lacking = [name for name in ADDED if name not in table.columns]
    expected = [name for name in (*SUBJECT, *settings, *MEASURED) if name not in lacking]
    if list(table.columns) != expected or not set(FIRST_COLUMNS) <= set(settings):
        odd = sorted(set(table.columns) ^ {*expected, *FIRST_COLUMNS}) or "their order"
        raise ApdError(f"{path} has other columns than it should ({odd}): run the experiment again")
    _require_registered(table, [name for name in settings if name not in stored_settings()], path)
    table = table.reindex(columns=list(columns()))
    for algorithm in table["algorithm"].unique():
        rows = table["algorithm"] == algorithm
        for name, value in earlier_values(algorithm, settings).items():
            table[name] = table[name].astype(object).mask(rows, value)
    return table.astype(columns())


_NO_SETTING = {"id", "task", "algorithm", "model"}  # of a configuration in the provenance


def _require_registered(table: pd.DataFrame, unknown: Sequence[str], path: Path) -> None:
    """ApdError if a row's decoder, or a setting that a row uses, is not in the registry."""
    names = {row.name for row in decoders()}
    others = [name for name in table["algorithm"].unique() if name not in names]
    used = [name for name in unknown if table[name].notna().any()]
    for what, found in (("decoder", others), ("setting", used)):
        if found:
            raise ApdError(
                f"{path} has rows of a {what} {found[0]!r}, which is not registered here: use the "
                "version of apd that made them, or run the experiment again"
            )
