"""Replies to requests: decoded one at a time, up to a stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from apd.decoding import DecodeResult
from apd.decoding.configuration import Configuration
from apd.runs.decode import stream

if TYPE_CHECKING:
    from apd.models.pairs import Pair


def decode_until(
    pair: Pair, configuration: Configuration, prompt_ids: Tensor, seed: int, stops: Sequence[str]
) -> DecodeResult:
    """Decode a prompt, (P,) long, at most until its text holds a stop string."""
    decode = stream(pair, configuration, prompt_ids, seed)
    for _ in decode:
        text = decode.result.text if stops else ""
        if any(stop in text for stop in stops):
            break
    return decode.result
