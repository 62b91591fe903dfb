"""The forward passes of one decode through a masked diffusion model, frontier by frontier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from apd.decoding.protocols import MarginalRequest
from apd.errors import ApdError
from apd.models.kv_window import check_kv_window, first_recomputed
from apd.models.segments import Pass, Rows, Segment

if TYPE_CHECKING:
    from apd.models.diffusion import MaskedDiffusionLM


class MarginalPasses:
    """The forward passes of one decode, with the keys and values kept between them.

    The tokens before the frontier must not change between calls.

    Attributes:
        kv_window: W, or None to recompute everything in every pass.
        computed: the pass under way.
    """

    def __init__(self, dllm: MaskedDiffusionLM, kv_window: int | None) -> None:
        check_kv_window(kv_window)
        if kv_window is not None and not dllm.inference.keeps_keys:
            raise ValueError(
                f"kv_window={kv_window} cannot be had: {dllm.name} keeps no keys and values "
                "between passes; use None, which recomputes everything"
            )
        self.kv_window = kv_window
        self.cache = dllm.inference.new_cache()
        self.computed: Pass | None = None
        self._dllm = dllm
        self._span: tuple[int, int] | None = None  # (start, stop) of the pass under way

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        """Logits for positions start..stop-1 given tokens[:stop].

        Args:
            tokens: (L,) long, the whole canvas.
            start: t, the first undecoded position; everything before it is decoded.

        Returns:
            (stop - start, V) float32.

        Raises:
            ValueError: not prediction_offset <= start < stop <= L.
        """
        request = MarginalRequest(self._dllm, self, tokens, start, stop, range(start, stop))
        return self._dllm.marginals([request])[0]

    def open(self, tokens: Tensor, start: int, stop: int, beyond: range | None = None) -> Segment:
        """Begin a pass: the positions to compute, from the first that W asks to recompute.

        Masks ``beyond`` are stored behind the lookahead without a gap, and are overwritten by the
        next pass as the lookahead is.

        Raises:
            ApdError: there are masks beyond, and the model's pass takes consecutive positions only.
        """
        offset = self._dllm.model.prediction_offset
        if not offset <= start < stop <= len(tokens):
            raise ValueError(
                f"start={start}, stop={stop}: need {offset} <= start < stop <= {len(tokens)}, the "
                "length of the canvas"
            )
        if self._span is None:
            self._dllm.limit.check(len(tokens))
        first = self._first_recomputed(start)
        self._span = (start, stop)
        self.cache.reserve(len(tokens))
        ids = tokens[first:stop]
        if not beyond:
            return Segment(ids.to(self._dllm.device), first, self.cache, stop - start + offset)
        if not self._dllm.inference.takes_sight:
            raise ApdError(
                f"{self._dllm.name} runs through transformers' own pass, which takes consecutive "
                "positions only: use sparse_lookahead=0, a canvas that ends with the lookahead"
            )
        ids = torch.cat((ids, tokens[beyond.start : beyond.stop : beyond.step]))
        outputs = stop - start + offset + len(beyond)
        return Segment(ids.to(self._dllm.device), first, self.cache, outputs, beyond=beyond)

    def rows(self, request: MarginalRequest) -> Rows:
        """The rows of the pass under way that answer ``request``."""
        rows, computed = request.rows, self.computed
        if computed is None or self._span != (request.start, request.stop):
            raise ValueError(
                f"rows {rows.start}..{rows.stop - 1} belong to a pass that is not under way; ask "
                f"for rows from start={request.start} first"
            )
        if not request.start <= rows.start < rows.stop <= request.stop:
            raise ValueError(
                f"rows {rows.start}..{rows.stop - 1}: need start={request.start} <= first <= last "
                f"< stop={request.stop}"
            )
        before = self._dllm.model.prediction_offset + computed.segment.first
        return Rows(computed, rows.start - before, rows.stop - before)

    def _first_recomputed(self, start: int) -> int:
        """Where this pass begins: at 0 on the first call, without a window, or after a step back.

        The shift needs no care: W >= 1 and a >= 1 put it at start - 1 or before.
        """
        if self.kv_window is None or self._span is None or start < self._span[0]:
            return 0
        accepted = max(1, start - self._span[0])
        return first_recomputed(start, accepted, self.kv_window)
