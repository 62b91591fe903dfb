"""The drift check: the first problems of stored tables, run again, must give the same rows.

Everything but the pace is compared, so it fails when a change in code, packages or models
changes what is decoded, and passes on any machine otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.paper.plan import run_quietly
from apd.runs.checks import KEY
from apd.runs.columns import ADDED
from apd.runs.grid import Experiment
from apd.runs.table import read_results

if TYPE_CHECKING:
    import pandas as pd

# What may change without a change in what is decoded: times, and in how many chunks lookaheads
# were verified, which is a matter of pace as well.
PACE = ("wall_s", "dllm_s", "verifier_s", "verifier_forwards")


def check_drift(
    directory: Path,
    experiments: Sequence[Experiment],
    limit: int,
    **machine: Any,
) -> str:
    """Run the first `limit` problems of stored artefacts again and compare.

    Args:
        directory: of the stored tables of the experiments' pair.
        experiments: artefacts whose tables are there.
        limit: problems of each task.
        machine: where and how the models are loaded, as for `plan.run_quietly`.

    Returns:
        What was compared, in a line.

    Raises:
        ApdError: a row differs, naming it and the first column; or the stored table was made with
            other models, or has itself a wrong row.
    """
    stored = {e.artefact: read_results(directory, e.artefact) for e in experiments}
    again = [slice_of(e, stored[e.artefact][1], limit) for e in experiments]
    rows = 0
    with tempfile.TemporaryDirectory() as folder:
        run_quietly(again, Path(folder), **machine)
        for experiment in again:
            fresh = read_results(Path(folder), experiment.artefact)
            rows += compare_runs(experiment.artefact, stored[experiment.artefact], fresh)
    names = ", ".join(e.artefact for e in experiments)
    return f"no drift: {rows} rows of {names} decoded again, all the same"


def slice_of(experiment: Experiment, stored: dict[str, Any], limit: int) -> Experiment:
    """The first `limit` problems of a stored experiment, or as many as it has."""
    problems = min(task["problems"] for task in stored["tasks"].values())
    return replace(
        experiment,
        limit=min(limit, problems),
        seed=int(stored["seed"]),
        dtype=stored.get("dtype"),
    )


def compare_runs(
    artefact: str,
    stored: tuple[pd.DataFrame, dict[str, Any]],
    fresh: tuple[pd.DataFrame, dict[str, Any]],
) -> int:
    """Compare the rows of a fresh run with the stored ones of the same problems.

    Returns:
        How many rows were compared.

    Raises:
        ApdError: as `check_drift`.
    """
    _require_same_models(artefact, stored[1], fresh[1])
    before, after = (run[0].set_index(list(KEY)) for run in (stored, fresh))
    for key in after.index.difference(before.index)[:1]:
        raise ApdError(
            f"{artefact} has drifted: there is no stored row for {_named(key)}; run the experiment "
            "again"
        )
    before = before.loc[after.index]
    lacking = [name for name in ADDED if before[name].isna().all()]
    for column in after.columns.drop([*PACE, *lacking]):
        same = (before[column] == after[column]) | (before[column].isna() & after[column].isna())
        for key in after.index[~same.fillna(False).astype(bool)][:1]:
            values = f"{before[column][key]}, is {after[column][key]}"
            raise ApdError(f"{artefact} has drifted: {_named(key)}: {column} was {values}")
    return len(after)


def _require_same_models(artefact: str, stored: dict[str, Any], fresh: dict[str, Any]) -> None:
    for name, model in fresh["models"].items():
        known = stored["models"].get(name, {}).get("version")
        if known != model["version"]:
            raise ApdError(
                f"{artefact} was made with {name} {known}, which is now {model['version']}: run "
                f"`apd reproduce {artefact} --pair {fresh['pair']}` again"
            )


def _named(key: tuple[Any, ...]) -> str:
    task, configuration, problem = key
    return f"task {task}, configuration {configuration}, problem {problem}"
