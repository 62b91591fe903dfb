"""The cells of an experiment run side by side, in processes of this machine or on a Ray cluster.

Each cell is an experiment of its own, with its own journal: a killed sweep resumes where every cell
stopped. The finished tables are joined into the one that a sequential run writes. Noise is a
function of seed and problem, so every column but the times has the same values.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from apd.experiments.completed import completed
from apd.experiments.description import provenance
from apd.experiments.engine import Engine
from apd.experiments.grid import Experiment
from apd.experiments.jobs import Job, Worker
from apd.experiments.models import model_files
from apd.experiments.provenance import ModelFiles
from apd.experiments.reproduce_models import ModelLoader, Placement, models_needed
from apd.experiments.results import read_results, write_results
from apd.experiments.tasks import Task, load_task

EngineName = Literal["processes", "ray"]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """How the cells of an experiment are spread.

    Attributes:
        workers: cells at a time, at least 1.
        engine: "processes" of this machine, or "ray", a cluster that Ray finds or starts. The
            output directory must then be one that every machine sees.
        threads: of torch in each worker; None for an equal share of the machine's.
        gpus: that Ray reserves for a cell; fractions share one.
        device, dllm_path, verifier_path, data_dir: as for `apd eval`.
    """

    workers: int = 2
    engine: EngineName = "processes"
    threads: int | None = None
    gpus: float = 0.0
    device: str | None = None
    dllm_path: str | None = None
    verifier_path: str | None = None
    data_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers is {self.workers}: use an integer >= 1")
        if self.engine not in get_args(EngineName):
            raise ValueError(
                f"engine {self.engine!r}: choose one of {', '.join(get_args(EngineName))}"
            )

    @property
    def _placement(self) -> Placement:
        """Where each worker loads the models, on how many threads."""
        import torch

        threads = self.threads or max(1, torch.get_num_threads() // self.workers)
        paths = {"dllm_path": self.dllm_path, "verifier_path": self.verifier_path}
        return Placement(device=self.device, threads=threads, **paths)


def run_parallel(
    experiment: Experiment, directory: Path, sweep: Sweep, *, keep_replies: bool = False
) -> Path:
    """Run an experiment's cells side by side and store the joined table.

    Args:
        experiment: what to run.
        directory: receives the table and its provenance; the cells' own files are kept in
            ``<artefact>.cells/`` until they are joined.
        sweep: how.
        keep_replies: also write every prompt and reply, to ``<artefact>.replies.jsonl``.

    Returns:
        The path of the table.

    Raises:
        ApdError: Ray is asked for but not installed, or a cell fails as in a sequential run.
    """
    parts = directory / f"{experiment.artefact}.cells"
    cells = single_cells(experiment)
    tasks = {name: load_task(name, sweep.data_dir) for name in experiment.tasks}
    models = model_files(experiment, **sweep._placement.paths)
    jobs = [
        Job(cell, parts)
        for cell in cells
        if completed(
            cell,
            {name: tasks[name] for name in cell.tasks},
            {name: models[name] for name in cell.models},
            parts,
        )
        is None
        or (keep_replies and not _replies(cell, parts).is_file())
    ]
    engine = Engine(
        workers=functools.partial(_worker, sweep=sweep, keep_replies=keep_replies),
        processes=sweep.workers,
        ray=sweep.engine == "ray",
        gpus=sweep.gpus,
    )
    for _ in engine.run(jobs, lambda event: None):
        pass
    table = join_cells(experiment, parts, directory, tasks, models)
    if keep_replies:
        _join_replies(experiment, cells, parts, directory)
    shutil.rmtree(parts)
    return table


def single_cells(experiment: Experiment) -> list[Experiment]:
    """One experiment for each cell, named after the whole one."""
    return [
        replace(experiment, artefact=f"{experiment.artefact}.{index}", cells=(cell,))
        for index, cell in enumerate(experiment.cells)
    ]


def join_cells(
    experiment: Experiment,
    parts: Path,
    directory: Path,
    tasks: Mapping[str, Task],
    models: Mapping[str, ModelFiles],
) -> Path:
    """Join the cells' tables, in the order of the grid, into the experiment's; returns its path."""
    import pandas as pd

    read = [read_results(parts, cell.artefact) for cell in single_cells(experiment)]
    table = pd.concat([table for table, _ in read], ignore_index=True)
    table["artefact"] = pd.array([experiment.artefact] * len(table), dtype="string")
    sessions = [session for _, origin in read for session in origin["sessions"]]
    sessions.sort(key=lambda session: str(session["started"]))
    origin = provenance(experiment, tasks, models, sessions)
    return write_results(directory, experiment.artefact, table, origin)


@dataclass(frozen=True)
class _TaskLoader:
    """Loads tasks by name; equal ones load the same."""

    data_dir: Path | None

    def __call__(self, name: str) -> Task:
        return load_task(name, self.data_dir)


def _worker(jobs: Sequence[Job], sweep: Sweep, keep_replies: bool) -> Worker:
    """A worker with the models of these cells."""
    needed = models_needed([job.experiment for job in jobs])
    loader = ModelLoader(needed, sweep._placement)
    return Worker(loader, _TaskLoader(sweep.data_dir), sweep._placement.threads, keep_replies)


def _replies(experiment: Experiment, directory: Path) -> Path:
    """Where an experiment's prompts and replies are written."""
    return directory / f"{experiment.artefact}.replies.jsonl"


def _join_replies(
    experiment: Experiment, cells: Sequence[Experiment], parts: Path, directory: Path
) -> None:
    """The cells' sample logs, one behind the other."""
    text = "".join(_replies(cell, parts).read_text(encoding="utf-8") for cell in cells)
    _replies(experiment, directory).write_text(text, encoding="utf-8")
