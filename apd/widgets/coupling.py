"""The coupling explorer: two editable laws, one noise, and how often draft and target agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, synced

WORDS = ("York", "Haven", "shoes", "idea", "moon")
DRAFT_WEIGHTS = (30, 20, 25, 20, 5)
VERIFIER_WEIGHTS = (60, 25, 5, 9, 1)
MAX_DRAWS = 2000


class CouplingExplorer(Explorer):
    """Draft and target under shared Gumbel noise, computed in the browser.

    Attributes:
        words: V tokens.
        draft_weights: V weights >= 0 of p_D, in any scale.
        verifier_weights: V weights >= 0 of p̂_AR, in any scale.
        mixture_weight: R in [0, 1]; the target's law is the mixture p_T.
        seed: of the noise; draw i takes the noise of position i of `apd.gumbel_noise`.
        draws: how many draws have been made, at most 2000.
    """

    _esm = bundle("coupling.js")

    words = synced(traitlets.List(traitlets.Unicode()))
    draft_weights = synced(traitlets.List(traitlets.Float(min=0)))
    verifier_weights = synced(traitlets.List(traitlets.Float(min=0)))
    mixture_weight = synced(traitlets.Float(0.5, min=0, max=1))
    seed = synced(traitlets.Int(0, min=0, max=2**31 - 1))
    draws = synced(traitlets.Int(0, min=0, max=MAX_DRAWS))

    @traitlets.validate("draft_weights", "verifier_weights")
    def _one_weight_a_word(self, proposal: Any) -> list[float]:
        weights: list[float] = proposal.value
        if len(weights) != len(self.words):
            raise traitlets.TraitError(
                f"{proposal.trait.name} has {len(weights)} weights for {len(self.words)} words; "
                "give one a word"
            )
        return weights


def coupling_explorer(
    draft_weights: Sequence[float] = DRAFT_WEIGHTS,
    verifier_weights: Sequence[float] = VERIFIER_WEIGHTS,
    *,
    words: Sequence[str] = WORDS,
    mixture_weight: float = 0.5,
    seed: int = 0,
    draws: int = 100,
) -> CouplingExplorer:
    """Explore the agreement of draft and target; see `CouplingExplorer` for the arguments.

    The sliders of the weights go from 0 to 100, so probabilities become percentages.

    Raises:
        traitlets.TraitError: a value out of its range, or a number of weights that is not V.
    """
    return CouplingExplorer(
        words=list(words),
        draft_weights=_on_sliders(draft_weights),
        verifier_weights=_on_sliders(verifier_weights),
        mixture_weight=mixture_weight,
        seed=seed,
        draws=draws,
    )


def _on_sliders(weights: Sequence[float]) -> list[float]:
    """The same law in weights up to 100: what is smaller than 1 or larger than 100 is scaled."""
    largest = max(weights, default=0.0)
    scale = 1.0 if largest == 0 or 1 < largest <= 100 else 100 / sum(weights)
    return [scale * float(weight) for weight in weights]
