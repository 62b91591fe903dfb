"""The comparison's tables and picture, from stored rows, and the published leaderboard."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from apd import plots
from apd.paper import figure, is_stored, not_measured, stored_figure
from apd.paper.compared import (
    NEEDS,
    configurations_table,
    frontier,
    method_table,
    needs_table,
    overview_table,
    pareto,
    recommended,
    setting_of,
    summary_table,
)
from apd.paper.comparison import decoders
from apd.paper.leaderboard import commands, hours, leaderboard, leaderboard_table, published_aup
from apd.paper.scale import GSM, scale_of
from apd.statistics.equal_accuracy import ONE_TOKEN

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def methods() -> pd.DataFrame:
    stored = figure("fig5", "mini")
    return method_table(stored.table, "mini_gsm", stored.scale.baselines[0])


def test_means_are_those_of_the_figure(methods: pd.DataFrame) -> None:
    stored = figure("fig5", "mini")
    row = methods.set_index("configuration").loc["left_to_right-K1"]
    for metric in ("accuracy", "throughput_tok_s", "latency_s"):
        point = stored.point(metric, algorithm="left_to_right")
        assert (row[metric], row[f"{metric}_stderr"]) == (point["mean"], point["stderr"])
    assert row["tokens_per_forward"] == pytest.approx(1.0, abs=0.01)
    assert row["gap"] == row["gap_stderr"] == 0
    apd = methods[methods["algorithm"] == "apd"]
    assert (apd["tokens_per_forward_all"] < apd["tokens_per_forward"]).all()
    baselines = methods[methods["algorithm"] == "autoregressive"]
    assert (baselines["tokens_per_forward"] == baselines["tokens_per_forward_all"]).all()
    assert baselines["label"].nunique() == 2


def test_the_frontier_is_not_beaten(methods: pd.DataFrame) -> None:
    found = frontier(methods, "throughput_tok_s")
    assert np.all(np.diff(found["throughput_tok_s"]) > 0) and np.all(np.diff(found["accuracy"]) < 0)
    for _, row in methods.iterrows():
        faster = found[found["throughput_tok_s"] >= row["throughput_tok_s"]]
        assert (faster["accuracy"] >= row["accuracy"]).any()


def test_what_is_recommended_is_fast_among_the_accurate(methods: pd.DataFrame) -> None:
    found = recommended(methods)
    assert found["label"].is_unique and set(found["label"]) == set(methods["label"])
    for _, row in found.iterrows():
        others = methods[methods["label"] == row["label"]]
        if row["equal"]:
            accurate = others[others["gap"] >= -2 * others["gap_stderr"]]
            assert row["throughput_tok_s"] == accurate["throughput_tok_s"].max()
        else:
            assert row["accuracy"] == others["accuracy"].max()


def test_the_tables_have_every_decoder(methods: pd.DataFrame) -> None:
    stored = figure("fig5", "mini")
    html = summary_table(stored.table, "mini_gsm", stored.scale.baselines[0], "summary")
    assert html.count('<th scope="row">') == methods["label"].nunique()
    html = configurations_table(methods, "all")
    assert html.count('<th scope="row">') == len(methods)
    for configuration in decoders(scale_of("mini"), GSM):
        assert configuration.algorithm in NEEDS
    assert "a threshold; a block length" in needs_table()


def test_a_setting_is_named_in_words_and_without_its_decoder() -> None:
    assert setting_of("klass", "klass-block16-KL0.001") == "block = 16, KL = 0.001"
    assert setting_of("speculative", "mini-qwen-large-speculative-K2") == "K = 2"
    assert setting_of("eb_sampler", "eb_sampler") == "usual"
    assert setting_of("autoregressive", "mini-qwen-large") == "mini-qwen-large"


def test_the_picture_has_a_curve_for_each(methods: pd.DataFrame) -> None:
    fig, ax = plots.panels()
    pareto(ax, methods, "throughput_tok_s")
    labels = ax.get_legend_handles_labels()[1]
    assert set(labels) == set(methods["label"])
    pyplot.close(fig)


def test_what_is_not_stored_says_which_command_makes_it(tmp_path) -> None:
    assert not is_stored("comparison", "mini", tmp_path)
    assert stored_figure("comparison", "mini", tmp_path) is None
    assert "`apd reproduce comparison --pair mini`" in not_measured("comparison", "mini")
    assert "--allow-code-execution" in not_measured("comparison_code", "mini")
    assert stored_figure("fig5", "mini") is not None


def test_the_leaderboard_is_as_published() -> None:
    assert len(leaderboard()) == 126
    gsm = published_aup("dream").set_index(["task", "method"]).loc["GSM8K-CoT"]
    assert gsm.loc["Dream", "aup"] == gsm.loc["Dream", "accuracy"] == 83.94
    assert gsm["aup"].idxmax() == "d3LLM-Dream"
    assert "APD, GSM8K-CoT</th><td>not measured yet" in leaderboard_table("dream")
    assert "APD" not in leaderboard_table("llada")


def test_how_to_fill_apd_s_row_and_how_long_it_takes() -> None:
    assert commands().count("apd eval --pair dream-7b --mixture-weight $R --task") == 2
    assert set(hours()) == {"gsm8k", "hendrycks_math"}
    assert all(0.5 < value < 50 for value in hours().values())


def test_the_overview_has_a_speed_where_nothing_is_lost_and_the_loss_elsewhere() -> None:
    usual = {"model": "dllm", "accuracy": 0.9, "gap_stderr": 0.02}
    rows = [
        {"configuration": ONE_TOKEN, "label": "K", "algorithm": "left_to_right"}
        | usual
        | {"throughput_tok_s": 100.0, "gap": 0.0},
        {"configuration": "a", "label": "APD", "algorithm": "apd"}
        | usual
        | {"throughput_tok_s": 500.0, "gap": -0.03},
        {"configuration": "b", "label": "KLASS", "algorithm": "klass"}
        | usual
        | {"throughput_tok_s": 900.0, "gap": -0.2},
    ]
    shown = overview_table({"one": pd.DataFrame(rows), "two": pd.DataFrame(rows[:1])}, "speeds")
    text = shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "5.0 times" in text and "loses 0.20 ± 0.02" in text and "9.0 times" not in text
    assert text.count("–") >= 2  # decoders that were not run on a task
