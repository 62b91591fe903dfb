"""Running cells one after the other in this process, or several at a time in worker processes.

Each cell is a run of its own with a journal of its own, so workers share nothing but the folder
that they write to, and a worker that is killed leaves the others alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.runs.grid import Cell, Experiment
from apd.runs.provenance import ModelFiles
from apd.runs.run import Watcher, run_experiment
from apd.tasks.task import Task

if TYPE_CHECKING:
    from apd.models.pairs import Pair

Load = Callable[[], "tuple[Pair, dict[str, ModelFiles]]"]
Event = tuple[str, Cell, int]  # "begin" and rows that were there, "advance" and 1, or "end" and 0
Emit = Callable[[Event], None]


@dataclass(frozen=True)
class Job:
    """One cell to run, as an experiment of its own, into `directory`."""

    experiment: Experiment
    directory: Path

    @property
    def cell(self) -> Cell:
        """The only cell."""
        return self.experiment.cells[0]


@dataclass(frozen=True)
class Worker:
    """What a process needs to run jobs. It is sent to other processes, so no part is a closure.

    Attributes:
        load: gives the loaded models and their files.
        task_loader: finds a task by name.
        threads: of torch in each process, or None for torch's own choice.
        keep_replies: whether every prompt and reply is written beside the table.
    """

    load: Load
    task_loader: Callable[[str], Task]
    threads: int | None = None
    keep_replies: bool = False


def run_here(jobs: Sequence[Job], worker: Worker, emit: Emit) -> Iterator[Job]:
    """Run the jobs in order, in this process; yields each when it is finished."""
    if not jobs:
        return
    process = WorkerProcess(worker, emit)
    for job in jobs:
        process.run(job)
        yield job


def run_in_processes(
    jobs: Sequence[Job], worker: Worker, emit: Emit, processes: int
) -> Iterator[Job]:
    """Run the jobs, so many at a time; yields each when it is finished, in any order.

    Args:
        jobs: their order is the order in which they start.
        worker: how each process gets its models.
        emit: called in this process with what happens in all of them.
        processes: how many at a time.

    Raises:
        ApdError: a process was killed from outside.
    """
    if not jobs:
        return
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    events, stop = context.SimpleQueue(), context.Event()
    relay = threading.Thread(target=_pass_on, args=(events, emit), daemon=True)
    relay.start()
    count, intact = min(processes, len(jobs)), True
    pool = ProcessPoolExecutor(count, context, _start_process, (worker, events, stop))
    try:
        for finished in as_completed([pool.submit(_run_job, job) for job in jobs]):
            yield finished.result()
    except BrokenProcessPool:
        intact = False
        raise ApdError(
            "a worker process was killed, perhaps for lack of memory; what was finished is "
            f"stored: run the same command again, with fewer than {count} processes"
        ) from None
    finally:
        # Workers leave after the problem in hand. One that is killed instead may take the lock of
        # a queue with it, on which everybody else would wait for ever.
        stop.set()
        pool.shutdown(cancel_futures=True)
        if intact:
            events.put(None)
            relay.join()


def _pass_on(events: Any, emit: Emit) -> None:
    """Hand the workers' events on until there is a None."""
    while (event := events.get()) is not None:
        emit(event)


class WorkerProcess:
    """The loaded models of one process, which runs jobs with them."""

    def __init__(self, worker: Worker, emit: Emit) -> None:
        if worker.threads is not None:
            import torch

            torch.set_num_threads(worker.threads)
        self._pair, self._models = worker.load()
        self._worker = worker
        self._emit = emit

    def run(self, job: Job) -> None:
        """Run a job to its end, resuming what an earlier run left."""
        needed = {name: self._models[name] for name in job.experiment.models}
        run_experiment(
            job.experiment,
            self._pair,
            needed,
            job.directory,
            watcher=_Reporter(self._emit),
            task_loader=self._worker.task_loader,
            keep_replies=self._worker.keep_replies,
        )


class _Reporter(Watcher):
    """Turns what a run tells into events."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._cell: Cell | None = None

    def begin(self, cell: Cell, problems: int, done: Sequence[dict[str, Any]]) -> None:
        self._cell = cell
        self._emit(("begin", cell, len(done)))

    def advance(self, row: dict[str, Any]) -> None:
        assert self._cell is not None
        self._emit(("advance", self._cell, 1))

    def end(self) -> None:
        assert self._cell is not None
        self._emit(("end", self._cell, 0))


_process: WorkerProcess | Exception | None = None  # this one, if it was started as a worker


def _start_process(worker: Worker, events: Any, stop: Any) -> None:
    """Load the models of a new worker process, which ends when the process that started it does."""
    global _process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the starting process stops its workers itself
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()

    def emit(event: Event) -> None:
        if stop.is_set():
            raise InterruptedError("the run was stopped")
        events.put(event)

    try:
        _process = WorkerProcess(worker, emit)
    except Exception as error:  # raised here, a pool would start one process after the other
        _process = error


def _end_with(parent: Any) -> None:
    """Without this a killed run would leave workers behind, which hold the journals' locks."""
    parent.join()
    os._exit(1)


def _run_job(job: Job) -> Job:
    if isinstance(_process, Exception):
        raise _process
    assert _process is not None
    _process.run(job)
    return job
