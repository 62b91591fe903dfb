"""Grids of what a better verifier buys: the small model, the large one, the dLLM itself, others.

Any causal model with the pair's tokens can take the verifier's place by path, such as a checkpoint
of its training: ``apd reproduce one_verifier --verifier-path DIR --output OTHER``.
"""

from __future__ import annotations

from apd.decoding.configuration import configure
from apd.paper.scale import GSM, Scale
from apd.paper.settings import adaptive, baseline, left_to_right
from apd.runs.grid import Cell
from apd.runs.models import VERIFIER

WEIGHTS = (0.0, 0.3, 0.5, 0.7)  # R
ORACLE = {"noise": "fresh", "top_p": 0.95}  # as the others are sampled


def verifiers(scale: Scale) -> tuple[Cell, ...]:
    """One token at a time, every autoregressive model alone, and APD with each kind of verifier."""
    if scale.dllm != "dream":
        return ()
    usual, task = {"max_new_tokens": scale.canvas_of(GSM)}, scale.tasks[GSM]
    alone = [baseline(scale, GSM, model) for model in scale.baselines]
    large = [
        configure("apd_large", {"mixture_weight": R}, model=scale.baselines[0], usual=usual)
        for R in WEIGHTS
    ]
    oracle = [
        configure("apd_oracle", {"mixture_weight": R, **ORACLE}, usual=usual) for R in WEIGHTS
    ]
    exact = configure("apd_oracle", {}, usual=usual)
    shown = (left_to_right(scale, GSM), *alone, *large, *oracle, exact)
    return (*(Cell(task, each) for each in shown), *one_verifier(scale))


def one_verifier(scale: Scale) -> tuple[Cell, ...]:
    """The pair's verifier, or whatever stands in its place: alone, and APD with it."""
    if scale.dllm != "dream":
        return ()
    shown = (baseline(scale, GSM, VERIFIER), *(adaptive(scale, GSM, R) for R in WEIGHTS))
    return tuple(Cell(scale.tasks[GSM], each) for each in shown)
