"""The engines of passes against each other: torch's lean pass, and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from apd.benchmarks.decodes import decode_tasks
from apd.benchmarks.forwards import passes_over_products
from apd.benchmarks.models import BenchModels, word_problems
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, spread, take_turns
from apd.decoding import adaptive
from apd.models import Pair
from apd.models.onnx_pass import Engine


def compare_engines(
    pairs: Mapping[Engine, Pair], settings: BenchSettings, tokens_per_iteration: float
) -> dict[str, Any]:
    """Tokens per second of every decoder by ONNX Runtime, relative to torch.

    Args:
        pairs: the models by engine, both of them.
        tokens_per_iteration: mean acceptance, as for `compare_forwards`.

    Returns:
        For each decoder the ratio of the engines and the tokens per second of both; what APD gains
        over the others in each engine; the share of APD's texts that both decode alike; with ONNX
        Runtime the share of the wall time in passes, and the passes of an iteration over their
        products.
    """
    pair, other = pairs["torch"], pairs["onnxruntime"]
    prompts = word_problems(pair, settings.problems)
    same = _same_tokens(pair, other, prompts, settings)
    shares: dict[str, list[float]] = {"torch": [], "onnxruntime": []}
    tasks = {
        (engine, name): task
        for engine, models in (("torch", pair), ("onnxruntime", other))
        for name, task in decode_tasks(models, prompts, settings, shares[engine], []).items()
    }
    names = [name for engine, name in tasks if engine == "torch"]
    speeds = take_turns({f"{e} {n}": task for (e, n), task in tasks.items()}, settings.rounds)
    found: dict[str, Any] = {"same_tokens": same, "decoders": {}, "apd_over": {}}
    for name in names:
        mine, theirs = speeds[f"torch {name}"], speeds[f"onnxruntime {name}"]
        found["decoders"][name] = {
            **ratio(theirs, mine).as_dict(),
            "torch_tok_s": spread(mine).median,
            "onnxruntime_tok_s": spread(theirs).median,
        }
    for engine in shares:
        found["apd_over"][engine] = {
            name: ratio(speeds[f"{engine} apd"], speeds[f"{engine} {name}"]).as_dict()
            for name in names
            if name != "apd"
        }
    found["forward_share"] = spread(shares["onnxruntime"][-settings.rounds :]).as_dict()
    models = BenchModels.of(other)
    found["forward_over_products"] = passes_over_products(models, settings, tokens_per_iteration)
    return found


def _same_tokens(pair: Pair, other: Pair, prompts: list[Tensor], settings: BenchSettings) -> float:
    """Share of texts that are the same, token for token."""
    config, same = settings.adaptive(), 0
    for prompt in prompts:
        mine, theirs = (
            adaptive(m.dllm, m.verifier, prompt, config).tokens
            for m in map(BenchModels.of, (pair, other))
        )
        same += mine == theirs
    return same / len(prompts)
