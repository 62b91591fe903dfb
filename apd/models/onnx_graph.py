"""A Qwen2, Qwen3 or Llama decoder as two ONNX graphs, which together are the lean pass.

*layers* is ``LeanDecoder.run``: keys and values of every layer, and the states that enter the last
one. *outputs* is ``LeanDecoder.logits``: the last layer and the output layer for those rows that
are asked for. Both read the whole cache, as it lies in memory, and cut out of it what they need.

Norms, rotation, activation and products with a transposed matrix are operators of ONNX Runtime's
own domain, ``com.microsoft``: each is one call where standard ONNX needs several.

Shapes: T positions of one sequence, D width, H query heads, G key-value heads, d head dimension,
S positions in sight, C layers, P positions that the cache has room for, V vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from apd.models.layer import LayerWeights

if TYPE_CHECKING:
    import onnx

    from apd.models.lean import LeanDecoder

OPSET = 18
RUNTIME = "com.microsoft"
LONGEST = 4096  # positions in the graphs' rotary table


def layers_graph(lean: LeanDecoder) -> onnx.ModelProto:
    """(T,) tokens, first position, cache -> (T, D) states, (C, 2, G, T, d) keys and values."""
    graph = _Graph(lean)
    hidden = graph.op("Gather", graph.weight(lean.embedding), "tokens")
    stored = []
    for index, layer in enumerate(lean.layers[:-1]):
        normed = graph.norm(hidden, layer.norm_in)
        queries, keys, values = graph.heads(normed, layer)
        stored += [keys, values]
        sight = [
            graph.op("Concat", graph.cached(index, part, stop="first"), new, axis=1)
            for part, new in enumerate((keys, values))
        ]
        hidden = graph.finish(hidden, graph.attend(queries, *sight), layer)
    last = lean.layers[-1]
    stored += graph.heads(graph.norm(hidden, last.norm_in), last, queries=False)
    joined = graph.op("Concat", *(graph.op("Unsqueeze", part, "zeroth") for part in stored), axis=0)
    shape = graph.integers(len(lean.layers), 2, lean.kv_heads, -1, lean.head_dim)
    results = {"states": hidden, "keys_values": graph.op("Reshape", joined, shape)}
    return graph.finished({"tokens": "T"}, results)


def outputs_graph(lean: LeanDecoder) -> onnx.ModelProto:
    """(T, D) states of rows from position ``first`` on, cache, end of sight -> (T, V) logits."""
    graph = _Graph(lean, sight="stop")
    layer, index = lean.layers[-1], len(lean.layers) - 1
    (queries,) = graph.heads(graph.norm("states", layer.norm_in), layer, keys_values=False)
    sight = [graph.cached(index, part, stop="stop") for part in (0, 1)]
    hidden = graph.finish("states", graph.attend(queries, *sight), layer)
    logits = graph.product(graph.norm(hidden, lean.final_norm), lean.head.weight)
    return graph.finished({"states": "T", "stop": ""}, {"logits": logits})


class _Graph:
    """Nodes and constants of a graph that grows; every value is named by a string.

    Args:
        sight: input that says where sight ends; None where it ends with the computed positions.
    """

    def __init__(self, lean: LeanDecoder, sight: str | None = None) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._to_proto = helper, numpy_helper.from_array
        self._lean = lean
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._heads, self._groups, self._size = lean.heads, lean.kv_heads, lean.head_dim
        self.constant("zeroth", np.array([0], np.int64))
        cos, signed_sin = lean.rotary.at([range(LONGEST)])  # (P, 1, d) each
        half = self._size // 2
        self._cos = self.weight(cos[:, 0, :half])
        self._sin = self.weight(signed_sin[:, 0, half:])
        self._count = self.op("Shape", "tokens" if sight is None else "states", end=1)  # (1,)
        self._mask = self._causal_mask(sight) if lean.causal else None

    def constant(self, name: str, value: Any) -> str:
        """A constant by its name."""
        self._constants[name] = self._to_proto(np.ascontiguousarray(value), name)
        return name

    def integers(self, *values: int) -> str:
        """A constant vector of integers, such as a shape."""
        name = "integers " + " ".join(map(str, values))
        return self.constant(name, np.array(values, np.int64))

    def weight(self, value: Tensor) -> str:
        """A constant tensor of the model."""
        return self.constant(f"weight {len(self._constants)}", value.detach().numpy())

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one result."""
        return self.ops(kind, 1, *inputs, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, results: int, *inputs: str, domain: str = "", **attributes: Any
    ) -> list[str]:
        """A node with several results."""
        names = [f"{kind} {len(self._nodes)}.{i}" for i in range(results)]
        node = self._helper.make_node(kind, inputs, names, domain=domain, **attributes)
        self._nodes.append(node)
        return names

    def product(self, rows: str, weight: Tensor, bias: Tensor | None = None) -> str:
        """(T, inputs) -> (T, outputs)."""
        result = self.op("MatMul", rows, self.weight(weight.t()))
        return result if bias is None else self.op("Add", result, self.weight(bias))

    def norm(self, states: str, weight: Tensor) -> str:
        """Root mean square norm over the last axis."""
        scale, epsilon = self.weight(weight), self._lean.epsilon
        return self.op("SimplifiedLayerNormalization", states, scale, axis=-1, epsilon=epsilon)

    def heads(
        self, normed: str, layer: LayerWeights, *, queries: bool = True, keys_values: bool = True
    ) -> list[str]:
        """Rotated (T, H d) queries, rotated (G, T, d) keys and (G, T, d) values, as asked for."""
        H, G, d = self._heads, self._groups, self._size
        low, high = (0 if queries else H), (H + 2 * G if keys_values else H)
        rotated = (H + G if keys_values else H) - low  # heads
        bias = layer.qkv_bias
        weight = layer.qkv.weight[low * d : high * d]
        joined = self.product(normed, weight, None if bias is None else bias[low * d : high * d])
        if not keys_values:
            return [self._rotated(joined, rotated, layer.norm_heads, low)]
        sizes = self.integers(rotated * d, G * d)
        turned, values = self.ops("Split", 2, joined, sizes, axis=1)
        turned = self._rotated(turned, rotated, layer.norm_heads, low)
        if not queries:
            return [self._by_head(turned), self._by_head(values)]
        asking, keys = self.ops("Split", 2, turned, self.integers(H * d, G * d), axis=1)
        return [asking, self._by_head(keys), self._by_head(values)]

    def cached(self, layer: int, part: int, stop: str) -> str:
        """(G, stop, d) keys (part 0) or values (part 1) of the positions before ``stop``."""
        start, axes = self.integers(layer, part, 0), self.integers(0, 1, 3)
        until = self.op("Concat", self.integers(layer + 1, part + 1), stop, axis=0)
        found = self.op("Slice", "cache", start, until, axes)  # (1, 1, G, stop, d)
        return self.op("Squeeze", found, self.integers(0, 1))

    def attend(self, queries: str, keys: str, values: str) -> str:
        """(T, H d) queries over (G, S, d) keys and values -> (T, H d).

        The heads that share keys and values are rows of one product.
        """
        H, G, d = self._heads, self._groups, self._size
        share = H // G
        grouped = self.op("Reshape", queries, self.integers(-1, G, share, d))
        grouped = self.op("Transpose", grouped, perm=[1, 2, 0, 3])  # (G, share, T, d)
        rows = self.op("Reshape", grouped, self.integers(G, -1, d))
        scores = self.op("FusedMatMul", rows, keys, domain=RUNTIME, transB=1, alpha=d**-0.5)
        if self._mask is not None:
            shape = self.op("Concat", self.integers(G, share), self._count, self._seen, axis=0)
            masked = self.op("Add", self.op("Reshape", scores, shape), self._mask)
            flat = self.op("Concat", self.integers(G, -1), self._seen, axis=0)
            scores = self.op("Reshape", masked, flat)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), values)  # (G, share T, d)
        mixed = self.op("Reshape", mixed, self.integers(G, share, -1, d))
        mixed = self.op("Transpose", mixed, perm=[2, 0, 1, 3])
        return self.op("Reshape", mixed, self.integers(-1, H * d))

    def finish(self, hidden: str, attended: str, layer: LayerWeights) -> str:
        """Output projection and MLP with their residual connections."""
        hidden = self.op("Add", hidden, self.product(attended, layer.out.weight))
        widened = self.product(self.norm(hidden, layer.norm_mlp), layer.gate_up.weight)
        gate, up = self.ops("Split", 2, widened, axis=1, num_outputs=2)
        gate = self.op("QuickGelu", gate, domain=RUNTIME, alpha=1.0)  # x sigmoid(x), SiLU
        inner = self.op("Mul", gate, up)
        return self.op("Add", hidden, self.product(inner, layer.down.weight))

    def finished(self, inputs: dict[str, str], results: dict[str, str]) -> onnx.ModelProto:
        """The model.

        Args:
            inputs: their names, and what their first dimension is called, beside the cache and
                the first position; "" for a single number.
            results: names for values.
        """
        from onnx import TensorProto

        helper, d = self._helper, self._size
        cache = [len(self._lean.layers), 2, self._groups, "P", d]
        described = {"cache": (TensorProto.FLOAT, cache), "first": (TensorProto.INT64, [1])}
        for name, length in inputs.items():
            width = [self._lean.embedding.shape[1]] if name == "states" else []
            kind = TensorProto.FLOAT if width else TensorProto.INT64
            described[name] = (kind, [length or 1, *width])
        for name, value in results.items():
            self._nodes.append(helper.make_node("Identity", [value], [name]))
        graph = helper.make_graph(
            self._nodes,
            "pass",
            [helper.make_tensor_value_info(n, *each) for n, each in described.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in results],
            list(self._constants.values()),
        )
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)]
        return helper.make_model(graph, opset_imports=domains, ir_version=9)

    def _rotated(self, states: str, heads: int, norms: Tensor | None, first: int) -> str:
        """(T, heads d), normed if there are norms of heads, and turned by their positions."""
        if norms is not None:
            d = self._size
            each = self.op("Reshape", states, self.integers(-1, heads, d))
            each = self.norm(each, norms.new_ones(d))
            each = self.op("Mul", each, self.weight(norms[first : first + heads]))
            states = self.op("Reshape", each, self.integers(-1, heads * d))
        batched = self.op("Unsqueeze", states, "zeroth")
        turned = self.op(
            *("RotaryEmbedding", batched, "first", self._cos, self._sin),
            domain=RUNTIME,
            num_heads=heads,
        )
        return self.op("Squeeze", turned, "zeroth")

    def _by_head(self, states: str) -> str:
        """(T, G d) -> (G, T, d)."""
        split = self.op("Reshape", states, self.integers(-1, self._groups, self._size))
        return self.op("Transpose", split, perm=[1, 0, 2])

    def _causal_mask(self, sight: str | None) -> str:
        """(T, S) numbers to add to scores: position first + i sees those up to itself."""
        end = self.op("Add", "first", self._count)
        self._seen = end if sight is None else sight  # (1,)
        zero, one = (self.constant(f"number {i}", np.array(i, np.int64)) for i in (0, 1))
        numbers = [self.op("Squeeze", value) for value in ("first", end, self._seen)]
        asking = self.op("Range", numbers[0], numbers[1], one)
        seen = self.op("Range", zero, numbers[2], one)
        later = self.op("Greater", seen, self.op("Unsqueeze", asking, self.integers(1)))
        hidden, shown = (self.constant(f"add {x}", np.float32(x)) for x in (-1e9, 0.0))
        return self.op("Where", later, hidden, shown)
