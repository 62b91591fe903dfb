"""Where the time of one iteration goes, step by step: as the baseline does it and as needed.

Every step is timed twice on the tensors of a real iteration: over the whole suffix, as the plain
baseline does it, and in the package's way on the positions that acceptance is likely to look at.
The predicted saving follows from counting alone: a step whose work is proportional to positions
should shrink by the share of positions that are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from apd.benchmarks.baseline import load_baseline
from apd.benchmarks.models import BenchModels
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import best_of, ratio, spread, take_turns
from apd.decoding.contenders import Contenders
from apd.decoding.noise import IterationNoise
from apd.decoding.warpers import forbidden_tokens, log_weights, nucleus, tempered_log_probs
from apd.models.products import times
from apd.models.segments import Rows

Call = Callable[[], object]


@dataclass(frozen=True)
class Step:
    """One step of an iteration in both ways.

    Attributes:
        name: what is done.
        whole, needed: as the baseline does it, and as the package does.
        share: of the work that remains, by counting positions.
        part_of: the step that contains this one, if any.
    """

    name: str
    whole: Call
    needed: Call
    share: float
    part_of: str | None = None


@torch.inference_mode()
def profile_steps(
    models: BenchModels,
    prompt: Tensor,
    settings: BenchSettings,
    tokens_per_iteration: float,
    rounds: int,
    calls: int = 3,
) -> list[dict[str, Any]]:
    """Milliseconds of every step in both ways, measured and predicted saving.

    Args:
        models: the pair, or the pair with a real vocabulary.
        prompt: (P,) long.
        settings: R, W, M.
        tokens_per_iteration: mean acceptance; twice as many positions are looked at.
        rounds, calls: repetitions, and calls in each of which the shortest counts.
    """
    rows = []
    for step in _steps(models, prompt, settings, tokens_per_iteration):
        turns = {"whole": best_of(step.whole, calls), "needed": best_of(step.needed, calls)}
        times = take_turns(turns, rounds)
        whole, needed = spread(times["whole"]).median, spread(times["needed"]).median
        rows.append(
            {
                "step": step.name,
                "part_of": step.part_of,
                "baseline_ms": 1e3 * whole,
                "package_ms": 1e3 * needed,
                "predicted_ms": 1e3 * whole * step.share,
                "speedup": ratio(times["whole"], times["needed"]).as_dict(),
            }
        )
    return rows


def _cache_step(models: BenchModels, left: int, stop: int) -> Step:
    """Keeping keys and values of positions left..stop-1: by copying, and in place."""
    dllm = models.dllm
    grown, in_place = load_baseline().ConcatenatedCache(), dllm.inference.new_cache()
    config = dllm.model.config
    heads = config.num_key_value_heads
    width = config.hidden_size // config.num_attention_heads
    new = dllm.model.lm_head.weight.new_zeros(1, heads, stop, width)
    tail = new[:, :, left:]
    by_position = tail[0].transpose(0, 1)
    layers = range(config.num_hidden_layers)
    for layer in layers:
        grown.update(new, new, layer)
    in_place.open(0, stop)

    def copying() -> None:
        grown.crop(left)
        for layer in layers:
            grown.update(tail, tail, layer)

    def writing() -> None:
        in_place.open(left, stop)
        for layer in layers:
            in_place.write(layer, by_position, by_position)

    share = (stop - left) / stop
    return Step("of these: caches", copying, writing, share, part_of="dLLM: layers")


def _steps(
    models: BenchModels, prompt: Tensor, settings: BenchSettings, accepted: float
) -> list[Step]:
    plain, config = load_baseline(), settings.adaptive()
    dllm, verifier = models.dllm, models.verifier
    forbidden = forbidden_tokens(dllm, verifier)
    t, m, W = len(prompt), settings.max_lookahead, settings.kv_window
    left, few = max(0, t - W), min(m, math.ceil(2 * accepted))
    masks = torch.full((m,), dllm.mask_token_id, device=dllm.device)
    canvas = torch.cat([prompt.to(dllm.device), masks])
    positions = torch.arange(t, t + m, device=dllm.device)

    cache, window, scorer = plain.ConcatenatedCache(), dllm.window(W), verifier.scorer()
    plain.dream_logits(dllm.model, canvas, 0, cache, True)
    raw = window.logits(canvas, t, t + m)  # (m, V)
    log_p = tempered_log_probs(raw, config.temperature, forbidden)
    draft = torch.cat([canvas[:t], log_p.argmax(-1)])
    read = plain.ConcatenatedCache()
    plain.qwen_logits(verifier.model, draft[: t - 1], 0, read)
    scorer.logits(draft, t, t + 1)
    kept = nucleus(log_p, config.top_p)
    contenders = Contenders((dllm, verifier), config.temperature)
    near = contenders.known(raw[:few])

    def softmax() -> tuple[Tensor, Tensor]:
        """The tokens that can be drawn, and their law."""
        drawn = contenders.between((1.0, near))
        return drawn, log_weights(near, config.temperature, drawn).log_softmax(-1)

    drawn, log_near = softmax()
    kept_near = nucleus(log_near, config.top_p)
    noise = IterationNoise(config, len(forbidden), positions[:few], 0)

    def layers() -> Tensor:
        cache.crop(left)
        where = torch.arange(left, t + m, device=dllm.device)[None]
        return plain.run(dllm.model, canvas[None, left:], where, None, cache)

    def lean_layers() -> Tensor:
        (computed,) = dllm.inference.run([window.open(canvas, t, t + m)])
        return dllm.inference.outputs([Rows(computed, 0, few)])

    def whole_verifier() -> None:
        read.crop(t - 1)
        plain.qwen_logits(verifier.model, draft[t - 1 : -1], t - 1, read)

    hidden = layers()[0]  # (left to t + m, D)
    head = dllm.model.lm_head
    share = few / m
    return [
        Step("dLLM: layers", layers, lean_layers, 1.0),
        _cache_step(models, left, t + m),
        Step(
            "dLLM: output layer",
            lambda: head(hidden),
            lambda: times(hidden[:few], dllm.inference.head),
            few / len(hidden),
        ),
        Step(
            "softmax, float64",
            lambda: plain.log_softmax(raw, config.temperature, forbidden),
            softmax,
            share,
        ),
        Step(
            "top-p",
            lambda: plain.keep_top_p(log_p, config.top_p),
            lambda: nucleus(log_near, config.top_p),
            share,
        ),
        Step(
            "noise and argmax",
            lambda: (kept + plain.noise(config, positions, len(forbidden), 0)).argmax(-1),
            lambda: noise.among(drawn).draw_shared(kept_near),
            share,
        ),
        Step(
            "verifier",
            whole_verifier,
            lambda: scorer.logits(draft, t, t + few),
            share,
        ),
    ]
