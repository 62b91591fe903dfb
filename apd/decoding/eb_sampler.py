"""EB-Sampler: unmask the largest set of positions whose entropies bound its dependence by gamma.

Source: Ben-Hamu, Gat, Severo, Nolte and Karrer 2025, arXiv 2505.24857, Algorithm 1.

Its steps::

    for each block (one unless B is given), until it is full:
        p_i      the marginals of the masked positions, given all that is filled
        E_i      how wrong the model is expected to be at i: entropy, 1 - confidence or - margin
        keep     positions in the order of E, as long as  sum H(p_i) - max H(p_i) <= gamma
        x̂_i     a token from p_i for each of them

What it promises. Drawn one by one, the kept tokens would have the joint law; drawn together, they
have the product of the marginals. The divergence between the two is their total correlation, at
most the sum of their entropies less the largest. So if the marginals are right, at temperature 1
and top-p 1, a step adds at most gamma nats to KL(joint || law of the decoder), and with gamma = 0
the decoder is exact: it fills one position that is open, and those that are determined. With
trained marginals the model's own error comes on top. The first position of the order is always
kept.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from apd.decoding.blocks import BlockCanvas, BlockConfig
from apd.decoding.config import is_real, require, require_choice
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting

ErrorProxy = Literal["entropy", "confidence", "margin"]


@dataclass(frozen=True, kw_only=True)
class EBSamplerConfig(BlockConfig):
    """Settings of EB-Sampler.

    Attributes:
        gamma: bound in nats, >= 0; 0.001 to 1 is the range in use, more is faster.
        error_proxy: in which order positions are considered.

    The other settings are those of `BlockConfig`.
    """

    gamma: float = setting(
        0.1, "bound on what a step may lose to independence, nats", metavar="NATS"
    )
    error_proxy: ErrorProxy = setting(
        "entropy", "what positions are ordered by", metavar="KIND", symbol="by-"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        valid = is_real(self.gamma) and self.gamma >= 0
        require(valid, "gamma", self.gamma, "a number >= 0", "use for example 0.1")
        require_choice("error_proxy", self.error_proxy, ErrorProxy)


def eb_sampler_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: EBSamplerConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the logits of a block wherever it needs them."""
    canvas = BlockCanvas(dllm, prompt_ids, config)
    for block in canvas.blocks(run):
        while canvas.open(block):
            logits = yield CanvasRequest(dllm, canvas.tokens, block)  # (B, V)
            proposal = canvas.propose(logits, block, run)
            chosen = entropy_bounded(proposal.log_raw, config)
            yield canvas.commit(proposal, chosen, run)


def entropy_bounded(log_probs: Tensor, config: EBSamplerConfig) -> Tensor:
    """Indices of the positions that a step keeps, ascending and at least one.

    Args:
        log_probs: (N, V) log laws of the masked positions at temperature 1, normalised.
        config: gamma and the order.

    Returns:
        (c,) long. It depends on the laws alone, not on the tokens drawn from them.
    """
    probs = log_probs.exp()
    entropy = torch.special.entr(probs).sum(-1)  # (N,) nats
    top = probs.topk(min(2, probs.shape[-1]), dim=-1).values
    error = {
        "entropy": entropy,
        "confidence": 1 - top[:, 0],
        "margin": top[:, 1:].sum(-1) - top[:, 0],
    }[config.error_proxy]
    order = error.sort(stable=True).indices  # (N,) most certain first
    ordered = entropy[order]
    bound = ordered.cumsum(0) - ordered.cummax(0).values  # grows along the order
    count = max(1, int((bound <= config.gamma + 1e-12).sum()))  # float64 sums are that exact
    return order[:count].sort().values
