"""Plans of several tables on toy models: shared cells, resumption, what is never lost."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from experiment_toys import APD, MODELS, ToyPair, toy_task
from reproduction_toys import run_toys, store_in, two_artefacts

from apd.errors import ApdError
from apd.runs.cells import Job, shared_cells
from apd.runs.provenance import ModelFiles
from apd.runs.run import make_plan, run_experiment
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
    assert len(list((whole / "cells").glob("*.journal.jsonl"))) == 4
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


def test_a_longer_run_serves_a_shorter_one_and_is_never_made_shorter(tmp_path: Path) -> None:
    run_toys(tmp_path, two_artefacts(limit=3))
    before = (tmp_path / "second.parquet").read_bytes()
    run_toys(tmp_path, two_artefacts(limit=2))
    assert (tmp_path / "second.parquet").read_bytes() == before
    (tmp_path / "second.parquet").unlink()
    assert make_plan(two_artefacts(limit=2), store_in(tmp_path)).jobs == ()
    run_toys(tmp_path, two_artefacts(limit=2))
    table, provenance = read_results(tmp_path, "second")
    assert len(table) == 3 * 2 and provenance["tasks"]["odd"]["problems"] == 2


def test_a_longer_run_goes_on_behind_the_rows_of_a_shorter_one(whole: Path, tmp_path: Path) -> None:
    run_toys(tmp_path, two_artefacts(limit=3))
    first = read_results(tmp_path, "first")[0]
    assert len(make_plan(two_artefacts(limit=5), store_in(tmp_path)).jobs) == 4
    run_toys(tmp_path)
    assert_same_tables(tmp_path, whole)
    longer = read_results(tmp_path, "first")[0]
    kept = longer[longer["problem_id"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)  # times too: not one was decoded again


def test_a_table_of_other_models_is_not_replaced_by_a_shorter_one(tmp_path: Path) -> None:
    run_toys(tmp_path, two_artefacts(limit=3))
    changed = {**MODELS, "dllm": ModelFiles("toy-dllm", {"model.safetensors": "0" * 64})}
    store = store_in(tmp_path, changed)
    store.require_no_loss(two_artefacts(limit=3)[0])
    with pytest.raises(ApdError, match="has more problems than --limit 2 asks for"):
        store.require_no_loss(two_artefacts(limit=2)[0])


def test_a_damaged_cell_is_an_error_that_names_it(whole: Path, tmp_path: Path) -> None:
    run_toys(tmp_path)
    for table in tmp_path.glob("*.parquet"):
        table.unlink()
    (damaged,) = (tmp_path / "cells").glob("odd.apd*.jsonl")
    content = damaged.read_bytes()
    damaged.write_bytes(content.replace(b"problem_id", b"problem_ip", 1))
    with pytest.raises(ApdError, match=r"odd\.apd.* is damaged at line 3: delete the file"):
        run_toys(tmp_path)
    damaged.write_bytes(content[: len(content) // 2])  # cut off: what is left of it counts
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


def test_an_artefact_without_its_cells_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ApdError, match="odd/left_to_right-K2 has not been run; run `apd repro"):
        store_in(tmp_path).assemble(two_artefacts()[0])
    cell = two_artefacts()[0].cells[0]
    assert store_in(tmp_path).finished(Job(cell, two_artefacts()[0])) is None


def test_the_provenance_names_every_session_once(whole: Path) -> None:
    provenance = read_provenance(whole, "second")
    starts = [session["started"] for session in provenance["sessions"]]
    assert len(starts) == 1  # one process decoded all its cells
    run_toys(whole, again=True)
    assert len(read_provenance(whole, "second")["sessions"]) == 1
