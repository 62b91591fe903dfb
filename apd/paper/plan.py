"""The paper's experiments on its models and tasks, as plans of `apd.runs`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from apd.paper.cost import cost_of, seconds_of
from apd.paper.figures import ARTEFACTS
from apd.paper.scale import Scale
from apd.runs.cells import CellStore
from apd.runs.grid import Experiment
from apd.runs.jobs import Engine
from apd.runs.models import load_models, model_files
from apd.runs.run import Plan, make_plan, run_plan
from apd.tasks import load_task


def open_store(
    directory: Path, experiments: Sequence[Experiment], **paths: str | None
) -> CellStore:
    """The store behind the experiments' tables, for the models as they are now.

    Args:
        directory: of the tables.
        experiments: of one pair.
        paths: dllm_path and verifier_path, directories that stand for the pair's own models.

    Raises:
        ApdError: the files of a model are missing.
    """
    names = dict.fromkeys(name for experiment in experiments for name in experiment.models)
    files = model_files(experiments[0].pair, tuple(names), paths)
    return CellStore(directory, load_task, files)


def run_quietly(
    experiments: Sequence[Experiment],
    directory: Path,
    *,
    device: str | None = None,
    threads: int | None = None,
    **paths: str | None,
) -> list[Path]:
    """Run experiments of one pair into `directory`, in this process, without a word.

    Args:
        experiments: one an artefact.
        directory: of the tables.
        device: as for `load_models`.
        threads: of torch, or None for its own choice.
        paths: as for `open_store`.
    """
    store = open_store(directory, experiments, **paths)
    pair, dtype = experiments[0].pair, experiments[0].dtype
    load = functools.partial(load_models, pair, device=device, dtype=dtype, paths=paths)
    engine = Engine(load=load, threads=threads)
    return run_plan(make_plan(experiments, store), store, engine, Console(quiet=True))


def plan_table(plan: Plan, store: CellStore, scale: Scale) -> Table:
    """Artefacts in the order in which they run, with what each adds to those before it."""
    table = Table(title=f"pair {scale.pair}", caption="Times are rough; cells are shared.")
    for heading in ("artefact", "what", "cells", "to run", "decodes", "dLLM passes", "hours"):
        table.add_column(heading, justify="left" if heading in ("artefact", "what") else "right")
    total = 0.0
    for experiment in plan.experiments:
        new = [job for job in plan.jobs if job.experiment == experiment]
        counts = {job.cell: len(store.problems(job)) for job in new}
        passes = sum(n * cost_of(cell, scale).dllm_passes for cell, n in counts.items())
        hours = sum(n * seconds_of(cell, scale) for cell, n in counts.items()) / 3600
        total += hours
        numbers = [len(experiment.cells), len(new), sum(counts.values())]
        figures = [*map(str, numbers), f"{passes:.0f}", f"{hours:.2f}"]
        table.add_row(experiment.artefact, ARTEFACTS[experiment.artefact].shows, *figures)
    table.add_section()
    table.add_row("all", "", "", str(len(plan.jobs)), "", "", f"{total:.2f}")
    return table
