"""One model as an ONNX file, with its weights in half the space where nothing is lost by it."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.export import Dim

from apd.errors import ApdError
from apd.web.segment_pass import SegmentPass

if TYPE_CHECKING:
    import onnx


def write_graph(graph: SegmentPass, path: Path) -> None:
    """Write the graph as ONNX, for any number of positions, before and computed.

    Raises:
        ApdError: onnx or onnxscript is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch's exporter needs it)
    except ImportError as error:
        raise ApdError(
            f"exporting models for a page needs {error.name}: run `pip install 'apd[book]'`"
        ) from None
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's, about itself
        program = torch.onnx.export(
            graph,
            example_inputs(graph, count=9, before=5),
            dynamo=True,
            dynamic_shapes=({0: Dim.DYNAMIC}, {0: Dim.DYNAMIC}, {2: Dim.DYNAMIC}, {2: Dim.DYNAMIC}),
            input_names=["tokens", "positions", "past_keys", "past_values"],
            output_names=["logits", "keys", "values"],
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    halve_weights(model)
    onnx.save(model, path)


def example_inputs(graph: SegmentPass, count: int, before: int, seed: int = 0) -> tuple[Any, ...]:
    """Random tokens, positions, keys and values: `count` positions after `before` others."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(graph.layers), graph.kv_heads, before, graph.head_dim)
    return (
        torch.randint(graph.embedding.shape[0], (count,), generator=generator),
        torch.arange(before, before + count),
        torch.randn(shape, generator=generator),
        torch.randn(shape, generator=generator),
    )


def halve_weights(model: onnx.ModelProto) -> None:
    """Store in float16 what float16 holds without loss, widened by a node where it is read."""
    import onnx
    from onnx import numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        name, value = tensor.name, numpy_helper.to_array(tensor)
        half = value.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), value):
            continue
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
