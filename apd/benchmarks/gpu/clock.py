"""Times of calls on a device: what the device takes, and what the host takes to ask for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from apd.benchmarks.timing import spread
from apd.decoding.stopwatch import start_stopwatch

WARM_UP = 3


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one call: median and quartiles on the device, and of the host alone.

    Where the host's are close to the device's, the device waits for the host to launch kernels.
    """

    ms: float
    low_ms: float
    high_ms: float
    host_ms: float

    def as_dict(self) -> dict[str, float]:
        """For JSON, to four digits."""
        return {name: float(f"{value:.4g}") for name, value in vars(self).items()}


def synchronize(device: torch.device) -> None:
    """Wait for the device, if it has a queue to wait for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def time_call(call: Callable[[], Any], device: torch.device, repeats: int = 15) -> Timing:
    """Time a call that begins on an idle device, as an iteration of a decoder does."""
    for _ in range(WARM_UP):
        call()
    passes, hosts = [], []
    for _ in range(repeats):
        synchronize(device)
        stop, before = start_stopwatch(device), time.perf_counter()
        call()
        hosts.append(time.perf_counter() - before)
        passes.append(stop()())
    found, host = spread(passes), spread(hosts)
    return Timing(*(1e3 * s for s in (found.median, found.low, found.high, host.median)))
