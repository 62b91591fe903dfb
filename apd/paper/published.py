"""The values that the paper publishes, from ``data/paper_reference.csv``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from apd.errors import ApdError
from apd.paper.scale import GPQA, GSM, HUMANEVAL, MATH
from apd.paths import data_dir

DREAM, LLADA = "Dream 7B", "LLaDA 8B"
QWEN_LARGE, QWEN_SMALL = "Qwen2.5 7B", "Qwen2.5 0.5B"
# Problems that the paper ran of its tasks: MATH is 100 for each of seven subjects. Its accuracies
# without an error are whole numbers of these.
PAPER_PROBLEMS = {GSM: 500, GPQA: 448, MATH: 700, HUMANEVAL: 164}


def paper_name(setting: tuple[float, int, int]) -> str:
    """How the reference table names APD at a setting of R, W and M: "apd_R0.7_W16_M100"."""
    return "apd_R{}_W{}_M{}".format(*setting)


@lru_cache(maxsize=1)
def reference() -> pd.DataFrame:
    """All published values: mean and stderr as numbers (nan where there is none), the rest text."""
    path = data_dir() / "paper_reference.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in ("mean", "stderr")}
    return table.assign(**numbers)


def published(source: str, metric: str, **columns: str) -> pd.DataFrame:
    """The rows of one artefact and metric, in the paper's order.

    Args:
        source: fig1 to fig6, table1, table2 or appendixD.
        metric: accuracy, throughput_tok_s, latency_s, tokens_per_iteration or generated_tokens.
        columns: further columns and what they must hold, e.g. ``model="Dream 7B"``.

    Raises:
        ApdError: there is no such row.
    """
    return _rows(source, metric, tuple(columns.items())).copy()


def published_value(source: str, metric: str, **columns: str) -> tuple[float, float]:
    """The mean and standard error of the only row that fits. Raises ApdError if it is not one."""
    table = published(source, metric, **columns)
    if len(table) != 1:
        raise ApdError(f"{len(table)} published values fit {columns}: say more exactly which")
    return float(table["mean"].iloc[0]), float(table["stderr"].iloc[0])


def relative_to(table: pd.DataFrame, mean: float) -> pd.DataFrame:
    """The same values as multiples of `mean`, their standard errors with them."""
    scaled: dict[str, Any] = {name: table[name] / mean for name in ("mean", "stderr")}
    return table.assign(**scaled)


@lru_cache(maxsize=512)
def _rows(source: str, metric: str, columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    wanted = {"source": source, "metric": metric} | dict(columns)
    table = reference()
    for name, value in wanted.items():
        table = table[table[name] == value]
    if table.empty:
        described = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        raise ApdError(f"the paper publishes no value with {described}")
    return table.reset_index(drop=True)
