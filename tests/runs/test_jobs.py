"""Cells in several processes and on Ray: the same tables, and errors instead of endless waits."""

import io
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from experiment_toys import LARGE, ToyPair
from reproduction_toys import (
    fail_to_load,
    killed_while_loading,
    load,
    run_toys,
    store_in,
    two_artefacts,
)
from rich.console import Console

from apd.errors import ApdError
from apd.runs.cells import shared_cells
from apd.runs.jobs import groups
from apd.runs.run import make_plan
from apd.runs.table import read_provenance, read_results

TIMES = ["wall_s", "dllm_s", "verifier_s"]
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run in one process."""
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("whole")
    run_toys(directory)
    return directory


def assert_same_tables(directory: Path, whole: Path) -> None:
    for artefact in ("first", "second"):
        found, expected = (read_results(d, artefact)[0] for d in (directory, whole))
        assert found.drop(columns=TIMES).equals(expected.drop(columns=TIMES))


def test_a_store_is_the_same_in_another_process(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    job = shared_cells(two_artefacts())[0]
    name = store.journal(job)  # its task is loaded, which cannot be sent
    assert pickle.loads(pickle.dumps(store)).journal(job) == name


@pytest.mark.slow
def test_processes_give_the_same_tables_and_are_counted(whole: Path, tmp_path: Path) -> None:
    output = io.StringIO()
    run_toys(tmp_path, processes=2, console=Console(file=output, width=200))
    assert_same_tables(tmp_path, whole)
    assert "4 of 4 cells" in output.getvalue()
    assert read_provenance(tmp_path, "first")["cells_at_a_time"] == 2
    assert read_provenance(whole, "first")["cells_at_a_time"] == 1


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


def test_large_baselines_are_loaded_apart_from_the_dllm(tmp_path: Path) -> None:
    jobs = make_plan(two_artefacts(), store_in(tmp_path)).jobs
    assert groups(jobs) == [list(jobs)] and groups([]) == []
    large = [job._replace(experiment=replace(job.experiment, pair="dream-7b")) for job in jobs]
    parts = groups(large)
    models = [{job.cell.configuration.model for job in part} for part in parts]
    assert models == [{"toy-large"}, {"dllm"}]
    assert sum(map(len, parts)) == len(jobs)


def test_only_the_models_of_the_cells_that_are_missing_are_loaded(tmp_path: Path) -> None:
    run_toys(tmp_path)
    for journal in (tmp_path / "cells").glob("odd.toy-large.*"):
        journal.unlink()
    (tmp_path / "second.json").unlink()
    asked: list[Sequence[str]] = []

    def noting(names: Sequence[str]) -> ToyPair:
        asked.append(names)
        return load(names)

    run_toys(tmp_path, loader=noting)
    assert asked == [(LARGE.model,)]


@pytest.mark.slow
def test_ray_gives_the_same_tables(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real cluster, of this machine alone; in it every task is a process of its own."""
    import ray

    monkeypatch.setenv("PYTHONPATH", str(SUPPORT), prepend=":")  # for the workers
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        output = io.StringIO()
        run_toys(tmp_path, processes=2, ray=True, console=Console(file=output, width=200))
        assert_same_tables(tmp_path, whole)
        assert "4 of 4 cells" in output.getvalue()
        assert read_provenance(tmp_path, "first")["cells_at_a_time"] == 2
        with pytest.raises(ValueError, match=r"^no such checkpoint$"):  # its words, no traceback
            run_toys(tmp_path / "other", ray=True, loader=fail_to_load)
        with pytest.raises(ApdError, match="a worker process was killed"):
            run_toys(tmp_path / "other", ray=True, loader=killed_while_loading)
    finally:
        ray.shutdown()
