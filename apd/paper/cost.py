"""What a cell costs, in passes of the dLLM over a whole canvas: for estimates of time, not results.

The counts follow from the decoders: an any-order decode takes its number of steps, left to right
takes one pass for every K tokens, an autoregressive decode one cheap pass a token, and APD one pass
of each model for every few tokens. How many tokens an answer has, and how many APD accepts at a
time, is only known afterwards; the values here are typical.
"""

from __future__ import annotations

from dataclasses import dataclass

from apd.decoding import AdaptiveConfig, AnyOrderConfig, LeftToRightConfig
from apd.paper.scale import PAPER_CANVAS, Scale
from apd.runs.grid import Cell

ANSWER_SHARE = 0.32  # typical length of an answer, as a part of the canvas
LONG_ANSWERS = ("mini_essay",)  # tasks whose answers fill most of the canvas
LONG_SHARE = 0.9
ACCEPTED = 5.0  # tokens APD accepts in a typical iteration
BASELINE_PASS = 0.16  # one cached pass of the large autoregressive model, in dLLM passes
VERIFIER_PASS = 0.2  # one pass of the verifier over a draft, in dLLM passes
PASS_SECONDS = {"mini": 0.022, "mini-llada": 0.022, "dream-7b": 0.1, "llada-8b": 0.1}


@dataclass(frozen=True)
class Cost:
    """Expected passes of one problem: of the dLLM, and of an autoregressive model."""

    dllm_passes: float
    autoregressive_passes: float
    weight: float  # all of them, in passes of the dLLM over a whole canvas


def cost_of(cell: Cell, scale: Scale) -> Cost:
    """The expected cost of one problem of a cell."""
    decoder = cell.configuration.decoder
    share = LONG_SHARE if cell.task in LONG_ANSWERS else ANSWER_SHARE
    tokens = share * min(decoder.max_new_tokens, 2 * PAPER_CANVAS)
    if isinstance(decoder, AnyOrderConfig):
        steps = float(decoder.num_steps or decoder.max_new_tokens)
        return Cost(steps, 0, steps)
    if isinstance(decoder, LeftToRightConfig):
        passes = tokens / decoder.tokens_per_step
        return Cost(passes, 0, passes * _shortened(decoder))
    if isinstance(decoder, AdaptiveConfig):
        passes = tokens / ACCEPTED
        return Cost(passes, passes, passes * (_shortened(decoder) + VERIFIER_PASS))
    tokens = share * scale.canvas
    return Cost(0, tokens, tokens * BASELINE_PASS)


def seconds_of(cell: Cell, scale: Scale) -> float:
    """Expected seconds of one problem on the machine that the pair is meant for."""
    return cost_of(cell, scale).weight * PASS_SECONDS[scale.pair]


def _shortened(decoder: LeftToRightConfig | AdaptiveConfig) -> float:
    """Cost of a pass over part of a sequence, relative to one over all of it.

    Half of a pass goes with the positions computed, on a canvas as long as the prompt.
    """
    n = decoder.max_new_tokens
    ahead = n if decoder.max_lookahead is None else min(decoder.max_lookahead, n)
    behind = n if decoder.kv_window is None else min(decoder.kv_window, n)
    return 0.5 + 0.5 * (ahead + behind) / (2 * n)
