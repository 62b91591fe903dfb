r"""Exact laws of the attempts to improve APD (`apd.decoding.variants`).

Targets. With :math:`m = \log u^{R_i} w^{(1 - R_i)/\tau}` the exaggerated target is
:math:`m + \beta\,(m - \log u)`. For a perfect verifier (:math:`w = z`, the chain's law, and R = 0)
its log-odds lie beyond those of z as seen from u, whatever :math:`\beta \ge 0` is.

Corrections. A position behind the first of its iteration emits the target's token :math:`\hat y_i`,
whether it was drafted (and is accepted) or was not (and is a correction). So, given where its
iteration began, it has the target's law, under fresh noise as under noise by position, and under
every rule that draws :math:`\hat y_i` from the target. The rule only says when the iteration ends:
behind the C-th position at which :math:`\hat x_i \ne \hat y_i`, or behind M positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apd.exact.information import Table, entropy
from apd.exact.language import EnumerableLanguage, chain_conditionals
from apd.exact.output_law import Target, accept_law, check_options


def variant_target(
    mixture_weight: float,
    *,
    verifier_temperature: float = 1.0,
    entropy_decay: float = 0.0,
    distance_decay: float = 0.0,
    exaggeration: float = 0.0,
) -> Target:
    """The target of a variant, for laws without zeros; the arguments are those of its settings."""

    def target(draft: Table, score: Table, distance: int) -> Table:
        decay = entropy_decay * entropy(draft) + distance_decay * distance
        R = mixture_weight * np.exp(-decay)
        log_draft, log_score = np.log(draft), np.log(score) / verifier_temperature
        mixed = R * log_draft + (1 - R) * log_score
        weights = mixed + exaggeration * (mixed - log_draft)
        law: Table = np.exp(weights - weights.max())
        return law / law.sum()

    return target


@dataclass(frozen=True, eq=False, kw_only=True)
class CorrectedLaw:
    """What `corrected_law` returns.

    Attributes:
        table: law of the emitted sequence, shape ``(V,) * n``.
        iterations: P(a decode takes j iterations), shape (n + 1,), j = 0..n.
    """

    table: Table
    iterations: Table

    @property
    def expected_iterations(self) -> float:
        """Mean number of iterations (dLLM passes)."""
        return float(self.iterations @ np.arange(self.iterations.size))


def corrected_law(
    language: EnumerableLanguage,
    verifier: Table,
    target: Target,
    *,
    corrections: int,
    acceptance: str = "gumbel",
    max_lookahead: int | None = None,
) -> CorrectedLaw:
    """Enumerate Algorithm 1 with C >= 1 corrections, at temperature 1 and top-p 1, any noise.

    Args:
        language: the dLLM, n positions and V tokens.
        verifier: p̂_AR as a joint of shape ``(V,) * n``.
        target: of the draft's and the verifier's laws.
        corrections: C >= 1.
        acceptance: "gumbel", "independent" or "maximal".
        max_lookahead: M >= 1, or None.

    Raises:
        ValueError: an option outside its range.
    """
    check_options(language, verifier, 0.0, acceptance, "fresh", max_lookahead)
    if corrections < 1 or acceptance == "greedy":
        raise ValueError(
            f"corrections={corrections}, acceptance={acceptance!r}: need at least 1, and a rule "
            "that draws its target."
        )
    n, size = language.length, language.vocab_size
    marginals, scores = language.prefix_marginals, chain_conditionals(verifier)
    opening = np.zeros(n + 1)
    opening[0] = 1.0
    # (where the iteration began, corrections so far) -> mass (V,) * i + (iterations begun before,)
    running: dict[tuple[int, int], Table] = {}
    for i in range(n):
        M = n if max_lookahead is None else max_lookahead
        full = [state for state in running if i - state[0] >= M]
        opening = opening + sum(running.pop(state) for state in full)
        begun = np.concatenate((np.zeros_like(opening[..., :1]), opening[..., :-1]), axis=-1)
        grown = {(i, 0): marginals[i][..., 0, :, None] * begun[..., None, :]}
        opening = np.zeros((size,) * (i + 1) + (n + 1,))
        for (s, c), mass in running.items():
            kept, corrected = np.zeros((2, *(size,) * (i + 1)))
            for x in np.ndindex((size,) * i):
                draft = marginals[s][x[:s]][i - s]
                aimed = target(draft, scores[i][x], i - s)
                kept[x] = accept_law(acceptance, draft, aimed, aimed).sum(axis=1)
                corrected[x] = np.maximum(aimed - kept[x], 0.0)
            for state, law in (((s, c), kept), ((s, c + 1), corrected)):
                onward = law[..., None] * mass[..., None, :]
                if state[1] == corrections:
                    opening = opening + onward
                else:
                    grown[state] = grown.get(state, 0.0) + onward
        running = grown
    total = opening + sum(running.values())
    return CorrectedLaw(table=total.sum(axis=-1), iterations=total.reshape(-1, n + 1).sum(axis=0))
