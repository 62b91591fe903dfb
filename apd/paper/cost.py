"""What a cell costs, in passes of the dLLM over a whole canvas: for estimates of time, not results.

How many passes a decode takes is the decoder's to say (`Decoder.passes` in the registry). How many
tokens an answer has is only known afterwards; the values here are typical.
"""

from __future__ import annotations

from dataclasses import dataclass

from apd.paper.scale import PAPER_CANVAS, Scale
from apd.runs.grid import Cell

ANSWER_SHARE = 0.32  # typical length of an answer, as a part of the canvas
LONG_ANSWERS = ("mini_essay",)  # tasks whose answers fill most of the canvas
LONG_SHARE = 0.9
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
    configuration, decoder = cell.configuration, cell.configuration.decoder
    share = LONG_SHARE if cell.task in LONG_ANSWERS else ANSWER_SHARE
    # A baseline writes until it ends by itself, however long its canvas.
    canvas = min(decoder.max_new_tokens, 2 * PAPER_CANVAS)
    tokens = share * (scale.canvas if configuration.row.on_baseline else canvas)
    passes = configuration.row.passes(decoder, tokens)
    weight = passes.dllm * passes.share
    weight += passes.verifier * VERIFIER_PASS + passes.baseline * BASELINE_PASS
    return Cost(passes.dllm, passes.verifier + passes.baseline, weight)


def seconds_of(cell: Cell, scale: Scale) -> float:
    """Expected seconds of one problem on the machine that the pair is meant for."""
    return cost_of(cell, scale).weight * PASS_SECONDS[scale.pair]
