"""Reproductions on toy models: shared cells, resumption, processes, progress."""

import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from experiment_toys import APD, MODELS, ToyPair, toy_task
from reproduction_toys import (
    fail_to_load,
    killed_while_loading,
    run_toys,
    store_in,
    two_artefacts,
)
from rich.console import Console

from apd.errors import ApdError
from apd.paper.plan import make_plan
from apd.runs.cell_models import Placement, groups, worker_for
from apd.runs.cell_progress import ReproduceProgress, clock
from apd.runs.cells import cells_at_a_time, shared_cells
from apd.runs.jobs import Job
from apd.runs.provenance import ModelFiles
from apd.runs.run import run_experiment
from apd.runs.table import read_provenance, read_results

TIMES = ["wall_s", "dllm_s", "verifier_s"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, uninterrupted run."""
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("whole")
    run_toys(directory)
    return directory


def rows(directory: Path, artefact: str) -> pd.DataFrame:
    return read_results(directory, artefact)[0].drop(columns=TIMES)


def assert_same_tables(directory: Path, whole: Path) -> None:
    for artefact in ("first", "second"):
        pd.testing.assert_frame_equal(rows(directory, artefact), rows(whole, artefact))


def test_an_artefact_s_table_is_that_of_running_its_grid_alone(whole: Path, tmp_path: Path) -> None:
    for experiment in two_artefacts():
        run_experiment(experiment, ToyPair(), MODELS, tmp_path, task_loader=toy_task)  # type: ignore[arg-type]
    assert_same_tables(tmp_path, whole)


def test_a_cell_that_two_artefacts_share_is_run_once(whole: Path) -> None:
    assert len(shared_cells(two_artefacts())) == 4
    cells = sorted(path.stem for path in (whole / "cells").glob("*.parquet"))
    assert len(cells) == 4
    first, second = (read_results(whole, name)[0] for name in ("first", "second"))
    shared = [t[t["configuration"] == "left_to_right-K2"] for t in (first, second)]
    assert list(shared[0]["wall_s"]) == list(shared[1]["wall_s"])  # the same decodes, times too
    assert set(first["artefact"]) == {"first"}


def test_what_is_stored_is_not_run_again(whole: Path) -> None:
    store = store_in(whole)
    plan = make_plan(two_artefacts(), store)
    assert plan.current == {"first", "second"} and plan.jobs == ()
    assert len(make_plan(two_artefacts(), store, again=True).jobs) == 4
    other_seed = make_plan(two_artefacts(seed=1), store)
    assert not other_seed.current and len(other_seed.jobs) == 4


def test_other_model_files_share_nothing(whole: Path) -> None:
    changed = {**MODELS, "verifier": ModelFiles("toy-small", {"model.safetensors": "0" * 64})}
    plan = make_plan(two_artefacts(), store_in(whole, changed))
    assert [job.cell.configuration for job in plan.jobs] == [APD]  # nothing else is verified
    assert plan.current == {"second"}


def test_a_longer_run_serves_a_shorter_one_and_not_the_other_way(tmp_path: Path) -> None:
    run_toys(tmp_path, two_artefacts(limit=3))
    store = store_in(tmp_path)
    assert len(make_plan(two_artefacts(limit=5), store).jobs) == 4
    assert make_plan(two_artefacts(limit=2), store).jobs == ()
    run_toys(tmp_path, two_artefacts(limit=2))
    table, provenance = read_results(tmp_path, "second")
    assert len(table) == 3 * 2 and provenance["tasks"]["odd"]["problems"] == 2


def test_a_damaged_cell_is_run_again(whole: Path, tmp_path: Path) -> None:
    run_toys(tmp_path)
    for table in tmp_path.glob("*.parquet"):
        table.unlink()
    damaged = sorted((tmp_path / "cells").glob("odd.apd*.parquet"))[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    plan = make_plan(two_artefacts(), store_in(tmp_path))
    assert [job.cell.configuration for job in plan.jobs] == [APD]
    run_toys(tmp_path)
    assert_same_tables(tmp_path, whole)


def test_killed_at_ten_random_moments_it_ends_with_the_same_tables(
    whole: Path, tmp_path: Path
) -> None:
    script = Path(__file__).parents[1] / "support" / "kill_and_resume_reproduction.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "3", "12"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(done.stdout) >= 10
    assert_same_tables(tmp_path, whole)
    assert not list(tmp_path.rglob("*.journal.jsonl"))


@pytest.mark.slow
def test_processes_give_the_same_tables(whole: Path, tmp_path: Path) -> None:
    output = io.StringIO()
    run_toys(tmp_path, processes=2, console=Console(file=output, width=200))
    assert_same_tables(tmp_path, whole)
    assert "4 of 4 cells" in output.getvalue()


@pytest.mark.slow
def test_a_process_without_its_models_is_an_error_and_no_endless_loop(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such checkpoint"):
        run_toys(tmp_path, processes=2, loader=fail_to_load)


@pytest.mark.slow
def test_a_process_that_is_killed_is_an_error_and_no_endless_wait(
    whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(ApdError, match="fewer than 2 processes"):
        run_toys(tmp_path, processes=2, loader=killed_while_loading)
    run_toys(tmp_path, processes=2)
    assert_same_tables(tmp_path, whole)


def test_an_artefact_without_its_cells_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ApdError, match="odd/left_to_right-K2 has not been run; run `apd repro"):
        store_in(tmp_path).assemble(two_artefacts()[0])


def test_the_provenance_names_every_session_once_and_how_many_ran_together(whole: Path) -> None:
    provenance = read_provenance(whole, "second")
    starts = [session["started"] for session in provenance["sessions"]]
    assert starts == sorted(starts)
    assert provenance["cells_at_a_time"] == 1
    notes = [
        {"sessions": [{"started": start}], "ended": end}
        for start, end in (("10:00", "10:05"), ("10:05", "10:09"), ("10:04", "10:06"))
    ]
    assert cells_at_a_time(notes) == 2
    assert cells_at_a_time(notes[:2]) == 1


def test_a_worker_survives_the_way_to_another_process_as_the_same(tmp_path: Path) -> None:
    jobs = make_plan(two_artefacts(), store_in(tmp_path)).jobs
    worker = worker_for(jobs, Placement(device="cpu", threads=1))
    assert pickle.loads(pickle.dumps(worker)) == worker  # so that its models are loaded once


def test_large_baselines_are_loaded_apart_from_the_dllm(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    jobs = make_plan(two_artefacts(), store).jobs
    assert groups(jobs) == [list(jobs)]
    large = [Job(_renamed(job, "dream-7b"), job.directory) for job in jobs]
    parts = groups(large)
    assert [{job.cell.configuration.model for job in part} for part in parts] == [
        {"toy-large"},
        {"dllm"},
    ]
    assert sum(map(len, parts)) == len(jobs)


class OneMachine:
    """What a reproduction uses of Ray, on this machine: calls run when they are waited for."""

    def __init__(self) -> None:
        self.calls: dict[int, Callable[[], None]] = {}
        self.most = 0

    def is_initialized(self) -> bool:
        return True

    def remote(self, **options: object) -> Callable[..., object]:
        def of(function: Callable[..., None]) -> object:
            def call(*arguments: object) -> int:
                self.calls[len(self.calls)] = partial(function, *arguments)
                return len(self.calls) - 1

            return SimpleNamespace(remote=call)

        return of

    def wait(self, running: list[int]) -> tuple[list[int], list[int]]:
        self.most = max(self.most, len(running))
        return running[-1:], running[:-1]

    def get(self, reference: int) -> None:
        self.calls[reference]()


def test_ray_runs_the_same_cells(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = OneMachine()
    monkeypatch.setitem(sys.modules, "ray", machine)
    run_toys(tmp_path, processes=3, ray=True)
    assert_same_tables(tmp_path, whole)
    assert len(machine.calls) == 4 and machine.most == 3


def _renamed(job: Job, pair: str):
    from dataclasses import replace

    return replace(job.experiment, pair=pair)


def test_progress_says_how_long_everything_takes() -> None:
    cells = [cell for cell, _ in shared_cells(two_artefacts())]
    output = io.StringIO()
    console = Console(file=output, width=200)
    problems, weights = dict.fromkeys(cells, 4), dict.fromkeys(cells, 1.0)
    with ReproduceProgress(console, cells, problems, weights) as progress:
        assert progress.time_left() == "ETA unknown"
        progress.handle(("begin", cells[0], 3))  # a resumed cell
        progress.handle(("advance", cells[0], 1))
        progress._start -= 10  # the only problem so far took ten seconds; twelve are left
        assert progress.time_left() == "ETA 0:02:00"
        progress.finish(cells[0])
        for cell in cells[1:]:
            progress.finish(cell)  # an engine without events
        assert progress.time_left() == "done"
    assert "1 of 4 cells: odd/left_to_right-K2, 4 problems; ETA 0:02" in output.getvalue()
    assert clock(3723.4) == "1:02:03"
