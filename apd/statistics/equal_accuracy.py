"""Speed is worth something at equal accuracy: decoders against K = 1 on the same problems."""

from __future__ import annotations

import pandas as pd

from apd.statistics.estimates import difference, ratio
from apd.statistics.summary import per_problem

ONE_TOKEN = "left_to_right-K1"


def against_one_token(table: pd.DataFrame, large_model: str | None = None) -> pd.DataFrame:
    """Every APD configuration of a result table beside one token at a time, task by task.

    Args:
        table: rows of one or more tasks, decoded by APD and with K = 1, all of them judged.
        large_model: configuration of the autoregressive model to compare the speed with.

    Returns:
        A row for each task and configuration: `difference` of the accuracies, its `stderr` from
        the problems paired, whether both are `equal` (within two standard errors, or better), and
        tokens/s `over_one_token` and, if asked for, `over_autoregressive`, as paired ratios.

    Raises:
        ValueError: a task lacks K = 1.
    """
    names = table[["task", "configuration", "algorithm", "problem_id"]]
    metrics = pd.concat([names, per_problem(table)], axis=1)
    rows = []
    for task, part in metrics.groupby("task"):
        runs = {str(n): run.set_index("problem_id") for n, run in part.groupby("configuration")}
        if ONE_TOKEN not in runs:
            raise ValueError(f"{task} was not decoded with {ONE_TOKEN}; choose a table that has it")
        speeds = {"over_one_token": ONE_TOKEN}
        if large_model is not None:
            speeds["over_autoregressive"] = large_model
        for name in part.loc[part["algorithm"] == "apd", "configuration"].unique():
            gap = difference(runs[name]["accuracy"], runs[ONE_TOKEN]["accuracy"])
            rows.append(
                {
                    "task": task,
                    "configuration": name,
                    "difference": gap.value,
                    "stderr": gap.stderr,
                    "equal": gap.value >= -2 * gap.stderr,
                    **{
                        column: ratio(
                            runs[name]["throughput_tok_s"], runs[other]["throughput_tok_s"]
                        ).value
                        for column, other in speeds.items()
                    },
                }
            )
    return pd.DataFrame(rows)
