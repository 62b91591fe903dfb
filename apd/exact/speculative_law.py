r"""The exact law of what speculative decoding emits on an enumerable language.

Say an iteration started at s and has kept every draft up to position i. Position i then meets the
drafter's law q and the large model's p = p_AR(x_i | x_<i). Token v is drafted and kept with
probability K[v], or is the correction, which ends the iteration, with probability p[v] - K[v];
behind a draft that was kept as a whole, v comes with probability p[v], and the iteration ends as
well. The rule only says what K is: min(p, q), or P(both races choose v) where draft and target
share noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from apd.coupling import agreement_distribution
from apd.exact.information import Table
from apd.exact.language import EnumerableLanguage, chain_conditionals

DraftLaw = Callable[[int, tuple[int, ...]], Table]


@dataclass(frozen=True, eq=False, kw_only=True)
class SpeculativeLaw:
    """What `speculative_law` returns.

    Attributes:
        table: law of the emitted sequence, shape ``(V,) * n``.
        iterations: P(a decode takes j passes of the large model), shape (n + 1,), j = 0..n.
    """

    table: Table
    iterations: Table

    @property
    def expected_iterations(self) -> float:
        """Mean number of passes of the large model."""
        return float(self.iterations @ np.arange(self.iterations.size))


def autoregressive_drafts(joint: Table) -> DraftLaw:
    """A drafter that is a joint of shape ``(V,) * n``, read token by token."""
    tables = chain_conditionals(joint)
    return lambda start, prefix: tables[len(prefix)][prefix]


def marginal_drafts(language: EnumerableLanguage) -> DraftLaw:
    """A dLLM that drafts: every token from its marginal given what stood at the start."""
    tables = language.prefix_marginals
    return lambda start, prefix: tables[start][prefix[:start]][len(prefix) - start]


def speculative_law(
    target: Table,
    drafts: DraftLaw,
    *,
    draft_length: int,
    acceptance: str = "maximal",
    mixture_weight: float = 0.0,
) -> SpeculativeLaw:
    """Enumerate speculative decoding at temperature 1 and top-p 1.

    Args:
        target: the large model as a joint of shape ``(V,) * n``.
        drafts: the drafter's law of a token, (V,), from the iteration's start and the prefix.
        draft_length: K >= 1.
        acceptance: "maximal" or "gumbel".
        mixture_weight: R: drafts q meet the bridge q^R p^(1-R) in place of p, as they do in
            PoE-Bridge with one candidate; what stands behind a whole draft is the large model's.

    Raises:
        ValueError: an option outside its range.
    """
    if draft_length < 1 or acceptance not in ("maximal", "gumbel"):
        raise ValueError(
            f"draft_length={draft_length}, acceptance={acceptance!r}: need at least 1, and maximal "
            "or gumbel."
        )
    n, size, chain = target.ndim, target.shape[0], chain_conditionals(target)
    start = np.zeros(n + 1)
    start[1] = 1.0  # one iteration, nothing emitted
    running: dict[int, Table] = {0: start}  # start s -> mass (V,) * i + (iterations so far,)
    for i in range(n):
        opened = np.zeros((size,) * (i + 1) + (n + 1,))  # iterations that start at i + 1
        grown: dict[int, Table] = {}
        for s, mass in running.items():
            kept, goal = np.zeros((size,) * (i + 1)), chain[i].copy()
            if i - s < draft_length:
                for prefix in np.ndindex((size,) * i):
                    draft = drafts(s, prefix)
                    goal[prefix] = _bridge(draft, chain[i][prefix], mixture_weight)
                    kept[prefix] = _kept(acceptance, draft, goal[prefix])
            grown[s] = kept[..., None] * mass[..., None, :]
            opened += (goal - kept)[..., None] * mass[..., None, :]
        if i + 1 < n:  # one more iteration, unless the text is complete
            opened = np.concatenate((np.zeros_like(opened[..., :1]), opened[..., :-1]), axis=-1)
        running = {**grown, i + 1: opened}
    total = np.sum(list(running.values()), axis=0)
    return SpeculativeLaw(table=total.sum(axis=-1), iterations=total.reshape(-1, n + 1).sum(axis=0))


def _bridge(draft: Table, target: Table, weight: float) -> Table:
    """draft^R target^(1-R), normalised. (V,)."""
    law = draft**weight * target ** (1 - weight)
    return np.asarray(law / law.sum())


def _kept(acceptance: str, draft: Table, target: Table) -> Table:
    """P(v is drafted and kept), shape (V,)."""
    if acceptance == "maximal":
        return np.minimum(draft, target)
    agree = agreement_distribution(torch.from_numpy(draft), torch.from_numpy(target))
    return np.asarray(agree)
