"""Means over problems with their standard errors, as the paper reports them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

SHARES = ("accuracy", "faithfulness")  # of problems: 1 or 0 each
METRICS = (
    *SHARES,
    "throughput_tok_s",
    "throughput_reference_tok_s",
    "latency_s",
    "prompt_tokens",
    "generated_tokens",
    "generated_tokens_reference",
    "iterations",
    "tokens_per_iteration",
    "tokens_per_iteration_reference",
    "max_tokens_per_iteration",
    "max_tokens_per_iteration_reference",
    "dllm_forwards",
    "verifier_forwards",
    "dllm_s",
    "verifier_s",
    "dllm_share",
    "verifier_share",
)
# Sums over all problems, divided: numerator, denominator.
POOLED = {
    "tokens_per_iteration_pooled": ("generated_tokens", "iterations"),
    "tokens_per_iteration_pooled_reference": ("generated_tokens_reference", "iterations"),
}
TIMED = (
    "throughput_tok_s",
    "throughput_reference_tok_s",
    "latency_s",
    "dllm_s",
    "verifier_s",
    "dllm_share",
    "verifier_share",
)


def per_problem(table: pd.DataFrame) -> pd.DataFrame:
    """The METRICS of every row of a result table, one column each (float64).

    Throughput is a problem's generated tokens / its decoding seconds; a share is the part of the
    decoding seconds spent in one of the models. A figure ending in ``_reference`` also counts the
    padding accepted behind the end of the answer, as the reference implementation does, which
    besides goes on past an end of turn (`apd.decoding.reference`). Accuracy and faithfulness are 1
    or 0, and empty for a task without such a judge and for rows stored before they were judged so.
    What is measured in seconds is empty for rows decoded in batches, where a problem has no time
    of its own.
    """
    tokens, padded, seconds = (
        table[name] for name in ("generated_tokens", "generated_tokens_reference", "wall_s")
    )
    columns = {
        "accuracy": table["correct"],
        "faithfulness": table["faithful"],
        "throughput_tok_s": tokens / seconds,
        "throughput_reference_tok_s": padded / seconds,
        "latency_s": seconds,
        "tokens_per_iteration": tokens / table["iterations"],
        "tokens_per_iteration_reference": padded / table["iterations"],
        "dllm_share": table["dllm_s"] / seconds,
        "verifier_share": table["verifier_s"] / seconds,
    }
    columns |= {name: table[name] for name in METRICS if name not in columns}
    metrics = pd.DataFrame({name: columns[name].astype("Float64") for name in METRICS})
    batched = (table["batch_size"] > 1).fillna(False).astype(bool)
    metrics.loc[batched, list(TIMED)] = pd.NA
    return metrics.astype(float)


def summarise(table: pd.DataFrame, by: Sequence[str] = ("task", "configuration")) -> pd.DataFrame:
    """Mean, standard error and number of problems of every metric, for every group of rows.

    Accuracy and faithfulness have the binomial standard error sqrt(a (1 - a) / n); every other
    metric that of its mean, s / sqrt(n), which is empty for a single problem. A metric without
    values (accuracy of a task that is not scored) has no row. The POOLED metrics divide sums over
    problems, which is how the reference code averages tokens per iteration: over iterations, so
    that long answers count more; their standard error is that of a ratio of means.

    Args:
        table: a result table (the columns of :mod:`apd.runs.columns`).
        by: columns that make a group; groups keep their order of appearance.

    Returns:
        Columns `by`, then metric, mean, stderr, n: one row per (group, metric), the layout of the
        paper's figures in ``data/paper_reference.csv``.
    """
    by = list(by)
    metrics = per_problem(table)
    rows = []
    for group, index in table.groupby(by, sort=False, dropna=False).indices.items():
        values = metrics.iloc[index]
        group = group if isinstance(group, tuple) else (group,)
        for metric in METRICS:
            present = values[metric].dropna()
            if len(present):
                rows.append((*group, metric, *_mean_and_error(metric, present), len(present)))
        for metric, (above, below) in POOLED.items():
            rows.append((*group, metric, *ratio_of_sums(values[above], values[below]), len(values)))
    return pd.DataFrame(rows, columns=[*by, "metric", "mean", "stderr", "n"])


def _mean_and_error(metric: str, values: pd.Series) -> tuple[float, float]:
    """Mean and standard error of the values of one metric."""
    mean = float(values.mean())
    if metric in SHARES:
        return mean, math.sqrt(mean * (1 - mean) / len(values))
    return mean, float(values.sem())  # s with n - 1 degrees of freedom, over sqrt(n)


def ratio_of_sums(above: pd.Series, below: pd.Series) -> tuple[float, float]:
    """Σ above / Σ below over problems, and its standard error.

    To first order r - ρ is the mean of (above - r below) over the mean of `below`; its standard
    error is empty for a single problem.
    """
    ratio = float(above.sum() / below.sum())
    residual = above - ratio * below
    return ratio, float(residual.std() / math.sqrt(len(residual)) / below.mean())
