"""Whether an experiment has been run already: a stored table that a run would only make again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.runs.description import as_before, provenance
from apd.runs.grid import Experiment
from apd.runs.provenance import ModelFiles
from apd.runs.table import read_results
from apd.tasks.task import Task

SAME = ("artefact", "pair", "seed", "batch_size", "dtype", "configurations", "tasks", "models")
_SINCE_FORMAT_2 = {"batch_size": 1, "dtype": None}  # what tables of format 1 were made with


def completed(
    experiment: Experiment,
    tasks: Mapping[str, Task],
    models: Mapping[str, ModelFiles],
    directory: Path,
) -> dict[str, Any] | None:
    """Provenance of the stored table if it is complete, undamaged and of this very experiment.

    Same means: the same settings, seed, problems and model files. The code is not compared; the
    provenance says with which commit the table was made.

    Args:
        experiment: what would be run.
        tasks: its tasks by name.
        models: the files of its models by name.
        directory: where its table would be.

    Returns:
        The provenance, or None if there is no such table.
    """
    try:
        _, stored = read_results(directory, experiment.artefact)
    except ApdError:
        return None
    wanted = json.loads(json.dumps(provenance(experiment, tasks, models, [{"started": ""}])))
    then, now = _SINCE_FORMAT_2 | _as_before(stored), _as_before(wanted)
    same = all(then.get(key) == now[key] for key in SAME)
    return stored if same else None


def _as_before(note: Mapping[str, Any]) -> dict[str, Any]:
    """A provenance whose configurations do not tell when they were described."""
    return {**note, "configurations": [as_before(each) for each in note["configurations"]]}
