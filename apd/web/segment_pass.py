"""One forward pass as a graph: a stretch of positions, given the keys and values before it.

The same graph serves every decoder of the page. For a dLLM a stretch is what the window W asks to
recompute, and every position sees the whole stretch and everything before it; for an autoregressive
model it is the draft, and a position sees what is before itself.

Shapes: T positions computed, S positions before them, C layers, G key-value heads, d head
dimension, V vocabulary. S may be 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LONGEST = 2048
"""Positions that a graph can compute: its rotary table ends there."""


class SegmentPass(nn.Module):
    """A Qwen2 or Llama decoder as a function of tokens, positions, and cached keys and values.

    Args:
        model: transformers' model with its output layer; its rotary embedding must be a table that
            does not depend on the length of the text.
        causal: whether a position attends to itself and those before it only.
        longest: positions the rotary table covers.
    """

    def __init__(self, model: Any, *, causal: bool, longest: int = LONGEST) -> None:
        super().__init__()
        config, parts = model.config, model.model
        self.causal = causal
        self.heads: int = config.num_attention_heads
        self.kv_heads: int = config.num_key_value_heads
        self.epsilon: float = config.rms_norm_eps
        self.layers = parts.layers
        self.embedding = nn.Parameter(parts.embed_tokens.weight.detach(), requires_grad=False)
        self.norm = parts.norm.weight
        self.head = nn.Parameter(model.lm_head.weight.detach(), requires_grad=False)
        cos, sin = parts.rotary_emb(torch.zeros(1), torch.arange(longest)[None])
        half = cos.shape[-1] // 2  # the second half repeats the first
        self.longest, self.head_dim = longest, 2 * half
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", cos[0, :, :half])  # (longest, d/2)
        self.register_buffer("sin", sin[0, :, :half])

    def forward(
        self, tokens: Tensor, positions: Tensor, past_keys: Tensor, past_values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, keys and values of T positions.

        Args:
            tokens, positions: (T,) long; positions ascend without gaps.
            past_keys, past_values: (C, G, S, d), of positions before the first.

        Returns:
            (T, V) logits, and the keys and values of the T positions, (C, G, T, d) each.
        """
        hidden = F.embedding(tokens, self.embedding)
        cos, sin = (table[positions].repeat(1, 2) for table in (self.cos, self.sin))  # (T, d)
        mask = self._mask(positions, past_keys.shape[2]) if self.causal else None
        all_keys, all_values = [], []
        for index, layer in enumerate(self.layers):
            attention = layer.self_attn
            normed = F.rms_norm(
                hidden, hidden.shape[-1:], layer.input_layernorm.weight, self.epsilon
            )
            queries = self._rotate(self._by_head(attention.q_proj(normed), self.heads), cos, sin)
            keys = self._rotate(self._by_head(attention.k_proj(normed), self.kv_heads), cos, sin)
            values = self._by_head(attention.v_proj(normed), self.kv_heads)
            all_keys.append(keys)
            all_values.append(values)
            attended = self._attend(
                queries,
                torch.cat([past_keys[index], keys], dim=1),
                torch.cat([past_values[index], values], dim=1),
                mask,
            )
            hidden = hidden + attention.o_proj(attended)
            normed = F.rms_norm(
                hidden, hidden.shape[-1:], layer.post_attention_layernorm.weight, self.epsilon
            )
            hidden = hidden + layer.mlp.down_proj(
                F.silu(layer.mlp.gate_proj(normed)) * layer.mlp.up_proj(normed)
            )
        hidden = F.rms_norm(hidden, hidden.shape[-1:], self.norm, self.epsilon)
        return F.linear(hidden, self.head), torch.stack(all_keys), torch.stack(all_values)

    def _by_head(self, states: Tensor, heads: int) -> Tensor:
        """(T, heads d) -> (heads, T, d)."""
        return states.view(-1, heads, states.shape[-1] // heads).transpose(0, 1)

    def _rotate(self, states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotate the pairs (j, j + d/2) of each head. (heads, T, d) -> the same shape."""
        first, second = states.chunk(2, dim=-1)
        return states * cos + torch.cat([-second, first], dim=-1) * sin

    def _mask(self, positions: Tensor, before: int) -> Tensor:
        """(T, S + T) additive: 0 where a position may look, -inf where it may not."""
        count = positions.shape[0]
        later = torch.arange(before + count)[None] > torch.arange(before, before + count)[:, None]
        return later.to(torch.float32) * -1e9

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """(H, T, d) queries over (G, S + T, d) keys and values -> (T, H d)."""
        share = self.heads // self.kv_heads
        keys, values = keys.repeat_interleave(share, 0), values.repeat_interleave(share, 0)
        scores = queries @ keys.transpose(1, 2) * queries.shape[-1] ** -0.5
        if mask is not None:
            scores = scores + mask
        return (scores.softmax(-1) @ values).transpose(0, 1).flatten(1)
