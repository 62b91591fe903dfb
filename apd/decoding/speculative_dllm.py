"""Speculative decoding with the dLLM as the drafter of the large autoregressive model.

The loop, its sources and its promise are those of :mod:`apd.decoding.speculative`: the law of the
large model, exactly. What differs is the draft::

    draft     x̂_t ... x̂_(t+K-1), each from q_i = p_D(x_i | x_<t), the dLLM's marginals

It costs one pass whatever K is, and its tokens do not know of each other. W and M make it
cheaper and worse, as they do for APD.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import LookaheadConfig, require
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, MarginalRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.speculative import SpeculativeConfig, verified
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class DiffusionSpeculativeConfig(SpeculativeConfig, LookaheadConfig):
    """Settings of speculative decoding with a dLLM that drafts.

    Attributes:
        draft_length: K >= 1, at most `max_lookahead`.

    The other settings are those of `SpeculativeConfig` and `LookaheadConfig`.
    """

    draft_length: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        length, limit = self.draft_length, self.max_lookahead
        allowed = f"at most max_lookahead={limit}"
        valid = limit is None or length <= limit
        require(valid, "draft_length", length, allowed, "raise max_lookahead for more than it")


def speculative_dllm_steps(
    target: AutoregressiveLM,
    dllm: DiffusionLM,
    prompt_ids: Tensor,
    config: DiffusionSpeculativeConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop with a dLLM that drafts."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, target.device)
    forbidden = forbidden_tokens(target, dllm)  # (V,)
    window, verifying = dllm.window(config.kv_window), target.scorer()

    t, n = len(prompt_ids), len(canvas)
    while t < n and not run.ended:
        stop = config.lookahead_stop(t, n)
        ahead = range(t, min(t + config.draft_length, stop))
        logits = yield MarginalRequest(dllm, window, canvas, t, stop, ahead)  # (k, V')
        positions = torch.arange(ahead.start, ahead.stop, device=target.device)  # (k,)
        noise = IterationNoise(config, target.vocab_size, positions, run.index)
        log_draft = nucleus(
            tempered_log_probs(logits, config.temperature, forbidden), config.top_p
        )  # (k, V)
        drafted = canvas.clone()
        drafted[positions] = noise.draw_shared(log_draft)
        tokens = yield from verified(target, verifying, drafted, t, log_draft, config, run)
        canvas[t : t + len(tokens)] = tokens
        t += len(tokens)
