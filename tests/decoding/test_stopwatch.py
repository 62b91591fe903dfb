"""Pass times: the host's clock on a CPU, events in the stream's queue on CUDA."""

import time

import pytest
import torch

from apd.decoding.stopwatch import start_stopwatch


def test_the_host_clock_times_a_cpu():
    before = time.perf_counter()
    stop = start_stopwatch(torch.device("cpu"))
    time.sleep(0.01)
    seconds = stop()
    time.sleep(0.01)
    assert 0.01 <= seconds() <= time.perf_counter() - before - 0.01
    assert seconds() == seconds()


class FakeEvent:
    """An event of a stream whose work takes 3 ms between any two events."""

    recorded = 0
    waits = 0

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self, stream: str) -> None:
        assert stream == "stream of cuda:1"
        self.at_ms = 3.0 * FakeEvent.recorded
        FakeEvent.recorded += 1

    def synchronize(self) -> None:
        FakeEvent.waits += 1

    def elapsed_time(self, end: "FakeEvent") -> float:
        return end.at_ms - self.at_ms


def test_cuda_is_timed_by_events_that_nobody_waits_for_until_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    monkeypatch.setattr(FakeEvent, "recorded", 0)
    seconds = start_stopwatch(torch.device("cuda:1"))()
    assert (FakeEvent.recorded, FakeEvent.waits) == (2, 0)
    assert seconds() == pytest.approx(0.003)
    assert FakeEvent.waits == 1
