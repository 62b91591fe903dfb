"""AUP of stored tables: points, counting of passes, errors over problems, the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from experiment_toys import MODELS, SAMPLING, ToyPair, toy_experiment, toy_task

from apd.cli import aup
from apd.decoding import AdaptiveConfig, LeftToRightConfig
from apd.decoding.configuration import DLLM, Configuration
from apd.errors import ApdError
from apd.runs.grid import Experiment, over_tasks
from apd.runs.provenance import ModelFiles
from apd.runs.run import run_experiment
from apd.statistics.aup import Point, accuracy_under_parallelism
from apd.statistics.aup_curves import AupSettings, aup_table, forwards, operating_points


def table(correct: dict[str, list[bool]], passes: dict[str, int]) -> pd.DataFrame:
    """Rows of two configurations of APD, 12 tokens a problem, as many verifier passes as dLLM's."""
    return pd.DataFrame(
        [
            {
                "task": "odd", "algorithm": "apd", "model": "dllm", "configuration": name,
                "problem_id": problem, "correct": right, "generated_tokens": 12,
                "dllm_forwards": passes[name], "verifier_forwards": passes[name],
                "iterations": passes[name],
            }
            for name, answers in correct.items()
            for problem, right in enumerate(answers)
        ]
    )  # fmt: skip


ROWS = table({"slow": [True] * 9 + [False], "fast": [True] * 9 + [False]}, {"slow": 12, "fast": 4})


@pytest.mark.parametrize(("count", "factor"), [(False, 1), (True, 2)])
def test_points_are_tokens_per_forward_and_percent(count: bool, factor: int) -> None:
    points = operating_points(ROWS, count_verifier=count).set_index("configuration")
    assert points["tokens_per_forward"].to_dict() == {"slow": 1 / factor, "fast": 3 / factor}
    assert points["accuracy"].tolist() == pytest.approx([90, 90])
    (row,) = aup_table(ROWS, AupSettings(count_verifier=count)).itertuples()
    assert row.aup == pytest.approx(90 * 3 / factor)
    assert (row.points, row.best_accuracy) == (2, pytest.approx(90))


def test_a_baselines_own_passes_always_count() -> None:
    rows = ROWS.assign(algorithm="autoregressive", dllm_forwards=0)
    for count in (False, True):
        assert (forwards(rows, count_verifier=count) == rows["verifier_forwards"]).all()


def test_drafts_for_a_baseline_count_like_a_verifier() -> None:
    drafted = ROWS.assign(algorithm="speculative", dllm_forwards=0)
    drafted["verifier_forwards"] = 4 * drafted["iterations"]  # three drafts and a check
    assert (forwards(drafted, count_verifier=False) == drafted["iterations"]).all()
    assert (forwards(drafted, count_verifier=True) == 4 * drafted["iterations"]).all()


def test_the_value_is_that_of_the_points() -> None:
    rng = np.random.default_rng(0)
    answers = {name: list(rng.random(50) < p) for name, p in (("slow", 0.8), ("fast", 0.78))}
    rows = table(answers, {"slow": 12, "fast": 4})
    points = operating_points(rows, count_verifier=False)
    curve = [Point(p.tokens_per_forward, p.accuracy) for p in points.itertuples()]
    (row,) = aup_table(rows, AupSettings(best_accuracy=95)).itertuples()
    assert row.aup == pytest.approx(accuracy_under_parallelism(curve, 95))


def test_the_error_is_the_spread_between_samples_of_problems() -> None:
    rng = np.random.default_rng(1)

    def draw() -> pd.DataFrame:
        right = list(rng.random(60) < 0.8)
        return table({"slow": right, "fast": right}, {"slow": 12, "fast": 4})

    settings = AupSettings(best_accuracy=100, resamples=1)
    spread = np.std([aup_table(draw(), settings)["aup"][0] for _ in range(60)], ddof=1)
    errors = [aup_table(draw(), AupSettings(best_accuracy=100))["stderr"][0] for _ in range(5)]
    assert np.mean(errors) == pytest.approx(spread, rel=0.35)


def test_tables_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ApdError, match="no right answers"):
        aup_table(ROWS.assign(correct=pd.NA))
    with pytest.raises(ApdError, match="different problems"):
        aup_table(ROWS.iloc[1:])


def sweep() -> Experiment:
    decoders = {k: LeftToRightConfig(tokens_per_step=k, **SAMPLING) for k in (1, 2, 4)}
    settings = [Configuration(f"K{k}", "left_to_right", DLLM, d) for k, d in decoders.items()]
    return Experiment(artefact="sweep", pair="mini-toy", cells=over_tasks(("odd",), settings))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Left-to-right at three K on `odd`, as a stored table."""
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("stored")
    run_experiment(sweep(), ToyPair(), MODELS, directory, task_loader=toy_task)
    return directory / "sweep.parquet"


def run(*words: object) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    aup.add_arguments(parser)
    return aup.run(parser.parse_args([str(word) for word in words]))


def test_the_command_prints_both_ways_of_counting(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stored, stored, "--json") == 0  # a table given twice counts once
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"dLLM passes", "dLLM and verifier passes"}
    points = found["dLLM passes"]["points"]
    assert [point["configuration"] for point in points] == ["K1", "K2", "K4"]
    assert points[0]["tokens_per_forward"] == 1
    assert len(found["dLLM passes"]["aup"]) == 1
    assert run(stored) == 0
    out = capsys.readouterr().out
    assert "left_to_right" in out
    assert "±" in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "the seed of odd/K1 is 0 in one and 1"),
        ({"batch_size": 2}, "the batch size of odd/K1 is 1 in one and 2"),
        ({"dtype": "float32"}, "the dtype of odd/K1 is None in one and float32"),
        ({"limit": 2}, None),  # the same decodes, fewer of them
    ],
)
def test_another_run_of_one_configuration_is_not_ignored(
    stored: Path, tmp_path: Path, change: dict[str, object], message: str | None
) -> None:
    experiment = replace(sweep(), **change)  # type: ignore[arg-type]
    run_experiment(experiment, ToyPair(), MODELS, tmp_path, task_loader=toy_task)
    if message is None:
        assert run(stored, tmp_path / "sweep.parquet") == 0
        return
    with pytest.raises(ApdError, match=message):
        run(stored, tmp_path / "sweep.parquet")


def test_points_of_two_verifiers_or_test_sets_make_no_curve(stored: Path, tmp_path: Path) -> None:
    def stored_with(name: str, models: dict[str, ModelFiles], weight: float, system: str) -> Path:
        decoder = AdaptiveConfig(mixture_weight=weight, **SAMPLING)
        cells = over_tasks(("odd",), [Configuration(f"R{weight}", "apd", DLLM, decoder)])
        experiment = Experiment(artefact=name, pair="mini-toy", cells=cells)
        run_experiment(
            experiment,
            ToyPair(),
            models,
            tmp_path,
            task_loader=lambda task: replace(toy_task(task), system=system),
        )
        return tmp_path / f"{name}.parquet"

    other = MODELS | {"verifier": ModelFiles("toy-small", {"model.safetensors": "0" * 64})}
    one = stored_with("one", MODELS, 0.5, "system")
    assert run(stored, one) == 0
    with pytest.raises(ApdError, match=r"one\.parquet and .*: the version of verifier is "):
        run(one, stored_with("two", other, 0.7, "system"))
    with pytest.raises(ApdError, match="the test set odd is "):
        run(one, stored_with("three", MODELS, 0.7, "other"))


def test_the_command_refuses_what_it_cannot_use(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(ApdError, match="no results at"):
        run(tmp_path / "none.parquet")
    with pytest.raises(ApdError, match="--best-accuracy 0"):
        run(stored, "--best-accuracy", "0")
    with pytest.raises(ApdError, match="no right answers"):
        run_experiment(toy_experiment(), ToyPair(), MODELS, tmp_path, task_loader=toy_task)
        run(tmp_path / "toys.parquet")
