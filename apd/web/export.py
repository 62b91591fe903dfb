"""Write the models of a pair for the page: ONNX graphs, tokenizer, and what a decoder must know.

Everything is made from the shipped checkpoints when the book is built, and never committed. Weights
that float16 holds without loss, as the shipped ones, are stored in it; a browser's CPU computes in
float32 and widens them when the page loads.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.export import Dim

from apd.errors import ApdError
from apd.web.segment_pass import SegmentPass

if TYPE_CHECKING:
    import onnx

    from apd.models.pairs import Pair

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def export_pair(pair: Pair, models: Path, target: Path) -> Path:
    """Write every model of the pair into `target`, with a manifest; return the manifest's path.

    Args:
        pair: loaded with its baselines, in float32 on the CPU.
        models: the directory of the shipped checkpoints, for the tokenizer's files.
        target: created if it is missing; files of the same name are replaced.

    Raises:
        ApdError: the packages that export are not installed.
    """
    target.mkdir(parents=True, exist_ok=True)
    roles = {"dllm": (pair.dllm, False)}
    if pair.verifier is not None:
        roles["verifier"] = (pair.verifier, True)
    roles |= {name: (model, True) for name, model in pair.baselines.items()}
    described = {role: _export(role, *of, target) for role, of in roles.items()}
    for name in TOKENIZER_FILES:
        shutil.copyfile(models / name, target / name)
    manifest = target / "manifest.json"
    manifest.write_text(json.dumps({"pair": pair.name, "models": described}, indent=1) + "\n")
    return manifest


def _export(role: str, served: Any, causal: bool, target: Path) -> dict[str, Any]:
    """Write one model; what its decoder needs to know of it."""
    graph = SegmentPass(served.model, causal=causal).eval()
    path = target / f"{role}.onnx"
    write_graph(graph, path)
    config = served.model.config
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "causal": causal,
        "layers": config.num_hidden_layers,
        "kv_heads": config.num_key_value_heads,
        "head_dim": graph.cos.shape[-1],
        "longest": graph.cos.shape[0],
        "vocab_size": served.vocab_size,
        "end_token_ids": sorted(served.end_token_ids),
        "forbidden_token_ids": served.forbidden_token_ids.tolist(),
    } | (
        {}
        if causal
        else {
            "mask_token_id": served.mask_token_id,
            "prediction_offset": served.model.prediction_offset,
        }
    )


def write_graph(graph: SegmentPass, path: Path) -> None:
    """Write the graph as ONNX.

    Raises:
        ApdError: onnx or onnxscript is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch's exporter needs it)
    except ImportError as error:
        raise ApdError(
            f"exporting the models for the page needs {error.name}: run `pip install 'apd[book]'`"
        ) from None
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
    shape = (len(graph.layers), graph.kv_heads, before, graph.cos.shape[-1])
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
