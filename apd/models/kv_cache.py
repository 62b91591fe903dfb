"""Keys and values of one sequence, allocated once and written in place."""

from __future__ import annotations

import torch
from torch import Tensor


class KeyValueCache:
    """Keys and values of every layer by position; no concatenation, no copies on the way out.

    Rolling back is opening an earlier ``start``: what lies beyond is overwritten before it is read.

    Attributes:
        start, stop: positions of the pass under way; what is before ``start`` is kept.
        end: one past the last position in sight of the pass; what lies behind ``stop`` is kept too.
    """

    def __init__(self, layers: int, heads: int, head_dim: int, like: Tensor) -> None:
        """An empty cache for ``heads`` key-value heads, with the dtype and device of ``like``."""
        self.start = 0
        self.stop = 0
        self.end = 0
        self._shape = (layers, 2, heads, head_dim)
        self._like = like.detach()
        self._stored = self._allocate(0)

    @property
    def stored(self) -> Tensor:
        """(layers, 2, heads, capacity, head_dim) keys and values, as they lie in memory."""
        return self._stored

    @property
    def capacity(self) -> int:
        """Positions there is room for."""
        return self._stored.shape[3]

    @property
    def nbytes(self) -> int:
        """Bytes allocated: 2 x layers x heads x capacity x head dimension x bytes of a number."""
        return self._stored.nbytes

    def reserve(self, capacity: int) -> None:
        """Make room for ``capacity`` positions, keeping what is stored."""
        if capacity > self.capacity:
            larger = self._allocate(capacity)
            larger[:, :, :, : self.end] = self._stored[:, :, :, : self.end]
            self._stored = larger

    def open(self, start: int, stop: int, end: int | None = None) -> None:
        """The next pass computes positions start..stop-1, and sees those up to end-1; None: stop.

        Raises:
            ValueError: not 0 <= start < stop <= end, or positions in sight were never computed.
        """
        end = stop if end is None else end
        if not 0 <= start < stop:
            raise ValueError(f"start={start}, stop={stop}: need 0 <= start < stop to compute any")
        if start > self.end:
            raise ValueError(f"start={start} leaves a gap after {self.end}; start there at most")
        if not (end == stop or stop < end <= self.end):
            raise ValueError(f"end={end}: only {self.end} positions have been computed")
        if stop > self.capacity:
            self.reserve(max(stop, 2 * self.capacity))
        self.start, self.stop, self.end = start, stop, end

    def write(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Store (stop - start, heads, head_dim) keys and values of one layer."""
        stored = self._stored[layer]
        stored[0, :, self.start : self.stop] = keys.transpose(0, 1)
        stored[1, :, self.start : self.stop] = values.transpose(0, 1)

    def write_all(self, keys_values: Tensor) -> None:
        """Store (layers, 2, heads, stop - start, head_dim) keys and values of every layer."""
        self._stored[:, :, :, self.start : self.stop] = keys_values

    def read(self, layer: int, stop: int) -> tuple[Tensor, Tensor]:
        """Views of the keys and values of positions 0..stop-1: (heads, stop, head_dim) each."""
        stored = self._stored[layer]
        return stored[0, :, :stop], stored[1, :, :stop]

    def _allocate(self, capacity: int) -> Tensor:
        layers, two, heads, head_dim = self._shape
        shape = (layers, two, heads, capacity, head_dim)
        return torch.empty(shape, dtype=self._like.dtype, device=self._like.device)
