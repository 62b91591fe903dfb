"""Naive parallel decoding, left to right: K tokens from marginals per iteration (Figure 2)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import LookaheadConfig, Noise, is_int, require
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps, decode_all
from apd.decoding.protocols import DiffusionLM, MarginalRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult
from apd.decoding.setting import setting
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class LeftToRightConfig(LookaheadConfig):
    """Settings of left-to-right decoding with a fixed number of tokens per iteration.

    Attributes:
        tokens_per_step: K >= 1, at most `max_lookahead`. K = 1 samples from p_AR, K > 1 from
            p_SAR(K).

    The other settings are those of `LookaheadConfig` and `SamplingConfig`.
    """

    tokens_per_step: int = setting(1, "tokens a step", metavar="K", symbol="K", always_named=True)
    noise: Noise = "position"

    def __post_init__(self) -> None:
        super().__post_init__()
        limit = self.max_lookahead
        valid = is_int(self.tokens_per_step, 1) and (limit is None or self.tokens_per_step <= limit)
        allowed = "an integer >= 1" + ("" if limit is None else f" and <= max_lookahead={limit}")
        remedy = "1 samples from p_AR; raise max_lookahead for more than it"
        require(valid, "tokens_per_step", self.tokens_per_step, allowed, remedy)


def left_to_right(
    dllm: DiffusionLM,
    prompt_ids: Tensor,
    config: LeftToRightConfig = LeftToRightConfig(),
) -> DecodeResult:
    """Accept K drafted tokens per iteration, whether or not they fit together.

    Args:
        dllm: p_D, gives marginal logits for the masked positions.
        prompt_ids: (P,) long.
        config: K, W, M and sampling settings.

    Returns:
        Tokens, text and trace. Raises ValueError for a malformed prompt.
    """
    return decode_all(left_to_right_steps, (dllm,), [prompt_ids], config)[0]


def left_to_right_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: LeftToRightConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for marginal logits wherever it needs them."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    forbidden = forbidden_tokens(dllm)  # (V,)
    window = dllm.window(config.kv_window)

    t, n = len(prompt_ids), len(canvas)
    while t < n and not run.ended:
        stop = config.lookahead_stop(t, n)
        k = min(config.tokens_per_step, stop - t)
        logits = yield MarginalRequest(dllm, window, canvas, t, stop, range(t, t + k))  # (k, V)
        positions = torch.arange(t, t + k, device=dllm.device)  # (k,)
        noise = IterationNoise(config, dllm.vocab_size, positions, run.index)
        log_marginal = tempered_log_probs(logits, config.temperature, forbidden)
        draft = noise.draw_shared(nucleus(log_marginal, config.top_p))  # (k,)
        canvas[t : t + k] = draft
        yield run.record(start=t, draft=draft.tolist())
        t += k
