"""The noise of one decode: which field each random choice of each iteration reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import torch
from torch import Tensor

from apd.counter_rng import counter_uniform
from apd.coupling import gumbel_max, gumbel_max_among_likely, gumbel_noise, maximal_coupling
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
        token_ids: (C,) long, the tokens that laws are given for; None for all of them, C = V.
    """

    config: SamplingConfig
    vocab_size: int
    positions: Tensor
    iteration: int
    token_ids: Tensor | None = None

    def among(self, token_ids: Tensor) -> IterationNoise:
        """The same noise where laws are given for these tokens only."""
        return self if token_ids is self.token_ids else replace(self, token_ids=token_ids)

    @cached_property
    def shared(self) -> Tensor:
        """(N, C) float64: g, which draws the draft and, under the paper's rule, the target."""
        return self._gumbel(Stream.SHARED)

    def draw_shared(self, log_probs: Tensor) -> Tensor:
        """The token argmax_v (log p(v) + g(v)) at every position. (N, C) -> (N,) long.

        On a CPU, g is evaluated for likely tokens only. An accelerator evaluates it for all: asking
        which tokens are likely would stall the iteration.
        """
        if self.config.greedy:
            return self.likeliest(log_probs)
        if log_probs.device.type != "cpu":
            return self._named(gumbel_max(log_probs, self.shared))
        return self._named(gumbel_max_among_likely(log_probs, self._shared_at))

    def _shared_at(self, rows: Tensor, columns: Tensor) -> Tensor:
        positions, draw = self.positions[rows], self.draw(Stream.SHARED)
        token_ids = self._named(columns)[:, None]
        return gumbel_noise(self.config.seed, positions, token_ids, draw).squeeze(-1)

    def draw_target(self, log_probs: Tensor) -> Tensor:
        """The token that the target's own noise draws. (N, C) -> (N,) long."""
        return self._named(gumbel_max(log_probs, self.target))

    def draw_coupled(self, draft: Tensor, log_p: Tensor, log_q: Tensor) -> Tensor:
        """The token of `maximal_coupling`. Drafted tokens (N,), normalised (N, C) laws -> (N,)."""
        columns = draft if self.token_ids is None else torch.searchsorted(self.token_ids, draft)
        return self._named(maximal_coupling(columns, log_p, log_q, self.accept, self.target))

    def likeliest(self, log_probs: Tensor) -> Tensor:
        """The token argmax_v log p(v) at every position. (N, C) -> (N,) long."""
        return self._named(log_probs.argmax(-1))

    def _named(self, columns: Tensor) -> Tensor:
        """Token ids of columns of a law."""
        return columns if self.token_ids is None else self.token_ids[columns]

    @cached_property
    def target(self) -> Tensor:
        """(N, C) float64: Gumbel noise that only the target sees."""
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
        token_ids = self.token_ids
        if token_ids is None:
            token_ids = torch.arange(self.vocab_size, device=self.positions.device)
        return gumbel_noise(self.config.seed, self.positions, token_ids, self.draw(stream))

    def _uniform(self, stream: Stream) -> Tensor:
        only_token = torch.zeros(1, dtype=torch.long, device=self.positions.device)
        draw = self.draw(stream)
        return counter_uniform(self.config.seed, self.positions, only_token, draw).squeeze(-1)
