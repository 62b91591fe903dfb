"""Two artefacts on toy models that share a configuration, and how to run them."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from experiment_toys import APD, ENTROPY, FIXED, LARGE, MODELS, ToyPair, toy_task
from rich.console import Console

from apd.paper.plan import make_plan, reproduce
from apd.runs.cells import CellStore
from apd.runs.engine import Engine
from apd.runs.grid import Cell, Experiment, over_tasks
from apd.runs.jobs import Job, Worker
from apd.runs.provenance import ModelFiles

TASKS = {name: toy_task(name) for name in ("odd", "open")}


def two_artefacts(limit: int | None = None, seed: int = 0) -> list[Experiment]:
    """`first` and `second`, which both run FIXED on `odd`: five cells, four of them different."""
    grids = {
        "first": over_tasks(("odd",), (FIXED, APD)),
        "second": (*over_tasks(("odd",), (FIXED, LARGE)), Cell("open", ENTROPY)),
    }
    return [
        Experiment(artefact=name, pair="mini-toy", cells=cells, seed=seed, limit=limit)
        for name, cells in grids.items()
    ]


def load() -> tuple[ToyPair, dict[str, ModelFiles]]:
    """The toy models."""
    return ToyPair(), dict(MODELS)


def fail_to_load() -> tuple[ToyPair, dict[str, ModelFiles]]:
    """Models that are not there."""
    raise ValueError("no such checkpoint")


def killed_while_loading() -> tuple[ToyPair, dict[str, ModelFiles]]:
    """The end of a process that the system takes the memory from."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def store_in(directory: Path, models: dict[str, ModelFiles] | None = None) -> CellStore:
    """An empty or filled store of toy cells."""
    return CellStore(directory, TASKS, models or MODELS)


def run_toys(
    directory: Path,
    experiments: Sequence[Experiment] | None = None,
    *,
    processes: int = 1,
    ray: bool = False,
    again: bool = False,
    loader: Callable[[], tuple[ToyPair, dict[str, ModelFiles]]] = load,
    console: Console | None = None,
) -> list[Path]:
    """Reproduce the toy artefacts; the paths of their tables."""
    store = store_in(directory)

    def workers(jobs: Sequence[Job]) -> Worker:
        return Worker(loader, toy_task, threads=1)  # type: ignore[arg-type]

    engine = Engine(workers=workers, processes=processes, ray=ray)
    plan = make_plan(experiments or two_artefacts(), store, again=again)
    return reproduce(plan, store, engine, console or Console(quiet=True))
