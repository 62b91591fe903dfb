"""Reproduce artefacts: run the cells that are missing, put the tables together, write the claims.

A run that is killed at any point resumes: finished cells are kept, and a cell in flight continues
behind its last finished problem.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from apd.runs.cell_models import Placement, models_needed, worker_for
from apd.runs.cell_progress import ReproduceProgress
from apd.runs.cells import CellStore, shared_cells
from apd.runs.engine import Engine
from apd.runs.grid import Cell, Experiment
from apd.runs.jobs import Job
from apd.runs.models import model_files
from apd.tasks import Task, load_task


@dataclass(frozen=True)
class Plan:
    """What a reproduction has to do.

    Attributes:
        experiments: the artefacts asked for, in order.
        current: names of those whose stored tables are already what a run would give.
        jobs: the cells that have to be run, each once.
    """

    experiments: tuple[Experiment, ...]
    current: frozenset[str]
    jobs: tuple[Job, ...]

    def problems(self, job: Job, store: CellStore) -> int:
        """Problems of a job's cell."""
        return store.problems(job.cell, job.experiment)


def make_plan(experiments: Sequence[Experiment], store: CellStore, *, again: bool = False) -> Plan:
    """Find out what is missing.

    Args:
        experiments: of one pair, one an artefact.
        store: the finished cells.
        again: run everything, whatever is stored.
    """
    current = {e.artefact for e in experiments if not again and store.is_current(e)}
    wanted = [experiment for experiment in experiments if experiment.artefact not in current]
    jobs = tuple(
        Job(store.experiment(cell, experiment), store.folder)
        for cell, experiment in shared_cells(wanted)
        if again or store.stored(cell, experiment) is None
    )
    return Plan(tuple(experiments), frozenset(current), jobs)


def reproduce(
    plan: Plan,
    store: CellStore,
    engine: Engine,
    console: Console,
    seconds: Callable[[Cell], float] = lambda cell: 1.0,
) -> list[Path]:
    """Run what the plan says and store every artefact as soon as its cells are there.

    Args:
        plan: of `make_plan`.
        store: receives cells and tables.
        engine: runs the cells.
        console: shows progress, with the time left over all artefacts.
        seconds: expected seconds of one problem of a cell, to weigh the progress.

    Returns:
        The paths of the tables, in the plan's order.

    Raises:
        ApdError: a model or task is missing, or a file cannot be written.
    """
    cells = [job.cell for job in plan.jobs]
    problems = {job.cell: plan.problems(job, store) for job in plan.jobs}
    waiting = {e.artefact: set(e.cells) & set(cells) for e in plan.experiments}
    with ReproduceProgress(console, cells, problems, {c: seconds(c) for c in cells}) as progress:
        _store_finished(plan, waiting, store, progress)
        for job in engine.run(plan.jobs, progress.handle):
            progress.finish(job.cell)
            for left in waiting.values():
                left.discard(job.cell)
            _store_finished(plan, waiting, store, progress)
    return [store.directory / f"{e.artefact}.parquet" for e in plan.experiments]


def _store_finished(
    plan: Plan, waiting: dict[str, set[Cell]], store: CellStore, progress: ReproduceProgress
) -> None:
    """Store the artefacts that wait for no cell any more, and forget them."""
    for experiment in plan.experiments:
        if waiting.get(experiment.artefact) != set():
            continue
        del waiting[experiment.artefact]
        if experiment.artefact in plan.current:
            progress.say(f"{experiment.artefact}: stored, nothing to do")
        else:
            progress.say(f"{experiment.artefact}: {store.assemble(experiment)}")


def open_store(
    directory: Path, experiments: Sequence[Experiment], placement: Placement | None = None
) -> CellStore:
    """The store behind the experiments' tables, for the models as they are now.

    Raises:
        ApdError: a task or the files of a model are missing.
    """
    names = dict.fromkeys(name for experiment in experiments for name in experiment.tasks)
    tasks: dict[str, Task] = {name: load_task(name) for name in names}
    paths = (placement or Placement()).paths
    return CellStore(directory, tasks, model_files(models_needed(experiments), **paths))


def run_quietly(
    experiments: Sequence[Experiment], directory: Path, placement: Placement | None = None
) -> list[Path]:
    """Run experiments of one pair into `directory`, in this process, without a word."""
    placement = placement or Placement()
    store = open_store(directory, experiments, placement)
    engine = Engine(workers=functools.partial(worker_for, placement=placement))
    return reproduce(make_plan(experiments, store), store, engine, Console(quiet=True))
