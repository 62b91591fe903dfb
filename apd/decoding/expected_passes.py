"""How many forward passes a decode is expected to take: for estimates of time, not results.

How many tokens an answer has, and how many a decoder accepts at a time, is only known afterwards;
the values here are typical.
"""

from __future__ import annotations

from dataclasses import dataclass

from apd.decoding.config import LookaheadConfig

ACCEPTED = 5.0  # tokens APD accepts in a typical iteration
KEPT = 3.0  # tokens an exact speculative decoder commits in a typical iteration
PER_PASS = 2.0  # tokens a decoder that fills where it is confident fills in a typical pass


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Expected passes of one decode, by kind of model.

    Attributes:
        dllm, verifier, baseline: passes of each.
        share: cost of one of the dLLM's passes, relative to one over its whole canvas.
    """

    dllm: float = 0
    verifier: float = 0
    baseline: float = 0
    share: float = 1


def share_of_canvas(settings: LookaheadConfig) -> float:
    """Cost of a pass over W decoded and M masked positions, relative to one over the whole canvas.

    Half of a pass goes with the positions computed, on a canvas as long as the prompt.
    """
    n = settings.max_new_tokens
    ahead = n if settings.max_lookahead is None else min(settings.max_lookahead, n)
    behind = n if settings.kv_window is None else min(settings.kv_window, n)
    return 0.5 + 0.5 * (ahead + behind) / (2 * n)
