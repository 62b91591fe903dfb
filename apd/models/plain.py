"""The inference pass through transformers' own forward: any decoder-style family, as it is.

Slower than the lean pass around its products, and right wherever transformers is. A causal model
gets its own mask; a bidirectional one an explicit mask without a single masked position, since
with a cache "no mask" means causal to transformers.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from apd.models.bidirectional import nothing_masked
from apd.models.segments import Pass, Rows, Segment


class PlainCache:
    """transformers' cache of one sequence, cut back to where a pass begins.

    Attributes:
        stop: positions stored; stays 0 for a model whose state cannot be cut back.
    """

    def __init__(self, keeps: bool) -> None:
        self.stored = DynamicCache() if keeps else None
        self.stop = 0

    def reserve(self, capacity: int) -> None:
        """Nothing: it grows by itself."""

    def open(self, start: int, stop: int) -> None:
        """The next pass computes positions start..stop-1; what is stored from ``start`` on goes.

        Raises:
            ValueError: not 0 <= start < stop, or positions before ``start`` were never computed.
        """
        if not 0 <= start < stop:
            raise ValueError(f"start={start}, stop={stop}: need 0 <= start < stop to compute any")
        if start > self.stop:
            raise ValueError(f"start={start} leaves a gap after {self.stop}; start there at most")
        if self.stored is not None:
            self.stored.crop(start - self.stop)
            self.stop = stop


class PlainDecoder:
    """Runs a transformers causal LM through its own forward.

    Args:
        model: with or without support for a cache.
        causal: whether a position attends to itself and those before it only, or to all.
    """

    takes_sight = False

    def __init__(self, model: Any, *, causal: bool) -> None:
        self.causal = causal
        self._model = model
        # A dLLM's class has a forward of its own for training; inference is transformers'.
        self._forward = getattr(model, "causal_forward", model.forward)
        self._accepted = inspect.signature(self._forward).parameters.keys()
        stateful = getattr(model, "_is_stateful", False)
        self.keeps_keys = "past_key_values" in self._accepted and not stateful

    def new_cache(self) -> PlainCache:
        """An empty cache."""
        return PlainCache(self.keeps_keys)

    def run(self, segments: Sequence[Segment]) -> list[Pass]:
        """Compute the segments, one after another: no padding, so a batch changes no bit."""
        return [Pass(segment, self._logits(segment)) for segment in segments]

    def logits(self, rows: Sequence[Rows]) -> Tensor:
        """(N, V) float32, rows of all passes one after another."""
        parts = []
        for r in rows:
            skipped = len(r.computed.segment.tokens) - len(r.computed.states)
            if r.start < skipped:
                raise ValueError(f"row {r.start} was not computed; ask for rows from {skipped} on")
            parts.append(r.computed.states[r.start - skipped : r.stop - skipped])
        return torch.cat(parts).float()

    def block(self) -> None:
        """Nothing: transformers multiplies with its own weights."""

    def compile(self) -> None:
        """Compile the whole model, for any number of positions."""
        self._forward = torch.compile(self._forward, dynamic=True)

    def _logits(self, segment: Segment) -> Tensor:
        """(outputs, V) as the model has them."""
        T, first = len(segment.tokens), segment.first
        segment.cache.open(first, first + T)
        outputs = T if segment.outputs is None else segment.outputs
        weight = self._model.get_input_embeddings().weight
        arguments = {
            "input_ids": segment.tokens[None],
            "position_ids": torch.arange(first, first + T, device=weight.device)[None],
            "past_key_values": segment.cache.stored,
            "use_cache": self.keeps_keys,
            "attention_mask": None if self.causal else nothing_masked(T, first + T, weight),
            "logits_to_keep": outputs,
        }
        given = {name: value for name, value in arguments.items() if name in self._accepted}
        return self._forward(**given).logits[0, -outputs:]
