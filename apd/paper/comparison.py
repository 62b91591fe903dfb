"""Grid of the comparison: every decoder that a user could pick, with its knob over its range.

The range of a knob is the one that its authors use (see the book's page on decoders).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apd.decoding.configuration import DLLM, Configuration, configure
from apd.paper.grids import MIXTURE_WEIGHTS
from apd.paper.scale import GPQA, GSM, HUMANEVAL, LINES, MATH, Scale, scaled
from apd.paper.settings import CAREFUL, FAST, adaptive, any_order, baseline, left_to_right
from apd.runs.grid import Cell

THRESHOLDS = (0.5, 0.7, 0.9, 0.95)  # Fast-dLLM
FACTORS = (0.5, 1.0, 2.0)
GAMMAS = (0.001, 0.01, 0.1, 1.0)  # EB-Sampler, nats
STABLE = ((0.6, 0.015), (0.9, 0.01), (0.9, 0.001))  # KLASS: confidence, KL
DRAFTING = (0.5, 0.6, 0.7)  # WINO
DRAFTED = (2, 5)  # tokens drafted by speculative decoders
BRIDGES = ((0.1, 4), (0.3, 4), (0.5, 4), (0.3, 1))  # PoE-Bridge: R, candidates
BLOCK = 32  # tokens on the paper's canvas, of those that fill blocks


def comparison(scale: Scale) -> tuple[Cell, ...]:
    """All decoders on all tasks that are judged without running programs."""
    return _on_tasks(scale, [t for t in (GSM, MATH, GPQA, LINES) if t in scale.tasks])


def comparison_code(scale: Scale) -> tuple[Cell, ...]:
    """All decoders on the task whose answers are programs."""
    return _on_tasks(scale, [HUMANEVAL])


def decoders(scale: Scale, task: str) -> tuple[Configuration, ...]:
    """Every decoder with every value of its knob, on one of the paper's tasks."""
    return (
        *(baseline(scale, task, model) for model in scale.baselines),
        *(left_to_right(scale, task, k) for k in (1, 2, 4, *((8, 16) if task == LINES else ()))),
        *(adaptive(scale, task, R) for R in MIXTURE_WEIGHTS),
        adaptive(scale, task, *CAREFUL),
        adaptive(scale, task, *FAST),
        *(any_order(scale, task, "low_confidence", steps) for steps in (64, 128, 256)),
        *_filling(scale, task),
        *_speculating(scale, task),
        *_bridging(scale, task),
        *(_configured("apd_oracle", scale, task, {}) for _ in (LINES,) if task == LINES),
    )


def _filling(scale: Scale, task: str) -> Iterable[Configuration]:
    """Those that fill blocks of the canvas where they are confident."""
    knobs: list[tuple[str, dict[str, float]]] = [
        *(("fast_dllm", {"threshold": limit}) for limit in THRESHOLDS),
        *(("fast_dllm_factor", {"factor": factor}) for factor in FACTORS),
        *(("eb_sampler", {"gamma": gamma}) for gamma in GAMMAS),
        *(("klass", {"threshold": sure, "kl_threshold": moved}) for sure, moved in STABLE),
        *(("wino", {"threshold": limit}) for limit in DRAFTING),
    ]
    for algorithm, knob in knobs:
        yield _configured(algorithm, scale, task, {"block_length": scale.length(BLOCK), **knob})
    for algorithm in ("eb_sampler", "klass"):  # in one block, as their authors decode Dream
        yield _configured(algorithm, scale, task, {})


def _speculating(scale: Scale, task: str) -> Iterable[Configuration]:
    """Those that draft and check, without loss."""
    for length in DRAFTED:
        drafted = {"draft_length": length}
        yield _configured("self_speculative", scale, task, drafted)
        for large in scale.baselines[:1]:
            for algorithm in ("speculative", "speculative_dllm"):
                yield _configured(algorithm, scale, task, drafted, large)


def _bridging(scale: Scale, task: str) -> Iterable[Configuration]:
    """Those that draft for the large model and approach its law."""
    for large in scale.baselines[:1]:
        for R, candidates in BRIDGES:
            knobs = {
                "mixture_weight": R,
                "candidates": candidates,
                "verify_window": scaled(BLOCK, scale.canvas),
            }
            yield _configured("poe_bridge", scale, task, knobs, large)


def _configured(
    algorithm: str, scale: Scale, task: str, settings: Mapping[str, Any], model: str = DLLM
) -> Configuration:
    usual = {"max_new_tokens": scale.canvas_of(task)}
    return configure(algorithm, settings, model=model, usual=usual)


def _on_tasks(scale: Scale, tasks: Iterable[str]) -> tuple[Cell, ...]:
    if scale.dllm != "dream":
        return ()
    return tuple(Cell(scale.tasks[t], each) for t in tasks for each in decoders(scale, t))
