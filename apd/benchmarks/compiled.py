"""Whole passes through torch's compilers, weights frozen, against the package's: does it pay?

Inductor packs frozen weights for oneDNN itself and fuses what stands between the products. It needs
a C++ compiler, and compiles every length on its own: `torch.compile` in every process, AOTInductor
once, into a file that is loaded afterwards.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch._inductor as aot_inductor
import torch._inductor.config as inductor
from torch import Tensor, nn

from apd.benchmarks.models import BenchModels
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, seconds, spread, take_turns
from apd.models import Pair
from apd.models.bidirectional import nothing_masked
from apd.models.onnx_pass import Engine

LENGTHS = (16, 64)  # positions: a draft that is verified, a pass with W and M
PASSES = 5  # in every measurement

Call = Callable[[], Tensor]


def compare_compiled(pairs: Mapping[Engine, Pair], settings: BenchSettings) -> dict[str, Any]:
    """A pass without a cache, by whoever can make one.

    Args:
        pairs: the models by engine, torch among them.
        settings: repetitions.

    Returns:
        Under ``by_shape`` for each model and length: the milliseconds of transformers' forward as
        it is ("eager"), by `torch.compile` ("compiled"), by AOTInductor ("packaged"), and by each
        engine of the package; ``package_over``, the time of its pass in torch over each of the
        others' as a ratio; for what compiles ``..._build_s``, or ``..._failed``, why not; and
        ``package_bytes``. Or ``skipped``, why nothing was measured.
    """
    if settings.quick:
        return {"skipped": "compiled passes are not measured in a quick run"}
    engines = {engine: BenchModels.of(pair) for engine, pair in pairs.items()}
    with tempfile.TemporaryDirectory() as directory:
        rows = [
            _compare(engines, name, length, settings.rounds, Path(directory))
            for name in ("dllm", "verifier")
            for length in LENGTHS
        ]
    return {"by_shape": rows}


@torch.no_grad()
def _compare(
    engines: Mapping[Engine, BenchModels], name: str, length: int, rounds: int, directory: Path
) -> dict[str, Any]:
    """One row of the comparison."""
    model = getattr(engines["torch"], name).model
    ids = torch.arange(5, 5 + length, device=model.device)
    forward = _Forward(model, length, causal=name == "verifier")
    file = directory / f"{name}_{length}.pt2"
    calls: dict[str, Call] = {"eager": lambda: forward(ids)}
    row: dict[str, Any] = {"model": name, "positions": length}
    builds: dict[str, Callable[..., Call]] = {
        "compiled": _compiled,
        "packaged": partial(_packaged, file=file),
    }
    for kind, build in builds.items():
        before = time.perf_counter()
        try:
            with inductor.patch(freezing=True):
                calls[kind] = build(forward, ids)
        except Exception as error:  # whatever stage lacks its compiler
            row[f"{kind}_failed"] = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        else:
            row[f"{kind}_build_s"] = time.perf_counter() - before
    if file.exists():
        row["package_bytes"] = file.stat().st_size
    calls |= {engine: _pass(models, name, ids) for engine, models in engines.items()}
    times = take_turns({kind: partial(_mean_seconds, call) for kind, call in calls.items()}, rounds)
    return {
        **row,
        **{f"{kind}_ms": 1e3 * spread(of_kind).median for kind, of_kind in times.items()},
        "package_over": {
            kind: ratio(times["torch"], of_kind).as_dict()
            for kind, of_kind in times.items()
            if kind != "torch"
        },
    }


def _compiled(forward: _Forward, ids: Tensor) -> Call:
    """By `torch.compile`, compiled for this length."""
    compiled = torch.compile(forward, dynamic=False)
    compiled(ids)
    return lambda: compiled(ids)


def _packaged(forward: _Forward, ids: Tensor, file: Path) -> Call:
    """By AOTInductor, loaded from the file that it is written to."""
    program = torch.export.export(forward, (ids,), strict=False)
    aot_inductor.aoti_compile_and_package(program, package_path=str(file))
    packaged = aot_inductor.aoti_load_package(str(file))
    return lambda: packaged(ids)


class _Forward(nn.Module):
    """Transformers' forward of one text: (T,) long -> (T, V) logits."""

    def __init__(self, model: Any, length: int, *, causal: bool) -> None:
        super().__init__()
        self.model = model
        weight = model.get_input_embeddings().weight
        self.mask = None if causal else nothing_masked(length, length, weight)

    def forward(self, ids: Tensor) -> Tensor:
        """The logits of every position."""
        inner = getattr(self.model, "causal_forward", self.model.forward)
        positions = torch.arange(len(ids), device=ids.device)[None]
        logits: Tensor = inner(
            input_ids=ids[None],
            position_ids=positions,
            attention_mask=self.mask,
            use_cache=False,
        ).logits[0]
        return logits


def _pass(models: BenchModels, name: str, ids: Tensor) -> Call:
    """The package's pass over the same positions. -> logits of all that it predicts when called."""
    if name == "dllm":
        offset = models.dllm.model.prediction_offset
        return lambda: models.dllm.window(None).logits(ids, offset, len(ids))
    return lambda: models.verifier.scorer().logits(ids, 1, len(ids) + 1)


@torch.no_grad()
def _mean_seconds(call: Call) -> float:
    return seconds(lambda: [call() for _ in range(PASSES)]) / PASSES
