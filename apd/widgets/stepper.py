"""The APD stepper: recorded decodes over a grid of R, W and M, iteration by iteration."""

from __future__ import annotations

from typing import Any

import traitlets

from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, check_index, synced
from apd.widgets.recordings import load_recording

AXES = ("prompt", "weight", "window", "lookahead")


class ApdStepper(Explorer):
    """Plays decodes that `apd.widgets.decodes.record_decodes` has recorded.

    Attributes:
        recording: what was recorded, without its provenance.
        prompt: index into the recording's prompts.
        weight, window, lookahead: indices into its grid of R, W and M.
        iteration: how many iterations are shown as done; 0 is before the first.
    """

    _esm = bundle("stepper.js")

    recording = synced(traitlets.Dict())
    prompt = synced(traitlets.Int(0))
    weight = synced(traitlets.Int(0))
    window = synced(traitlets.Int(0))
    lookahead = synced(traitlets.Int(0))
    iteration = synced(traitlets.Int(0, min=0))

    @traitlets.validate(*AXES)
    def _was_recorded(self, proposal: Any) -> int:
        name = proposal.trait.name
        recording = self.recording
        items = recording["prompts"] if name == "prompt" else recording["grid"][name]
        return check_index(proposal.value, items, name)

    @property
    def decode(self) -> dict[str, Any]:
        """The recorded decode on show."""
        chosen = {name: getattr(self, name) for name in AXES}
        decodes: list[dict[str, Any]] = self.recording["decodes"]
        return next(d for d in decodes if all(d[name] == chosen[name] for name in AXES))


def apd_stepper(
    recording: dict[str, Any] | None = None,
    *,
    mixture_weight: float = 0.7,
    kv_window: int | None = None,
    max_lookahead: int | None = None,
    prompt: int = 0,
    iteration: int = 1,
) -> ApdStepper:
    """Step through recorded decodes.

    Args:
        recording: by default the one in the repository, of the mini pair.
        mixture_weight, kv_window, max_lookahead: R, W and M to begin with.
        prompt: index of the prompt to begin with.
        iteration: iterations done to begin with.

    Raises:
        ValueError: nothing was recorded for such an R, W or M.
        ApdError: the repository's recording is missing.
    """
    if recording is None:
        recording = load_recording("decodes")
    recording = {key: value for key, value in recording.items() if key != "provenance"}
    wanted = {"weight": mixture_weight, "window": kv_window, "lookahead": max_lookahead}
    chosen = {}
    for name, value in wanted.items():
        recorded = recording["grid"][name]
        if value not in recorded:
            raise ValueError(
                f"{name}={value!r} was not recorded: choose one of {', '.join(map(str, recorded))}"
            )
        chosen[name] = recorded.index(value)
    return ApdStepper(recording=recording, prompt=prompt, iteration=iteration, **chosen)
