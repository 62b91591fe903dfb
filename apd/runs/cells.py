"""The store of cells, which lets artefacts share what they have in common.

A cell (one configuration over one task) is run once for all artefacts that ask for it. Its journal
is kept in ``<pair>/cells/`` under a name that ends in a digest of everything that determines its
rows: settings, problems, seed, model files. Other models make another name, so cells of two model
versions never meet. An artefact's table is put together from its cells.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from apd.errors import ApdError
from apd.runs.description import as_before, fingerprint, in_order, provenance
from apd.runs.grid import Cell, Experiment
from apd.runs.journal import Contents, Entry, locked, read_journal
from apd.runs.provenance import ModelFiles
from apd.runs.replies import reply_count, write_replies
from apd.runs.table import as_table, read_provenance, read_results, write_results
from apd.tasks import Task

CELLS = "cells"
SAME = ("artefact", "pair", "seed", "batch_size", "dtype", "models")


class Job(NamedTuple):
    """A cell to run, with the first experiment that has it."""

    cell: Cell
    experiment: Experiment


@dataclass(frozen=True)
class CellStore:
    """Tables of one pair, and the cells from which they are put together.

    It can be sent to other processes if its task loader can.

    Attributes:
        directory: of the tables; the cells are in a folder of their own below it.
        task_loader: finds a task by name.
        models: the files of the pair's models by name.
        keep_replies: whether every prompt and reply is written beside a table.
    """

    directory: Path
    task_loader: Callable[[str], Task]
    models: Mapping[str, ModelFiles]
    keep_replies: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return CellStore, (self.directory, self.task_loader, self.models, self.keep_replies)

    @functools.cached_property
    def _loaded(self) -> dict[str, Task]:
        return {}

    def task(self, name: str) -> Task:
        """A task by name, loaded once. Raises ApdError if there is none."""
        if name not in self._loaded:
            self._loaded[name] = self.task_loader(name)
        return self._loaded[name]

    def tasks(self, experiment: Experiment) -> dict[str, Task]:
        """The experiment's tasks by name."""
        return {name: self.task(name) for name in experiment.tasks}

    def problems(self, job: Job) -> range:
        """The problems of its cell that a job's experiment asks for."""
        return self.task(job.cell.task).problem_ids(job.experiment.limit)

    def header(self, job: Job) -> dict[str, Any]:
        """What determines the rows of a job's cell."""
        return fingerprint(job.cell, job.experiment, self.task(job.cell.task), self.models)

    def journal(self, job: Job) -> Path:
        """The file of a job's cell."""
        same = json.dumps(self.header(job), sort_keys=True)
        digest = hashlib.sha256(same.encode()).hexdigest()[:12]
        name = f"{job.cell.task}.{job.cell.configuration.id}.{digest}.journal.jsonl"
        return self.directory / CELLS / name

    def finished(self, job: Job) -> Contents | None:
        """What a job asks for, its rows by problem; None if some have not been run.

        Raises:
            ApdError: the cell's file is damaged.
        """
        found = read_journal(self.journal(job))
        by_problem = {row["problem_id"]: row for row in found.rows}
        problems = self.problems(job)
        if any(problem not in by_problem for problem in problems):
            return None
        return replace(found, rows=[by_problem[problem] for problem in problems])

    def assemble(self, experiment: Experiment) -> Path:
        """Put an artefact's table together from its cells and store it.

        Raises:
            ApdError: a cell has not been run, or the table cannot be written.
        """
        rows: list[Entry] = []
        sessions: list[Entry] = []
        for cell in experiment.cells:
            found = self.finished(Job(cell, experiment))
            if found is None:
                raise ApdError(
                    f"{experiment.artefact}: cell {cell.key} has not been run; run "
                    f"`apd reproduce {experiment.artefact} --pair {experiment.pair}`"
                )
            rows += ({**row, "artefact": experiment.artefact} for row in found.rows)
            sessions += found.sessions
        tasks = self.tasks(experiment)
        # A clock may have been put back meanwhile.
        ended = max([row["ended"] for row in rows] + [under["started"] for under in sessions])
        origin = provenance(experiment, tasks, self.models, in_order(sessions), ended)
        with locked(self.table(experiment)):
            if self.keep_replies:
                write_replies(self.replies(experiment), rows, tasks)
            return write_results(self.directory, experiment.artefact, as_table(rows), origin)

    def measured(self, experiment: Experiment) -> dict[str, Any] | None:
        """Provenance of the stored table if it is whole and of these settings, problems and models.

        It may have fewer problems than the experiment asks for, or more.
        """
        try:
            _, stored = read_results(self.directory, experiment.artefact)
        except ApdError:
            return None
        wanted = provenance(experiment, self.tasks(experiment), self.models, [{"started": ""}], "")
        return stored if _identity(stored) == _identity(wanted) else None

    def never_shorter(self, experiment: Experiment) -> Experiment:
        """The experiment with as many problems as its stored table has, if those are more."""
        stored = self.measured(experiment)
        if stored is None or experiment.limit is None:
            return experiment
        longer = stored["limit"] is None or stored["limit"] > experiment.limit
        return replace(experiment, limit=stored["limit"]) if longer else experiment

    def is_current(self, experiment: Experiment) -> bool:
        """Whether everything that a run would store is stored."""
        stored = self.measured(experiment)
        wanted = {
            n: len(t.problem_ids(experiment.limit)) for n, t in self.tasks(experiment).items()
        }
        if stored is None or any(stored["tasks"][n]["problems"] != wanted[n] for n in wanted):
            return False
        return not self.keep_replies or reply_count(self.replies(experiment)) == stored["rows"]

    def require_no_loss(self, experiment: Experiment) -> None:
        """Raise ApdError if the experiment's table would replace one with more problems."""
        try:
            stored = read_provenance(self.directory, experiment.artefact)["tasks"]
        except ApdError:
            return
        for name, task in self.tasks(experiment).items():
            asked = len(task.problem_ids(experiment.limit))
            if name in stored and asked < stored[name]["problems"]:
                raise ApdError(
                    f"{self.table(experiment)} has more problems than --limit {experiment.limit} "
                    "asks for; use another --output, or delete it"
                )

    def table(self, experiment: Experiment) -> Path:
        """Where an artefact's rows go."""
        return self.directory / f"{experiment.artefact}.parquet"

    def replies(self, experiment: Experiment) -> Path:
        """Where an artefact's prompts and replies go, if they are kept."""
        return self.directory / f"{experiment.artefact}.replies.jsonl"


def _identity(origin: Mapping[str, Any]) -> Any:
    """What a table has in common with one that may be put in its place; not the code."""
    tasks = {name: (task["sha256"], task["scored"]) for name, task in origin["tasks"].items()}
    configurations = [as_before(each) for each in origin["configurations"]]
    return json.loads(json.dumps([[origin[key] for key in SAME], tasks, configurations]))


def shared_cells(experiments: Sequence[Experiment]) -> list[Job]:
    """Every cell of the experiments once, in their order, with the first experiment that has it."""
    first: dict[Cell, Experiment] = {}
    for experiment in experiments:
        for cell in experiment.cells:
            first.setdefault(cell, experiment)
    return [Job(cell, experiment) for cell, experiment in first.items()]
