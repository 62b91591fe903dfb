"""One transformer layer of Qwen2, Qwen3 or Llama: its fused weights, and what surrounds attention.

Shapes: N positions, D width, H query heads, G key-value heads, d head dimension, F MLP width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from apd.models.products import Matrix, add_times, times
from apd.models.rotation import rotate


@dataclass(frozen=True)
class LayerWeights:
    """One layer. Biases of queries, keys and values, and norms of heads, are None without any."""

    norm_in: Tensor  # (D,)
    qkv: Matrix  # ((H + 2 G) d, D)
    qkv_bias: Tensor | None
    out: Matrix  # (D, H d)
    norm_mlp: Tensor  # (D,)
    gate_up: Matrix  # (2 F, D)
    down: Matrix  # (D, F)
    norm_heads: Tensor | None = None  # (H + G, d), of queries and keys (Qwen3)

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """The weights of its four products."""
        return self.qkv, self.out, self.gate_up, self.down

    def changed(self, change: Callable[[Matrix], Matrix]) -> LayerWeights:
        """The same after ``change`` has been applied to each of the four."""
        qkv, out, gate_up, down = map(change, self.matrices)
        return replace(self, qkv=qkv, out=out, gate_up=gate_up, down=down)


def project(
    hidden: Tensor,
    norm: Tensor,
    weight: Matrix,
    bias: Tensor | None,
    rotation: tuple[Tensor, Tensor],
    rotated_heads: int,
    epsilon: float,
    norm_heads: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Norm, projection to heads, and the norm and rotation of the first of them.

    Args:
        hidden: (N, D).
        norm: (D,) weights of the norm.
        weight: (heads d, D); bias: (heads d,) or None.
        rotation: cosines and sines, (N, 1, d) each.
        rotated_heads: how many heads are queries or keys; the others are values.
        norm_heads: (rotated heads, d) weights of their norms; None where there are none.

    Returns:
        (N, rotated heads, d) and (N, other heads, d).
    """
    normed = F.rms_norm(hidden, hidden.shape[-1:], norm, epsilon)
    joined = times(normed, weight, bias).view(len(hidden), -1, rotation[0].shape[-1])
    rotated = joined[:, :rotated_heads]
    if norm_heads is not None:
        rotated = F.rms_norm(rotated, rotated.shape[-1:], None, epsilon) * norm_heads
    return rotate(rotated, rotation), joined[:, rotated_heads:]


def finish(
    hidden: Tensor,
    attended: Tensor,
    out: Matrix,
    norm: Tensor,
    gate_up: Matrix,
    down: Matrix,
    epsilon: float,
) -> Tensor:
    """Output projection and MLP with their residual connections. (N, D), (N, H d) -> (N, D)."""
    hidden = add_times(hidden, attended, out)
    normed = F.rms_norm(hidden, hidden.shape[-1:], norm, epsilon)
    gate, up = times(normed, gate_up).chunk(2, dim=-1)
    return add_times(hidden, F.silu(gate) * up, down)


def fuse(layer: Any) -> LayerWeights:
    """Fuse a transformers layer's products, leaving its parameters as views of the fused ones."""
    attention, mlp = layer.self_attn, layer.mlp
    return LayerWeights(
        norm_in=layer.input_layernorm.weight,
        qkv=Matrix(fuse_rows([attention.q_proj, attention.k_proj, attention.v_proj], "weight")),
        qkv_bias=None
        if attention.q_proj.bias is None
        else fuse_rows([attention.q_proj, attention.k_proj, attention.v_proj], "bias"),
        out=Matrix(attention.o_proj.weight),
        norm_mlp=layer.post_attention_layernorm.weight,
        gate_up=Matrix(fuse_rows([mlp.gate_proj, mlp.up_proj], "weight")),
        down=Matrix(mlp.down_proj.weight),
        norm_heads=head_norms(attention),
    )


def head_norms(attention: Any) -> Tensor | None:
    """(H + G, d) weights of the norms of every query and key head; None without such norms."""
    if not hasattr(attention, "q_norm"):
        return None
    d = attention.head_dim
    norms = (attention.q_norm, attention.q_proj), (attention.k_norm, attention.k_proj)
    rows = [norm.weight.detach().expand(len(p.weight) // d, d) for norm, p in norms]
    return torch.cat(rows)


def fuse_rows(modules: Sequence[nn.Module], name: str) -> Tensor:
    """The modules' parameters stacked by rows; each parameter becomes a view of its part."""
    parameters = [getattr(module, name) for module in modules]
    fused = torch.cat([parameter.detach() for parameter in parameters])
    for parameter, part in zip(parameters, fused.split([len(p) for p in parameters]), strict=True):
        parameter.data = part
    return fused
