"""Whole passes through `torch.compile`, weights frozen, against the lean pass: does it pay?

Inductor packs frozen weights for oneDNN itself and fuses what stands between the products. It needs
a C++ compiler, and compiles every length on its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch._inductor.config as inductor
from torch import Tensor

from apd.benchmarks.models import BenchModels
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, seconds, spread, take_turns
from apd.models import Pair
from apd.models.bidirectional import nothing_masked

LENGTHS = (16, 64)  # positions: a draft that is verified, a pass with W and M
PASSES = 5  # in every measurement


def compare_compiled(pair: Pair, settings: BenchSettings) -> dict[str, Any]:
    """A pass without a cache: transformers' forward as it is and compiled, and the lean pass.

    Returns:
        Under ``by_shape`` for each model and length the milliseconds of the three, ``compile_s``,
        and the lean pass's time over the compiled one's as a ratio; or ``skipped``, why not.
    """
    if settings.quick:
        return {"skipped": "compiled passes are not measured in a quick run"}
    models, rows = BenchModels.of(pair), []
    for name, model in (("dllm", models.dllm), ("verifier", models.verifier)):
        for length in LENGTHS:
            ids = torch.arange(5, 5 + length, device=model.device)
            forward = _forward(model.model, ids, causal=name == "verifier")
            before = time.perf_counter()
            try:
                compiled = torch.compile(forward, dynamic=False)
                with inductor.patch(freezing=True), torch.no_grad():
                    compiled()
            except Exception as error:  # whatever stage lacks its compiler
                return {"skipped": f"torch.compile: {str(error).strip().splitlines()[0]}"}
            built = time.perf_counter() - before
            lean = _lean(models, name, ids)
            calls = {"eager": forward, "compiled": compiled, "lean": lean}
            tasks = {kind: partial(_mean_seconds, call) for kind, call in calls.items()}
            times = take_turns(tasks, settings.rounds)
            rows.append(
                {"model": name, "positions": length, "compile_s": built}
                | {f"{kind}_ms": 1e3 * spread(of_kind).median for kind, of_kind in times.items()}
                | ratio(times["lean"], times["compiled"]).as_dict()
            )
    return {"by_shape": rows}


def _forward(model: Any, ids: Tensor, *, causal: bool) -> Callable[[], Tensor]:
    """Transformers' forward of one text. -> (T, V) logits when called."""
    T, inner = len(ids), getattr(model, "causal_forward", model.forward)
    weight = model.get_input_embeddings().weight
    mask = None if causal else nothing_masked(T, T, weight)
    positions = torch.arange(T, device=ids.device)[None]

    def forward() -> Tensor:
        logits: Tensor = inner(
            input_ids=ids[None], position_ids=positions, attention_mask=mask, use_cache=False
        ).logits[0]
        return logits

    return forward


def _lean(models: BenchModels, name: str, ids: Tensor) -> Callable[[], Tensor]:
    """The package's pass over the same positions. -> (T, V) logits when called."""
    if name == "dllm":
        return lambda: models.dllm.canvas_logits(ids)
    return lambda: models.verifier.scorer().logits(ids, 1, len(ids) + 1)


@torch.no_grad()
def _mean_seconds(call: Callable[[], Tensor]) -> float:
    return seconds(lambda: [call() for _ in range(PASSES)]) / PASSES
