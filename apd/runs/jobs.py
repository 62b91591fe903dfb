"""Running cells: in this process, in several processes of this machine, or on Ray.

Each cell has a journal of its own, so workers share nothing but the folder that they write to, and
a worker that is killed leaves the others alone.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM
from apd.models.registry import PAIRS
from apd.runs.cells import CellStore, Job
from apd.runs.decode import require_runnable
from apd.runs.jobs_on_ray import killed, run_on_ray
from apd.runs.provenance import describe_session
from apd.runs.rows import Emit, Event, run_cell

if TYPE_CHECKING:
    from apd.models.pairs import Pair


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How cells are run. It can be sent to other processes if `load` can.

    Attributes:
        load: gives the pair, with the models of these names loaded.
        threads: of torch in each process, or None for torch's own choice.
        processes: cells at a time; 1 runs them in this process.
        ray: run them on the cluster that Ray finds or starts. Every machine has to see the folder
            of the cells. Of a cell there only its end is heard, not its single problems.
        gpus: that Ray reserves for each process; fractions share one.
    """

    load: Callable[[Sequence[str]], Pair]
    threads: int | None = None
    processes: int = 1
    ray: bool = False
    gpus: float = 0.0

    def run(
        self, jobs: Sequence[Job], store: CellStore, emit: Emit, *, restart: bool = False
    ) -> Iterator[Job]:
        """Run the jobs, which start in their order; yields each when it is finished.

        Raises:
            ApdError: as `rows.run_cell`; or Ray is not installed, or a process was killed.
        """
        for part in groups(jobs):
            count = min(self.processes, len(part))
            start = functools.partial(Worker, self, store, part, count, restart)
            if self.ray:
                yield from run_on_ray(part, start, count, self.gpus)
            elif count > 1:
                yield from _in_processes(part, start, emit, count)
            else:
                worker = start(emit)
                for job in part:
                    worker.run(job)
                    yield job


class Worker:
    """The loaded models of one process, which runs jobs with them."""

    def __init__(
        self,
        engine: Engine,
        store: CellStore,
        jobs: Sequence[Job],
        at_a_time: int,
        restart: bool,
        emit: Emit,
    ) -> None:
        """Load the models of all `jobs`, of which `at_a_time` are run at the same time."""
        if engine.threads is not None:
            import torch

            torch.set_num_threads(engine.threads)
        names = dict.fromkeys(name for job in jobs for name in job.cell.configuration.models)
        self._store, self._emit, self._restart = store, emit, restart
        self._pair = engine.load(tuple(names))
        for job in jobs:
            require_runnable(self._pair, job.cell.configuration)
        session = describe_session(str(self._pair.dllm.device))
        self._session = session | {"cells_at_a_time": at_a_time}

    def run(self, job: Job) -> None:
        """Run a job to its end, resuming what an earlier run left."""
        run_cell(job, self._store, self._pair, self._session, self._emit, restart=self._restart)


def groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs, split so that each part's models fit into memory together.

    The mini models always do. A large baseline does not fit beside a large dLLM on one card, so
    each baseline has a part of its own, before the dLLM's.
    """
    spec = PAIRS.get(jobs[0].experiment.pair) if jobs else None
    if spec is None or spec.mini:  # only registered pairs are large
        return [list(jobs)] if jobs else []
    parts: dict[str, list[Job]] = {}
    for job in jobs:
        parts.setdefault(job.cell.configuration.model, []).append(job)
    of_dllm = parts.pop(DLLM, None)
    return [*parts.values(), *([of_dllm] if of_dllm else [])]


def _in_processes(
    jobs: Sequence[Job], start: Callable[[Emit], Worker], emit: Emit, count: int
) -> Iterator[Job]:
    """Run the jobs, `count` at a time; `emit` is called in this process."""
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    events, stop = context.SimpleQueue(), context.Event()
    relay = threading.Thread(target=_pass_on, args=(events, emit), daemon=True)
    relay.start()
    intact = True
    pool = ProcessPoolExecutor(count, context, _start_process, (start, events, stop))
    try:
        for finished in as_completed([pool.submit(_run_job, job) for job in jobs]):
            yield finished.result()
    except BrokenProcessPool:
        intact = False
        raise killed(count) from None
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


_worker: Worker | Exception | None = None  # of this process, if it was started as one


def _start_process(start: Callable[[Emit], Worker], events: Any, stop: Any) -> None:
    """Load the models of a new worker process, which ends when the process that started it does."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the starting process stops its workers itself
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()

    def emit(event: Event) -> None:
        if stop.is_set():
            raise InterruptedError("the run was stopped")
        events.put(event)

    try:
        _worker = start(emit)
    except Exception as error:  # raised here, a pool would start one process after the other
        _worker = error


def _end_with(parent: Any) -> None:
    """Without this a killed run would leave workers behind, which hold the journals' locks."""
    parent.join()
    os._exit(1)


def _run_job(job: Job) -> Job:
    if isinstance(_worker, Exception):
        raise _worker
    assert _worker is not None
    _worker.run(job)
    return job
