"""Measurements on the models of a pair: what their caches hold and when they mean to end.

`kv_staleness` and `window_divergence` look at the keys and values of decoded tokens, which the KV
window W leaves unrefreshed; `end_probability` and `end_hazard` at the end of the answer, which the
lookahead M moves; `record_marginals` and `reliability` at how far ahead the marginals can be
believed; `kinds_of_tokens` tells a solution's plan from what follows from it. `worked_iterations`
picks iterations of a decode that are worth a look, and `laws_of` opens them. They need models, so
this package sits beside `apd.runs`, above decoding.
"""

from apd.analysis.calibration import (
    MarginalRecord,
    Reliability,
    calibration_error,
    joined,
    record_marginals,
    reliability,
)
from apd.analysis.equations import kinds_of_tokens
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
    "MarginalRecord",
    "Reliability",
    "calibration_error",
    "end_hazard",
    "end_probability",
    "end_profile",
    "expected_length",
    "final_states",
    "joined",
    "keys_and_values",
    "kinds_of_tokens",
    "kv_staleness",
    "kv_staleness_by_origin",
    "laws_of",
    "record_marginals",
    "relative_change",
    "reliability",
    "window_divergence",
    "worked_iterations",
]
