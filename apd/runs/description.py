"""Cells and experiments as JSON: what determines a cell's rows, and where a table comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from apd.decoding.registry import FIRST_COLUMNS, decoder
from apd.runs.grid import Cell, Experiment
from apd.runs.provenance import ModelFiles
from apd.tasks import Task

FORMAT = 2  # of tables, as their provenance says


def fingerprint(
    cell: Cell, experiment: Experiment, task: Task, models: Mapping[str, ModelFiles]
) -> dict[str, Any]:
    """What determines a cell's rows: settings, problems, model files, but not their number."""
    return {
        "pair": experiment.pair,
        "seed": experiment.seed,
        "batch_size": experiment.batch_size,
        "dtype": experiment.dtype,
        **as_before(_described(cell)),
        "problems": task.fingerprint(),
        "files": {name: models[name].files for name in cell.configuration.models},
    }


def provenance(
    experiment: Experiment,
    tasks: Mapping[str, Task],
    models: Mapping[str, ModelFiles],
    sessions: Sequence[Mapping[str, Any]],
    ended: str,
) -> dict[str, Any]:
    """The provenance of a table. Code and machine at the top are the last session's.

    Args:
        experiment: what is in the table.
        tasks, models: its tasks, and at least its models' files, by name.
        sessions: of all processes that decoded its rows, in the order of time.
        ended: when the last row was finished.
    """
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
        "ended": ended,
        "cells_at_a_time": max(session.get("cells_at_a_time", 1) for session in sessions),
        "sessions": [dict(session) for session in sessions],
        "configurations": [_described(cell) for cell in experiment.cells],
        "tasks": {
            name: {
                "problems": len(task.problem_ids(experiment.limit)),
                "scored": task.score is not None,
                "judges": sorted(task.judges),
                "sha256": task.fingerprint(),
            }
            for name, task in tasks.items()
        },
        "models": {name: models[name].as_dict() for name in experiment.models},
    }


def in_order(sessions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sessions of several cells, each once, by their start."""
    once = {json.dumps(session, sort_keys=True): session for session in sessions}
    return sorted(once.values(), key=lambda session: str(session["started"]))


def _described(cell: Cell) -> dict[str, Any]:
    configuration = cell.configuration
    return {
        "id": configuration.id,
        "task": cell.task,
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
