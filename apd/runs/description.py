"""An experiment as JSON: what a resumed run must share, and where a table comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apd.decoding.registry import FIRST_COLUMNS, decoder
from apd.runs.grid import Cell, Experiment
from apd.runs.provenance import ModelFiles, now
from apd.tasks.task import Task

FORMAT = 2


def fingerprint(
    experiment: Experiment, tasks: Mapping[str, Task], models: Mapping[str, ModelFiles]
) -> dict[str, Any]:
    """What a resumed run must share with the run it resumes: settings, problems, model files.

    The limit is not part of it: a run may be resumed to be made longer or shorter.
    """
    return {
        "format": FORMAT,
        "artefact": experiment.artefact,
        "pair": experiment.pair,
        "seed": experiment.seed,
        "batch size": experiment.batch_size,
        "precision": experiment.dtype,
        "configuration": {cell.key: as_before(_settings(cell)) for cell in experiment.cells},
        "problems of": {name: task.fingerprint() for name, task in tasks.items()},
        "files of": {name: models[name].files for name in experiment.models},
    }


def provenance(
    experiment: Experiment,
    tasks: Mapping[str, Task],
    models: Mapping[str, ModelFiles],
    sessions: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The provenance of a finished table. Code and machine at the top are the last session's."""
    return {
        "format": FORMAT,
        "artefact": experiment.artefact,
        "pair": experiment.pair,
        "seed": experiment.seed,
        "limit": experiment.limit,
        "batch_size": experiment.batch_size,
        "dtype": experiment.dtype,
        **sessions[-1],
        "started": sessions[0]["started"],
        "ended": now(),
        "sessions": [dict(session) for session in sessions],
        "configurations": [
            {"id": cell.configuration.id, "task": cell.task, **_settings(cell)}
            for cell in experiment.cells
        ],
        "tasks": {
            name: {
                "problems": len(task.problem_ids(experiment.limit)),
                "scored": task.score is not None,
                "sha256": task.fingerprint(),
            }
            for name, task in tasks.items()
        },
        "models": {name: models[name].as_dict() for name in experiment.models},
    }


def _settings(cell: Cell) -> dict[str, Any]:
    configuration = cell.configuration
    return {
        "algorithm": configuration.algorithm,
        "model": configuration.model,
        **configuration.parameters,
    }


def as_before(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration's description without settings that came later and change nothing in it.

    So what was described before a setting existed equals what is described now, and resumes.
    """
    own = decoder(settings["algorithm"]).stored
    unchanged = {name: each.earlier for name, each in own.items() if each.came_later}
    return {
        name: value
        for name, value in settings.items()
        if name in FIRST_COLUMNS
        or (value != unchanged[name] if name in unchanged else name in own or value is not None)
    }
