"""Lossless self-speculation: the dLLM drafts in parallel and checks itself from left to right.

After Agrawal et al. 2025 (Spiffy, arXiv 2509.18085), Wu and Zhang 2025 (FreeDave, arXiv 2510.00294)
and Han et al. 2026 (S2D2, arXiv 2603.25702): one model drafts with all it predicts at once, then
verifies in the order that it is to be faithful to. Here that order is left to right, one token at a
time, and noise by position makes the two comparable.

Its steps::

    t = first position that is not decoded; x̂_t ... x̂_(t+k-1) = the draft, empty at first
    verify    one pass over k + 1 canvases; the j-th holds x_<t, x̂_t ... x̂_(t+j-1) and masks
              y_(t+j) = argmax(log p_D(. | canvas j) + g_(t+j))
    commit    x̂_t ... while they equal y_t, ..., then the next y: a + 1 tokens
    draft     x̂_i = argmax(log p_D(. | canvas a) + g_i) for the K positions behind them

What it promises: the tokens of `left_to_right` with K = 1 and the same settings, token for token,
at any temperature and top-p; hence a sample from p_AR. y_(t+j) is what left to right would write
next whenever everything before it is what left to right has written. Each iteration is one pass, of
K + 1 canvases that do not see each other, and commits at least one token and at most K + 1. It pays
where a pass over several canvases takes hardly longer than over one, which on a CPU it does not.

The causal reading is exact only because every canvas has its own masks: a dLLM that attends to both
sides has no causal mask under which one pass would give the same conditionals. Models trained in
blocks have (S2D2).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.acceptance import accepted_count
from apd.decoding.canvas import blank_canvas
from apd.decoding.config import Noise, SamplingConfig, is_int, require
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM, PackedRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class SelfSpeculativeConfig(SamplingConfig):
    """Settings of lossless self-speculation.

    Attributes:
        draft_length: K >= 1, tokens drafted; a pass computes K + 1 canvases.
        noise: "position" alone: the draft and the check have to share it.

    The other settings are those of `SamplingConfig`.
    """

    draft_length: int = setting(5, "tokens drafted in an iteration", metavar="K", symbol="K")
    noise: Noise = "position"

    def __post_init__(self) -> None:
        super().__post_init__()
        length, noise = self.draft_length, self.noise
        require(is_int(length, 1), "draft_length", length, "an integer >= 1", "use for example 5")
        remedy = "with fresh noise the check would not repeat the draft"
        require(noise == "position", "noise", noise, "position", remedy)


def self_speculative_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: SelfSpeculativeConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the logits of several canvases at once."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    forbidden = forbidden_tokens(dllm)  # (V,)

    def draw(logits: Tensor, start: int) -> Tensor:
        """Tokens for positions start, start + 1, ... from their logits. (N, V) -> (N,) long."""
        positions = torch.arange(start, start + len(logits), device=dllm.device)
        noise = IterationNoise(config, dllm.vocab_size, positions, run.index)
        log_probs = tempered_log_probs(logits, config.temperature, forbidden)
        return noise.draw_shared(nucleus(log_probs, config.top_p))

    t, n = len(prompt_ids), len(canvas)
    draft = canvas[:0]  # (k,) long
    while t < n and not run.ended:
        canvases = []
        for j in range(min(len(draft) + 1, n - t)):
            tokens = canvas.clone()
            tokens[t : t + j] = draft[:j]
            ahead = range(t + j, min(t + j + config.draft_length + 1, n))
            canvases.append(CanvasRequest(dllm, tokens, ahead))
        logits = yield PackedRequest(tuple(canvases))
        rows = logits.split([len(request.rows) for request in canvases])  # (<= K + 1, V) each
        first = torch.stack([of_canvas[0] for of_canvas in rows])  # (k + 1, V)
        drafts, targets = draft.tolist(), draw(first, t).tolist()
        agreed = accepted_count(drafts, targets[: len(drafts)], always_first=False)
        a = min(agreed, len(targets) - 1)  # the canvas that ends the text has no next position
        committed = targets[: a + 1]
        canvas[t : t + a + 1] = torch.tensor(committed, device=dllm.device)
        yield run.record(start=t, draft=drafts, target=targets, accepted=committed)
        t += a + 1
        draft = draw(rows[a][1:], t)
