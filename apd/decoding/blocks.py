"""A canvas that is filled block by block, in any order within a block.

What decoders share that look at all masked positions of a block, propose a token for each, and
differ in which of them they keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import SamplingConfig, is_int, require
from apd.decoding.noise import IterationNoise
from apd.decoding.protocols import DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import Iteration
from apd.decoding.setting import setting
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class BlockConfig(SamplingConfig):
    """Settings of decoders that fill blocks one after the other.

    Attributes:
        block_length: tokens of a block, >= 1; the last one may be shorter. None is one block.

    The other settings are those of `SamplingConfig`.
    """

    block_length: int | None = setting(
        None, "blocks decoded one after the other, tokens", metavar="B", symbol="block"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        length = self.block_length
        valid = length is None or is_int(length, 1)
        require(valid, "block_length", length, "None or an integer >= 1", "None is one block")


class Proposal(NamedTuple):
    """What one pass proposes for the masked positions of a block."""

    positions: Tensor  # (N,) long, absolute and ascending
    tokens: Tensor  # (N,) long, drawn from the law that temperature and nucleus leave
    confidence: Tensor  # (N,) float64, the tokens' probabilities at temperature 1, all tokens kept
    log_raw: Tensor  # (N, V) that law


class BlockCanvas:
    """Prompt, decoded tokens and masks anywhere behind the prompt.

    Attributes:
        tokens: (n,) long.
        masked: (n,) bool, which positions are still to be decoded.
    """

    def __init__(self, dllm: DiffusionLM, prompt_ids: Tensor, config: BlockConfig) -> None:
        length = config.max_new_tokens
        self.tokens = blank_canvas(prompt_ids, length, dllm.mask_token_id, dllm.device)
        self.masked = torch.arange(len(self.tokens), device=dllm.device) >= len(prompt_ids)
        self._prompt_length, self._config = len(prompt_ids), config
        self._forbidden, self._mask = forbidden_tokens(dllm), dllm.mask_token_id

    def __len__(self) -> int:
        return len(self.tokens)

    def blocks(self, run: DecodeRecorder) -> Iterator[range]:
        """The blocks, up to the one that ends the text: tokens behind that could not change it."""
        length = self._config.block_length or len(self)
        for start in range(self._prompt_length, len(self), length):
            if run.ended:
                break
            yield range(start, min(start + length, len(self)))

    def open(self, block: range) -> bool:
        """Whether a position of the block is masked."""
        return bool(self.masked[block.start : block.stop].any())

    def propose(self, logits: Tensor, block: range, run: DecodeRecorder) -> Proposal:
        """A token for every masked position of a block, from its (len(block), V) logits."""
        rows = self.masked[block.start : block.stop].nonzero().squeeze(-1)  # (N,)
        positions, logits = rows + block.start, logits[rows]  # (N,), (N, V)
        config, V = self._config, len(self._forbidden)
        log_raw = tempered_log_probs(logits, 1.0, self._forbidden)
        log_probs = tempered_log_probs(logits, config.temperature, self._forbidden)
        noise = IterationNoise(config, V, positions, run.index)
        tokens = noise.draw_shared(nucleus(log_probs, config.top_p))  # (N,)
        return Proposal(positions, tokens, probability(log_raw, tokens), log_raw)

    def doubt(self, logits: Tensor, block: range) -> tuple[Tensor, Tensor]:
        """What the model thinks of a block's tokens without seeing them.

        Args:
            logits: (len(block), V) of the block's positions, each with its own token hidden.

        Returns:
            (d,) long, the decoded positions of the block, absolute; (d,) float64, the probability
            at temperature 1 of the token that each of them holds.
        """
        rows = (~self.masked[block.start : block.stop]).nonzero().squeeze(-1)  # (d,)
        log_raw = tempered_log_probs(logits[rows], 1.0, self._forbidden)
        positions = rows + block.start
        return positions, probability(log_raw, self.tokens[positions])

    def commit(
        self,
        proposal: Proposal,
        chosen: Tensor,
        run: DecodeRecorder,
        remasked: Tensor | None = None,
    ) -> Iteration:
        """Fill positions, and record it.

        Args:
            proposal: of this pass.
            chosen: (c,) long, ascending indices into the proposal.
            remasked: (r,) long, absolute positions that are masked again; None for none.
        """
        positions, tokens = proposal.positions[chosen], proposal.tokens[chosen]
        start = int(self.masked.long().argmax())
        self.tokens[positions], self.masked[positions] = tokens, False
        again = positions[:0] if remasked is None else remasked
        self.tokens[again], self.masked[again] = self._mask, True
        return run.record(
            start=start,
            draft=tokens.tolist(),
            positions=positions.tolist(),
            remasked=again.tolist(),
        )


def probability(log_probs: Tensor, tokens: Tensor) -> Tensor:
    """Probabilities of given tokens: (N, V) log laws and (N,) long -> (N,)."""
    return log_probs.gather(-1, tokens[:, None]).squeeze(-1).exp()
