"""The staleness explorer: how keys and values of decoded tokens age, by layer and distance."""

from __future__ import annotations

from typing import Any

import traitlets

from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, synced
from apd.widgets.recordings import load_recording

MEASURES = ("key_step", "value_step", "key_drift", "value_drift")
ORIGINS = ("answer", "prompt")


class StalenessExplorer(Explorer):
    """A map of staleness over layers and distances behind the frontier.

    Attributes:
        recording: what `apd.widgets.profiles.record_staleness` returns, without provenance.
        measure: index into key_step, value_step, key_drift, value_drift.
        origin: index into answer, prompt: whose tokens.
        kv_window: W to mark on the map, >= 1.
        layer, distance: the cell read out; layers count from 0, distances from 1.
    """

    _esm = bundle("staleness.js")

    recording = synced(traitlets.Dict())
    measure = synced(traitlets.Int(0, min=0, max=len(MEASURES) - 1))
    origin = synced(traitlets.Int(0, min=0, max=len(ORIGINS) - 1))
    kv_window = synced(traitlets.Int(16, min=1))
    layer = synced(traitlets.Int(0, min=0))
    distance = synced(traitlets.Int(1, min=1))

    @traitlets.validate("layer", "distance", "kv_window")
    def _is_on_the_map(self, proposal: Any) -> int:
        name = "layer" if proposal.trait.name == "layer" else "distance"
        first, last = 1, len(self.recording["distances"])
        if name == "layer":
            first, last = 0, self.recording["layers"] - 1
        if proposal.value > last:
            raise traitlets.TraitError(
                f"{proposal.trait.name}={proposal.value} is not allowed: "
                f"it must lie in {first}..{last}, what was measured"
            )
        value: int = proposal.value
        return value


def staleness_explorer(
    recording: dict[str, Any] | None = None,
    *,
    measure: str = "key_drift",
    kv_window: int = 16,
    layer: int | None = None,
    distance: int = 1,
) -> StalenessExplorer:
    """Explore the age of keys and values.

    Args:
        recording: by default the one in the repository, of the mini pair.
        measure: change of "key_step" or "value_step" in the next step, or "key_drift" or
            "value_drift" until the answer is complete.
        kv_window: W to begin with.
        layer, distance: the cell to begin with; the last layer, as the first never changes.

    Raises:
        ValueError: no such measure.
        ApdError: the repository's recording is missing.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure={measure!r} is unknown: choose one of {', '.join(MEASURES)}")
    if recording is None:
        recording = load_recording("staleness")
    return StalenessExplorer(
        recording={key: value for key, value in recording.items() if key != "provenance"},
        measure=MEASURES.index(measure),
        kv_window=kv_window,
        layer=recording["layers"] - 1 if layer is None else layer,
        distance=distance,
    )
