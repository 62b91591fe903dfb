"""How sure an accuracy is, and how sure a difference between two accuracies is.

Two decoders that meet the same problems are compared problem by problem: what both get right, or
both wrong, says nothing about which is better. With b problems that only the first solves, c that
only the second solves, and n in all, the difference of accuracies is d = (b − c) / n with standard
error sqrt(((b + c) / n − d²) / (n − 1)), and under the hypothesis of equal decoders b is binomial
with b + c trials and probability ½ (McNemar's test, exact).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


def binomial_standard_error(accuracy: float, problems: int) -> float:
    """sqrt(a (1 − a) / n): standard error of an accuracy a in [0, 1] measured on n problems."""
    if not 0 <= accuracy <= 1 or problems < 1:
        raise ValueError(
            f"accuracy {accuracy} on {problems} problems: use an accuracy in [0, 1] on one or more"
        )
    return math.sqrt(accuracy * (1 - accuracy) / problems)


@dataclass(frozen=True)
class PairedComparison:
    """Two decoders on the same problems.

    Attributes:
        problems: n.
        only_first, only_second: b and c, problems that only one of them solves.
    """

    problems: int
    only_first: int
    only_second: int

    @property
    def difference(self) -> float:
        """Accuracy of the first minus that of the second."""
        return (self.only_first - self.only_second) / self.problems

    @property
    def discordance(self) -> float:
        """Share of the problems that only one of them solves."""
        return (self.only_first + self.only_second) / self.problems

    @property
    def stderr(self) -> float:
        """Standard error of `difference`; with one problem there is none (nan)."""
        if self.problems < 2:
            return math.nan
        variance = self.discordance - self.difference**2
        return math.sqrt(variance / (self.problems - 1))

    @property
    def p_value(self) -> float:
        """Two-sided exact McNemar test of "both are equally good"."""
        return mcnemar_p_value(self.only_first, self.only_second)


def paired_comparison(first: Sequence[bool], second: Sequence[bool]) -> PairedComparison:
    """Compare two decoders: whether each was right, problem by problem, in the same order.

    Raises:
        ValueError: there are no problems, or not the same number of them.
    """
    if len(first) != len(second) or not len(first):
        raise ValueError(
            f"{len(first)} and {len(second)} judged problems: a paired comparison needs the same "
            "problems, at least one"
        )
    pairs = [(bool(a), bool(b)) for a, b in zip(first, second, strict=True)]
    return PairedComparison(len(pairs), pairs.count((True, False)), pairs.count((False, True)))


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """P(a split as uneven as b : c or more) if each problem falls either way with probability ½."""
    trials, smaller = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(trials, k) for k in range(smaller + 1)) / 2**trials
    return min(1.0, 2 * tail)


def problems_needed(
    difference: float, discordance: float, *, power: float = 0.8, level: float = 0.05
) -> int:
    """Problems at which a paired test finds a true `difference` with probability `power`.

    The normal approximation n = ((z_{1−level/2} √q + z_power √(q − d²)) / d)², with d the
    difference of accuracies, q the discordance and `level` that of the test. Two unrelated decoders
    of accuracies a and b disagree with q = a (1 − b) + b (1 − a); decoders that share model and
    noise agree far more often.

    Raises:
        ValueError: a value is out of range, or the difference exceeds the discordance.
    """
    if not 0 < abs(difference) <= discordance <= 1 or not (0 < power < 1 and 0 < level < 1):
        raise ValueError(
            f"difference {difference}, discordance {discordance}, power {power}, level {level}: "
            "use 0 < |difference| <= discordance <= 1, and power and level between 0 and 1"
        )
    z_level, z_power = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(power)
    spread = z_level * math.sqrt(discordance) + z_power * math.sqrt(discordance - difference**2)
    return math.ceil((spread / difference) ** 2)
