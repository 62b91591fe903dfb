"""WINO: fill widely, and mask again what the model would not have written.

Source: Hong et al. 2025, arXiv 2507.18578 (wide in, narrow out), and the published code.

Its steps::

    for each block of B positions, until it is full:
        one pass over the canvas and a shadow of the block, in which each position's token is hidden
        wide in     x̂_i, c_i: a token for each masked position, and its probability
                    keep all with c_i > the draft threshold, at most the cap; else the best alone
        narrow out  if several are kept: mask each decoded token of the block again whose
                    probability in the shadow is below the verify threshold; fewer of them than the
                    pass before has filled
        cap         of the m masked positions 70 percent, at least 5, at most 20

What it promises: nothing about the law of the text. A token that stays has been likely given the
rest of the block; a set of tokens that fit each other can hold against the joint law, and what the
last pass fills is not verified. It ends: as a pass masks fewer tokens again than the one before has
filled, a block takes at most B passes. With a verify threshold of 0 nothing is masked again, and it
is decoding by a confidence threshold, with the cap.

The shadow is the authors' for models that predict a position from itself (LLaDA). For models that
predict it from the position before (Dream) it is ours: see `MaskedDiffusionLM.shadowed`.
"""

from dataclasses import dataclass

from torch import Tensor

from apd.decoding.blocks import BlockCanvas, BlockConfig
from apd.decoding.config import is_real, require
from apd.decoding.passes import Steps
from apd.decoding.protocols import DiffusionLM, ShadowRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.unmasking import above_threshold, most_certain

SHARE, LEAST, MOST = 0.7, 5, 20  # of the masked positions that a pass fills


@dataclass(frozen=True, kw_only=True)
class WINOConfig(BlockConfig):
    """Settings of WINO.

    Attributes:
        threshold: of drafting, in [0, 1]; the authors use 0.5 to 0.7.
        verify_threshold: in [0, 1]; the authors use 0.9.

    The other settings are those of `BlockConfig`; the authors use blocks of 128.
    """

    block_length: int | None = 128
    threshold: float = setting(0.6, "confidence above which tokens are taken", metavar="P")
    verify_threshold: float = setting(
        0.9, "confidence below which a token is masked again", metavar="P", symbol="verify"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("threshold", "verify_threshold"):
            value = getattr(self, name)
            valid = is_real(value) and 0 <= value <= 1
            require(valid, name, value, "in [0, 1]", "the authors use 0.6 and 0.9")


def wino_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: WINOConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the logits of a block and of its shadow."""
    canvas = BlockCanvas(dllm, prompt_ids, config)
    for block in canvas.blocks(run):
        filled = 1  # by the pass before
        while canvas.open(block):
            logits = yield ShadowRequest(dllm, canvas.tokens, block)  # (2 B, V)
            proposal = canvas.propose(logits[: len(block)], block, run)
            chosen = widely(proposal.confidence, config)
            remasked = None
            if len(chosen) > 1:
                positions, confidence = canvas.doubt(logits[len(block) :], block)
                remasked = positions[doubtful(confidence, config, filled - 1)]
            yield canvas.commit(proposal, chosen, run, remasked)
            filled = len(chosen)


def widely(confidence: Tensor, config: WINOConfig) -> Tensor:
    """Indices of the positions to fill, ascending and at least one. (N,) -> (c,) long."""
    cap = min(max(int(SHARE * len(confidence)), LEAST), MOST)
    chosen = above_threshold(confidence, config.threshold)
    return chosen if len(chosen) <= cap else most_certain(confidence, cap)


def doubtful(confidence: Tensor, config: WINOConfig, most: int) -> Tensor:
    """Indices of the tokens to mask again, ascending and at most `most`. (d,) -> (r,) long."""
    count = int((confidence < config.verify_threshold).sum())
    return most_certain(-confidence, min(count, most))
