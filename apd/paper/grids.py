"""The grids of the paper's figures and tables: which configuration runs on which task.

Each function is one artefact, on the scale of any pair. A grid always holds the configuration that
its speeds are divided by (K = 1 left to right), so that a ratio never mixes two runs. A pair
without a verifier has the two halves that the paper gives for LLaDA, and no other cells.
"""

from __future__ import annotations

from collections.abc import Iterable

from apd.decoding.configuration import Configuration
from apd.paper.scale import (
    ESSAY,
    GPQA,
    GSM,
    HUMANEVAL,
    MATH,
    PROMPT,
    Scale,
)
from apd.paper.settings import (
    CAREFUL,
    FAST,
    adaptive,
    any_order,
    baseline,
    left_to_right,
)
from apd.runs.grid import Cell

# The values on the paper's axes, in its order.
TOKENS_PER_STEP = (1, 2, 3, 4, 5, 6, 7, 8)  # Figure 2
MIXTURE_WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # Figure 3
LOOKAHEADS = (None, 128, 64, 32, 16, 8, 4)  # Figure 4
WINDOWS = (None, 256, 128, 64, 16, 4, 1)  # Figure 6
APPENDIX_WEIGHT = 0.7  # Appendix D


def fig1(scale: Scale) -> tuple[Cell, ...]:
    """One prompt: the large autoregressive model against APD at the demo's setting."""
    if scale.dllm != "dream":
        return ()
    configurations = (
        baseline(scale, PROMPT, scale.baselines[0]),
        left_to_right(scale, PROMPT),
        adaptive(scale, PROMPT, *FAST),
    )
    return _on(scale, PROMPT, configurations)


def fig2(scale: Scale) -> tuple[Cell, ...]:
    """K tokens a step, left to right."""
    return _on(scale, GSM, (left_to_right(scale, GSM, k) for k in TOKENS_PER_STEP))


def fig3(scale: Scale) -> tuple[Cell, ...]:
    """APD at five mixture weights: Algorithm 1, and the greedy rule of the reference code."""
    if scale.dllm != "dream":
        return ()
    shared = [adaptive(scale, GSM, weight) for weight in MIXTURE_WEIGHTS]
    greedy = [adaptive(scale, GSM, weight, acceptance="greedy") for weight in MIXTURE_WEIGHTS]
    return _on(scale, GSM, [left_to_right(scale, GSM), *shared, *greedy])


def fig4(scale: Scale) -> tuple[Cell, ...]:
    """M at K = 1."""
    if scale.dllm != "dream":
        return ()
    values = dict.fromkeys(scale.length(m) for m in LOOKAHEADS)  # on a short canvas two coincide
    return _on(scale, GSM, (left_to_right(scale, GSM, max_lookahead=m) for m in values))


def fig5(scale: Scale) -> tuple[Cell, ...]:
    """The Pareto plot's five decoders on its three tasks."""
    tasks = (GSM, GPQA, MATH) if scale.dllm == "dream" else ()
    return tuple(cell for task in tasks for cell in _on(scale, task, pareto(scale, task)))


def humaneval(scale: Scale) -> tuple[Cell, ...]:
    """The same five decoders on HumanEval, which the reference code runs and the paper omits."""
    return _on(scale, HUMANEVAL, pareto(scale, HUMANEVAL)) if scale.dllm == "dream" else ()


def tab1(scale: Scale) -> tuple[Cell, ...]:
    """Decoding orders against left to right and the autoregressive model."""
    if scale.dllm == "llada":
        orders = (("random", 256), ("low_confidence", 128), ("low_confidence", 256))
    else:
        orders = (("random", 256), ("entropy", 128), ("entropy", 256))
    configurations = [any_order(scale, GSM, order, steps) for order, steps in orders]
    configurations.append(left_to_right(scale, GSM))
    configurations += [baseline(scale, GSM, model) for model in scale.baselines[:1]]
    return _on(scale, GSM, configurations)


def tab2(scale: Scale) -> tuple[Cell, ...]:
    """Both settings of APD on the three tasks, for their tokens per iteration."""
    tasks = (GSM, GPQA, MATH) if scale.dllm == "dream" else ()
    settings = (FAST, CAREFUL)
    return tuple(
        cell
        for task in tasks
        for cell in _on(scale, task, (adaptive(scale, task, *setting) for setting in settings))
    )


def fig6(scale: Scale) -> tuple[Cell, ...]:
    """W at K = 1."""
    if scale.dllm != "dream":
        return ()
    values = dict.fromkeys(scale.length(w) for w in WINDOWS)
    return _on(scale, GSM, (left_to_right(scale, GSM, kv_window=w) for w in values))


def appendix_d(scale: Scale) -> tuple[Cell, ...]:
    """Open-ended text, and the word problems that it is compared with, at the same R."""
    if scale.dllm != "dream":
        return ()
    both = (ESSAY, GSM)
    return tuple(Cell(scale.tasks[t], adaptive(scale, t, APPENDIX_WEIGHT)) for t in both)


def pareto(scale: Scale, task: str) -> tuple[Configuration, ...]:
    """The five decoders of Figure 5 on one of its tasks."""
    return (
        *(baseline(scale, task, model) for model in scale.baselines),
        left_to_right(scale, task),
        adaptive(scale, task, *CAREFUL),
        adaptive(scale, task, *FAST),
    )


def _on(scale: Scale, task: str, configurations: Iterable[Configuration]) -> tuple[Cell, ...]:
    return tuple(Cell(scale.tasks[task], configuration) for configuration in configurations)
