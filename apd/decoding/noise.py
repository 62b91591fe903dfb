"""The noise of one decode: which field each random choice of each iteration reads."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import torch
from torch import Tensor

from apd.counter_rng import counter_uniform
from apd.coupling import gumbel_max, gumbel_max_among_likely, gumbel_noise
from apd.decoding.config import SamplingConfig


class Stream(IntEnum):
    """Independent fields within one iteration, by what they decide."""

    SHARED = 0  # the Gumbel noise g of Algorithm 1
    TARGET = 1  # the target's own Gumbel noise, for couplings that do not share g
    ACCEPT = 2  # the uniform that keeps or drops a drafted token in the maximal coupling
    ORDER = 3  # the uniform that ranks positions when they are filled in random order


@dataclass(frozen=True)
class IterationNoise:
    """The noise of one iteration at some positions, evaluated when first asked for.

    Attributes:
        config: gives seed and kind. "position" noise is a function of (seed, position, token);
            "fresh" noise depends on the iteration as well. Both are equal in iteration 0.
        vocab_size: V, the number of token ids.
        positions: (N,) long, absolute.
        iteration: index of the iteration.
    """

    config: SamplingConfig
    vocab_size: int
    positions: Tensor
    iteration: int

    @cached_property
    def shared(self) -> Tensor:
        """(N, V) float64: g, which draws the draft and, under the paper's rule, the target."""
        return self._gumbel(Stream.SHARED)

    def draw_shared(self, log_probs: Tensor) -> Tensor:
        """argmax_v (log p(v) + g(v)) at every position. (N, V) -> (N,) long.

        On a CPU, g is evaluated for likely tokens only. An accelerator evaluates it for all: asking
        which tokens are likely would stall the iteration.
        """
        if self.config.greedy:
            return log_probs.argmax(-1)
        if log_probs.device.type != "cpu":
            return gumbel_max(log_probs, self.shared)
        return gumbel_max_among_likely(log_probs, self._shared_at)

    def _shared_at(self, rows: Tensor, token_ids: Tensor) -> Tensor:
        positions, draw = self.positions[rows], self.draw(Stream.SHARED)
        return gumbel_noise(self.config.seed, positions, token_ids[:, None], draw).squeeze(-1)

    @cached_property
    def target(self) -> Tensor:
        """(N, V) float64: Gumbel noise that only the target sees."""
        return self._gumbel(Stream.TARGET)

    @cached_property
    def accept(self) -> Tensor:
        """(N,) float64: uniform noise of the maximal coupling."""
        return self._uniform(Stream.ACCEPT)

    @cached_property
    def order(self) -> Tensor:
        """(N,) float64: uniform noise that puts positions in random order."""
        return self._uniform(Stream.ORDER)

    def draw(self, stream: Stream) -> int:
        """Index of the counter-based field behind a stream."""
        return stream + (len(Stream) * self.iteration if self.config.noise == "fresh" else 0)

    def _gumbel(self, stream: Stream) -> Tensor:
        if self.config.greedy:  # argmax everywhere
            return torch.zeros(len(self.positions), 1, device=self.positions.device)
        token_ids = torch.arange(self.vocab_size, device=self.positions.device)
        return gumbel_noise(self.config.seed, self.positions, token_ids, self.draw(stream))

    def _uniform(self, stream: Stream) -> Tensor:
        only_token = torch.zeros(1, dtype=torch.long, device=self.positions.device)
        draw = self.draw(stream)
        return counter_uniform(self.config.seed, self.positions, only_token, draw).squeeze(-1)
