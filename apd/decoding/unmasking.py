"""Which masked positions any-order decoding fills next: scores, counts per step, selection."""

from typing import Literal

import torch
from torch import Tensor

from apd.decoding.noise import IterationNoise

Order = Literal["random", "confidence", "margin", "entropy", "low_confidence"]
Schedule = Literal["even", "dream"]


def position_scores(
    order: Order, log_probs: Tensor, log_raw: Tensor, candidates: Tensor, noise: IterationNoise
) -> Tensor:
    """How much a position deserves to be filled now; higher first.

    "random" ignores the model (Dream's `origin`). On the law that is sampled from, "confidence" is
    the candidate's probability (Dream's `maskgit_plus`), "margin" the gap between the two largest
    probabilities (`topk_margin`), "entropy" the negative entropy in nats. "low_confidence" (LLaDA's
    name for re-masking the least certain) is the candidate's probability at temperature 1.

    Args:
        order: the rule.
        log_probs: (N, V) log law of the candidates: temperature and nucleus applied.
        log_raw: (N, V) log law at temperature 1, all tokens kept.
        candidates: (N,) long, the token proposed at each masked position.
        noise: of this iteration at the N positions.

    Returns:
        (N,) float64.
    """
    if order == "random":
        return noise.order
    if order == "confidence":
        return log_probs.gather(-1, candidates[:, None]).squeeze(-1).exp()
    if order == "low_confidence":
        return log_raw.gather(-1, candidates[:, None]).squeeze(-1).exp()
    if order == "margin":
        top_two = log_probs.exp().topk(min(2, log_probs.shape[-1]), dim=-1).values
        return top_two[:, 0] - top_two[:, 1:].sum(-1)
    return -torch.special.entr(log_probs.exp()).sum(-1)


def positions_per_step(num_positions: int, num_steps: int) -> list[int]:
    """How many positions each step fills: an even split, the first steps take the remainder."""
    share, remainder = divmod(num_positions, num_steps)
    return [share + (step < remainder) for step in range(num_steps)]


def shares_left_masked(num_steps: int) -> Tensor:
    """Dream's schedule: the share s/t of the masked positions that each step leaves masked.

    Dream's `diffusion_generate` walks from t = 1 to 0.001 in even steps, in float32, and fills in
    the last one what is left. (num_steps,) float32.
    """
    times = torch.linspace(1.0, 1e-3, num_steps + 1)
    shares = times[1:] / times[:-1]
    shares[-1] = 0.0
    return shares


def positions_per_step_of_dream(num_positions: int, num_steps: int) -> list[int]:
    """How many positions each step fills in Dream: the whole part of (1 - s/t) of those masked.

    As that rounds down, the first of as many steps as positions fills none, the last one two.
    """
    counts, masked = [], num_positions
    for share in shares_left_masked(num_steps):
        counts.append(int(masked * (1 - share)))
        masked -= counts[-1]
    return counts


def most_certain(scores: Tensor, count: int) -> Tensor:
    """Indices of the `count` highest scores, ascending; ties go to the left. (N,) -> (count,)."""
    return scores.sort(descending=True, stable=True).indices[:count].sort().values


def above_threshold(scores: Tensor, threshold: float) -> Tensor:
    """Indices of the scores above `threshold`, ascending; the highest if none is. (N,) -> (c,)."""
    return most_certain(scores, max(1, int((scores > threshold).sum())))


def those_that_reach(scores: Tensor, level: float) -> Tensor:
    """Indices of the scores at or above `level`, ascending; maybe none. (N,) -> (c,)."""
    return (scores >= level).nonzero().squeeze(-1)
