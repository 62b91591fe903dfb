"""Gains over a frontier: where it runs, paired errors, and that tuning never sees the test set."""

import numpy as np
import pandas as pd
import pytest

from apd.errors import ApdError
from apd.statistics.frontier import calibrated, chosen_on_tuning, frontier_at, frontier_gains


def rows(name: str, correct: list[int], tokens: int, passes: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "task": "t",
            "algorithm": "apd",
            "model": "dllm",
            "configuration": name,
            "problem_id": range(len(correct)),
            "correct": correct,
            "generated_tokens": tokens,
            "iterations": passes,
            "dllm_forwards": passes,
            "verifier_forwards": 1,
        }
    )


def share(right: int, of: int = 100, start: int = 0) -> list[int]:
    return [int((i - start) % of < right) for i in range(of)]


def test_the_frontier_is_the_best_accuracy_at_that_speed_or_more():
    points, accuracies = np.array([6.0, 2.0, 4.0]), np.array([50.0, 70.0, 80.0])
    found = [frontier_at(r, points, accuracies) for r in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0)]
    assert found == [80.0, 80.0, 80.0, 80.0, 65.0, 50.0, 50.0]


def test_a_gain_is_measured_at_equal_tokens_per_forward():
    table = pd.concat(
        [rows("slow", share(90), 2), rows("fast", share(60), 6), rows("new", share(85), 4)]
    )
    found = frontier_gains(table, ["slow", "fast"], ["new"]).loc["new"]
    assert found["gain"] == pytest.approx(10.0)  # 85 against 75, halfway
    assert found["tokens_per_forward"] == 4.0
    with_verifier = frontier_gains(table, ["slow", "fast"], ["new"], count_verifier=True)
    assert with_verifier.loc["new", "tokens_per_forward"] == 2.0


def test_the_error_is_paired():
    """A decoder that solves what the others solve is known better than one of other problems."""
    plain = [rows("slow", share(80), 2), rows("fast", share(60), 6)]
    same, other = rows("same", share(70), 4), rows("other", share(70, start=30), 4)
    found = frontier_gains(pd.concat([*plain, same, other]), ["slow", "fast"], ["same", "other"])
    assert found["gain"].tolist() == pytest.approx([0.0, 0.0])
    assert found.loc["same", "stderr"] < found.loc["other", "stderr"] / 1.5
    expected = 100 * np.std(np.array(share(70, start=30)) - (np.array(share(80)) + share(60)) / 2)
    assert found.loc["other", "stderr"] == pytest.approx(expected / 10, rel=0.15)


def test_settings_are_chosen_on_tuning_problems_alone():
    def world(first: int, second: int) -> pd.DataFrame:
        plain = [rows("slow", share(80), 2), rows("fast", share(60), 6)]
        return pd.concat([*plain, rows("a", share(first), 4), rows("b", share(second), 4)])

    ideas = {"either": ["a", "b"], "only b": ["b"]}
    found = chosen_on_tuning(world(75, 72), world(65, 99), ["slow", "fast"], ideas)
    assert found.loc["either", "configuration"] == "a"
    assert found.loc["either", "tuning_gain"] == pytest.approx(5.0)
    assert found.loc["either", "gain"] == pytest.approx(-5.0)
    assert not found.loc["either", "kept"] and found.loc["only b", "kept"]


def test_r_is_the_largest_within_the_tolerance():
    table = pd.concat(
        [rows("K1", share(90), 1), rows("r1", share(91), 3), rows("r5", share(88), 5),
         rows("r9", share(50), 9)]
    )  # fmt: skip
    by_weight = {0.1: "r1", 0.5: "r5", 0.9: "r9"}
    found = [calibrated(table, "K1", by_weight, tolerance) for tolerance in (0.0, 0.02, 0.5)]
    assert found == [0.1, 0.5, 0.9]
    assert calibrated(table, "r1", {0.5: "r5", 0.9: "r9"}, 0.0) == 0.5


def test_a_missing_configuration_is_named():
    with pytest.raises(ApdError, match="the table has no other"):
        frontier_gains(rows("slow", share(80), 2), ["slow"], ["other"])
