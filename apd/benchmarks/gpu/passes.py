"""Passes through the models against the number of positions, beside what the GPU could do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from apd.benchmarks.gpu.clock import Timing, time_call
from apd.benchmarks.models import any_prompt
from apd.costmodel import Architecture, forward_flops, products
from apd.models.kv_cache import KeyValueCache
from apd.models.segments import Rows, Segment

POSITIONS = (1, 2, 4, 8, 16, 32, 64, 116, 128, 256)  # 116 is W + M of the paper's W = 16, M = 100
CONTEXT = 128  # positions in front, whose keys and values are cached
DRAFTED = 16  # rows of a dLLM's pass that go through the output layer, at most


@dataclass(frozen=True)
class PassSize:
    """Positions computed behind CONTEXT others, and how many of them have their logits asked for.

    The rows are the last ones of the pass.
    """

    positions: int
    rows: int


def measure_passes(
    models: dict[str, Any], ceilings: dict[str, Any], positions: Sequence[int] = POSITIONS
) -> list[dict[str, Any]]:
    """One row for each model and number of positions.

    Args:
        models: by name; "dllm" has at most DRAFTED rows of logits made, others all of them.
        ceilings: of `measure_ceilings`.
        positions: computed in a pass.

    Returns:
        Timings; `bytes` and `flops` that the pass cannot do without; and their shares of the data
        sheet's rates and of the measured ceilings, None where they are not known.
    """
    found = []
    for name, model in models.items():
        for count in positions:
            size = PassSize(count, min(count, DRAFTED) if name == "dllm" else count)
            timing = time_call(one_pass(model, size), model.device)
            found.append({"model": name, **_row(model, size, timing, ceilings)})
    return found


def one_pass(model: Any, size: PassSize) -> Callable[[], torch.Tensor]:
    """A pass of this size as decoders make it, to be called any number of times.

    Returns:
        A function that returns (rows, V) logits.

    Raises:
        ValueError: the model does not run through the lean pass.
    """
    call, _ = bare_pass(model, size)
    return torch.inference_mode()(call)


def bare_pass(model: Any, size: PassSize) -> tuple[Callable[[], torch.Tensor], KeyValueCache]:
    """The same outside of inference mode, which a compiler cannot look through; and its cache.

    Raises:
        ValueError: the model does not run through the lean pass.
    """
    inference = model.inference
    if not inference.keeps_keys:
        raise ValueError(f"{model.name} keeps no keys and values: time a model of another family")
    tokens = any_prompt((model,), CONTEXT + size.positions, seed=1).to(model.device)
    cache = inference.new_cache()
    cache.reserve(len(tokens))
    segment = Segment(tokens[CONTEXT:], CONTEXT, cache)
    with torch.no_grad():
        inference.run([Segment(tokens[:CONTEXT], 0, cache)])

    def call() -> torch.Tensor:
        (computed,) = inference.run([segment])
        rows = Rows(computed, size.positions - size.rows, size.positions)
        logits: torch.Tensor = inference.logits([rows])
        return logits

    return call, cache


def _row(model: Any, size: PassSize, timing: Timing, ceilings: dict[str, Any]) -> dict[str, Any]:
    shape = Architecture.from_config(model.model.config, "the model timed")
    context = CONTEXT + size.positions
    moved = sum(float(p.bytes) for p in products(shape, size.positions, size.rows))
    moved += shape.kv_bytes_per_token * context
    flops = float(forward_flops(shape, size.positions, context, size.rows))
    seconds = timing.ms / 1e3
    rates = {"bytes_per_s": moved / seconds, "flops": flops / seconds}
    return {
        "positions": size.positions,
        "rows": size.rows,
        **timing.as_dict(),
        "bytes": moved,
        "flops": flops,
        "share_of_sheet_bandwidth": _share(rates["bytes_per_s"], ceilings["sheet_bytes_per_s"]),
        "share_of_copy": _share(rates["bytes_per_s"], ceilings["copy_bytes_per_s"]),
        "share_of_sheet_flops": _share(rates["flops"], ceilings["sheet_flops"]),
        "share_of_product": _share(rates["flops"], ceilings["product_flops"]),
    }


def _share(rate: float, ceiling: float | None) -> float | None:
    return None if ceiling is None else float(f"{rate / ceiling:.4g}")
