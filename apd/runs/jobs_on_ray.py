"""Running cells on a Ray cluster, where Ray is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from apd.errors import ApdError
from apd.runs.jobs import Job, Worker, WorkerProcess

_processes: dict[Worker, WorkerProcess] = {}  # of a Ray worker, which is used for many jobs


def run_on_ray(
    jobs: Sequence[Job], worker: Worker, processes: int, gpus: float = 0.0
) -> Iterator[Job]:
    """Run the jobs on the cluster that Ray finds or starts; yields each when it is finished.

    Every machine has to see the directory that the jobs write to. What is heard of a job is its
    end; its single problems are not reported.

    Args:
        jobs: their order is the order in which they start.
        worker: how each Ray worker gets its models, which it keeps from job to job.
        processes: jobs at a time.
        gpus: that Ray reserves for each; fractions share one.

    Raises:
        ApdError: Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise ApdError(
            "Ray is not installed: run `pip install 'apd[sweep]'`, or run without Ray"
        ) from None
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        remote: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_run_job)
        waiting, running = list(jobs), dict[Any, Job]()
        while waiting or running:
            while waiting and len(running) < processes:
                job = waiting.pop(0)
                running[remote.remote(job, worker)] = job
            finished, _ = ray.wait(list(running))
            for reference in finished:
                ray.get(reference)
                yield running.pop(reference)
    finally:
        if started:
            ray.shutdown()


def _run_job(job: Job, worker: Worker) -> None:
    if worker not in _processes:
        _processes.clear()  # only the models of one part fit into memory
        _processes[worker] = WorkerProcess(worker, lambda event: None)
    _processes[worker].run(job)
