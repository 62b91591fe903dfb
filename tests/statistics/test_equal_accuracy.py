"""Speed at equal accuracy, on tables small enough to count."""

import pandas as pd
import pytest

from apd.statistics.equal_accuracy import against_one_token

COUNTS = (
    "prompt_tokens",
    "generated_tokens",
    "generated_tokens_reference",
    "iterations",
    "max_tokens_per_iteration",
    "max_tokens_per_iteration_reference",
    "dllm_forwards",
    "verifier_forwards",
)


def rows(configuration, algorithm, correct, seconds, task="t"):
    return [
        {
            "task": task,
            "configuration": configuration,
            "algorithm": algorithm,
            "problem_id": str(i),
            "correct": right,
            "faithful": True,
            "wall_s": seconds,
            **dict.fromkeys(COUNTS, 10),
            **dict.fromkeys(("batch_size", "dllm_s", "verifier_s"), 1),
        }
        for i, right in enumerate(correct)
    ]


def test_difference_speed_and_verdict():
    right = [True] * 40
    table = pd.DataFrame(
        rows("left_to_right-K1", "left_to_right", right, 1.0)
        + rows("apd-R0.5", "apd", [False, *right[1:]], 0.25)[::-1]  # any order
        + rows("apd-R0.9", "apd", [False] * 20 + right[20:], 0.1)
        + rows("large", "autoregressive", right, 0.5)
    )
    found = against_one_token(table, "large").set_index("configuration")
    near, far = found.loc["apd-R0.5"], found.loc["apd-R0.9"]
    assert list(found.index) == ["apd-R0.5", "apd-R0.9"]
    assert near["difference"] == pytest.approx(-1 / 40)
    assert near["stderr"] == pytest.approx((1 / 40 * 39 / 40 / 39) ** 0.5)
    assert near["equal"] and not far["equal"]
    assert near["over_one_token"] == pytest.approx(4)
    assert far["over_autoregressive"] == pytest.approx(5)
    assert "over_autoregressive" not in against_one_token(table)


def test_a_table_without_k_1_is_an_error():
    with pytest.raises(ValueError, match="t was not decoded with left_to_right-K1"):
        against_one_token(pd.DataFrame(rows("apd-R0.5", "apd", [True, False], 1.0)))
