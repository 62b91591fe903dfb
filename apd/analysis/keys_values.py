"""One forward pass looked into: its final states, and the keys and values of every layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from apd.models.bidirectional import BidirectionalLM
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.verifier import CausalVerifier


@torch.no_grad()
def final_states(
    lm: MaskedDiffusionLM | CausalVerifier, tokens: Tensor, cache: Any = None
) -> Tensor:
    """What the output layer reads, for every position of a model of any family.

    The attention pattern is the model's own: a dLLM sees all of `tokens` from every position, a
    causal model only what is to the left.

    Args:
        tokens: (L,) or (B, L) long.
        cache: an empty `DynamicCache`, which receives keys and values; None for none.

    Returns:
        (B, L, D) in the model's precision; B = 1 for (L,).
    """
    batch = (tokens[None] if tokens.ndim == 1 else tokens).to(lm.device)
    if isinstance(lm.model, BidirectionalLM):
        return lm.model.hidden_states(batch, cache=cache)
    found = lm.model.base_model(batch, past_key_values=cache, use_cache=cache is not None)
    states: Tensor = found.last_hidden_state
    return states


def keys_and_values(
    lm: MaskedDiffusionLM | CausalVerifier, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    """Keys and values of every position in every layer, from one pass over `tokens`.

    Args:
        tokens: (L,) or (B, L) long.

    Returns:
        Two (layers, B, L, KV heads · head dim) tensors in the model's precision, keys rotated
        where the model rotates them; B = 1 for (L,).
    """
    cache = DynamicCache()
    final_states(lm, tokens, cache)
    layers: Any = cache.layers
    keys = torch.stack([layer.keys for layer in layers])
    values = torch.stack([layer.values for layer in layers])
    return keys.transpose(2, 3).flatten(3), values.transpose(2, 3).flatten(3)
