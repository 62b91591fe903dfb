"""Rotary position embeddings, read from a table instead of being worked out at every pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

DEPENDS_ON_LENGTH = ("dynamic", "longrope")
"""Kinds of rotary embedding whose angles change with the length of the text: no table fits."""


class RotaryTable:
    """Cosines and sines of every position met so far.

    Args:
        rotary: transformers' rotary embedding module.
        like: a tensor of the model's dtype and device.

    Raises:
        ValueError: the angles depend on the length of the text.
    """

    def __init__(self, rotary: nn.Module, like: Tensor) -> None:
        module: Any = rotary
        if module.rope_type in DEPENDS_ON_LENGTH:
            raise ValueError(
                f"rope_type={module.rope_type!r} is not supported: its angles depend on the length "
                "of the text; use a checkpoint whose rope_type is 'default'"
            )
        self._rotary = rotary
        self._like = like.detach()[:0]
        self._cos = self._sin = self._like
        self._extend(512)

    def at(self, spans: Sequence[range]) -> tuple[Tensor, Tensor]:
        """The positions of every span, one after another: (N, 1, d) cosines and sines."""
        longest = max(span.stop for span in spans)
        if longest > len(self._cos):
            self._extend(2 * longest)
        rows = [slice(span.start, span.stop, span.step) for span in spans]
        if len(rows) == 1:
            return self._cos[rows[0]], self._sin[rows[0]]
        cos = torch.cat([self._cos[row] for row in rows])
        return cos, torch.cat([self._sin[row] for row in rows])

    def _extend(self, length: int) -> None:
        positions = torch.arange(length, device=self._like.device)[None]
        cos, sin = self._rotary(self._like, positions)  # (1, length, d)
        half = sin.shape[-1] // 2
        signed = torch.cat([-sin[0, :, :half], sin[0, :, half:]], dim=-1)
        self._cos, self._sin = cos[0][:, None], signed[:, None]


def rotate(states: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate the pairs (j, j + d/2) of each head. (N, heads, d) -> the same shape.

    x cos + (-x2, x1) sin: the sign is in the table's sines, so that the pairing is a roll.
    """
    cos, sin = rotation
    return torch.addcmul(states * cos, states.roll(states.shape[-1] // 2, -1), sin)
