"""Algorithm 1 written out position by position: no caches, no batching, nothing clever.

The yardstick for `apd.decoding.adaptive`: slow, short, and independent of it but for the noise,
which is an input. It works on any dLLM and verifier that satisfy the decoding protocols.
"""

import math

import torch
from torch import Tensor

from apd.counter_rng import counter_uniform
from apd.coupling import gumbel_noise
from apd.decoding import AdaptiveConfig, AutoregressiveLM, DiffusionLM

FIELDS = 4  # noise fields per iteration: shared Gumbel, target's Gumbel, acceptance uniform, order


def naive_apd(
    dllm: DiffusionLM, verifier: AutoregressiveLM, prompt_ids: Tensor, config: AdaptiveConfig
) -> tuple[list[int], list[int]]:
    """Decode with Algorithm 1; `kv_window` is ignored, everything is recomputed.

    Returns:
        Tokens up to and including the first end token, and the number accepted per iteration.
    """
    x, P = prompt_ids.tolist(), len(prompt_ids)
    n = P + config.max_new_tokens
    R, T = config.mixture_weight, config.temperature
    banned = banned_ids(dllm, verifier)
    counts: list[int] = []
    while len(x) < n and not any(token in dllm.end_token_ids for token in x[P:]):
        t = len(x)
        m = n - t if config.max_lookahead is None else min(config.max_lookahead, n - t)
        iteration = len(counts) if config.noise == "fresh" else 0
        l_d = dllm.canvas_logits(torch.tensor(x + [dllm.mask_token_id] * m))[t:]
        p_d = [law(row, T, banned, dllm.vocab_size) for row in l_d]
        g = [gumbel_row(config.seed, t + i, dllm.vocab_size, FIELDS * iteration) for i in range(m)]
        drafts = [top_p(p, config.top_p) for p in p_d]
        draft = [choose(p, noise, T) for p, noise in zip(drafts, g, strict=True)]
        l_ar = verifier.scorer().logits(torch.tensor(x + draft), t, t + m)
        accepted = 1
        while accepted < m:
            i = accepted
            p_ar = law(l_ar[i], T, banned, dllm.vocab_size)
            mixed = p_d[i].pow(R) * p_ar.pow(1 - R)
            p_t = mixed / mixed.sum()
            fields = (config.seed, t + i, FIELDS * iteration)
            if not keeps(config, draft[i], drafts[i], p_t, g[i], fields):
                break
            accepted += 1
        x += draft[:accepted]
        counts.append(accepted)
    ends = [i for i, token in enumerate(x) if i >= P and token in dllm.end_token_ids]
    return x[P : ends[0] + 1 if ends else n], counts


def keeps(
    config: AdaptiveConfig,
    token: int,
    p_draft: Tensor,
    p_target: Tensor,
    g: Tensor,
    fields: tuple[int, int, int],
) -> bool:
    """Whether the drafted token survives its position's acceptance rule."""
    seed, position, draw = fields
    if config.temperature == 0 or config.acceptance == "greedy":
        return token == int(p_target.argmax())
    if config.acceptance == "gumbel":
        return token == choose(p_target, g, config.temperature)
    if config.acceptance == "independent":
        own = gumbel_row(seed, position, len(p_target), draw + 1)
        return token == choose(p_target, own, config.temperature)
    u = counter_uniform(seed, torch.tensor([position]), torch.tensor([0]), draw + 2).item()
    return u < min(1.0, (p_target[token] / p_draft[token]).item())


def banned_ids(dllm: DiffusionLM, verifier: AutoregressiveLM) -> list[int]:
    """Ids that neither draft nor target may hold."""
    both = set(dllm.forbidden_token_ids.tolist()) | set(verifier.forbidden_token_ids.tolist())
    both |= {dllm.mask_token_id} | set(range(verifier.vocab_size, dllm.vocab_size))
    return sorted(token for token in both if token < dllm.vocab_size)


def law(logits: Tensor, temperature: float, banned: list[int], vocab_size: int) -> Tensor:
    """(V,) float64 probabilities at temperature T (1 where T = 0) without the banned ids."""
    row = torch.full((vocab_size,), -math.inf, dtype=torch.float64)
    shared = min(vocab_size, len(logits))
    row[:shared] = logits[:shared].double()
    row[banned] = -math.inf
    return torch.softmax(row / (temperature if temperature > 0 else 1.0), 0)


def top_p(p: Tensor, mass: float) -> Tensor:
    """(V,) the nucleus, renormalised: tokens by falling probability until `mass` is reached."""
    if mass == 1.0:
        return p
    kept, total = torch.zeros_like(p), 0.0
    for token in p.argsort(descending=True, stable=True).tolist():
        if total >= mass:
            break
        kept[token] = p[token]
        total += p[token].item()
    return kept / kept.sum()


def gumbel_row(seed: int, position: int, vocab_size: int, draw: int) -> Tensor:
    """(V,) Gumbel noise of one position."""
    return gumbel_noise(seed, torch.tensor([position]), torch.arange(vocab_size), draw)[0]


def choose(p: Tensor, g: Tensor, temperature: float) -> int:
    """Gumbel-max, or argmax at temperature 0."""
    return int(p.argmax() if temperature == 0 else (p.log() + g).argmax())
