"""Fast-dLLM: fill every position that is confident enough, block by block, with cached keys.

Source: Wu et al. 2025, arXiv 2505.22618; Theorem 1, Algorithm 1 and the published code.

Its steps::

    for each block of B positions:
        one pass over the whole canvas; keep keys and values if there is a cache
        until the block is full:
            x̂_i, c_i    a token for each masked position of the block, and its probability
            keep        threshold: all i with c_i >= tau
                        factor: the n most confident, n the largest with (n + 1) (1 - c_(n)) < f
                        and the most confident one in any case
            next pass   none: the whole canvas
                        prefix: the block and what is behind it
                        dual: the block alone

What it promises. At temperature 0 and f <= 1 the tokens that one step keeps are together the most
likely choice under any joint law whose marginals these are (Theorem 1): their product's argmax is
the joint's. Nothing else is exact: not the law of samples, nor a larger factor, nor a threshold,
and with a cache not the marginals either. A step always keeps a token, so a block ends after at
most B passes whatever the threshold.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from apd.decoding.blocks import BlockCanvas, BlockConfig
from apd.decoding.config import is_int, is_real, require, require_choice
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.unmasking import most_certain

Kept = Literal["none", "prefix", "dual"]


@dataclass(frozen=True, kw_only=True)
class FastDLLMConfig(BlockConfig):
    """Settings of Fast-dLLM.

    Attributes:
        threshold: tau in [0, 1]; the authors use 0.9 (0.5 to 1 in their ablation). None with a
            factor.
        factor: f > 0, instead of a threshold. 1 is what Theorem 1 asks for.
        cache: "none" recomputes the whole canvas; "prefix" keeps keys and values of what is before
            the block, "dual" also those of what is behind it, both renewed at every block.
        step_cap: most tokens kept in one step, or None for no limit.

    The other settings are those of `BlockConfig`.
    """

    block_length: int | None = 32
    threshold: float | None = setting(
        0.9, "confidence above which every token is taken", metavar="P"
    )
    factor: float | None = setting(
        None, "n tokens are taken while (n + 1)(1 - confidence) is less", metavar="F"
    )
    cache: Kept = setting("dual", "keys and values kept within a block", metavar="KIND")
    step_cap: int | None = setting(None, "most tokens of a step, or none", metavar="N")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("cache", self.cache, Kept)
        limit, factor, cap = self.threshold, self.factor, self.step_cap
        if factor is None:
            valid = is_real(limit) and 0 <= limit <= 1  # type: ignore[operator]
            require(valid, "threshold", limit, "in [0, 1] without a factor", "use for example 0.9")
        else:
            require(limit is None, "threshold", limit, "None with a factor", "set only one of them")
            valid = is_real(factor) and factor > 0
            require(valid, "factor", factor, "a number > 0", "1 is the theorem's")
        valid = cap is None or is_int(cap, 1)
        require(valid, "step_cap", cap, "None or an integer >= 1", "None keeps all that pass")

    def recomputed(self, block: range, end: int) -> range | None:
        """The positions that a pass computes, but for the first one of a block."""
        return {"none": None, "prefix": range(block.start, end), "dual": block}[self.cache]


@dataclass(frozen=True, kw_only=True)
class FastDLLMFactorConfig(FastDLLMConfig):
    """Settings of Fast-dLLM with a factor: the same, another default."""

    threshold: float | None = None
    factor: float | None = 1.0


def fast_dllm_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: FastDLLMConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the logits of a block wherever it needs them."""
    canvas = BlockCanvas(dllm, prompt_ids, config)
    cache = None if config.cache == "none" else dllm.canvas_cache()
    for block in canvas.blocks(run):
        recomputed = None  # the whole canvas
        while canvas.open(block):
            logits = yield CanvasRequest(dllm, canvas.tokens, block, cache, recomputed)  # (B, V)
            proposal = canvas.propose(logits, block, run)
            chosen = confident(proposal.confidence, config)
            yield canvas.commit(proposal, chosen, run)
            recomputed = config.recomputed(block, len(canvas))


def confident(confidence: Tensor, config: FastDLLMConfig) -> Tensor:
    """Indices of the positions that a step keeps, ascending and at least one. (N,) -> (c,) long."""
    ranked = confidence.sort(descending=True).values  # c_(1) >= c_(2) >= ...
    if config.factor is None:
        passed = ranked >= (config.threshold or 0.0)
    else:
        n = torch.arange(1, len(ranked) + 1, device=ranked.device)
        passed = (n + 1) * (1 - ranked) < config.factor
    count = max(1, int(passed.sum()))
    return most_certain(confidence, min(count, config.step_cap or count))
