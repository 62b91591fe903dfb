"""From raw logits to the laws that tokens are drawn from: forbidden ids, temperature, nucleus."""

import math

import numpy as np
import torch
from torch import Tensor

from apd.decoding.protocols import TextModel
from apd.mixture import align_vocabulary

SHORTLIST = 1024
"""Most likely tokens among which an accelerator looks for the nucleus first."""


def forbidden_tokens(*models: TextModel) -> Tensor:
    """(V,) bool on the first model's device, V its vocabulary: ids that are never sampled.

    An id is forbidden if any of the models forbids it or lacks it (id >= that model's vocabulary).
    """
    first = models[0]
    forbidden = torch.zeros(first.vocab_size, dtype=torch.bool, device=first.device)
    for model in models:
        token_ids = model.forbidden_token_ids.to(first.device)
        forbidden[token_ids[token_ids < first.vocab_size]] = True
        forbidden[model.vocab_size :] = True
    return forbidden


def tempered_logits(logits: Tensor, temperature: float, forbidden: Tensor) -> Tensor:
    """l / T without the forbidden ids: log probabilities up to a constant per position.

    Args:
        logits: (..., V') raw logits, moved to the device of `forbidden` and cut or padded to V.
        temperature: T >= 0. At T = 0 only the argmax matters, and T = 1 is used: scaling a pair of
            log laws by the same T never changes the argmax of either nor of their mixture.
        forbidden: (V,) bool.

    Returns:
        (..., V) float64, -inf at forbidden ids.
    """
    logits = logits.to(forbidden.device, torch.float64, copy=True)
    logits = align_vocabulary(logits, forbidden.shape[-1])
    return logits.masked_fill_(forbidden, -torch.inf).div_(temperature or 1.0)


def tempered_log_probs(logits: Tensor, temperature: float, forbidden: Tensor) -> Tensor:
    """log softmax(l / T) without the forbidden ids: `tempered_logits`, normalised. (..., V)."""
    return tempered_logits(logits, temperature, forbidden).log_softmax(-1)


def log_weights(logits: Tensor, temperature: float, token_ids: Tensor) -> Tensor:
    """l / T of some tokens: `tempered_logits` where only a few matter.

    Args:
        logits: (N, K) raw logits.
        temperature: T >= 0; see `tempered_logits`.
        token_ids: (C,) long, below K, none of them forbidden.

    Returns:
        (N, C) float64.
    """
    return logits.index_select(-1, token_ids).to(torch.float64).div_(temperature or 1.0)


def nucleus(log_probs: Tensor, top_p: float) -> Tensor:
    """Keep the smallest set of most likely tokens with mass >= top_p.

    Tokens as likely as the last one kept are kept too, so the set never depends on a sort's order.

    Args:
        log_probs: (..., V) normalised log probabilities.
        top_p: mass in (0, 1]; 1 keeps everything.

    Returns:
        (..., V) log probabilities, -inf outside the nucleus, not renormalised.
    """
    if top_p >= 1.0:
        return log_probs
    on_cpu = log_probs.device.type == "cpu"
    find = _least_likely_kept if on_cpu else _least_likely_kept_of_shortlist
    return log_probs.masked_fill(log_probs < find(log_probs, top_p), -torch.inf)


def _least_likely_kept(log_probs: Tensor, top_p: float) -> Tensor:
    """Log probability of the nucleus's last token. -> (..., 1).

    Where the most likely token has mass enough, as in most rows at a low temperature, it is the
    last one. Of the other rows, what is sorted are the tokens that can belong to the nucleus:
    all tokens less likely than (1 - top_p) / V together have too little mass to matter.
    """
    rows = log_probs.numpy().reshape(-1, log_probs.shape[-1])
    least = rows.max(axis=1)
    possible = math.log((1.0 - top_p) / rows.shape[1])
    for index in np.flatnonzero(np.exp(least) < top_p):
        row = rows[index]
        kept = np.sort(row[row >= possible])[::-1]
        last = int(np.searchsorted(np.exp(kept).cumsum(), top_p))
        least[index] = kept[min(last, len(kept) - 1)]
    return torch.from_numpy(least).view(*log_probs.shape[:-1], 1)


def _least_likely_kept_of_shortlist(log_probs: Tensor, top_p: float) -> Tensor:
    """The same among the most likely tokens, or by bisection if these have too little mass.

    Asking for their mass waits for the device, which costs a few launches; bisection is hundreds.
    -> (..., 1).
    """
    likely = log_probs.topk(min(SHORTLIST, log_probs.shape[-1])).values  # descending
    mass = likely.exp().cumsum(-1)
    if not bool((mass[..., -1] >= top_p).all()):
        return _least_likely_kept_by_bisection(log_probs, top_p)
    return likely.gather(-1, (mass < top_p).sum(-1, keepdim=True))


def _least_likely_kept_by_bisection(log_probs: Tensor, top_p: float) -> Tensor:
    """The same without a sort and without waiting for the device. -> (..., 1).

    A threshold belongs to the nucleus while the mass at or above it is still >= top_p. Sixty
    halvings of the range of log probabilities leave no two float64 numbers apart that matter; the
    answer is the least likely token at or above the highest such threshold.
    """
    probs = log_probs.exp()
    high = log_probs.amax(-1, keepdim=True)
    low = torch.full_like(high, -745.0)  # exp of less is zero in float64
    for _ in range(60):
        middle = (low + high) / 2
        mass = (probs * (log_probs >= middle)).sum(-1, keepdim=True)
        enough = mass >= top_p
        low, high = low.where(~enough, middle), high.where(enough, middle)
    return log_probs.where(log_probs >= low, torch.inf).amin(-1, keepdim=True)
