"""Measurements on the models of a pair: what their caches hold and when they mean to end.

`kv_staleness` and `window_divergence` look at the keys and values of decoded tokens, which the KV
window W leaves unrefreshed; `end_probability` and `end_hazard` at the end of the answer, which the
lookahead M moves. `worked_iterations` picks iterations of a decode that are worth a look, and
`laws_of` opens them. They need models, so this package sits beside `apd.runs`, above decoding.
"""

from apd.analysis.keys_values import final_states, keys_and_values
from apd.analysis.lookahead import end_hazard, end_probability, end_profile, expected_length
from apd.analysis.replay import laws_of, worked_iterations
from apd.analysis.staleness import (
    KVStaleness,
    kv_staleness,
    kv_staleness_by_origin,
    relative_change,
)
from apd.analysis.window import window_divergence

__all__ = [
    "KVStaleness",
    "end_hazard",
    "end_probability",
    "end_profile",
    "expected_length",
    "final_states",
    "keys_and_values",
    "kv_staleness",
    "kv_staleness_by_origin",
    "laws_of",
    "relative_change",
    "window_divergence",
    "worked_iterations",
]
