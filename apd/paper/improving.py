"""Grid of the attempts to improve APD: every setting on problems to tune on, and on the test set.

Both sets are run whole. Which setting of an idea is reported is decided on the tuning problems
alone (`apd.statistics.frontier`), when the tables are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apd.decoding.configuration import Configuration
from apd.paper.grids import MIXTURE_WEIGHTS
from apd.paper.scale import GSM, Scale
from apd.paper.settings import adaptive, left_to_right, variant
from apd.runs.grid import Cell, over_tasks
from apd.tasks.tuning import tuning_task

# Plain APD over R, which every idea is measured against; R = 1 is one shot.
BASELINE_WEIGHTS = (0.0, *MIXTURE_WEIGHTS, 1.0)
# An idea's settings, each with the values of R that go with it.
Tried = tuple[tuple[Mapping[str, Any], tuple[float, ...]], ...]
IDEAS: Mapping[str, Tried] = {
    "R by local entropy": tuple(({"entropy_decay": c}, (0.5, 0.9, 1.0)) for c in (1.0, 4.0)),
    "R by distance": tuple(({"distance_decay": d}, (0.5, 0.9, 1.0)) for d in (0.05, 0.2)),
    "verifier temperature": tuple(
        ({"verifier_temperature": tau}, (0.3, 0.5, 0.7, 0.9)) for tau in (0.5, 0.75)
    ),
    "exaggeration": tuple(({"exaggeration": beta}, (0.0, 0.5, 0.7)) for beta in (0.25, 1.0)),
    "one correction": (({"corrections": 1}, (0.0, 0.3, 0.5, 0.7, 0.9)),),
    "corrections to the end": (({"corrections": 4}, (0.3, 0.5, 0.7, 0.9)),),
    "uncertain positions first": tuple(({"uncertain_first": k}, (0.3, 0.5, 0.7)) for k in (1, 3)),
    "correction, sharper verifier": (
        ({"corrections": 1, "verifier_temperature": 0.75}, (0.5, 0.7, 0.9)),
    ),
}


def improving(scale: Scale) -> tuple[Cell, ...]:
    """Plain APD over R and every idea over its settings, on tuning and on test problems."""
    if scale.dllm != "dream":
        return ()
    task = scale.tasks[GSM]
    plain = (left_to_right(scale, GSM), *(adaptive(scale, GSM, R) for R in BASELINE_WEIGHTS))
    tried = (each for idea in IDEAS for each in configurations(scale, idea))
    return over_tasks((tuning_task(task), task), (*plain, *tried))


def configurations(scale: Scale, idea: str) -> tuple[Configuration, ...]:
    """All settings of an idea."""
    return tuple(
        variant(scale, GSM, R, **settings) for settings, weights in IDEAS[idea] for R in weights
    )
