"""Speed is worth something at equal accuracy: decoders against K = 1 on the same problems."""

from __future__ import annotations

import pandas as pd

from apd.evaluation.significance import paired_comparison

ONE_TOKEN = "left_to_right-K1"


def against_one_token(table: pd.DataFrame, large_model: str | None = None) -> pd.DataFrame:
    """Every APD configuration of a result table beside one token at a time, task by task.

    Args:
        table: rows of one or more tasks, decoded by APD and with K = 1, all of them judged.
        large_model: configuration of the autoregressive model to compare the speed with.

    Returns:
        A row for each task and configuration: `difference` of the accuracies, its `stderr` from
        the problems paired, whether both are `equal` (within two standard errors, or better), and
        tokens/s `over_one_token` and, if asked for, `over_autoregressive`.

    Raises:
        ValueError: a task lacks K = 1.
    """
    rows = []
    for task, part in table.groupby("task"):
        runs = {
            str(name): run.sort_values("problem_id") for name, run in part.groupby("configuration")
        }
        if ONE_TOKEN not in runs:
            raise ValueError(f"{task} was not decoded with {ONE_TOKEN}; choose a table that has it")
        one = runs[ONE_TOKEN]
        for name, run in runs.items():
            if run["algorithm"].iloc[0] != "apd":
                continue
            compared = paired_comparison(run["correct"].tolist(), one["correct"].tolist())
            row = {
                "task": task,
                "configuration": name,
                "difference": compared.difference,
                "stderr": compared.stderr,
                "equal": compared.difference >= -2 * compared.stderr,
                "over_one_token": _pace(run) / _pace(one),
            }
            if large_model is not None:
                row["over_autoregressive"] = _pace(run) / _pace(runs[large_model])
            rows.append(row)
    return pd.DataFrame(rows)


def _pace(run: pd.DataFrame) -> float:
    """Tokens per second over all problems."""
    return float(run["generated_tokens"].sum() / run["wall_s"].sum())
