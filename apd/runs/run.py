"""Run experiments: the cells that are missing, and every table as soon as its cells are there.

A run that is killed at any point resumes: finished cells are kept, and a cell in flight continues
behind its last finished problem. A stored table is extended, never made shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from apd.runs.cells import CellStore, Job, shared_cells
from apd.runs.grid import Cell, Experiment
from apd.runs.jobs import Engine
from apd.runs.progress import RunProgress
from apd.runs.provenance import ModelFiles
from apd.tasks import Task, load_task

if TYPE_CHECKING:
    from apd.models.pairs import Pair


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        experiments: what was asked for, in order; longer where more is stored.
        current: names of the artefacts whose stored tables are already what a run would give.
        jobs: the cells that have to be run, each once.
        again: whether they forget what is stored of them.
    """

    experiments: tuple[Experiment, ...]
    current: frozenset[str]
    jobs: tuple[Job, ...]
    again: bool = False


def make_plan(experiments: Sequence[Experiment], store: CellStore, *, again: bool = False) -> Plan:
    """Find out what is missing.

    Args:
        experiments: of one pair, one an artefact.
        store: the finished cells.
        again: run everything, whatever is stored.

    Raises:
        ApdError: a task is missing, or the file of a cell is damaged.
    """
    if again:
        return Plan(tuple(experiments), frozenset(), tuple(shared_cells(experiments)), again)
    wanted = tuple(store.never_shorter(experiment) for experiment in experiments)
    current = frozenset(e.artefact for e in wanted if store.is_current(e))
    missing = shared_cells([e for e in wanted if e.artefact not in current])
    jobs = tuple(job for job in missing if store.finished(job) is None)
    return Plan(wanted, current, jobs)


def run_plan(
    plan: Plan,
    store: CellStore,
    engine: Engine,
    console: Console,
    seconds: Callable[[Cell], float] = lambda cell: 1.0,
) -> list[Path]:
    """Run what the plan says and store every table as soon as its cells are there.

    Args:
        plan: of `make_plan`.
        store: receives cells and tables.
        engine: runs the cells.
        console: shows progress, with the time left over all cells.
        seconds: expected seconds of one problem of a cell, to weigh the progress.

    Returns:
        The paths of the tables, in the plan's order.

    Raises:
        ApdError: a model is missing, or a file cannot be written; and as `Engine.run`.
    """
    waiting = {e.artefact: {j.cell for j in plan.jobs} & {*e.cells} for e in plan.experiments}
    problems = {job.cell: len(store.problems(job)) for job in plan.jobs}
    try:
        with RunProgress(console, problems, seconds) as progress:
            _store_finished(plan, waiting, store, progress)
            for job in engine.run(plan.jobs, store, progress.handle, restart=plan.again):
                found = store.finished(job)
                progress.finish(job.cell, found.rows if found else [])
                for left in waiting.values():
                    left.discard(job.cell)
                _store_finished(plan, waiting, store, progress)
    except KeyboardInterrupt:
        without = " without starting over" if plan.again else ""
        console.print(f"stopped; the same command{without} resumes")
        raise
    return [store.table(experiment) for experiment in plan.experiments]


def _store_finished(
    plan: Plan, waiting: dict[str, set[Cell]], store: CellStore, progress: RunProgress
) -> None:
    """Store the tables that wait for no cell any more, and forget them."""
    for experiment in plan.experiments:
        if waiting.get(experiment.artefact) != set():
            continue
        del waiting[experiment.artefact]
        if experiment.artefact in plan.current:
            progress.say(f"{experiment.artefact}: stored, nothing to do")
        else:
            progress.say(f"{experiment.artefact}: {store.assemble(experiment)}")


def run_experiment(
    experiment: Experiment,
    pair: Pair,
    models: Mapping[str, ModelFiles],
    directory: Path,
    *,
    task_loader: Callable[[str], Task] = load_task,
    keep_replies: bool = False,
    restart: bool = False,
) -> Path:
    """Run an experiment on loaded models, without a word, and store its table.

    Args:
        experiment: what to run.
        pair: the loaded models.
        models: their files by name ("dllm", "verifier", baselines), as hashed for the provenance.
        directory: where ``<artefact>.parquet`` and ``.json`` go; the cells go to a folder below it.
        task_loader: finds a task by name.
        keep_replies: also write ``<artefact>.replies.jsonl``.
        restart: forget what earlier runs left there.

    Returns:
        The path of the table.

    Raises:
        ApdError: as `run_plan`.
    """
    store = CellStore(directory, task_loader, models, keep_replies)
    plan = make_plan([experiment], store, again=restart)
    (path,) = run_plan(plan, store, Engine(load=lambda names: pair), Console(quiet=True))
    return path
