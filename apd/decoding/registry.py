"""The registry of decoders: one row says everything that depends on which decoder it is.

Command line, lm-eval models, batches, tables, estimates of cost and figures ask here, and nothing
else tells decoders apart. A new decoder is a file with its settings and its loop, and a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.any_order import AnyOrderConfig, any_order_steps
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive_steps
from apd.decoding.decoder import Decoder, Look
from apd.decoding.expected_passes import ACCEPTED, Passes, share_of_canvas
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right_steps
from apd.decoding.setting import Setting
from apd.errors import ApdError

# The order of columns and of the parts of an id, as in every table stored so far. Settings that
# came later follow behind these, in the order of the rows.
FIRST_COLUMNS = (
    "tokens_per_step",
    "mixture_weight",
    "kv_window",
    "max_lookahead",
    "num_steps",
    "block_length",
    "threshold",
    "acceptance",
    "noise",
    "temperature",
    "top_p",
    "max_new_tokens",
)


def _any_order(
    order: str, look: Look, lm_eval: tuple[str, ...], spellings: tuple[str, ...] = ()
) -> Decoder:
    """Any-order decoding in one order: every pass is over the whole canvas."""
    return Decoder(
        name=order,
        settings=AnyOrderConfig,
        steps=any_order_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=config.num_steps or config.max_new_tokens),
        look=look,
        fixed={"order": order},
        lm_eval=lm_eval,
        spellings=spellings,
    )


# The first row of a kind of model is what decodes with it unless another is asked for.
ROWS = (
    Decoder(
        name="apd",
        settings=AdaptiveConfig,
        steps=adaptive_steps,
        models=("dllm", "verifier"),
        passes=lambda config, tokens: Passes(
            dllm=tokens / ACCEPTED, verifier=tokens / ACCEPTED, share=share_of_canvas(config)
        ),
        look=Look("APD", "#0072B2", "o"),
        lm_eval=("apd",),
    ),
    Decoder(
        name="left_to_right",
        settings=LeftToRightConfig,
        steps=left_to_right_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(
            dllm=tokens / config.tokens_per_step, share=share_of_canvas(config)
        ),
        look=Look("left to right, K tokens", "#D55E00", "s"),
        lm_eval=("apd-left-to-right", "dream-left-to-right", "llada-left-to-right"),
        spellings=("leftright",),
    ),
    _any_order(
        "random",
        Look("random order", "#009067", "P", "--"),
        ("dream-random", "llada-random"),
        ("origin",),
    ),
    _any_order(
        "confidence",
        Look("confidence order", "#C2528B", "X", "-."),
        ("dream-confidence",),
        ("maskgit_plus",),
    ),
    _any_order(
        "low_confidence",
        Look("confidence order, LLaDA", "#4F7CAC", "H", "-."),
        ("dream-low-confidence", "llada-low-confidence", "llada-confidence"),
    ),
    _any_order(
        "margin",
        Look("margin order", "#5B7F2B", "h", "--"),
        ("dream-margin", "llada-margin"),
        ("topk_margin",),
    ),
    _any_order(
        "entropy",
        Look("entropy order", "#B5651D", "p", ":"),
        ("dream-entropy", "llada-entropy"),
    ),
    Decoder(
        name="autoregressive",
        settings=AutoregressiveConfig,
        steps=autoregressive_steps,
        models=("baseline",),
        passes=lambda config, tokens: Passes(baseline=tokens),
        look=Look("autoregressive, large", "#6F7B8A", "^", "-."),
        lm_eval=("qwen",),
        spellings=("leftright", "left_to_right"),
    ),
)
_registered: dict[str, Decoder] = {}


def decoders() -> tuple[Decoder, ...]:
    """All registered decoders."""
    return tuple(_registered.values())


def decoder(name: str) -> Decoder:
    """The decoder of a name. Raises ApdError, which lists the names, if there is none."""
    if name not in _registered:
        raise ApdError(f"unknown algorithm {name!r}; choose one of {', '.join(_registered)}")
    return _registered[name]


def usual_decoder(*, on_baseline: bool) -> Decoder:
    """The decoder that is used with a dLLM, or with a baseline, unless one is named."""
    return next(row for row in decoders() if row.on_baseline == on_baseline)


def spelt(name: str, *, on_baseline: bool) -> str:
    """The decoder that the paper's code means by a name, on a baseline or on a dLLM.

    A name that it does not use is returned as it is.
    """
    meant = {row.on_baseline: row.name for row in decoders() if name in row.spellings}
    other = name if name in _registered else meant.get(not on_baseline, name)
    return meant.get(on_baseline, other)


def stored_settings() -> dict[str, Setting]:
    """Every setting that tables have a column for, by name, in the order of the columns.

    Of a setting that several decoders have, what is said is the first one's; only its default and
    its earlier value may differ between them.
    """
    found = {name: each for row in reversed(decoders()) for name, each in row.stored.items()}
    later = (name for row in decoders() for name in row.stored)
    return {name: found[name] for name in dict.fromkeys((*FIRST_COLUMNS, *later))}


def register(row: Decoder) -> Decoder:
    """Add a decoder for as long as the process lives; the package's own are rows of this module.

    Raises:
        ValueError: another decoder has one of its names, or a setting of the same name and of
            another type.
    """
    for other in decoders():
        for what, name, *_ in _names(row) & _names(other):
            raise ValueError(f"decoder {row.name!r}: {other.name!r} has the {what} {name!r}")
        for name in row.stored.keys() & other.stored.keys():
            if row.stored[name].kind is not other.stored[name].kind:
                raise ValueError(
                    f"decoder {row.name!r}: setting {name!r} has another type than in "
                    f"{other.name!r}; give it another name"
                )
    _registered[row.name] = row
    return row


def _names(row: Decoder) -> set[tuple[Any, ...]]:
    """What no other decoder may be called."""
    return {
        ("name", row.name),
        *(("lm-eval name", name) for name in row.lm_eval),
        *(("spelling", name, row.on_baseline) for name in row.spellings),
    }


@contextmanager
def registered(row: Decoder) -> Iterator[Decoder]:
    """A decoder that is known inside a ``with`` block only."""
    try:
        yield register(row)
    finally:
        if _registered.get(row.name) is row:
            del _registered[row.name]


for _row in ROWS:
    register(_row)
