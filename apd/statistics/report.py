"""A summary as a table on the terminal and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

_LINES = {  # metric: heading, digits
    "accuracy": ("accuracy", 3),
    "faithfulness": ("faithfulness", 3),
    "throughput_tok_s": ("tok/s", 1),
    "latency_s": ("latency (s)", 3),
    "generated_tokens": ("generated tokens", 1),
    "iterations": ("iterations", 1),
    "tokens_per_iteration": ("tokens per iteration", 2),
    "max_tokens_per_iteration": ("most tokens in one iteration", 1),
    "dllm_s": ("seconds in the dLLM", 3),
    "dllm_share": ("  share of the latency", 3),
    "verifier_s": ("seconds in the AR model", 3),
    "verifier_share": ("  share of the latency", 3),
}
_REFERENCE_LINES = {
    "throughput_reference_tok_s": ("tok/s", 1),
    "generated_tokens_reference": ("generated tokens", 1),
    "tokens_per_iteration_reference": ("tokens per iteration", 2),
    "max_tokens_per_iteration_reference": ("most tokens in one iteration", 1),
    "tokens_per_iteration_pooled_reference": ("tokens / iterations, summed first", 2),
}


def plus_minus(mean: float, stderr: float, digits: int) -> str:
    """ "0.812 ± 0.017"; the mean alone where there is no standard error."""
    error = "" if math.isnan(stderr) else f" ± {stderr:.{digits}f}"
    return f"{mean:.{digits}f}{error}"


def machine_name(machine: Mapping[str, Any]) -> str:
    """The GPU of a provenance's machine, or its processor and the threads used: "X, 2 threads"."""
    threads = machine["threads"]
    return machine["gpu"] or f"{machine['cpu']}, {threads} thread{'s' if threads != 1 else ''}"


def metrics_of(summary: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """One group's rows of a summary: metric -> mean, stderr (None if there is none), n."""
    return {
        row.metric: {
            "mean": row.mean,
            "stderr": None if math.isnan(row.stderr) else row.stderr,
            "n": row.n,
        }
        for row in summary.itertuples(index=False)
    }


def summary_table(summary: pd.DataFrame) -> Table:
    """Mean ± standard error over problems: a line a metric, a column a (task, configuration).

    Below a rule stand the figures that depend on counting, as the reference code counts: with the
    padding behind the end of an answer.
    """
    table = Table("")
    columns = []
    for (task, configuration), group in summary.groupby(["task", "configuration"], sort=False):
        table.add_column(f"{task}\n{configuration}", justify="right")
        columns.append(metrics_of(group))
    table.add_row("problems", *(str(metrics["generated_tokens"]["n"]) for metrics in columns))
    for lines in (_LINES, _REFERENCE_LINES):
        for name, (heading, digits) in lines.items():
            if any(name in metrics for metrics in columns):
                table.add_row(heading, *(_cell(metrics.get(name), digits) for metrics in columns))
        if lines is _LINES:
            table.add_section()
            table.add_row("padding counted", *("" for _ in columns), style="italic")
    return table


def _cell(metric: Mapping[str, Any] | None, digits: int) -> str:
    if metric is None:
        return "–"
    stderr = metric["stderr"]
    return plus_minus(metric["mean"], math.nan if stderr is None else stderr, digits)
