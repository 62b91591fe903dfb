"""How the cells of an experiment are run: here, in processes of this machine, or on Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from apd.runs.cell_models import groups
from apd.runs.jobs import Emit, Job, Worker, run_here, run_in_processes
from apd.runs.jobs_on_ray import run_on_ray


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How cells are run.

    Attributes:
        workers: gives a worker with the models of some jobs.
        processes: cells at a time; 1 runs them in this process.
        ray: run them on the cluster that Ray finds or starts.
        gpus: that Ray reserves for each process.
    """

    workers: Callable[[Sequence[Job]], Worker]
    processes: int = 1
    ray: bool = False
    gpus: float = 0.0

    def run(self, jobs: Sequence[Job], emit: Emit) -> Iterator[Job]:
        """Run the jobs; yields each when it is finished."""
        for part in groups(jobs):
            worker = self.workers(part)
            if self.ray:
                yield from run_on_ray(part, worker, self.processes, self.gpus)
            elif self.processes > 1:
                yield from run_in_processes(part, worker, emit, self.processes)
            else:
                yield from run_here(part, worker, emit)
