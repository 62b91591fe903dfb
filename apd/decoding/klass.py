"""KLASS: unmask positions whose token is confident and whose law has settled.

Source: Kim, Hong, Jung, Park and Yun 2025, arXiv 2511.05664 (KL-Adaptive Stability Sampling).

Its steps::

    for each block (one unless B is given), until it is full:
        p_i      the marginals of the masked positions
        d_i      KL(p_i now || p_i one pass ago)
        keep     all i of the block whose token's probability is above the threshold and whose last
                 n values of d_i were all below the KL threshold
        or else  the most confident position alone

What it promises: nothing about the law of the text, whatever the thresholds. A law that no longer
moves is evidence that what is still masked does not matter to it; two such positions may still
depend on each other. Every pass fills a position. With a KL threshold of 0 it is decoding in the
order of confidence (`low_confidence`), token for token; with one that is never reached, Fast-dLLM
with the confidence threshold, but for the first n passes.

Laws are watched from the first pass on, also while an earlier block is filled.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.blocks import BlockCanvas, BlockConfig
from apd.decoding.config import is_int, is_real, require
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.unmasking import most_certain
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class KLASSConfig(BlockConfig):
    """Settings of KLASS.

    Attributes:
        threshold: of confidence, in [0, 1]; the authors use 0.6 and 0.9.
        kl_threshold: in nats, >= 0; the authors use 0.001 to 0.015.
        kl_history: n >= 1, passes in a row that a law must not have moved; the authors use 2.

    The other settings are those of `BlockConfig`.
    """

    threshold: float = setting(0.9, "confidence above which tokens are taken", metavar="P")
    kl_threshold: float = setting(
        0.01, "movement of a law below which it is stable, nats", metavar="NATS", symbol="KL"
    )
    kl_history: int = setting(2, "passes that a law must be stable", metavar="N", symbol="history")

    def __post_init__(self) -> None:
        super().__post_init__()
        limit, movement, passes = self.threshold, self.kl_threshold, self.kl_history
        valid = is_real(limit) and 0 <= limit <= 1
        require(valid, "threshold", limit, "in [0, 1]", "use for example 0.9")
        valid = is_real(movement) and movement >= 0
        require(valid, "kl_threshold", movement, "a number >= 0", "use for example 0.01")
        require(is_int(passes, 1), "kl_history", passes, "an integer >= 1", "use for example 2")


def klass_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: KLASSConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for logits from a block to the end wherever it needs them."""
    canvas = BlockCanvas(dllm, prompt_ids, config)
    stability = Stability(len(canvas), config, forbidden_tokens(dllm))
    for block in canvas.blocks(run):
        ahead = range(block.start, len(canvas))
        while canvas.open(block):
            logits = yield CanvasRequest(dllm, canvas.tokens, ahead)  # (n - block.start, V)
            proposal = canvas.propose(logits[: len(block)], block, run)
            stable = stability.after(logits)[proposal.positions]  # (N,) bool
            ready = stable & (proposal.confidence > config.threshold)
            chosen = ready.nonzero().squeeze(-1)
            if len(chosen) == 0:
                chosen = most_certain(proposal.confidence, 1)
            yield canvas.commit(proposal, chosen, run)


class Stability:
    """For how many passes in a row each law has moved less than the KL threshold.

    Args:
        length: n, positions of the canvas.
        config: threshold and history.
        forbidden: (V,) bool, ids that no law has.
    """

    def __init__(self, length: int, config: KLASSConfig, forbidden: Tensor) -> None:
        self._config, self._forbidden = config, forbidden
        self._passes = torch.zeros(length, dtype=torch.long, device=forbidden.device)
        self._before: Tensor | None = None  # log laws of the last pass, up to the canvas's end

    def after(self, logits: Tensor) -> Tensor:
        """Which positions are stable, (n,) bool, after a pass with (L, V) logits up to the end."""
        now = tempered_log_probs(logits, 1.0, self._forbidden)
        if self._before is not None:
            before = self._before[-len(now) :]
            probs = now.exp()
            moved = (probs * (now - before)).where(probs > 0, 0.0).sum(-1)  # KL(now || before)
            steady = moved < self._config.kl_threshold
            seen = self._passes[-len(now) :]
            seen.add_(1).mul_(steady)
        self._before = now
        return self._passes >= self._config.kl_history
