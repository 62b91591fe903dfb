"""Runs on toy models with the real decoders: tables, resumption after a kill, refusals."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from experiment_toys import (
    APD,
    ENTROPY,
    FIXED,
    LARGE,
    MODELS,
    SAMPLING,
    ToyPair,
    interrupted_after,
    toy_experiment,
    toy_task,
)

from apd.decoding import AdaptiveConfig, AnyOrderConfig, adaptive, any_order, left_to_right
from apd.decoding.configuration import Configuration, configuration_id
from apd.errors import ApdError
from apd.runs import rows
from apd.runs.cells import CellStore, Job
from apd.runs.columns import columns
from apd.runs.decode import problem_seed
from apd.runs.grid import Cell, Experiment
from apd.runs.journal import read_journal
from apd.runs.provenance import ModelFiles
from apd.runs.run import run_experiment
from apd.runs.table import read_results

KEY = ["task", "configuration", "problem_id"]
TIMES = ["wall_s", "dllm_s", "verifier_s"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def run(directory: Path, experiment: Experiment | None = None, **changes: Any) -> pd.DataFrame:
    """Run to the end; the table read back, its checks passed, without the timings."""
    experiment = experiment or toy_experiment()
    arguments = {"pair": ToyPair(), "models": MODELS, "task_loader": toy_task} | changes
    run_experiment(
        experiment, arguments.pop("pair"), arguments.pop("models"), directory, **arguments
    )
    return read_results(directory, experiment.artefact)[0].drop(columns=TIMES)


def test_a_run_makes_one_row_a_configuration_and_problem(tmp_path: Path) -> None:
    run(tmp_path)
    table, provenance = read_results(tmp_path, "toys")
    assert list(table.columns) == list(columns())
    assert len(table) == 5 * 7
    by = table.set_index(["task", "configuration", "problem_id"]).sort_index()
    apd = by.loc[("odd", "apd-R0.5", 3)]
    assert apd["mixture_weight"] == 0.5
    assert pd.isna(apd["tokens_per_step"])
    assert apd["verifier_version"] == MODELS["verifier"].version
    assert pd.isna(by.loc[("odd", "left_to_right-K2", 3), "verifier_version"])
    assert by.loc["open", "correct"].isna().all()
    assert by.loc["odd", "correct"].notna().all()
    assert by.loc["open", "faithful"].isna().all()
    odd = by.loc["odd"]
    assert (odd["faithful"] == (odd["generated_tokens"] < 6)).all() and odd["faithful"].any()
    assert (table["wall_s"] > 0).all()
    assert (table["prompt_tokens"] == len("odd 0")).where(table["task"] == "odd", True).all()
    assert (table["batch_size"] == 1).all()
    assert provenance["rows"] == 35
    assert provenance["models"]["dllm"]["files"] == MODELS["dllm"].files
    assert provenance["tasks"]["odd"]["problems"] == 7


def test_a_row_is_the_decode_of_its_problem(tmp_path: Path) -> None:
    table = run(tmp_path, toy_experiment(seed=5))
    pair = ToyPair()
    config = AdaptiveConfig(mixture_weight=0.5, seed=problem_seed(5, 2), **SAMPLING)
    assert pair.verifier is not None
    result = adaptive(pair.dllm, pair.verifier, pair.encode_chat("odd 2"), config)
    row = table[(table.task == "odd") & (table.configuration == "apd-R0.5")].iloc[2]
    assert row["generated_tokens"] == result.generated_tokens
    assert row["iterations"] == len(result.iterations)
    assert row["dllm_forwards"] == result.dllm_forwards
    assert row["max_tokens_per_iteration_reference"] == max(
        len(iteration.accepted) for iteration in result.iterations
    )
    assert row["seed"] == 5


def test_seeds_differ_between_problems_and_runs() -> None:
    seeds = {problem_seed(seed, problem) for seed in range(20) for problem in range(500)}
    assert len(seeds) > 9_990
    assert max(seeds) < 2**32


@pytest.mark.parametrize("finished", [1, 6, 7, 8, 20, 34, 35])
def test_an_interrupted_run_resumes_to_the_same_table(tmp_path: Path, finished: int) -> None:
    expected = run(tmp_path / "whole")
    with interrupted_after(finished):
        run(tmp_path / "parts")
    journals = (tmp_path / "parts" / "cells").glob("*.journal.jsonl")
    before = [row for path in journals for row in read_journal(path).rows]
    assert len(before) == finished
    pd.testing.assert_frame_equal(run(tmp_path / "parts"), expected)
    table, provenance = read_results(tmp_path / "parts", "toys")
    assert {row["wall_s"] for row in before} <= set(table["wall_s"])  # none was decoded again
    assert len(provenance["sessions"]) == (2 if finished < 35 else 1)


def test_killed_at_random_moments_it_ends_with_the_same_table(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "support" / "kill_and_resume.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "killed"), "1"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert int(done.stdout) >= 5
    table = read_results(tmp_path / "killed", "toys")[0].drop(columns=TIMES)
    pd.testing.assert_frame_equal(table, run(tmp_path / "whole"))


def test_a_limit_takes_the_first_problems_and_may_change_on_resumption(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    short = run(tmp_path / "short", toy_experiment(limit=3))
    first = whole[whole["problem_id"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(short, first)
    with interrupted_after(4):
        run(tmp_path / "longer", toy_experiment(limit=3))
    pd.testing.assert_frame_equal(run(tmp_path / "longer"), whole)


def test_a_finished_table_is_extended_and_never_made_shorter(tmp_path: Path) -> None:
    run(tmp_path, toy_experiment(limit=3))
    times = read_results(tmp_path, "toys")[0].set_index(KEY)["wall_s"]
    assert len(run(tmp_path)) == 35
    longer = read_results(tmp_path, "toys")[0].set_index(KEY)["wall_s"]
    assert longer[times.index].equals(times)  # kept, not decoded again
    assert len(run(tmp_path, toy_experiment(limit=2))) == 35
    assert len(run(tmp_path, toy_experiment(limit=2), restart=True)) == 10


def test_a_restarted_run_forgets_what_an_earlier_one_left(tmp_path: Path) -> None:
    with interrupted_after(2):
        run(tmp_path)
    (journal,) = (tmp_path / "cells").glob("*.journal.jsonl")
    before = [row["wall_s"] for row in read_journal(journal).rows]
    run(tmp_path, restart=True)
    table, provenance = read_results(tmp_path, "toys")
    assert len(provenance["sessions"]) == 1
    assert not set(before) & set(table["wall_s"])


def test_the_first_problem_is_decoded_once_untimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []  # seeds
    original = rows.decode_problems

    def counting(pair: Any, configuration: Any, prompts: Any, seeds: Any) -> Any:
        decoded.extend(seeds)
        return original(pair, configuration, prompts, seeds)

    monkeypatch.setattr(rows, "decode_problems", counting)
    table = run(tmp_path, Experiment(artefact="toys", pair="mini-toy", cells=(Cell("odd", APD),)))
    assert decoded == [problem_seed(0, problem) for problem in (0, *table["problem_id"])]


def test_a_run_in_batches_resumes_to_the_rows_of_single_decodes(tmp_path: Path) -> None:
    single = run(tmp_path / "single")
    batched = replace(toy_experiment(), batch_size=3)
    with interrupted_after(5):
        run(tmp_path / "batched", batched)
    table = run(tmp_path / "batched", batched)
    assert (table["batch_size"] == 3).all()
    pd.testing.assert_frame_equal(
        table.drop(columns="batch_size"), single.drop(columns="batch_size")
    )
    with pytest.raises(ValueError, match="batch size is 0"):
        replace(batched, batch_size=0)


@pytest.mark.parametrize("step", [0, 1])
def test_killed_while_the_table_is_written_it_ends_with_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Before the table, or between it and its provenance: no half is taken for a result."""
    expected = run(tmp_path / "whole")
    run(tmp_path / "killed", toy_experiment(limit=2))  # a shorter table is there
    original, calls = os.replace, []

    def replace_or_die(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > step:
            raise KeyboardInterrupt
        original(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_die)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed")
    if step:
        with pytest.raises(ApdError, match=r"unknown row|changed after it was written"):
            read_results(tmp_path / "killed", "toys")
    pd.testing.assert_frame_equal(run(tmp_path / "killed"), expected)


def test_the_most_tokens_of_an_iteration_leave_padding_out() -> None:
    pair = ToyPair()
    for decoder in (FIXED.decoder, ENTROPY.decoder):
        for seed in range(6):
            config = replace(decoder, seed=seed)
            decode = left_to_right if decoder is FIXED.decoder else any_order
            result = decode(pair.dllm, pair.encode_chat("odd"), config)
            most = rows.most_per_iteration(result)
            kept = [0] * len(result.iterations)
            for number, iteration in enumerate(result.iterations):
                for position in iteration.positions:
                    kept[number] += position - result.prompt_length < result.generated_tokens
            assert sum(kept) == result.generated_tokens
            assert most["max_tokens_per_iteration"] == max(kept)
            assert most["max_tokens_per_iteration_reference"] >= max(kept)


def test_other_models_or_settings_share_nothing_with_what_is_there(tmp_path: Path) -> None:
    with interrupted_after(2):
        run(tmp_path)
    changed = MODELS | {"dllm": ModelFiles("toy-dllm", {"model.safetensors": "0" * 64})}
    hotter = Configuration(APD.id, "apd", "dllm", AdaptiveConfig(mixture_weight=0.7, **SAMPLING))
    cells = tuple(
        Cell(cell.task, hotter if cell.configuration == APD else cell.configuration)
        for cell in toy_experiment().cells
    )
    job = Job(toy_experiment().cells[0], toy_experiment())
    other_task = CellStore(tmp_path, lambda name: replace(toy_task(name), system="other"), MODELS)
    store = CellStore(tmp_path, toy_task, MODELS)
    names = {
        store.journal(job),
        store.journal(job._replace(experiment=toy_experiment(seed=1))),
        store.journal(job._replace(experiment=replace(toy_experiment(), batch_size=2))),
        store.journal(job._replace(experiment=replace(toy_experiment(), dtype="bfloat16"))),
        store.journal(job._replace(experiment=replace(toy_experiment(), pair="other"))),
        store.journal(job._replace(cell=cells[0])),
        other_task.journal(job),
        CellStore(tmp_path, toy_task, changed).journal(job),
    }
    assert len(names) == 8
    assert store.journal(job._replace(experiment=toy_experiment(limit=2))) in names
    run(tmp_path, models=changed)
    table = read_results(tmp_path, "toys")[0]
    assert set(table.loc[table["model"] == "dllm", "model_version"]) == {changed["dllm"].version}


def test_replies_are_stored_on_request(tmp_path: Path) -> None:
    run(tmp_path)
    times = read_results(tmp_path, "toys")[0]["wall_s"]
    run(tmp_path, toy_experiment(limit=1), keep_replies=True)
    assert read_results(tmp_path, "toys")[0]["wall_s"].equals(times)  # nothing is decoded for them
    lines = (tmp_path / "toys.replies.jsonl").read_text().splitlines()
    reply = json.loads(lines[0])
    assert set(reply) == {
        "task",
        "configuration",
        "problem_id",
        "correct",
        "faithful",
        "prompt",
        "text",
    }
    assert reply["prompt"] == "odd 0"
    assert len(lines) == 35


def test_a_pair_that_lacks_a_model_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ApdError, match="has no verifier"):
        run(tmp_path, pair=ToyPair(verifier=None))
    with pytest.raises(ApdError, match="no autoregressive model 'toy-large'"):
        run(tmp_path, pair=ToyPair(baselines={}))
    assert not list(tmp_path.iterdir())


def test_configurations_are_validated() -> None:
    with pytest.raises(ValueError, match="takes AdaptiveConfig"):
        Configuration("x", "apd", "dllm", FIXED.decoder)
    with pytest.raises(ValueError, match="takes AnyOrderConfig with order='margin'"):
        Configuration("x", "margin", "dllm", AnyOrderConfig(order="entropy"))
    with pytest.raises(ValueError, match="cannot run"):
        Configuration("x", "autoregressive", "dllm", LARGE.decoder)
    with pytest.raises(ValueError, match="configuration id"):
        Configuration("a/b", "apd", "dllm", APD.decoder)
    with pytest.raises(ValueError, match="limit is 0"):
        toy_experiment(limit=0)
    with pytest.raises(ValueError, match=r"twice: \['odd/apd-R0.5'\]"):
        Experiment(artefact="a", pair="toy", cells=(Cell("odd", APD), Cell("odd", APD)))


def test_ids_name_what_differs_from_the_defaults() -> None:
    assert configuration_id("apd", "dllm", AdaptiveConfig()) == "apd-R0.7"
    config = AdaptiveConfig(mixture_weight=0.5, kv_window=16, noise="position", temperature=0.5)
    assert configuration_id("apd", "dllm", config) == "apd-R0.5-W16-position-T0.5"
    assert configuration_id("autoregressive", "toy-large", LARGE.decoder).startswith("toy-large")
