"""Couplings of a draft law p with a target law q: how often can two samples be the same token?

Sharing Gumbel noise g between x̂ = argmax(log p + g) and ŷ = argmax(log q + g) (Section 4.2 of the
paper) makes them agree often without either sampler knowing the other's law. Independent noise
agrees rarely; the maximal coupling agrees as often as any can, but has to see both laws.

Laws are (..., V) probabilities, log laws are in nats; V is the vocabulary size.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from apd.counter_rng import counter_uniform

LARGEST_GUMBEL = -math.log(-math.log1p(-(2.0**-53))) + 1e-9
"""No noise of :func:`gumbel_noise` is larger, as its uniforms are at most 1 - 2^-53. About 36.7."""

SMALLEST_GUMBEL = -math.log(53 * math.log(2.0)) - 1e-9
"""None is smaller, as its uniforms are at least 2^-53. About -3.6."""


def gumbel_noise(seed: int, positions: Tensor, token_ids: Tensor, draw: int = 0) -> Tensor:
    """Standard Gumbel noise, a pure function of (seed, position, token id, draw).

    Args:
        seed: any integer; taken modulo 2^64.
        positions: (N,) long, absolute positions.
        token_ids: (V,) long, or (N, V) with ids of its own for each position.
        draw: which independent field, an integer >= 0.

    Returns:
        (N, V) float64, -log(-log u) of `counter_uniform`; equal on all devices up to the rounding
        of their logarithms.
    """
    return counter_uniform(seed, positions, token_ids, draw).log_().neg_().log_().neg_()


def gumbel_max(log_probs: Tensor, noise: Tensor) -> Tensor:
    """argmax_v (log p(v) + g(v)): a sample from p, normalised or not. (..., V) -> (...,) long."""
    return (log_probs + noise).argmax(-1)


def gumbel_max_among_likely(
    log_probs: Tensor, noise_at: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """`gumbel_max`, reading noise only for tokens that can win.

    Noise lies between :data:`SMALLEST_GUMBEL` and :data:`LARGEST_GUMBEL`, so a token whose log
    probability is further than their difference below the row's largest cannot be the argmax.
    At low temperature that leaves a few tokens in a hundred.

    Args:
        log_probs: (N, V) log probabilities on the CPU, normalised or not.
        noise_at: gives (K,) noise for K entries, named by their rows (K,) and token ids (K,).

    Returns:
        (N,) long; the smallest id where several tokens are equally good.
    """
    scores = log_probs.numpy()
    N, V = scores.shape
    least = scores.max(axis=1, keepdims=True) - (LARGEST_GUMBEL - SMALLEST_GUMBEL)
    likely = np.flatnonzero(scores >= least)  # (K,), row by row
    rows, token_ids = np.divmod(likely, V)
    noise = noise_at(torch.from_numpy(rows), torch.from_numpy(token_ids)).numpy()
    perturbed = scores.reshape(-1)[likely] + noise
    best = np.maximum.reduceat(perturbed, np.searchsorted(rows, np.arange(N)))  # (N,)
    won = np.flatnonzero(perturbed == best[rows])[::-1]  # backwards: the smallest id comes last
    winners = np.empty(N, dtype=np.int64)
    winners[rows[won]] = token_ids[won]
    return torch.from_numpy(winners)


def agreement_distribution(p: Tensor, q: Tensor) -> Tensor:
    """P(x̂ = ŷ = i) under shared Gumbel noise, for each token i.

    Closed form: 1 / sum_j max(p_j / p_i, q_j / q_i), and 0 where p_i q_i = 0. Sorting the tokens by
    p/q turns the inner sum into two cumulative sums, so the cost is V log V.

    Args:
        p, q: (..., V) probabilities.

    Returns:
        (..., V) probabilities that sum to the probability of agreement.
    """
    order = (p / q).nan_to_num(nan=1.0, posinf=torch.inf).argsort(-1, descending=True)
    p_sorted, q_sorted = p.gather(-1, order), q.gather(-1, order)
    p_above = p_sorted.cumsum(-1)  # sum of p_j with p_j/q_j >= p_i/q_i
    q_not_above = q_sorted.flip(-1).cumsum(-1).flip(-1)
    q_below = torch.nn.functional.pad(q_not_above[..., 1:], (0, 1))  # own term left out
    joint = 1.0 / (p_above / p_sorted + q_below / q_sorted)
    joint = torch.where((p_sorted > 0) & (q_sorted > 0), joint, torch.zeros_like(joint))
    return torch.zeros_like(joint).scatter(-1, order, joint)


def agreement_probability(p: Tensor, q: Tensor) -> Tensor:
    """P(x̂ = ŷ) under shared Gumbel noise: `agreement_distribution` summed. (..., V) -> (...,)."""
    return agreement_distribution(p, q).sum(-1)


def independent_agreement(p: Tensor, q: Tensor) -> Tensor:
    """P(x̂ = ŷ) = sum_v p(v) q(v) when draft and target use separate noise. (..., V) -> (...,)."""
    return (p * q).sum(-1)


def greedy_agreement(p: Tensor, q: Tensor) -> Tensor:
    """P(x̂ = argmax q) = p(argmax q): a sampled draft, a greedy target. (..., V) -> (...,)."""
    return p.gather(-1, q.argmax(-1, keepdim=True)).squeeze(-1)


def maximal_agreement(p: Tensor, q: Tensor) -> Tensor:
    """P(x̂ = ŷ) = 1 - TV(p, q), the most that any coupling reaches. (..., V) -> (...,)."""
    return torch.minimum(p, q).sum(-1)


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """TV(p, q) = sum_v |p(v) - q(v)| / 2, in [0, 1]. (..., V) -> (...,)."""
    return (p - q).abs().sum(-1) / 2


def agreement_bounds(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """Bounds on the agreement under shared Gumbel noise: (1-TV)/(1+TV) <= P(x̂ = ŷ) <= 1-TV.

    The lower one is the paper's P(x̂ ≠ ŷ) <= 2 TV / (1 + TV). (..., V) -> two (...,) tensors.
    """
    tv = total_variation(p, q)
    return (1 - tv) / (1 + tv), 1 - tv


def maximal_coupling(
    draft: Tensor, log_p: Tensor, log_q: Tensor, uniform: Tensor, noise: Tensor
) -> Tensor:
    """Target tokens ŷ ~ q that equal the draft x̂ ~ p with probability min(1, q(x̂) / p(x̂)).

    Where the draft is not kept, ŷ is drawn by Gumbel-max from the residual (q - p)+ / TV, which has
    no mass on x̂; hence ŷ = x̂ exactly where the draft is kept.

    Args:
        draft: (N,) long, samples from p.
        log_p, log_q: (N, V) normalised log laws of draft and target.
        uniform: (N,) in (0, 1), independent of the draft.
        noise: (N, V) Gumbel noise, independent of draft and `uniform`.

    Returns:
        (N,) long target tokens.
    """
    drafted = draft[:, None]
    log_ratio = (log_q.gather(-1, drafted) - log_p.gather(-1, drafted)).squeeze(-1)  # (N,)
    residual = (log_q.exp() - log_p.exp()).clamp(min=0.0).log()  # (N, V)
    return torch.where(uniform.log() < log_ratio, draft, gumbel_max(residual, noise))
