"""The keys and values that one forward pass computes, layer by layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from apd.models.diffusion import MaskedDiffusionLM
from apd.models.transformer import run_layers
from apd.models.verifier import CausalVerifier


class KeyValueRecorder:
    """Stands where a cache would: notes what every attention layer computes, and changes nothing.

    Attributes:
        keys, values: one (B, KV heads, T, head dim) tensor a layer; keys are rotated already.
    """

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def update(
        self, keys: Tensor, values: Tensor, layer_index: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Note one layer's keys and values and hand them back."""
        self.keys.append(keys)
        self.values.append(values)
        return keys, values


@torch.no_grad()
def keys_and_values(
    lm: MaskedDiffusionLM | CausalVerifier, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    """Keys and values of every position in every layer, from one pass over `tokens`.

    The attention pattern is the model's own: a dLLM sees all of `tokens` from every position, a
    causal model only what is to the left.

    Args:
        tokens: (L,) or (B, L) long.

    Returns:
        Two (layers, B, L, KV heads · head dim) tensors in the model's precision; B = 1 for (L,).
    """
    recorder = KeyValueRecorder()
    batch = tokens[None] if tokens.ndim == 1 else tokens
    run_layers(lm.model.model, batch.to(lm.device), attention_mask=None, cache=recorder)
    keys, values = torch.stack(recorder.keys), torch.stack(recorder.values)
    return keys.transpose(2, 3).flatten(3), values.transpose(2, 3).flatten(3)
