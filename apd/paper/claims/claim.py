"""A claim, what the results say about it, and the verdict that follows.

A claim is a list of findings: an estimate, and the range in which the claim puts it. A finding
agrees if its whole 95 % interval lies inside the range and contradicts if all of it lies outside.
Where the claim is that there is an effect, the end of its range is no effect at all, and a finding
that does neither and whose interval lies within the smallest effect of interest on either side of
that end is absent: an equivalence test. Everything else is open. The claim holds if every finding
agrees, does not hold if one contradicts, and cannot be tested if one is open; if all are decided
and one is absent, no effect was found. Each finding is a test of its own, and all have to agree, so
there is no correction for their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

from apd.statistics.estimates import Estimate

if TYPE_CHECKING:
    from apd.paper.claims.evidence import Evidence

Verdict = Literal["holds", "does not hold", "no effect found", "not testable here"]
Outcome = Literal["agrees", "contradicts", "absent", "open"]
HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
NO_EFFECT: Verdict = "no effect found"
UNTESTABLE: Verdict = "not testable here"
MINIMUM_PROBLEMS = 30  # below this no interval is trusted


def lies_near(end: float, low: float, high: float, smallest: float) -> bool:
    """Whether an interval lies within the smallest effect of interest on either side of an end."""
    return low > end - smallest and high < end + smallest


@dataclass(frozen=True)
class Finding:
    """One estimate, and where the claim says that it lies.

    Attributes:
        label: what is estimated.
        estimate: with its interval.
        above, below: the ends of the claimed range, exclusive.
        smallest: effect of interest, as a distance from the end of the range; nan where the claim
            is not that there is an effect.
        digits: decimals when shown.
    """

    label: str
    estimate: Estimate
    _: KW_ONLY
    above: float = -math.inf
    below: float = math.inf
    smallest: float = math.nan
    digits: int = 3

    @property
    def outcome(self) -> Outcome:
        """Where the interval lies: in the claimed range, outside, at its end, or across it."""
        low, high = self.estimate.low, self.estimate.high
        if self.estimate.n < MINIMUM_PROBLEMS or math.isnan(low):
            return "open"
        if low > self.above and high < self.below:
            return "agrees"
        if high < self.above or low > self.below:
            return "contradicts"
        return "absent" if lies_near(self.end, low, high, self.smallest) else "open"

    @property
    def end(self) -> float:
        """The end of the claimed range that is nearer to the estimate."""
        value = self.estimate.value
        return min(self.above, self.below, key=lambda end: abs(value - end))

    @property
    def p_value(self) -> float:
        """Of the opposite of the claim, one-sided: the larger where both ends are claimed."""
        ends = []
        if self.above > -math.inf:
            ends.append(self.estimate.p_value(self.above, above=True))
        if self.below < math.inf:
            ends.append(self.estimate.p_value(self.below, above=False))
        return max(ends)

    @property
    def claimed(self) -> str:
        """The range in words."""
        ends = ((self.above, "above", -math.inf), (self.below, "below", math.inf))
        return " and ".join(f"{word} {end:.4g}" for end, word, none in ends if end != none)

    def __str__(self) -> str:
        e, d = self.estimate, self.digits
        return f"{self.label}: {e.value:.{d}f} [{e.low:.{d}f}, {e.high:.{d}f}]"


@dataclass(frozen=True)
class Published:
    """A number of the paper that a claim rests on; stderr is nan where none was given."""

    label: str
    mean: float
    stderr: float = math.nan


@dataclass(frozen=True)
class Claim:
    """Something that the paper states.

    Attributes:
        id: permanent name, and the anchor of the claim on its page.
        short: the statement in a few words.
        statement: in our words.
        where: section, figure or table.
        published: the paper's numbers.
        findings: our estimates, from the result tables, with the rule of Algorithm 1.
        explain: why it does not hold, or may not, should that be so; from the same tables.
        greedy: the same findings with the rule of the reference code, where both were run.
    """

    id: str
    short: str
    statement: str
    where: str
    published: Callable[[], Sequence[Published]]
    findings: Callable[[Evidence], Sequence[Finding]]
    explain: Callable[[Evidence], str]
    greedy: Callable[[Evidence], Sequence[Finding]] | None = None


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """The verdict that findings lead to."""
    outcomes = {finding.outcome for finding in findings}
    if "contradicts" in outcomes:
        return FAILS
    if outcomes == {"agrees"}:
        return HOLDS
    return UNTESTABLE if "open" in outcomes or not outcomes else NO_EFFECT


def reason_open(findings: Sequence[Finding]) -> str:
    """Why findings that do not contradict do not suffice either."""
    few = [f for f in findings if f.estimate.n < MINIMUM_PROBLEMS]
    if few:
        return (
            f"Only {few[0].estimate.n} problems have been run; at least {MINIMUM_PROBLEMS} are "
            "needed for an interval."
        )
    reasons = [f"{f}, claimed {f.claimed}" for f in findings if f.outcome == "open"]
    return f"The interval reaches across the end of the claimed range ({'; '.join(reasons)})."


def reason_absent(findings: Sequence[Finding]) -> str:
    """How small the effects are that are as good as none."""
    reasons = [
        f"{f}, within {f.smallest:.2g} of {f.end:.4g}" for f in findings if f.outcome == "absent"
    ]
    return f"No effect of a size that would be of interest ({'; '.join(reasons)})."
