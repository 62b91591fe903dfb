"""How long a device works on something, found out without making the host wait for it."""

import time
from collections.abc import Callable
from typing import Any

import torch


def start_stopwatch(device: torch.device) -> Callable[[], Callable[[], float]]:
    """Start measuring what `device` does from here on.

    On CUDA both ends are events in the stream's queue: the host goes on queueing work, and reads
    them when it has waited for the device anyway. Elsewhere the host's clock is the device's.

    Returns:
        A function that stops, and returns a function that gives the seconds; on CUDA the last one
        waits until the device has come to the end.
    """
    start = _mark(device)

    def stop() -> Callable[[], float]:
        end = _mark(device)
        return lambda: _seconds(start, end)

    return stop


def _mark(device: torch.device) -> Any:
    """A time on the host's clock, or an event in the stream's queue."""
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record(torch.cuda.current_stream(device))
    return event


def _seconds(start: Any, end: Any) -> float:
    if isinstance(start, float):
        return float(end - start)
    end.synchronize()
    return float(start.elapsed_time(end)) / 1e3
