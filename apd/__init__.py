"""Adaptive Parallel Decoding: derived, demonstrated, reproduced and extended.

The method is that of Israel, Van den Broeck and Grover, "Accelerating Diffusion LLMs via Adaptive
Parallel Decoding" (2025, arXiv 2506.00413). A masked diffusion language model drafts many tokens at
once from its marginals; a small autoregressive model decides how many of them fit together.

Glossary (symbol: code name, unit or shape):

    R       mixture_weight          in [0, 1]; trust in the dLLM's marginals
    W       kv_window               decoded tokens recomputed per iteration; None: all
    M       max_lookahead           masked positions; None: the whole suffix
    K       tokens_per_step         tokens per iteration of fixed left-to-right decoding
    T       temperature             dimensionless, >= 0; 0 is argmax
            top_p                   probability mass of the nucleus, in (0, 1]
    g       noise (gumbel_noise)    standard Gumbel, (positions, V)
    p_D     marginal_log_probs      nats, (..., V); log p_D of the dLLM, one row per position
    p̂_AR    joint_log_probs         nats, (..., V'); the verifier's, given the draft so far
    p_T     mixture_log_probs       nats, (..., V); p_D^R · p̂_AR^(1-R) / Z
    p_AR    left_to_right, K = 1    the dLLM read one token at a time: the quality target
    p_SAR   left_to_right, K > 1    groups of K tokens from their marginals
    x̂, ŷ    draft, target           token ids; drafted tokens are accepted while both agree
    t       start                   absolute position of the frontier, the first undecoded token
    n       canvas length           positions: P + max_new_tokens
    P       prompt_length           tokens
    L       len(tokens)             positions seen by a model
    V, V'   vocab_size              token ids of the dLLM, of the verifier

Axes: B batch, T time (positions), V vocabulary, D hidden width; batch size is one in decoding, so
its tensors have no batch axis. Times end in `_s` and are seconds.

To decode: `load_pair("mini").decode("How many legs have six cats?", mixture_weight=0.5)`; `stream`
yields the iterations one by one.

`import apd` is cheap: the names below are imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apd.coupling import agreement_probability, gumbel_max, gumbel_noise
    from apd.decoding import (
        AdaptiveConfig,
        AnyOrderConfig,
        AutoregressiveConfig,
        DecodeResult,
        Iteration,
        LeftToRightConfig,
        Stream,
        adaptive,
        adaptive_batch,
        any_order,
        any_order_batch,
        autoregressive,
        autoregressive_batch,
        left_to_right,
        left_to_right_batch,
    )
    from apd.errors import ApdError
    from apd.mixture import mixture_log_probs
    from apd.models.decode import stream
    from apd.models.pairs import PAIRS, Pair, load_ar, load_pair

_HOMES = {
    "apd.coupling": ("agreement_probability", "gumbel_max", "gumbel_noise"),
    "apd.decoding": (
        "AdaptiveConfig",
        "AnyOrderConfig",
        "AutoregressiveConfig",
        "DecodeResult",
        "Iteration",
        "LeftToRightConfig",
        "Stream",
        "adaptive",
        "adaptive_batch",
        "any_order",
        "any_order_batch",
        "autoregressive",
        "autoregressive_batch",
        "left_to_right",
        "left_to_right_batch",
    ),
    "apd.errors": ("ApdError",),
    "apd.mixture": ("mixture_log_probs",),
    "apd.models.decode": ("stream",),
    "apd.models.pairs": ("PAIRS", "Pair", "load_ar", "load_pair"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "PAIRS",
    "AdaptiveConfig",
    "AnyOrderConfig",
    "ApdError",
    "AutoregressiveConfig",
    "DecodeResult",
    "Iteration",
    "LeftToRightConfig",
    "Pair",
    "Stream",
    "adaptive",
    "adaptive_batch",
    "agreement_probability",
    "any_order",
    "any_order_batch",
    "autoregressive",
    "autoregressive_batch",
    "gumbel_max",
    "gumbel_noise",
    "left_to_right",
    "left_to_right_batch",
    "load_ar",
    "load_pair",
    "mixture_log_probs",
    "stream",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("apd")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'apd' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
