"""A sweep over processes, or Ray, stores the table of a sequential run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_data import DATASETS, tiny_data_directory

from apd.decoding import AdaptiveConfig, AutoregressiveConfig, LeftToRightConfig
from apd.errors import ApdError
from apd.experiments.configuration import DLLM, Configuration
from apd.experiments.grid import Cell, Experiment, over_tasks
from apd.experiments.models import load_models
from apd.experiments.parallel import Sweep, run_parallel
from apd.experiments.results import read_results
from apd.experiments.runner import run_experiment
from apd.experiments.tasks import load_task

APD = Configuration("apd", "apd", DLLM, AdaptiveConfig(max_new_tokens=6))
FIXED = Configuration("fixed", "left_to_right", DLLM, LeftToRightConfig(max_new_tokens=6))
QWEN = Configuration(
    "qwen", "autoregressive", "mini-qwen-large", AutoregressiveConfig(max_new_tokens=6)
)
CELLS = (*over_tasks(("mini_gsm",), (APD, FIXED, QWEN)), Cell("gsm8k", APD))
EXPERIMENT = Experiment(artefact="sweep", pair="mini", cells=CELLS, seed=4, limit=2)
TIMES = ["wall_s", "dllm_s", "verifier_s"]
KEPT = ("artefact", "pair", "seed", "limit", "configurations", "tasks", "models")


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny_data_directory(tmp_path_factory.mktemp("data")) as path:
        yield path


def sequential(directory: Path) -> Path:
    pair, files = load_models(EXPERIMENT, device="cpu")
    return run_experiment(
        EXPERIMENT, pair, files, directory, task_loader=lambda name: load_task(name, DATASETS)
    )


def sweep(**changes: object) -> Sweep:
    return Sweep(**{"workers": 2, "device": "cpu", "data_dir": DATASETS, "threads": 1, **changes})


def assert_same_results(directory: Path, other: Path) -> None:
    (table, origin), (expected, wanted) = (
        read_results(path, EXPERIMENT.artefact) for path in (directory, other)
    )
    assert table.drop(columns=TIMES).equals(expected.drop(columns=TIMES))
    assert {key: origin[key] for key in KEPT} == {key: wanted[key] for key in KEPT}


def test_processes_store_the_table_of_a_sequential_run(tmp_path: Path) -> None:
    sequential(tmp_path / "one")
    path = run_parallel(EXPERIMENT, tmp_path / "many", sweep(), keep_replies=True)
    assert path == tmp_path / "many" / "sweep.parquet"
    assert_same_results(tmp_path / "many", tmp_path / "one")
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "sweep.json",
        "sweep.parquet",
        "sweep.replies.jsonl",
    ]
    replies = (path.parent / "sweep.replies.jsonl").read_text().splitlines()
    assert len(replies) == 2 * len(CELLS) and all(json.loads(line) for line in replies)


@pytest.mark.slow
def test_ray_stores_the_table_of_a_sequential_run(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    sequential(tmp_path / "one")
    run_parallel(EXPERIMENT, tmp_path / "many", sweep(engine="ray"))
    assert_same_results(tmp_path / "many", tmp_path / "one")


def test_ray_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ApdError, match="Ray is not installed"):
        run_parallel(EXPERIMENT, tmp_path, sweep(engine="ray"))


@pytest.mark.parametrize("changes", [{"workers": 0}, {"engine": "threads"}])
def test_settings_are_validated(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"use an integer|choose one of"):
        sweep(**changes)
