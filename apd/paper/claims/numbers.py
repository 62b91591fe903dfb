"""Short ways to a claim's numbers: the paper's, and ours at the usual places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from apd.paper import settings
from apd.paper.claims.claim import Published
from apd.paper.claims.evidence import Evidence
from apd.paper.published import published, published_value
from apd.paper.scale import GSM

ACCURACY, SPEED, LATENCY = "accuracy", "throughput_tok_s", "latency_s"
PARALLELISM, LENGTH = "tokens_per_iteration", "generated_tokens"
WORDS = {
    ACCURACY: "accuracy",
    SPEED: "tokens per second",
    LATENCY: "latency",
    PARALLELISM: "tokens per iteration",
    LENGTH: "tokens of an answer",
}


def paper(label: str, source: str, metric: str, **columns: str) -> Published:
    """One published number."""
    mean, stderr = published_value(source, metric, **columns)
    return Published(label, mean, stderr)


def paper_curve(
    source: str, metric: str, symbol: str, values: Sequence[str] = (), **columns: str
) -> list[Published]:
    """A published curve, or its points at some values, each labelled by its parameter."""
    table = published(source, metric, **columns)
    chosen = table[table["value"].isin(values)] if values else table
    points = zip(chosen["value"], chosen["mean"], chosen["stderr"], strict=True)
    return [Published(f"{symbol} = {value.lower()}", *numbers) for value, *numbers in points]


def paper_loss(source: str, parameter: str, value: str, reference: str) -> float:
    """Accuracy that the paper loses at a value, plus one standard error of that difference.

    Both decode the same problems, so this is a generous margin: the standard error ignores that.
    """
    before = published_value(source, ACCURACY, parameter=parameter, value=reference)
    after = published_value(source, ACCURACY, parameter=parameter, value=value)
    return before[0] - after[0] + math.hypot(before[1], after[1])


def one_token(evidence: Evidence, artefact: str, metric: str, task: str = GSM) -> pd.Series:
    """K = 1 left to right of the Dream half."""
    configuration = settings.left_to_right(evidence.dream, task)
    return evidence.values(artefact, task, configuration, metric)


def mixed(evidence: Evidence, mixture_weight: float, metric: str) -> pd.Series:
    """APD at a mixture weight of Figure 3, Algorithm 1's rule."""
    configuration = settings.adaptive(evidence.dream, GSM, mixture_weight)
    return evidence.values("fig3", GSM, configuration, metric)


def in_pareto(
    evidence: Evidence, task: str, setting: tuple[float, int, int], metric: str
) -> pd.Series:
    """One of the paper's two settings of APD in Figure 5."""
    configuration = settings.adaptive(evidence.dream, task, *setting)
    return evidence.values("fig5", task, configuration, metric)


def ar(evidence: Evidence, task: str, metric: str, *, small: bool = False) -> pd.Series:
    """An autoregressive model in Figure 5: the large one, or the small one."""
    model = evidence.dream.baselines[1 if small else 0]
    return evidence.values("fig5", task, settings.baseline(evidence.dream, task, model), metric)


def ours(parts: Iterable[tuple[str, pd.Series]], digits: int = 3) -> str:
    """Means in words: "entropy 0.812, random 0.401"."""
    return ", ".join(f"{name} {values.astype(float).mean():.{digits}f}" for name, values in parts)
