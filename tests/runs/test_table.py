"""Stored tables: every way a row can be wrong is an error that names it; summaries are exact."""

import hashlib
import json
import math
import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from experiment_toys import MODELS, ToyPair, toy_experiment, toy_task

from apd.errors import ApdError
from apd.runs.cells import CellStore
from apd.runs.grid import Experiment
from apd.runs.provenance import ModelFiles
from apd.runs.run import run_experiment
from apd.runs.table import as_table, read_results, write_results
from apd.statistics.summary import METRICS, POOLED, TIMED, summarise


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("finished")
    run_experiment(toy_experiment(), ToyPair(), MODELS, directory, task_loader=toy_task)
    return directory


@pytest.fixture
def stored(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run's files."""
    return Path(shutil.copytree(finished, tmp_path, dirs_exist_ok=True))


def change(directory: Path, alter: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Rewrite the table behind the provenance's back."""
    path = directory / "toys.parquet"
    alter(pd.read_parquet(path)).to_parquet(path, index=False)


def set_cell(row: int, column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def alter(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[row, column] = value
        return table

    return alter


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (
            lambda t: t.drop(index=10),
            "missing row: task odd, configuration left_to_right-K2, problem 3",
        ),
        (lambda t: t.drop(index=[10, 11]), r"missing row \(1 more\)"),
        (
            lambda t: pd.concat([t, t.iloc[[4]]]),
            "duplicate row: task odd, configuration apd-R0.5, problem 4",
        ),
        (set_cell(4, "problem_id", 70), "unknown row: .* problem 70"),
        (
            set_cell(4, "model_version", "0123456789ab"),
            "other model version .*0123456789ab.* in row: task odd, .* problem 4",
        ),
        (set_cell(4, "verifier_version", "0123456789ab"), "other model version .* problem 4"),
        (set_cell(4, "verifier_version", None), "other model version .* problem 4"),
        (set_cell(8, "verifier_version", MODELS["verifier"].version), "other model version"),
        (set_cell(4, "wall_s", math.nan), "no wall_s in row: task odd, .* problem 4"),
        (set_cell(4, "correct", None), "no correct in row: task odd, .* problem 4"),
        (set_cell(4, "faithful", None), "no faithful in row: task odd, .* problem 4"),
        (lambda t: t.drop(columns="faithful"), "no faithful in row: task odd, .* problem 0"),
        (lambda t: t.assign(seed=t["seed"] + 1), "changed after it was written"),
        (set_cell(4, "generated_tokens", 99), "changed after it was written"),
        (lambda t: t.drop(columns="iterations"), r"other columns .*iterations"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_it(
    stored: Path, alter: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    change(stored, alter)
    with pytest.raises(ApdError, match=message):
        read_results(stored, "toys")


def test_a_table_from_before_faithfulness_was_judged_reads_as_missing(stored: Path) -> None:
    path = stored / "toys.json"
    provenance = json.loads(path.read_text())
    for task in provenance["tasks"].values():
        del task["judges"]
    change(stored, lambda t: t.drop(columns="faithful"))
    digest = hashlib.sha256((stored / "toys.parquet").read_bytes()).hexdigest()
    path.write_text(json.dumps(provenance | {"table_sha256": digest}))
    table, _ = read_results(stored, "toys")
    assert table["faithful"].isna().all() and table["correct"].notna().any()
    assert "faithfulness" not in set(summarise(table)["metric"])


def test_missing_and_damaged_files_are_errors(stored: Path) -> None:
    with pytest.raises(ApdError, match="run the experiment 'fig3' first"):
        read_results(stored, "fig3")
    (stored / "toys.parquet").write_bytes(b"PAR1")
    with pytest.raises(ApdError, match="damaged"):
        read_results(stored, "toys")
    (stored / "toys.json").write_text("{")
    with pytest.raises(ApdError, match="damaged"):
        read_results(stored, "toys")


def test_an_incomplete_table_is_not_written(stored: Path) -> None:
    table, provenance = read_results(stored, "toys")
    with pytest.raises(ApdError, match="missing row"):
        write_results(stored, "short", table.iloc[1:], provenance)
    assert not list(stored.glob("short*"))


def test_the_provenance_names_no_host_and_no_path(stored: Path) -> None:
    text = (stored / "toys.json").read_text()
    provenance = json.loads(text)
    assert str(stored) not in text
    assert str(Path.home()) + "/" not in text
    assert f'"{platform.node()}"' not in text
    assert {"git_commit", "git_dirty", "packages", "machine", "started", "ended"} <= set(provenance)
    assert provenance["machine"]["threads"] == 1
    assert provenance["packages"]["torch"]
    assert provenance["started"] <= provenance["ended"]


def rows(correct: list[bool | None], tokens: list[int], wall_s: list[float]) -> pd.DataFrame:
    base = {
        "faithful": True,
        "task": "odd",
        "configuration": "a",
        "generated_tokens_reference": 20,
        "iterations": 4,
    }
    return as_table(
        base | {"correct": c, "generated_tokens": t, "wall_s": w, "problem_id": i}
        for i, (c, t, w) in enumerate(zip(correct, tokens, wall_s, strict=True))
    )


def test_summaries_are_means_with_their_standard_errors() -> None:
    summary = summarise(rows([True, True, True, False], [4, 8, 8, 12], [1.0, 1.0, 2.0, 2.0]))
    by = summary.set_index("metric")
    assert by.loc["accuracy", "mean"] == 0.75
    assert by.loc["accuracy", "stderr"] == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    assert by.loc["faithfulness", "mean"] == 1 and by.loc["faithfulness", "stderr"] == 0
    assert by.loc["throughput_tok_s", "mean"] == pytest.approx((4 + 8 + 4 + 6) / 4)
    assert by.loc["throughput_reference_tok_s", "mean"] == pytest.approx((20 + 20 + 10 + 10) / 4)
    assert by.loc["tokens_per_iteration", "mean"] == 2
    spread = pd.Series([4, 8, 8, 12]).std()
    assert by.loc["generated_tokens", "stderr"] == pytest.approx(spread / 2)
    assert set(by["n"]) == {4}


def test_a_task_without_answers_has_no_accuracy_and_one_problem_no_error() -> None:
    summary = summarise(rows([None], [4], [1.0])).set_index("metric")
    assert "accuracy" not in summary.index
    assert math.isnan(summary.loc["latency_s", "stderr"])
    assert summary.loc["latency_s", "mean"] == 1.0


def test_groups_keep_their_order_and_empty_parameters(stored: Path) -> None:
    table, _ = read_results(stored, "toys")
    summary = summarise(table)
    order = list(dict.fromkeys(zip(summary["task"], summary["configuration"], strict=True)))
    assert order == [(cell.task, cell.configuration.id) for cell in toy_experiment().cells]
    by_weight = summarise(table, by=["mixture_weight"])
    assert by_weight["mixture_weight"].isna().any()
    assert set(by_weight["metric"]) == {*METRICS, *POOLED}


def test_pooled_figures_divide_sums_and_their_error_is_that_of_a_ratio() -> None:
    table = rows([True] * 4, [4, 8, 8, 12], [1.0] * 4)
    table["iterations"] = pd.array([1, 4, 4, 3], dtype="Int64")
    pooled = summarise(table).set_index("metric").loc["tokens_per_iteration_pooled"]
    assert pooled["mean"] == pytest.approx(32 / 12)
    leave_one_out = [(32 - t) / (12 - i) for t, i in ((4, 1), (8, 4), (8, 4), (12, 3))]
    jackknife = math.sqrt(3) * pd.Series(leave_one_out).std(ddof=0)
    assert pooled["stderr"] == pytest.approx(jackknife, rel=0.35)
    same = rows([True] * 3, [8, 8, 8], [1.0] * 3)
    assert summarise(same).set_index("metric").loc["tokens_per_iteration_pooled", "stderr"] == 0


def test_shares_are_of_the_latency() -> None:
    table = rows([True, True], [4, 8], [1.0, 2.0])
    table["dllm_s"], table["verifier_s"] = [0.5, 1.5], [0.25, 0.25]
    by = summarise(table).set_index("metric")
    assert by.loc["dllm_share", "mean"] == pytest.approx((0.5 + 0.75) / 2)
    assert by.loc["verifier_share", "mean"] == pytest.approx((0.25 + 0.125) / 2)


def test_rows_decoded_in_batches_have_no_speed() -> None:
    table = rows([True, False], [4, 8], [1.0, 2.0])
    table["batch_size"] = pd.array([4, 4], dtype="Int64")
    metrics = set(summarise(table)["metric"])
    assert not metrics & set(TIMED)
    assert {"accuracy", "generated_tokens", "tokens_per_iteration"} <= metrics


def test_a_finished_experiment_is_recognised(stored: Path) -> None:
    experiment = toy_experiment()

    def found(experiment: Experiment, models: dict[str, ModelFiles]) -> bool:
        return CellStore(stored, toy_task, models).is_current(experiment)

    assert found(experiment, MODELS)
    assert not found(replace(experiment, seed=1), MODELS)
    assert not found(replace(experiment, artefact="other"), MODELS)
    assert not found(replace(experiment, dtype="bfloat16"), MODELS)
    assert not found(replace(experiment, limit=3), MODELS)
    other = MODELS | {"dllm": ModelFiles("toy-dllm", {"model.safetensors": "0" * 64})}
    assert not found(experiment, other)
    assert not CellStore(stored, toy_task, MODELS, keep_replies=True).is_current(experiment)
    change(stored, lambda table: table.iloc[1:])
    assert not found(experiment, MODELS)
