"""Estimates with confidence intervals, over problems.

All decoders meet the same problems, so two of them are compared problem by problem, and a trend is
a slope fitted to each problem. Intervals are normal approximations at 95 %, which is why a claim
asks for a minimum number of problems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Estimate:
    """A quantity estimated over problems.

    Attributes:
        value: the estimate; `low` and `high` bound its 95 % interval.
        n: problems.
        test: what was computed, in words.
        center, stderr: of the quantity that is approximately normal; its logarithm for a ratio.
        logarithmic: whether it is a logarithm.
    """

    n: int
    test: str
    center: float
    stderr: float
    logarithmic: bool = False

    @property
    def value(self) -> float:
        return self._back(self.center)

    @property
    def low(self) -> float:
        return self._back(self.center - _Z * self.stderr)

    @property
    def high(self) -> float:
        return self._back(self.center + _Z * self.stderr)

    def p_value(self, bound: float, *, above: bool) -> float:
        """One-sided p-value of "the quantity is not above (below) the bound"."""
        limit = math.log(bound) if self.logarithmic else bound
        distance = self.center - limit if above else limit - self.center
        if self.stderr == 0:
            return 0.0 if distance > 0 else 1.0
        return 0.5 * math.erfc(distance / self.stderr / math.sqrt(2))  # exact far out, too

    def _back(self, number: float) -> float:
        return math.exp(number) if self.logarithmic else number


def mean(values: pd.Series) -> Estimate:
    """The mean over problems."""
    return _over_problems(values.to_numpy(float), "mean over problems")


def difference(first: pd.Series, second: pd.Series) -> Estimate:
    """The mean of first − second over the problems that both have."""
    first, second = first.align(second, join="inner")
    gap = first.to_numpy(float) - second.to_numpy(float)
    return _over_problems(gap, "paired difference, z-test")


def ratio(first: pd.Series, second: pd.Series) -> Estimate:
    """The geometric mean of first / second over the problems that both have."""
    first, second = first.align(second, join="inner")
    logs = np.log(first.to_numpy(float)) - np.log(second.to_numpy(float))
    return _over_problems(logs, "paired ratio (geometric mean), z-test", logarithmic=True)


def unpaired_ratio(first: pd.Series, second: pd.Series) -> Estimate:
    """The ratio of geometric means over two different sets of problems."""
    a, b = np.log(first.to_numpy(float)), np.log(second.to_numpy(float))
    stderr = math.hypot(_standard_error(a), _standard_error(b))
    test = "unpaired ratio (geometric means), Welch z-test"
    return Estimate(min(len(a), len(b)), test, float(a.mean() - b.mean()), stderr, True)


def slope(columns: dict[float, pd.Series]) -> Estimate:
    """The mean over problems of each problem's least-squares slope.

    Args:
        columns: place on the axis -> values by problem; the same problems at every place.
    """
    table = pd.DataFrame(columns).dropna()
    places = np.array(list(columns), float)
    weights = (places - places.mean()) / ((places - places.mean()) ** 2).sum()
    return _over_problems(table.to_numpy(float) @ weights, "slope by problem, z-test")


def _over_problems(values: np.ndarray, test: str, logarithmic: bool = False) -> Estimate:
    center = float(values.mean()) if len(values) else math.nan
    return Estimate(len(values), test, center, _standard_error(values), logarithmic)


def _standard_error(values: np.ndarray) -> float:
    """s / √n; not a number for fewer than two values."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
