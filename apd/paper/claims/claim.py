"""A claim, what the results say about it, and the verdict that follows.

A claim is a list of findings: an estimate, and the range in which the claim puts it. A finding
agrees if its whole 95 % interval lies inside the range, contradicts if all of it lies outside, and
is open otherwise. The claim holds if every finding agrees, does not hold if one contradicts, and
otherwise cannot be tested with these results. Each finding is a test of its own, and all have to
agree, so there is no correction for their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from apd.statistics.estimates import Estimate

if TYPE_CHECKING:
    from apd.paper.claims.evidence import Evidence

Verdict = Literal["holds", "does not hold", "not testable here"]
Outcome = Literal["agrees", "contradicts", "open"]
HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
UNTESTABLE: Verdict = "not testable here"
MINIMUM_PROBLEMS = 30  # below this no interval is trusted


@dataclass(frozen=True)
class Finding:
    """One estimate, and where the claim says that it lies.

    Attributes:
        label: what is estimated.
        estimate: with its interval.
        above, below: the ends of the claimed range, exclusive.
        digits: decimals when shown.
    """

    label: str
    estimate: Estimate
    above: float = -math.inf
    below: float = math.inf
    digits: int = 3

    @property
    def outcome(self) -> Outcome:
        """Whether the interval lies inside the claimed range, outside it, or across its end."""
        low, high = self.estimate.low, self.estimate.high
        if self.estimate.n < MINIMUM_PROBLEMS or math.isnan(low):
            return "open"
        if low > self.above and high < self.below:
            return "agrees"
        return "contradicts" if high < self.above or low > self.below else "open"

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
    """A number of the paper that the claim rests on; stderr is nan where none was given."""

    label: str
    mean: float
    stderr: float = math.nan


@dataclass(frozen=True)
class Claim:
    """Something that the paper states.

    Attributes:
        id: short name.
        statement: in our words.
        where: section, figure or table.
        published: the paper's numbers.
        findings: our estimates, from the result tables.
        explain: why it does not hold, or may not, should that be so; from the same tables.
    """

    id: str
    statement: str
    where: str
    published: Callable[[], Sequence[Published]]
    findings: Callable[[Evidence], Sequence[Finding]]
    explain: Callable[[Evidence], str]


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """The verdict that findings lead to."""
    outcomes = {finding.outcome for finding in findings}
    if "contradicts" in outcomes:
        return FAILS
    return HOLDS if outcomes == {"agrees"} else UNTESTABLE


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
