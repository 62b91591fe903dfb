"""The registry of decoders, which alone tells decoders apart.

Command line, lm-eval models, batches, tables, estimates of cost and figures ask here. The package's
own decoders are the rows of :mod:`apd.decoding.rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apd.decoding.decoder import Decoder
from apd.decoding.rows import ROWS
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
    """Add a decoder for as long as the process lives; the package's own are in `rows`.

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
