"""The inference pass through a Qwen2, Qwen3 or Llama decoder: little beside its matrix products.

A decoding iteration moves a handful to a hundred positions. At that size what surrounds the matrix
products costs as much as they do, so this pass differs from transformers' own in five ways:

- queries, keys and values come from one product, and so do the two halves of the MLP's input. The
  fused weights replace the model's own, whose parameters become views of them: no memory is added;
- keys and values are written in place into a `KeyValueCache` and read as views of it;
- positions of several sequences are packed into one matrix, without padding. Only attention treats
  them one sequence at a time;
- products may use weights laid out for oneDNN, see ``apd.models.products``;
- the last layer makes keys and values for all positions, but outputs only for those asked for,
  when they are asked for.

Shapes: N packed positions, T positions of one sequence, D width, H query heads, G key-value heads,
d head dimension, S keys in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from apd.models.kv_cache import KeyValueCache
from apd.models.layer import LayerWeights, finish, fuse, project
from apd.models.products import Matrix, times
from apd.models.rotation import RotaryTable
from apd.models.segments import Pass, Rows, Segment

BLOCKED_BYTES = 2**30
"""Bytes of weights up to which a copy for faster products is made without being asked for."""


class LeanDecoder:
    """Runs a Qwen2, Qwen3 or Llama causal LM for inference; equal to it up to rounding.

    Args:
        model: transformers' model with its output layer, ``lm_head``. The linear weights of its
            layers are replaced by views of fused ones.
        causal: whether a position attends to itself and those before it only, or to all that are
            computed or cached.
    """

    keeps_keys = True
    takes_sight = True

    def __init__(self, model: Any, *, causal: bool) -> None:
        parts, config = model.model, model.config
        if config.hidden_act != "silu":
            raise ValueError(f"hidden_act={config.hidden_act!r}: the lean pass computes 'silu'")
        self.causal = causal
        self.embedding: Tensor = parts.embed_tokens.weight
        self.final_norm: Tensor = parts.norm.weight
        self.epsilon: float = config.rms_norm_eps
        self.heads: int = config.num_attention_heads
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = parts.layers[0].self_attn.head_dim
        self.rotary = RotaryTable(parts.rotary_emb, self.embedding)
        self.layers = [fuse(layer) for layer in parts.layers]
        size, qkv = self.heads * self.head_dim, self.layers[-1].qkv.weight
        self.last_queries, self.last_keys_values = Matrix(qkv[:size]), Matrix(qkv[size:])
        self.head = Matrix(model.lm_head.weight)
        self._project: Callable[..., tuple[Tensor, Tensor]] = project
        self._finish: Callable[..., Tensor] = finish

    def new_cache(self) -> KeyValueCache:
        """An empty cache of this model's shape."""
        return KeyValueCache(len(self.layers), self.kv_heads, self.head_dim, self.embedding)

    def run(self, segments: Sequence[Segment]) -> list[Pass]:
        """Compute keys and values of every layer and position, and the states up to the last layer.

        The segments belong to different caches.
        """
        lengths = [len(segment.tokens) for segment in segments]
        hidden = F.embedding(torch.cat([segment.tokens for segment in segments]), self.embedding)
        rotation = self.rotary.at([span for segment in segments for span in segment.spans])
        for segment, length in zip(segments, lengths, strict=True):
            segment.cache.open(segment.first, segment.first + length, segment.end)
        for index, layer in enumerate(self.layers[:-1]):
            rotated, values = self._project(
                hidden,
                layer.norm_in,
                layer.qkv,
                layer.qkv_bias,
                rotation,
                self.heads + self.kv_heads,
                self.epsilon,
                layer.norm_heads,
            )
            self._store(index, rotated[:, self.heads :], values, segments, lengths)
            queries = rotated[:, : self.heads].split(lengths)
            attended = [
                self._attend(index, q, segment, 0)
                for q, segment in zip(queries, segments, strict=True)
            ]
            hidden = self._finished(layer, hidden, attended)
        self._store_last(hidden, rotation, segments, lengths)
        return [Pass(s, h) for s, h in zip(segments, hidden.split(lengths), strict=True)]

    def outputs(self, rows: Sequence[Rows]) -> Tensor:
        """(N, D) states after the final norm, rows of all passes one after another."""
        last, layer = len(self.layers) - 1, self.layers[-1]
        hidden = torch.cat([r.computed.states[r.start : r.stop] for r in rows])
        firsts = [r.computed.segment.angle for r in rows]
        spans = [range(f + r.start, f + r.stop) for f, r in zip(firsts, rows, strict=True)]
        bias = None if layer.qkv_bias is None else layer.qkv_bias[: self.heads * self.head_dim]
        rotation = self.rotary.at(spans)
        queries, _ = self._project(
            *(hidden, layer.norm_in, self.last_queries, bias, rotation, self.heads, self.epsilon),
            None if layer.norm_heads is None else layer.norm_heads[: self.heads],
        )
        split = queries.split([r.stop - r.start for r in rows])
        attended = [
            self._attend(last, q, r.computed.segment, r.start)
            for q, r in zip(split, rows, strict=True)
        ]
        hidden = self._finished(layer, hidden, attended)
        return F.rms_norm(hidden, hidden.shape[-1:], self.final_norm, self.epsilon)

    def logits(self, rows: Sequence[Rows]) -> Tensor:
        """(N, V) float32, rows of all passes one after another."""
        return times(self.outputs(rows), self.head).float()

    @property
    def weight_bytes(self) -> int:
        """Bytes of the matrices of all products, of which faster engines make copies."""
        matrices = [matrix for layer in self.layers for matrix in layer.matrices]
        return sum(matrix.weight.nbytes for matrix in [*matrices, self.head])

    def block(self, limit: int = BLOCKED_BYTES) -> None:
        """Lay the weights out for faster products, where ``apd.models.products`` can.

        The copies do not follow the model: its weights must not change any more.

        Args:
            limit: bytes of copies from which on everything stays as it is.
        """
        if self.weight_bytes > limit:
            return
        self._change_matrices(Matrix.in_blocks)

    def compile(self, backend: str = "inductor", *, dynamic: bool = True) -> None:
        """Compile what surrounds attention with ``torch.compile``, for any number of positions.

        It saves kernel launches and trips through memory, and costs a check before every compiled
        piece: on an H100 it was slower than eager unless the pass was captured as a graph (table
        in `book/run_on_a_gpu.md`). The first passes take seconds longer. On a CPU it needs a C++
        compiler. Weights leave their blocks, which the compiler cannot look into.

        Args:
            backend: of ``torch.compile``.
            dynamic: whether one compilation serves all lengths; if not, each has its own.
        """
        self._change_matrices(Matrix.without_blocks)
        self._project = torch.compile(project, dynamic=dynamic, backend=backend)
        self._finish = torch.compile(finish, dynamic=dynamic, backend=backend)

    def _change_matrices(self, change: Callable[[Matrix], Matrix]) -> None:
        self.layers = [layer.changed(change) for layer in self.layers]
        self.last_queries = change(self.last_queries)
        self.last_keys_values = change(self.last_keys_values)
        self.head = change(self.head)

    def _store_last(
        self,
        hidden: Tensor,
        rotation: tuple[Tensor, Tensor],
        segments: Sequence[Segment],
        lengths: list[int],
    ) -> None:
        """Keys and values of the last layer, whose queries wait until they are asked for."""
        layer, weight = self.layers[-1], self.last_keys_values
        bias = None if layer.qkv_bias is None else layer.qkv_bias[self.heads * self.head_dim :]
        keys, values = self._project(
            *(hidden, layer.norm_in, weight, bias, rotation, self.kv_heads, self.epsilon),
            None if layer.norm_heads is None else layer.norm_heads[self.heads :],
        )
        self._store(len(self.layers) - 1, keys, values, segments, lengths)

    def _finished(self, layer: LayerWeights, hidden: Tensor, attended: list[Tensor]) -> Tensor:
        joined = attended[0] if len(attended) == 1 else torch.cat(attended)
        weights = (layer.out, layer.norm_mlp, layer.gate_up, layer.down)
        return self._finish(hidden, joined, *weights, self.epsilon)

    def _store(
        self,
        index: int,
        keys: Tensor,
        values: Tensor,
        segments: Sequence[Segment],
        lengths: list[int],
    ) -> None:
        split = zip(segments, keys.split(lengths), values.split(lengths), strict=True)
        for segment, new_keys, new_values in split:
            segment.cache.write(index, new_keys, new_values)

    def _attend(self, index: int, queries: Tensor, segment: Segment, offset: int) -> Tensor:
        """(T, H, d) queries of rows offset, offset + 1, ... -> (T, H d)."""
        T, before = len(queries), segment.first + offset
        stop = before + T if self.causal else segment.cache.end
        keys, values = segment.cache.read(index, stop)  # (G, S, d)
        mask = causal_mask(before, stop, queries.device) if self.causal and T > 1 else None
        if segment.sight is not None:
            mask = segment.sight[offset : offset + T]
        attended = F.scaled_dot_product_attention(
            queries.transpose(0, 1)[None],
            keys[None],
            values[None],
            attn_mask=mask,
            enable_gqa=self.kv_heads != self.heads,
        )
        return attended[0].transpose(0, 1).reshape(T, -1)


def causal_mask(start: int, stop: int, device: torch.device) -> Tensor:
    """(stop - start, stop) bool: position i of start..stop-1 sees positions 0..i."""
    queries = torch.arange(start, stop, device=device)
    return torch.arange(stop, device=device) <= queries[:, None]
