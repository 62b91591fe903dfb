"""The store of finished cells, which lets artefacts share what they have in common.

A cell (one configuration over one task) is run once for all artefacts that ask for it and kept as a
table of its own in ``<pair>/cells/``. Its name ends in a digest of everything that determines its
rows: settings, problems, seed, model files. Other models make another name, so cells of two model
versions never meet. An artefact's table is put together from its cells.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.runs.completed import completed
from apd.runs.description import fingerprint, provenance
from apd.runs.grid import Cell, Experiment
from apd.runs.provenance import ModelFiles
from apd.runs.table import as_table, read_results, write_results
from apd.tasks.task import Task

if TYPE_CHECKING:
    import pandas as pd

CELLS = "cells"


@dataclass(frozen=True)
class CellStore:
    """Finished cells of one pair.

    Attributes:
        directory: of the pair's tables; the cells are in a folder of their own below it.
        tasks: the tasks by name.
        models: the files of the pair's models by name.
    """

    directory: Path
    tasks: Mapping[str, Task]
    models: Mapping[str, ModelFiles]

    @property
    def folder(self) -> Path:
        """Where the cells are."""
        return self.directory / CELLS

    def experiment(self, cell: Cell, whole: Experiment) -> Experiment:
        """The cell as an experiment of its own, with the pair, seed and limit of `whole`."""
        alone = replace(whole, artefact=CELLS, cells=(cell,), limit=self.problems(cell, whole))
        same = json.dumps(fingerprint(alone, self._tasks(cell), self.models), sort_keys=True)
        digest = hashlib.sha256(same.encode()).hexdigest()[:12]
        return replace(alone, artefact=f"{cell.task}.{cell.configuration.id}.{digest}")

    def problems(self, cell: Cell, whole: Experiment) -> int:
        """How many problems of the cell `whole` asks for."""
        return len(self.tasks[cell.task].problem_ids(whole.limit))

    def stored(self, cell: Cell, whole: Experiment) -> tuple[pd.DataFrame, dict[str, Any]] | None:
        """The cell's first rows, as many as `whole` asks for, and their provenance; None if unrun.

        A file that is damaged or was written by halves counts as not run.
        """
        alone = self.experiment(cell, whole)
        if not (self.folder / f"{alone.artefact}.json").is_file():
            return None
        try:
            table, note = read_results(self.folder, alone.artefact)
        except ApdError:
            return None
        wanted = self.problems(cell, whole)
        return (table.iloc[:wanted], note) if len(table) >= wanted else None

    def assemble(self, whole: Experiment) -> Path:
        """Put an artefact's table together from its cells and store it.

        Raises:
            ApdError: a cell has not been run, or the table cannot be written.
        """
        rows: list[dict[str, Any]] = []
        notes = []
        for cell in whole.cells:
            found = self.stored(cell, whole)
            if found is None:
                raise ApdError(
                    f"{whole.artefact}: cell {cell.key} has not been run; run "
                    f"`apd reproduce {whole.artefact} --pair {whole.pair}`"
                )
            table, note = found
            rows += table.astype(object).where(table.notna(), None).to_dict("records")
            notes.append(note)
        for row in rows:
            row["artefact"] = whole.artefact
        tasks = {name: self.tasks[name] for name in whole.tasks}
        origin = provenance(whole, tasks, self.models, sessions_of(notes))
        origin["ended"] = max(note["ended"] for note in notes)
        origin["cells_at_a_time"] = cells_at_a_time(notes)
        return write_results(self.directory, whole.artefact, as_table(rows), origin)

    def is_current(self, whole: Experiment) -> bool:
        """Whether the artefact's stored table is complete and of these very models and problems."""
        tasks = {name: self.tasks[name] for name in whole.tasks}
        return completed(whole, tasks, self.models, self.directory) is not None

    def _tasks(self, cell: Cell) -> dict[str, Task]:
        return {cell.task: self.tasks[cell.task]}


def sessions_of(notes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every session that produced one of the tables, each once, in order of time."""
    sessions: dict[str, dict[str, Any]] = {}
    for note in notes:
        for session in note["sessions"]:
            sessions.setdefault(json.dumps(session, sort_keys=True), dict(session))
    return sorted(sessions.values(), key=lambda session: str(session["started"]))


def cells_at_a_time(notes: Sequence[Mapping[str, Any]]) -> int:
    """How many of the runs behind these tables were under way at the same time, at most.

    Timings of runs that shared a machine are longer than they would be alone.
    """
    moments = [(note["sessions"][-1]["started"], 1) for note in notes]
    moments += [(note["ended"], -1) for note in notes]
    under_way = most = 0
    for _, change in sorted(moments):  # an end sorts before a start in the same second
        under_way += change
        most = max(most, under_way)
    return max(most, 1)


def shared_cells(experiments: Sequence[Experiment]) -> list[tuple[Cell, Experiment]]:
    """Every cell of the experiments once, in their order, with the first experiment that has it."""
    first: dict[Cell, Experiment] = {}
    for experiment in experiments:
        for cell in experiment.cells:
            first.setdefault(cell, experiment)
    return list(first.items())
