"""What may happen to a run from outside: nothing that was finished is lost, no row doubled."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from experiment_toys import APD, MODELS, ToyPair, toy_experiment, toy_task

from apd.errors import ApdError
from apd.runs import journal as journals
from apd.runs import provenance, rows
from apd.runs.cells import CellStore, Job
from apd.runs.grid import Cell, Experiment
from apd.runs.jobs import Engine
from apd.runs.journal import Journal, read_journal
from apd.runs.rows import Event, in_batches, run_cell
from apd.runs.run import make_plan, run_experiment, run_plan
from apd.runs.table import read_results

TIMES = ["wall_s", "dllm_s", "verifier_s"]
SCRIPT = Path(__file__).parents[1] / "support" / "endless_run.py"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def run(directory: Path, experiment: Experiment | None = None) -> pd.DataFrame:
    """Run to the end; the table read back, its checks passed, without the timings."""
    experiment = experiment or toy_experiment()
    run_experiment(experiment, ToyPair(), MODELS, directory, task_loader=toy_task)  # type: ignore[arg-type]
    return read_results(directory, experiment.artefact)[0].drop(columns=TIMES)


def written(directory: Path) -> list[dict[str, Any]]:
    """The rows in all journals below a directory, damaged ones refused."""
    return [row for path in directory.rglob("*.journal.jsonl") for row in read_journal(path).rows]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 100, 2000, 2500, 4000, 6000])
def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path: Path, size: int) -> None:
    expected = run(tmp_path / "whole")
    with room_for(size), pytest.raises(ApdError, match=r"cannot write .*journal\.jsonl: .*"):
        run(tmp_path / "full")
    for path in tmp_path.joinpath("full").rglob("*.journal.jsonl"):
        content = path.read_bytes()
        assert len(content) <= size
        assert content == b"" or content.endswith(b"\n")  # half a line was taken back
    before = written(tmp_path / "full")
    pd.testing.assert_frame_equal(run(tmp_path / "full"), expected)
    after = written(tmp_path / "full")
    assert [row for row in before if row not in after] == [] and len(after) == 35


def test_no_space_left_says_to_make_room_and_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal(tmp_path / "j", {}) as journal:
        journal.append({"problem_id": 0})
        with monkeypatch.context() as patch, pytest.raises(ApdError) as raised:
            patch.setattr(os, "fsync", full)
            journal.append({"problem_id": 1})
        assert str(raised.value) == (
            f"cannot write {tmp_path / 'j'}: No space left on device; what was finished is stored: "
            "make room and run again to resume"
        )
        journal.append({"problem_id": 2})
    assert [row["problem_id"] for row in read_journal(tmp_path / "j").rows] == [0, 2]


def test_a_disk_that_fills_up_under_the_table_keeps_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = run(tmp_path, toy_experiment(limit=2))

    def full(table: pd.DataFrame, path: Path, **options: Any) -> None:
        Path(path).write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", full)
        with pytest.raises(ApdError, match=r"cannot write .*toys\.parquet: No space left"):
            run(tmp_path)
    kept = read_results(tmp_path, "toys")[0].drop(columns=TIMES)
    pd.testing.assert_frame_equal(kept, short)
    assert not list(tmp_path.glob("*.part"))
    assert len(written(tmp_path)) == 35
    assert len(run(tmp_path)) == 35


def test_a_read_only_directory_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, toy_experiment(limit=1))
    original = os.open

    def read_only(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return original(path, flags, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        assert len(run(tmp_path, toy_experiment(limit=1))) == 5  # what is stored can be read
        with pytest.raises(ApdError, match=r"cannot write .*Read-only file system; use another"):
            run(tmp_path)


def test_two_runs_on_one_output_do_not_mix(tmp_path: Path) -> None:
    experiment = toy_experiment()
    store = CellStore(tmp_path, toy_task, MODELS)
    job = Job(experiment.cells[0], experiment)
    with (
        Journal(store.journal(job), store.header(job)),
        pytest.raises(ApdError, match="is being written by another run: wait for it"),
    ):
        run(tmp_path)
    with (
        journals.locked(store.table(experiment)),
        pytest.raises(ApdError, match=r"toys\.parquet is being written by another run"),
    ):
        run(tmp_path)
    pd.testing.assert_frame_equal(run(tmp_path), run(tmp_path / "alone"))
    assert len(written(tmp_path / "cells")) == 35


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_run_that_is_ended_frees_its_output_and_is_resumed(tmp_path: Path, name: str) -> None:
    """The other run is a process of its own, which decodes until it is ended."""
    child = subprocess.Popen([sys.executable, str(SCRIPT), str(tmp_path)])
    try:
        deadline = time.monotonic() + 240
        while not written(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(ApdError, match="being written by another run"):
            run(tmp_path)
    finally:
        child.send_signal(getattr(signal, name))
        child.wait(60)
    before = written(tmp_path)
    assert before
    pd.testing.assert_frame_equal(run(tmp_path), run(tmp_path / "alone"))
    after = written(tmp_path / "cells")
    assert [row for row in before if row not in after] == [] and len(after) == 35


def test_a_clock_that_goes_backwards_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(tmp_path / "whole")
    seconds = iter(range(100_000, 0, -1))

    def backwards() -> str:
        hour, rest = divmod(next(seconds), 3600)
        return f"2026-01-01T{hour:02d}:{rest // 60:02d}:{rest % 60:02d}.000+00:00"

    for module in (provenance, rows):
        monkeypatch.setattr(module, "now", backwards)
    run(tmp_path / "back", toy_experiment(limit=3))
    pd.testing.assert_frame_equal(run(tmp_path / "back"), expected)
    note = read_results(tmp_path / "back", "toys")[1]
    assert len(note["sessions"]) == 2 and note["started"] <= note["ended"]


class Memory:
    """Decodes batches of at most `room` problems; more of them do not fit."""

    def __init__(self, room: int, error: Exception) -> None:
        self.room, self.error, self.sizes = room, error, list[int]()

    def __call__(self, problems: Sequence[int]) -> list[Any]:
        self.sizes.append(len(problems))
        if len(problems) > self.room:
            raise self.error
        return list(problems)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_a_batch_that_does_not_fit_is_decoded_in_smaller_ones(error: Exception) -> None:
    said: list[str] = []
    memory = Memory(2, error)
    decoded = [p for batch, _ in in_batches(range(7), 5, memory, said.append) for p in batch]
    assert decoded == list(range(7))
    assert memory.sizes == [5, 2, 2, 2, 2, 1]  # the first that fits once more, as a warm-up
    assert said == ["out of memory with 5 problems at once: going on with 2"]
    memory = Memory(0, error)
    with pytest.raises(ApdError, match="out of memory while decoding problem 3 alone"):
        list(in_batches([3, 4], 4, memory, said.append))
    assert memory.sizes == [2, 1]


def test_any_other_error_of_a_batch_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(in_batches([0, 1], 2, Memory(1, RuntimeError("shapes do not match")), print))


def test_a_run_short_of_memory_has_the_rows_of_single_decodes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    alone = Experiment(artefact="toys", pair="mini-toy", cells=(Cell("odd", APD),))
    expected = run(tmp_path / "alone", alone)
    original = rows.decode_problems

    def little_memory(pair: Any, configuration: Any, prompts: Any, seeds: Any) -> Any:
        if len(prompts) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(pair, configuration, prompts, seeds)

    monkeypatch.setattr(rows, "decode_problems", little_memory)
    store = CellStore(tmp_path / "batch", toy_task, MODELS)
    engine = Engine(load=lambda names: ToyPair())  # type: ignore[arg-type, return-value]
    batched = replace(alone, batch_size=6)
    run_plan(make_plan([batched], store), store, engine, Console(width=200))
    assert (
        "odd/apd-R0.5: out of memory with 6 problems at once: going on" in capsys.readouterr().out
    )
    table = read_results(tmp_path / "batch", "toys")[0].drop(columns=TIMES)
    assert set(table["batch_size"]) == {6}  # not timed as single decodes
    pd.testing.assert_frame_equal(
        table.drop(columns="batch_size"), expected.drop(columns="batch_size")
    )


def test_an_open_journal_is_never_deleted_or_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows allows neither while a file is open."""
    opened: set[str] = set()
    original_open, original_close = Journal.__init__, Journal.__exit__

    def opening(journal: Journal, path: Path, *rest: Any, **more: Any) -> None:
        opened.add(str(path))
        original_open(journal, path, *rest, **more)

    def closing(journal: Journal, *error: object) -> None:
        original_close(journal, *error)
        opened.discard(str(journal.path))

    def refusing(name: str) -> Any:
        original = getattr(os, name)

        def call(path: Any, *rest: Any, **more: Any) -> Any:
            if str(path) in opened:
                raise PermissionError(errno.EACCES, "the file is open", str(path))
            return original(path, *rest, **more)

        return call

    monkeypatch.setattr(Journal, "__init__", opening)
    monkeypatch.setattr(Journal, "__exit__", closing)
    for name in ("unlink", "remove", "rename", "replace"):
        monkeypatch.setattr(os, name, refusing(name))
    assert len(run(tmp_path)) == 35 and not opened


def test_without_a_watcher_a_cell_is_run_in_silence(tmp_path: Path) -> None:
    experiment = toy_experiment(limit=1)
    job = Job(experiment.cells[0], experiment)
    store = CellStore(tmp_path, toy_task, MODELS)
    session = provenance.describe_session("cpu")
    run_cell(job, store, ToyPair(), session)  # type: ignore[arg-type]
    events: list[Event] = []
    run_cell(job, store, ToyPair(), session, events.append)  # type: ignore[arg-type]
    assert [(event.kind, len(event.rows)) for event in events] == [("begin", 1)]
    assert len(read_journal(store.journal(job)).sessions) == 1  # nothing was left to do
