"""Short ways to a claim's numbers: the paper's, and ours at the usual places."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

import pandas as pd

from apd.decoding.acceptance import Acceptance
from apd.paper import settings
from apd.paper.claims.claim import Finding, Published
from apd.paper.claims.evidence import Evidence
from apd.paper.published import PAPER_PROBLEMS, published, published_value
from apd.paper.scale import GSM
from apd.statistics.estimates import slope
from apd.statistics.significance import binomial_standard_error

ACCURACY, SPEED, LATENCY = "accuracy", "throughput_tok_s", "latency_s"
PARALLELISM, LENGTH = "tokens_per_iteration", "generated_tokens"
SMALLEST_SHARE = 0.1  # of the paper's own effect: anything smaller is as good as none
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


def gap_error(numbers: Sequence[Published], task: str = GSM) -> float:
    """Standard error of the difference of two published accuracies.

    Where the paper gives none it is binomial, over as many problems as the paper ran. Both decode
    the same problems, which this ignores, so a margin made of it is generous.
    """
    first, second = (_accuracy_error(number, task) for number in numbers)
    return math.hypot(first, second)


def paper_loss(numbers: Sequence[Published], task: str = GSM) -> float:
    """Accuracy the paper loses from the first to the second, plus one standard error: a margin."""
    before, after = numbers
    return before.mean - after.mean + gap_error(numbers, task)


def trend(
    label: str, columns: dict[float, pd.Series], curve: Sequence[Published], *, rises: bool
) -> Finding:
    """A claim that our curve rises, or falls, as the paper's does.

    The smallest slope of interest is `SMALLEST_SHARE` of the paper's, both relative to the curve's
    first point.

    Args:
        label: of the finding.
        columns: place on the axis -> our values by problem.
        curve: the paper's at the same places.
        rises: what is claimed.
    """
    heights = [number.mean / curve[0].mean for number in curve]
    theirs = statistics.linear_regression(list(columns), heights).slope
    ours_first = float(next(iter(columns.values())).mean())
    smallest = SMALLEST_SHARE * abs(theirs) * ours_first
    if rises:
        return Finding(label, slope(columns), above=0, smallest=smallest)
    return Finding(label, slope(columns), below=0, smallest=smallest)


def _accuracy_error(number: Published, task: str) -> float:
    if not math.isnan(number.stderr):
        return number.stderr
    return binomial_standard_error(number.mean, PAPER_PROBLEMS[task])


def one_token(evidence: Evidence, artefact: str, metric: str, task: str = GSM) -> pd.Series:
    """K = 1 left to right of the Dream half."""
    configuration = settings.left_to_right(evidence.dream, task)
    return evidence.values(artefact, task, configuration, metric)


def mixed(
    evidence: Evidence, mixture_weight: float, metric: str, rule: Acceptance = "gumbel"
) -> pd.Series:
    """APD at a mixture weight of Figure 3: Algorithm 1's rule, or the reference code's."""
    configuration = settings.adaptive(evidence.dream, GSM, mixture_weight, acceptance=rule)
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
