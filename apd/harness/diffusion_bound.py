r"""The masked diffusion bound on a text's log likelihood, exact or by Monte Carlo.

A masked diffusion model is trained to predict what any set of masked positions holds. That gives
(LLaDA, Nie et al. 2025; Ou et al. 2025)

    log p(y | x) >= E_l E_S [ (L / l) sum_{i in S} log p_D(y_i | x, y outside S) ],

with l uniform on 1..L and S uniform among the sets of l positions of the text. The right side is
the mean, over all orders in which the L positions can be filled, of the log likelihood by the chain
rule in that order. It equals the left-to-right one for a model whose conditionals belong to one
joint law; for any other it differs, and says how the model fares on average over orders.

Values are in nats; P is the length of the context, L the number of scored tokens.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from apd.counter_rng import counter_uniform
from apd.decoding import CanvasRequest, DiffusionLM
from apd.decoding.precision import as_loaded
from apd.decoding.warpers import forbidden_tokens
from apd.harness.likelihood import LogLikelihood, Passage, batches, of_tokens


@torch.inference_mode()
@as_loaded
def diffusion_bound(
    dllm: DiffusionLM,
    passages: Sequence[Passage],
    *,
    samples: int = 128,
    seed: int = 0,
    batch_size: int = 8,
) -> list[LogLikelihood]:
    """The bound on log p(y | x) for each passage, `batch_size` sets of masked positions a pass.

    Where a passage has at most `samples` sets, 2^L - 1 of them, all are visited and the bound is
    exact. Otherwise `samples` sets are drawn; they depend on seed, context and L alone, so choices
    of one length share them within a question and no score depends on the company it is in.

    Args:
        dllm: p_D.
        passages: what to score.
        samples: number of sets, at least 2.
        seed: integer >= 0.
        batch_size: canvases of a pass.
    """
    if samples < 2:
        raise ValueError(f"samples={samples} is not allowed: it must be at least 2; use 128")
    scores = []
    for passage in passages:
        every = 2 ** len(passage.continuation) - 1 <= samples
        sets, weights = every_set(passage) if every else random_sets(passage, samples, seed)
        terms = [
            term for batch in batches(sets, batch_size) for term in _terms(dllm, passage, batch)
        ]
        estimates = torch.tensor(terms, dtype=torch.float64)  # (N,)
        stderr = 0.0 if every else float(estimates.std() / math.sqrt(len(estimates)))
        scores.append(LogLikelihood(float((weights * estimates).sum()), stderr=stderr))
    return scores


def every_set(passage: Passage) -> tuple[list[Tensor], Tensor]:
    """All non-empty sets S of positions, (l,) long each, with probability 1 / (L C(L, l))."""
    L = len(passage.continuation)
    sets = [chosen for size in range(1, L + 1) for chosen in combinations(range(L), size)]
    weights = [1 / (L * math.comb(L, len(chosen))) for chosen in sets]
    return [torch.tensor(chosen) for chosen in sets], torch.tensor(weights, dtype=torch.float64)


def random_sets(passage: Passage, samples: int, seed: int) -> tuple[list[Tensor], Tensor]:
    """Independent sets S of positions, (l,) long each, and the weight 1 / N of each."""
    L = len(passage.continuation)
    digest = hashlib.sha256(f"{seed}/{passage.context}".encode()).digest()
    own_seed = int.from_bytes(digest[:4], "big")
    uniform = counter_uniform(own_seed, torch.arange(samples), torch.arange(L + 1))  # (N, L + 1)
    sizes = (uniform[:, 0] * L).long() + 1  # (N,), uniform on 1..L
    order = uniform[:, 1:].argsort(-1)  # (N, L), uniform over permutations
    sets = [row[:size].sort().values for row, size in zip(order, sizes.tolist(), strict=True)]
    return sets, torch.full((samples,), 1 / samples, dtype=torch.float64)


def _terms(dllm: DiffusionLM, passage: Passage, sets: Sequence[Tensor]) -> list[float]:
    """(L / l) sum_{i in S} log p_D(y_i | x, y outside S) for each set S."""
    L, P = len(passage.continuation), len(passage.context)
    requests = []
    for chosen in sets:
        canvas = passage.tokens()
        canvas[P + chosen] = dllm.mask_token_id
        rows = range(P + int(chosen[0]), P + int(chosen[-1]) + 1)
        requests.append(CanvasRequest(dllm, canvas, rows))
    forbidden = forbidden_tokens(dllm)
    terms = []
    for chosen, logits in zip(sets, dllm.canvases(requests), strict=True):
        tokens = [passage.continuation[i] for i in chosen.tolist()]
        log_probs, _ = of_tokens(logits[chosen - chosen[0]], tokens, forbidden)
        terms.append(L / len(tokens) * float(log_probs.sum()))
    return terms
