"""The exact law of decoders that fill positions in any order, on an enumerable language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from apd.exact.information import Table
from apd.exact.language import EnumerableLanguage

# From the (N, V) marginals of the masked positions and the (N,) tokens drawn from them to the
# indices of those that are kept.
Choice = Callable[[Table, Table], Sequence[int]]


def unmasking_law(language: EnumerableLanguage, choose: Choice) -> Table:
    """Law of the text, ``(V,) * n``, at temperature 1 and top-p 1.

    Each pass draws a token for every masked position from its marginal given what is filled, and
    keeps those that `choose` names.

    Args:
        language: the dLLM.
        choose: keeps at least one position.
    """
    n = language.length
    law = np.zeros(language.joint.shape)
    states: dict[tuple[int | None, ...], float] = {(None,) * n: 1.0}
    for _ in range(n):  # every pass fills a position
        grown: dict[tuple[int | None, ...], float] = {}
        for state, mass in states.items():
            for after, probability in _one_pass(language, state, choose).items():
                if None in after:
                    grown[after] = grown.get(after, 0.0) + mass * probability
                else:
                    law[after] += mass * probability
        states = grown
    return law


def _one_pass(
    language: EnumerableLanguage, state: tuple[int | None, ...], choose: Choice
) -> dict[tuple[int | None, ...], float]:
    """What a pass makes of a state, and how likely."""
    masked = [i for i, token in enumerate(state) if token is None]
    rows = language.marginals(state)[masked]  # (N, V)
    outcomes: dict[tuple[int | None, ...], float] = {}
    for drawn in np.ndindex((language.vocab_size,) * len(masked)):
        probability = float(np.prod(rows[np.arange(len(masked)), drawn]))
        if probability > 0:
            after = list(state)
            for index in choose(rows, np.array(drawn)):
                after[masked[index]] = drawn[index]
            outcomes[tuple(after)] = outcomes.get(tuple(after), 0.0) + probability
    return outcomes
