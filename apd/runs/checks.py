"""The checks of a result table: rows missing, duplicated, unknown, incomplete, of other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.tasks.task import FAITHFULNESS

if TYPE_CHECKING:
    import pandas as pd

KEY = ("task", "configuration", "problem_id")


def check_rows(table: pd.DataFrame, provenance: Mapping[str, Any], required: Sequence[str]) -> None:
    """Hold a table against its provenance: every expected row once, complete, of the same models.

    Args:
        table: a result table.
        provenance: what stands beside it.
        required: columns that are never empty.

    Raises:
        ApdError: naming the first row that is not so.
    """
    keys = list(table[list(KEY)].itertuples(index=False, name=None))
    _require_expected(keys, provenance)
    _require_complete(table, provenance, required)
    _require_versions(table, provenance)


def _require_expected(keys: list[tuple[Any, ...]], provenance: Mapping[str, Any]) -> None:
    expected = {
        (cell["task"], cell["id"], problem)
        for cell in provenance["configurations"]
        for problem in range(provenance["tasks"][cell["task"]]["problems"])
    }
    seen: set[tuple[Any, ...]] = set()
    for key in keys:
        if key in seen:
            raise _row_error("duplicate row", key, "keep one of them")
        if key not in expected:
            raise _row_error("unknown row", key, "remove it")
        seen.add(key)
    if expected - seen:
        missing = min(expected - seen)
        more = len(expected - seen) - 1
        raise _row_error(f"missing row ({more} more)" if more else "missing row", missing)


def _require_complete(
    table: pd.DataFrame, provenance: Mapping[str, Any], required: Sequence[str]
) -> None:
    tasks = provenance["tasks"]
    scored = [name for name, task in tasks.items() if task["scored"]]
    held = [name for name, task in tasks.items() if FAITHFULNESS in task.get("judges", ())]
    empty = table[list(required)].isna()
    empty["correct"] = table["correct"].isna() & table["task"].isin(scored)
    empty["faithful"] = table["faithful"].isna() & table["task"].isin(held)
    for position in empty.any(axis=1).to_numpy().nonzero()[0][:1]:
        columns = [name for name in empty.columns if empty.iloc[position][name]]
        raise _row_error(f"no {', '.join(columns)} in row", _key(table, position))


def _require_versions(table: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
    versions = {name: model["version"] for name, model in provenance["models"].items()}
    right = table["model_version"] == table["model"].map(versions)
    verifier = table["verifier_version"]
    right &= verifier.isna() | (verifier == versions.get("verifier"))
    right &= verifier.notna() == table["algorithm"].map(lambda name: decoder(name).verified)
    for position in (~right.fillna(False)).to_numpy().nonzero()[0][:1]:
        row = table.iloc[position]
        raise _row_error(
            f"other model version ({row['model']} {row['model_version']}, verifier "
            f"{row['verifier_version']}; the provenance says {versions}) in row",
            _key(table, position),
        )


def _key(table: pd.DataFrame, position: int) -> tuple[Any, ...]:
    return tuple(table.iloc[position][list(KEY)])


def _row_error(what: str, key: tuple[Any, ...], remedy: str = "") -> ApdError:
    task, configuration, problem = key
    remedy = f"{remedy}, or run the experiment again" if remedy else "run the experiment again"
    return ApdError(
        f"{what}: task {task}, configuration {configuration}, problem {problem}; {remedy}"
    )
