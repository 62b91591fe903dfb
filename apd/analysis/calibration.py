"""How sure the marginals are and how often they are right, by distance from the frontier.

A dLLM that shows its marginals of all masked positions at once is asked about tokens whose context
is still missing. At T = 1 a calibrated model is right as often as it is sure, near the frontier
and far from it: where several wordings are possible it says so. Where it is surer than right, a
mixture that trusts it (a large R) accepts what the verifier doubts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import require
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.models.diffusion import MaskedDiffusionLM


@dataclass(frozen=True)
class MarginalRecord:
    """What the marginals said of N masked tokens whose true values are known.

    Attributes:
        distance: (N,) int, masked positions between the frontier and the token; 0 is the frontier.
        confidence: (N,) float64, probability of the marginal's most likely token.
        correct: (N,) bool, whether that token is the true one.
        nll: (N,) float64, -log probability of the true token, nats.
    """

    distance: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray
    nll: np.ndarray


@dataclass(frozen=True)
class Reliability:
    """Calibration of the tokens within a range of distances.

    Attributes:
        distances: [first, last) distance from the frontier.
        count: tokens.
        confidence, accuracy, nll: means over them.
        calibration_error: expected calibration error, the mean over tokens of the gap between
            confidence and accuracy in the token's confidence bin; in [0, 1].
    """

    distances: tuple[int, int]
    count: int
    confidence: float
    accuracy: float
    nll: float
    calibration_error: float


@torch.no_grad()
def record_marginals(
    dllm: MaskedDiffusionLM,
    prompt_ids: Tensor,
    answer_ids: Tensor,
    frontiers: Iterable[int],
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
) -> MarginalRecord:
    """The marginals of a known answer with everything from a frontier on masked.

    Args:
        prompt_ids: (P,) long.
        answer_ids: (N,) long, a held-out answer with its end token, 1 <= N <= max_new_tokens.
        frontiers: how many tokens of the answer are shown, each in [0, N - 1]; one pass each.
        max_new_tokens: positions of the canvas behind the prompt.
        temperature: T > 0 of the marginals.

    Returns:
        One entry for every masked token of the answer at every frontier, in that order.
    """
    length = len(answer_ids)
    remedy = "raise max_new_tokens"
    require(1 <= length <= max_new_tokens, "answer", length, f"in [1, {max_new_tokens}]", remedy)
    require(temperature > 0, "temperature", temperature, "above 0", "1 leaves the laws as they are")
    forbidden, answer = forbidden_tokens(dllm), answer_ids.to(dllm.device)
    blank = blank_canvas(prompt_ids, max_new_tokens, dllm.mask_token_id, dllm.device)
    parts = []
    for shown in frontiers:
        require(0 <= shown < length, "frontier", shown, f"in [0, {length - 1}]", "leave a mask")
        start = len(prompt_ids) + shown
        canvas = blank.clone()
        canvas[len(prompt_ids) : start] = answer[:shown]
        logits = dllm.window(None).logits(canvas, start, len(canvas))[: length - shown]
        parts.append(_compare(tempered_log_probs(logits, temperature, forbidden), answer[shown:]))
    return joined(parts)


def _compare(log_probs: Tensor, truth: Tensor) -> MarginalRecord:
    """Laws (m, V) of the masked tokens, the frontier's first, and the true tokens (m,)."""
    best, token = log_probs.max(-1)
    nll = -log_probs.gather(-1, truth[:, None]).squeeze(-1)
    correct = (token == truth).cpu().numpy()
    return MarginalRecord(
        np.arange(len(truth)), best.exp().cpu().numpy(), correct, nll.cpu().numpy()
    )


def joined(records: Sequence[MarginalRecord]) -> MarginalRecord:
    """The entries of all records, in order; at least one record."""
    columns = (
        np.concatenate([getattr(record, name) for record in records])
        for name in ("distance", "confidence", "correct", "nll")
    )
    return MarginalRecord(*columns)


def reliability(record: MarginalRecord, edges: Sequence[int], bins: int = 10) -> list[Reliability]:
    """Calibration for each range of distances [edges[k], edges[k + 1]) that holds any token."""
    found = []
    for first, last in pairwise(edges):
        inside = (record.distance >= first) & (record.distance < last)
        if not inside.any():
            continue
        confidence, correct = record.confidence[inside], record.correct[inside]
        found.append(
            Reliability(
                (first, last), int(inside.sum()), float(confidence.mean()), float(correct.mean()),
                float(record.nll[inside].mean()), calibration_error(confidence, correct, bins),
            )
        )  # fmt: skip
    return found


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error with equally wide confidence bins (Guo et al. 2017).

    sum_b (n_b / n) |mean confidence in b - share correct in b|, over (n,) arrays, n >= 1.
    """
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
