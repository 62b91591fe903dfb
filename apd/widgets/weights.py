"""One slider of R: the text, the lengths of its steps and the accuracy over a test set."""

from __future__ import annotations

from typing import Any

import traitlets

from apd.paper import figure
from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, check_index, synced
from apd.widgets.recordings import load_recording

METRICS = ("accuracy", "tokens_per_iteration")


class WeightsExplorer(Explorer):
    """Decodes of a few prompts at several R, above what the same R do to a whole test set.

    Attributes:
        recording: what `apd.widgets.record.weights` returns, without provenance.
        measured: mean and standard error of accuracy and tokens per iteration at each R, over
            `problems` problems; accuracy of the dLLM one token at a time as `one_by_one`.
        prompt: index into the recording's prompts.
        weight: index into its R.
    """

    _esm = bundle("weights.js")

    recording = synced(traitlets.Dict())
    measured = synced(traitlets.Dict())
    prompt = synced(traitlets.Int(0))
    weight = synced(traitlets.Int(0))

    @traitlets.validate("prompt", "weight")
    def _was_recorded(self, proposal: Any) -> int:
        name = proposal.trait.name
        return check_index(proposal.value, self.recording[f"{name}s"], name)


def weights_explorer(
    recording: dict[str, Any] | None = None,
    measured: dict[str, Any] | None = None,
    *,
    mixture_weight: float = 0.7,
    prompt: int = 0,
) -> WeightsExplorer:
    """Move R and see text, steps and accuracy change together.

    Args:
        recording: by default the one in the repository, of the mini pair.
        measured: by default the stored results of Figure 3.
        mixture_weight: R to begin with.
        prompt: index of the prompt to begin with.

    Raises:
        ValueError: nothing was recorded for this R.
        ApdError: the repository's recording or results are missing.
    """
    if recording is None:
        recording = load_recording("weights")
    if mixture_weight not in recording["weights"]:
        raise ValueError(
            f"mixture_weight={mixture_weight!r} was not recorded: choose one of "
            f"{', '.join(map(str, recording['weights']))}"
        )
    return WeightsExplorer(
        recording={key: value for key, value in recording.items() if key != "provenance"},
        measured=stored_averages(recording["weights"]) if measured is None else measured,
        weight=recording["weights"].index(mixture_weight),
        prompt=prompt,
    )


def stored_averages(weights: list[float], pair: str = "mini") -> dict[str, Any]:
    """Accuracy and tokens per iteration at each R, from the stored results of Figure 3."""
    results = figure("fig3", pair)
    averages: dict[str, Any] = {}
    for metric in METRICS:
        found = results.curve(metric, "mixture_weight", weights, acceptance="gumbel")
        averages[metric] = [
            [round(mean, 4), round(error, 4)]
            for mean, error in zip(found["mean"], found["stderr"], strict=True)
        ]
    level = results.point("accuracy", algorithm="left_to_right")
    return averages | {"problems": int(level["n"]), "one_by_one": round(float(level["mean"]), 4)}
