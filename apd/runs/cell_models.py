"""Which models a reproduction loads, and when: never more at a time than its machine can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM
from apd.models.registry import PAIRS
from apd.runs.cells import CELLS, shared_cells
from apd.runs.grid import Experiment
from apd.runs.jobs import Job, Worker
from apd.runs.provenance import ModelFiles
from apd.tasks import load_task

if TYPE_CHECKING:
    from apd.models.pairs import Pair


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where and how models are loaded; the fields are those of `load_models`.

    Attributes:
        threads: of torch in each process, or None for torch's own choice.
    """

    device: str | None = None
    dllm_path: str | None = None
    verifier_path: str | None = None
    threads: int | None = None

    @property
    def paths(self) -> dict[str, str | None]:
        """The directories that stand for the pair's own models."""
        return {"dllm_path": self.dllm_path, "verifier_path": self.verifier_path}


def models_needed(experiments: Sequence[Experiment]) -> Experiment:
    """One experiment that needs every model that one of these needs."""
    cells = tuple(cell for cell, _ in shared_cells(experiments))
    first = experiments[0]
    return Experiment(artefact=CELLS, pair=first.pair, cells=cells, dtype=first.dtype)


def groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs, split so that each part's models fit into memory together.

    The mini models always do. A large baseline does not fit beside a large dLLM on one card, so
    each baseline has a part of its own, before the dLLM's.
    """
    if not jobs:
        return []
    spec = PAIRS.get(jobs[0].experiment.pair)
    if spec is None or spec.mini:  # only registered pairs are large
        return [list(jobs)]
    parts: dict[str, list[Job]] = {}
    for job in jobs:
        parts.setdefault(job.cell.configuration.model, []).append(job)
    of_dllm = parts.pop(DLLM, None)
    return [*parts.values(), *([of_dllm] if of_dllm else [])]


def worker_for(jobs: Sequence[Job], placement: Placement) -> Worker:
    """A worker that loads the models of these jobs."""
    needed = models_needed([job.experiment for job in jobs])
    return Worker(ModelLoader(needed, placement), load_task, placement.threads)


@dataclass(frozen=True)
class ModelLoader:
    """Loads the models of an experiment when called. Equal ones load the same models."""

    experiment: Experiment
    placement: Placement

    def __call__(self) -> tuple[Pair, dict[str, ModelFiles]]:
        """The loaded pair, and the files of its models."""
        from apd.runs.models import load_models

        paths: dict[str, Any] = self.placement.paths
        return load_models(self.experiment, device=self.placement.device, **paths)
