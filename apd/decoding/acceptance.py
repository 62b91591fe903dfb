"""The acceptance rules: how the target is coupled to the draft, and how much of it is kept."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from apd.decoding.noise import IterationNoise

Acceptance = Literal["gumbel", "greedy", "independent", "maximal"]


def couple_target(
    rule: Acceptance,
    draft: Tensor,
    log_draft: Tensor,
    log_target: Tensor,
    noise: IterationNoise,
) -> Tensor:
    """Target tokens ŷ ~ p_T (line 5 of Algorithm 1); a drafted token is kept while x̂_i = ŷ_i.

    Args:
        rule: "gumbel", the paper's, shares the draft's noise; "greedy", the reference code's, takes
            the mixture's argmax; "independent" draws its own noise; "maximal" equals the draft with
            probability min(1, p_T / p), p the law that drafted.
        draft: (m,) long, x̂.
        log_draft: (m, C) log law of the draft, nucleus applied, up to a constant per position;
            read by "maximal" alone, for the same tokens as `log_target`.
        log_target: (m, C) log p_T, up to a constant per position.
        noise: of this iteration at the m positions, for the tokens that `log_target` is given for.

    Returns:
        (m,) long.
    """
    if rule == "gumbel":
        return noise.draw_shared(log_target)
    if rule == "greedy":
        return noise.likeliest(log_target)
    if rule == "independent":
        return noise.draw_target(log_target)
    return noise.draw_coupled(draft, log_draft.log_softmax(-1), log_target.log_softmax(-1))


def accepted_count(draft: Sequence[int], target: Sequence[int], *, always_first: bool) -> int:
    """Length of the accepted prefix (line 6 of Algorithm 1).

    Args:
        draft, target: tokens of the same m positions, m >= 1 with `always_first`.
        always_first: whether these positions open an iteration, whose first token is accepted
            whatever the target; the others are accepted while draft and target agree.

    Returns:
        In 0..m, at least 1 with `always_first`.
    """
    agree = [x == y for x, y in zip(draft, target, strict=True)]
    if always_first:
        agree[0] = True
    return agree.index(False) if False in agree else len(agree)
