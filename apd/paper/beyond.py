"""Grids beyond the paper: rules, its code's deviations, Dream's schedule, lines, sparse lookahead.

Like the paper's grids (`apd.paper.grids`) they are on the scale of any pair, and hold K = 1 left to
right, which speeds are divided by.
"""

from __future__ import annotations

from typing import get_args

from apd.decoding.acceptance import Acceptance
from apd.decoding.reference import DEVIATIONS
from apd.decoding.unmasking import Schedule
from apd.paper.grids import APPENDIX_WEIGHT, MIXTURE_WEIGHTS, pareto
from apd.paper.scale import ESSAY, GSM, LINES, Scale
from apd.paper.settings import adaptive, any_order, left_to_right, reference, variant
from apd.runs.grid import Cell

TEMPERATURES = (0.0, 0.2, 0.7, 1.0)
# Alone or with others. Cutting the vocabulary and stale verdicts change no token of a pair's.
DEVIATIONS_ALONE = ("greedy_target", "squared_temperature", "fresh_noise", "count_padding")
FIXED_ON_LINES = (1, 2, 4)  # K
SHORT_LOOKAHEADS = (16, 32)  # M, on the paper's canvas
STRIDES = (8, 16)  # every so many masks behind it are shown; on the paper's canvas


def acceptance_rules(scale: Scale) -> tuple[Cell, ...]:
    """The four rules over R and T; at T = 0 all of them are the greedy one."""
    if scale.dllm != "dream":
        return ()
    configurations = [left_to_right(scale, GSM, temperature=T) for T in TEMPERATURES] + [
        adaptive(scale, GSM, R, acceptance=rule, temperature=T)
        for T in TEMPERATURES
        for rule in (get_args(Acceptance) if T else ("greedy",))
        for R in MIXTURE_WEIGHTS
    ]
    return tuple(Cell(scale.tasks[GSM], each) for each in configurations)


def reference_audit(scale: Scale) -> tuple[Cell, ...]:
    """Figure 3 as the reference code makes it, with each deviation alone, and as printed."""
    if scale.dllm != "dream":
        return ()
    switched = ((), *((name,) for name in DEVIATIONS_ALONE), DEVIATIONS)
    configurations = [
        left_to_right(scale, GSM),
        *(adaptive(scale, GSM, R) for R in MIXTURE_WEIGHTS),
        *(reference(scale, GSM, R, names) for names in switched for R in MIXTURE_WEIGHTS),
    ]
    return tuple(Cell(scale.tasks[GSM], each) for each in configurations)


def schedules(scale: Scale) -> tuple[Cell, ...]:
    """Table 1's orders of Dream with as many tokens in every step, and with Dream's schedule."""
    if scale.dllm != "dream":
        return ()
    orders = (("random", 256), ("entropy", 128), ("entropy", 256))
    configurations = [left_to_right(scale, GSM)] + [
        any_order(scale, GSM, order, steps, schedule)
        for order, steps in orders
        for schedule in get_args(Schedule)
    ]
    return tuple(Cell(scale.tasks[GSM], each) for each in configurations)


def lines(scale: Scale) -> tuple[Cell, ...]:
    """Figure 5's decoders on the waiting line, and K tokens a step, which its shuffles punish."""
    configurations = [left_to_right(scale, LINES, k) for k in FIXED_ON_LINES]
    if scale.dllm == "dream":
        configurations += [*pareto(scale, LINES), adaptive(scale, LINES, 0.5)]
    return tuple(Cell(scale.tasks[LINES], each) for each in dict.fromkeys(configurations))


def sparse_lookahead(scale: Scale) -> tuple[Cell, ...]:
    """APD without M, with a short one, and with masks in steps behind it, on texts and problems."""
    if scale.dllm != "dream":
        return ()
    cells = []
    for task in (ESSAY, GSM):
        configurations = [left_to_right(scale, task), adaptive(scale, task, APPENDIX_WEIGHT)]
        for m in SHORT_LOOKAHEADS:
            configurations.append(adaptive(scale, task, APPENDIX_WEIGHT, max_lookahead=m))
            configurations += [
                variant(
                    scale,
                    task,
                    APPENDIX_WEIGHT,
                    max_lookahead=scale.length(m),
                    sparse_lookahead=scale.length(stride),
                )
                for stride in STRIDES
            ]
        # on a short canvas some coincide
        cells += [Cell(scale.tasks[task], each) for each in dict.fromkeys(configurations)]
    return tuple(cells)
