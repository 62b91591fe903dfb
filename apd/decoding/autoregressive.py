"""Autoregressive decoding: one token per causal pass, the baseline of every speed-up."""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import Noise, SamplingConfig
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps, decode_all
from apd.decoding.protocols import AutoregressiveLM, JointRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class AutoregressiveConfig(SamplingConfig):
    """Settings of autoregressive decoding: those of `SamplingConfig`, noise by position."""

    noise: Noise = "position"


def autoregressive(
    model: AutoregressiveLM,
    prompt_ids: Tensor,
    config: AutoregressiveConfig = AutoregressiveConfig(),
) -> DecodeResult:
    """Sample x_i = argmax_v (log p_AR(v | x_<i) + g_i(v)), one position after the other.

    Args:
        model: p_AR; its passes are timed and counted under the verifier's name in the result.
        prompt_ids: (P,) long.
        config: sampling settings.

    Returns:
        Tokens, text and trace. Raises ValueError for a malformed prompt.
    """
    return decode_all(autoregressive_steps, (model,), [prompt_ids], config)[0]


def autoregressive_steps(
    model: AutoregressiveLM, prompt_ids: Tensor, config: AutoregressiveConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the next token's logits wherever it needs them."""
    tokens = blank_canvas(prompt_ids, config.max_new_tokens, 0, model.device)
    forbidden = forbidden_tokens(model)  # (V,)
    scorer = model.scorer()

    t, n = len(prompt_ids), len(tokens)
    while t < n and not run.ended:
        logits = yield JointRequest(model, scorer, tokens, t, t + 1)  # (1, V)
        position = torch.arange(t, t + 1, device=model.device)  # (1,)
        noise = IterationNoise(config, model.vocab_size, position, run.index)
        log_probs = tempered_log_probs(logits, config.temperature, forbidden)
        token = noise.draw_shared(nucleus(log_probs, config.top_p))  # (1,)
        tokens[t : t + 1] = token
        yield run.record(start=t, draft=token.tolist())
        t += 1
