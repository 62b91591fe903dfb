"""What the GPU does in an iteration of APD, kernel by kernel, beside how long the iteration takes.

Kernels of one stream run one after another, so the sum of their times is what an iteration would
take if nothing waited for the host.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

from torch.profiler import ProfilerActivity, profile

from apd.benchmarks.gpu.clock import synchronize
from apd.benchmarks.gpu.decodes import APD, WARM_UP, together
from apd.benchmarks.models import BenchModels
from apd.decoding.adaptive import adaptive_steps

ITERATIONS = 2
BATCHES = (1, 8)
LARGEST = 20  # kernels and host calls that are kept by name
NAME_LENGTH = 160


def measure_kernels(models: BenchModels, batches: Sequence[int] = BATCHES) -> list[dict[str, Any]]:
    """One row for each batch, all numbers per iteration of the whole batch.

    Returns:
        `kernels` launched and the `kernel_ms` that they take; `profiled_ms` on the clock, in which
        the profiler's own work is included; and the largest `by_kernel` and `by_host_call`.
    """
    return [{"batch": batch, **_profiled(models, batch)} for batch in batches]


def _profiled(models: BenchModels, batch: int) -> dict[str, Any]:
    device = models.dllm.device
    going = together(adaptive_steps, (models.dllm, models.verifier), APD, batch)
    for _ in islice(going, WARM_UP * batch):
        pass
    kinds = [ProfilerActivity.CPU]
    kinds += [ProfilerActivity.CUDA] if device.type == "cuda" else []
    before = time.perf_counter()
    with profile(activities=kinds) as found:
        for _ in islice(going, ITERATIONS * batch):
            pass
        synchronize(device)
    seconds = time.perf_counter() - before
    going.close()
    events = found.key_averages()
    kernels = [e for e in events if e.self_device_time_total > 0 and e.self_cpu_time_total == 0]
    return {
        "kernels": sum(event.count for event in kernels) / ITERATIONS,
        "kernel_ms": sum(event.self_device_time_total for event in kernels) / 1e3 / ITERATIONS,
        "profiled_ms": 1e3 * seconds / ITERATIONS,
        "by_kernel": _largest(kernels, "self_device_time_total"),
        "by_host_call": _largest(events, "self_cpu_time_total"),
    }


def _largest(events: Sequence[Any], time_of: str) -> list[dict[str, Any]]:
    """Name, count and milliseconds per iteration of those that take longest."""
    ordered = sorted(events, key=lambda event: float(getattr(event, time_of)), reverse=True)
    return [
        {
            "name": event.key[:NAME_LENGTH],
            "count": event.count / ITERATIONS,
            "ms": getattr(event, time_of) / 1e3 / ITERATIONS,
        }
        for event in ordered[:LARGEST]
    ]
