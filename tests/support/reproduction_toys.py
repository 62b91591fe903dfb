"""Two artefacts on toy models that share a configuration, and how to run them."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiment_toys import APD, ENTROPY, FIXED, LARGE, MODELS, ToyPair, toy_task
from rich.console import Console

from apd.runs.cells import CellStore
from apd.runs.grid import Cell, Experiment, over_tasks
from apd.runs.jobs import Engine
from apd.runs.provenance import ModelFiles
from apd.runs.run import make_plan, run_plan


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


def load(names: Sequence[str]) -> ToyPair:
    """The toy models."""
    return ToyPair()


def fail_to_load(names: Sequence[str]) -> ToyPair:
    """Models that are not there."""
    raise ValueError("no such checkpoint")


def killed_while_loading(names: Sequence[str]) -> ToyPair:
    """The end of a process that the system takes the memory from."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def store_in(directory: Path, models: dict[str, ModelFiles] | None = None) -> CellStore:
    """An empty or filled store of toy cells."""
    return CellStore(directory, toy_task, models or MODELS)


def run_toys(
    directory: Path,
    experiments: Sequence[Experiment] | None = None,
    *,
    again: bool = False,
    loader: Callable[[Sequence[str]], ToyPair] = load,
    console: Console | None = None,
    **how: Any,
) -> list[Path]:
    """Reproduce the toy artefacts, with the fields of `Engine`; the paths of their tables."""
    store = store_in(directory)
    engine = Engine(load=loader, threads=1, **how)  # type: ignore[arg-type]
    plan = make_plan(experiments or two_artefacts(), store, again=again)
    return run_plan(plan, store, engine, console or Console(quiet=True))
