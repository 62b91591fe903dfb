"""What compiling a pass and replaying it as a CUDA graph save, and what either costs at first.

`torch.compile(mode="reduce-overhead")` does both: it compiles what surrounds the products, and
replays the kernels as a graph instead of launching them one by one. Here each is taken alone and
together, for one static length, so that the table tells what saves how much. What is compiled is
what the package compiles (`LeanDecoder.compile`), and the graph is of a whole pass. Compiling a
whole pass at once, layer after layer, takes far longer; that is measured last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from apd.benchmarks.gpu.clock import synchronize, time_call
from apd.benchmarks.gpu.decodes import CHUNK
from apd.benchmarks.gpu.passes import PassSize, bare_pass, one_pass
from apd.benchmarks.seven_b import LOOKAHEAD, WINDOW

SIZES = {"dllm": PassSize(WINDOW + LOOKAHEAD, CHUNK), "verifier": PassSize(CHUNK, CHUNK)}
VARIANTS = 64  # compiled versions of a function that are kept, one for each shape


def measure_compiled(
    models: dict[str, Any],
    report: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
    backend: str = "inductor",
) -> list[dict[str, Any]]:
    """A row for each model and way: timings, `first_s` of the first pass, `difference` of logits.

    The difference is the largest from the eager pass's logits, over the largest of these.
    """
    torch._dynamo.config.recompile_limit = VARIANTS
    rows: list[dict[str, Any]] = []
    for name, model in models.items():
        size, device = SIZES[name], model.device
        eager = model.inference._project, model.inference._finish
        expected = one_pass(model, size)().clone()
        for way in ("eager", "compiled"):
            if way == "compiled":
                model.inference.compile(backend, dynamic=False)
            before = time.perf_counter()
            call = one_pass(model, size)
            call()
            synchronize(device)
            first = time.perf_counter() - before
            add = {"model": name, "positions": size.positions, "rows": size.rows}
            rows.append({**add, "way": way, **_measured(call, device, first, expected)})
            report(rows)
            if device.type == "cuda":
                before = time.perf_counter()
                replay = captured(call)
                synchronize(device)
                first += time.perf_counter() - before
                row = _measured(replay, device, first, expected)
                rows.append({**add, "way": f"{way}, as a graph", **row})
                report(rows)
        model.inference._project, model.inference._finish = eager
    return rows


@torch.no_grad()
def measure_whole(model: Any, name: str, backend: str = "inductor") -> dict[str, Any]:
    """The whole pass through a model in one compilation, with mode "reduce-overhead".

    Returns:
        A row as those of `measure_compiled`.
    """
    call, cache = bare_pass(model, SIZES[name])
    expected = call().clone()
    inference = model.inference
    inputs = [matrix.weight for layer in inference.layers for matrix in layer.matrices]
    inputs += [inference.embedding, inference.head.weight, inference.rotary._cos]
    inputs += [inference.rotary._sin, inference.last_queries.weight]
    inputs += [inference.last_keys_values.weight]
    inputs.append(cache._stored)
    for tensor in inputs:  # else the graph begins with a copy of every weight
        torch._dynamo.mark_static_address(tensor)
    mode = "reduce-overhead" if backend == "inductor" else None
    compiled = torch.compile(call, mode=mode, backend=backend, dynamic=False, fullgraph=True)
    before = time.perf_counter()
    for _ in range(3):  # compiles, warms up, records
        compiled()
    synchronize(model.device)
    first = time.perf_counter() - before
    size = SIZES[name]
    add = {"model": name, "positions": size.positions, "rows": size.rows}
    add["way"] = "compiled whole, reduce-overhead"
    return add | _measured(compiled, model.device, first, expected)


def _measured(
    call: Callable[[], torch.Tensor], device: torch.device, first: float, expected: torch.Tensor
) -> dict[str, Any]:
    difference = (call() - expected).abs().max() / expected.abs().max()
    timing = time_call(call, device).as_dict()
    return {**timing, "first_s": first, "difference": float(difference)}


def captured(call: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """The kernels of a call as a CUDA graph; replaying it overwrites what it returned before."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        call()
        call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()

    def replay() -> torch.Tensor:
        graph.replay()
        return result

    return replay
