"""Where the model means to end, as a function of the lookahead M.

A dLLM that sees M masked positions fills M positions and is finished: the text has to end inside
them or right after them. How likely an end token is, at the frontier and further ahead, therefore
depends on M, and with it the length of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import require
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.models.diffusion import MaskedDiffusionLM


@torch.no_grad()
def end_profile(
    dllm: MaskedDiffusionLM,
    prompt_ids: Tensor,
    decoded_ids: Tensor,
    max_lookahead: int | None,
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
) -> np.ndarray:
    """Probability that an end token stands at each masked position, by its marginal.

    Args:
        prompt_ids: (P,) long.
        decoded_ids: (N,) long, the answer so far, 0 <= N < max_new_tokens; the frontier is P + N.
        max_lookahead: M, masked positions shown to the dLLM; None for the whole suffix.
        max_new_tokens: positions of the canvas behind the prompt.
        temperature: T > 0 of the marginals.

    Returns:
        (m,) float64 with m = min(M, max_new_tokens - N); entry d is for position P + N + d.

    Raises:
        ValueError: a number out of range.
    """
    decoded = len(decoded_ids)
    allowed = f"in [0, {max_new_tokens - 1}]"
    remedy = "leave a masked position, or raise max_new_tokens"
    require(0 <= decoded < max_new_tokens, "decoded tokens", decoded, allowed, remedy)
    valid = max_lookahead is None or max_lookahead >= 1
    require(valid, "max_lookahead", max_lookahead, "None or at least 1", "None shows all")
    require(temperature > 0, "temperature", temperature, "above 0", "1 leaves the laws as they are")
    canvas = blank_canvas(prompt_ids, max_new_tokens, dllm.mask_token_id, dllm.device)
    start = len(prompt_ids) + decoded
    canvas[len(prompt_ids) : start] = decoded_ids.to(dllm.device)
    stop = len(canvas) if max_lookahead is None else min(start + max_lookahead, len(canvas))
    logits = dllm.window(None).logits(canvas, start, stop)  # (m, V)
    law = tempered_log_probs(logits, temperature, forbidden_tokens(dllm)).exp()
    return law[:, sorted(dllm.end_token_ids)].sum(-1).cpu().numpy()


def end_probability(
    dllm: MaskedDiffusionLM,
    prompt_ids: Tensor,
    decoded_ids: Tensor,
    lookaheads: Sequence[int | None],
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
) -> np.ndarray:
    """`end_profile` for several M at one frontier.

    Returns:
        (len(lookaheads), m) float64, m the largest number of masked positions; row k holds the
        profile at M = lookaheads[k], nan where that M shows no position.
    """
    profiles = [
        end_profile(
            dllm,
            prompt_ids,
            decoded_ids,
            lookahead,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
        )
        for lookahead in lookaheads
    ]
    table = np.full((len(profiles), max(map(len, profiles))), np.nan)
    for row, profile in zip(table, profiles, strict=True):
        row[: len(profile)] = profile
    return table


def end_hazard(
    dllm: MaskedDiffusionLM,
    prompt_ids: Tensor,
    answer_ids: Tensor,
    lookaheads: Sequence[int | None],
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
) -> np.ndarray:
    """Probability of an end token at the frontier, for every prefix of an answer.

    This is the hazard h_j of ending at token j for a decoder that takes one token at a time.

    Args:
        answer_ids: (N,) long, 1 <= N <= max_new_tokens; entry j of a row has the first j decoded.

    Returns:
        (len(lookaheads), N) float64.
    """
    hazards = [
        [
            end_profile(
                dllm,
                prompt_ids,
                answer_ids[:decoded],
                lookahead,
                max_new_tokens=max_new_tokens,
                temperature=temperature,
            )[0]
            for decoded in range(len(answer_ids))
        ]
        for lookahead in lookaheads
    ]
    return np.array(hazards)


def expected_length(hazard: np.ndarray) -> np.ndarray:
    """Expected number of tokens, the end token included, if token j ends with probability h_j.

    E[N] = sum_j prod_{i < j} (1 - h_i): the chance that token j is written at all, summed over the
    tokens that there are hazards for. (..., N) -> (...,).
    """
    survival = np.cumprod(1 - hazard[..., :-1], axis=-1)
    return 1 + survival.sum(-1)
