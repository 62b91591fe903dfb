"""Running cells on a Ray cluster, where Ray is installed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.runs.cells import Job
from apd.runs.rows import Emit

if TYPE_CHECKING:
    from apd.runs.jobs import Worker


def run_on_ray(
    jobs: Sequence[Job], start: Callable[[Emit], Worker], count: int, gpus: float
) -> Iterator[Job]:
    """Run the jobs on the cluster that Ray finds or starts, `count` at a time."""
    try:
        import ray
    except ImportError:
        raise ApdError(
            "Ray is not installed: run `pip install 'apd[sweep]'`, or run without Ray"
        ) from None
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False)
    remote: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_run_on_ray)
    part, waiting, running = uuid.uuid4().hex, list(jobs), dict[Any, Job]()
    try:
        while waiting or running:
            while waiting and len(running) < count:
                job = waiting.pop(0)
                running[remote.remote(part, start, job)] = job
            finished, _ = ray.wait(list(running))
            ray.get(finished)
            yield from map(running.pop, finished)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.WorkerCrashedError:
        raise killed(count) from None
    finally:
        for reference in running:  # none are left but after an error or an interrupt
            ray.cancel(reference)
        if started:
            ray.shutdown()


_on_machine: dict[str, Worker] = {}  # of a Ray worker, which is used for many jobs


def _run_on_ray(part: str, start: Callable[[Emit], Worker], job: Job) -> None:
    if part not in _on_machine:
        _on_machine.clear()  # only the models of one part fit into memory
        _on_machine[part] = start(lambda event: None)
    _on_machine[part].run(job)


def killed(count: int) -> ApdError:
    """What to say when one of `count` worker processes is gone."""
    fewer = f", with fewer than {count} processes" if count > 1 else ""
    return ApdError(
        "a worker process was killed, perhaps for lack of memory; what was finished is stored: run "
        f"the same command again{fewer}"
    )
