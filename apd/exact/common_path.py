r"""How likely APD's text is another than the left-to-right text under the same position noise.

With noise keyed to the position, the text that the dLLM writes one token at a time is a function of
the noise: :math:`x^*_i = \argmax_v (\log p_{AR}(v \mid x^*_{<i}) + g_i(v))`. APD reads the same
noise. As long as both texts agree, position i can part them in one way only: the draft is accepted,
so draft and target have one winner, and the chain has another. A rejected position becomes the
first of the next iteration, which is the chain's own winner; so is the first position of all.

In the notation of :mod:`~apd.exact.output_law` a position reached on the common path stays on it
with probability sum_v B[v, v] (accepted, and the chain's winner) plus 1 - sum B (rejected), and
leaves it with the sum of B off its diagonal. That is at most the probability that the winners of
target and chain differ, and with R = 0, where the target is the verifier's law, the sum of that
over positions is a bound that needs no decoder at all, only the two laws along texts of p_AR:

    P(text differs) <= sum_i E_{x ~ p_AR} P(winners of verifier and chain differ at i)
                    <= sum_i E_{x ~ p_AR} 2 TV_i / (1 + TV_i).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apd.exact.information import Table
from apd.exact.language import EnumerableLanguage, autoregressive_law, chain_conditionals
from apd.exact.output_law import Target, accept_law, check_options, mixture_target
from apd.exact.races import same_pick_law


@dataclass(frozen=True, eq=False, kw_only=True)
class CommonPath:
    """What `common_path` returns; all entries are probabilities, one a position, shape (n,).

    Attributes:
        parting: P(the two texts agree before i and differ at i).
        winners_differ: P(they agree before i, an iteration is under way there, and the winners of
            target and chain under the shared noise differ). At least `parting` under shared noise.
    """

    parting: Table
    winners_differ: Table

    @property
    def difference(self) -> float:
        """P(the text differs anywhere from the left-to-right text of the same noise)."""
        return float(self.parting.sum())


def common_path(
    language: EnumerableLanguage,
    verifier: Table,
    *,
    mixture_weight: float,
    acceptance: str = "gumbel",
    max_lookahead: int | None = None,
    target: Target | None = None,
) -> CommonPath:
    """Enumerate where APD with position noise leaves the left-to-right text of the same noise.

    Args and errors: as for `adaptive_law`.
    """
    check_options(language, verifier, mixture_weight, acceptance, "position", max_lookahead)
    aim = target or mixture_target(mixture_weight)
    n, size = language.length, language.vocab_size
    marginals, scores = language.prefix_marginals, chain_conditionals(verifier)
    parting, winners_differ = np.zeros(n), np.zeros(n)
    running = {0: np.asarray(marginals[0][0])}  # start s -> mass (V,) * i of agreeing texts
    for i in range(1, n):
        opened = np.zeros((size,) * (i + 1))
        grown: dict[int, Table] = {}
        for s, mass in running.items():
            kept, again = np.zeros(opened.shape), marginals[i][..., 0, :].copy()
            if max_lookahead is None or i - s < max_lookahead:
                for x in np.ndindex((size,) * i):
                    draft, chain = marginals[s][x[:s]][i - s], marginals[i][x][0]
                    aimed = aim(draft, scores[i][x], i - s)
                    law = accept_law(acceptance, draft, aimed, chain)
                    kept[x] = law.diagonal()
                    again[x] = np.maximum(chain - law.sum(axis=0), 0.0)
                    parting[i] += mass[x] * (law.sum() - law.trace())
                    winners_differ[i] += mass[x] * winners_differ_at(aimed, chain)
            grown[s] = kept * mass[..., None]
            opened += again * mass[..., None]
        running = {**grown, i: opened}
    return CommonPath(parting=parting, winners_differ=winners_differ)


def winners_differ_at(first: Table, second: Table) -> float:
    """P(argmax(log first + g) != argmax(log second + g)), laws (V,) and one g for both."""
    return max(0.0, 1.0 - float(same_pick_law(np.stack([first, second])).sum()))


def verifier_error(language: EnumerableLanguage, verifier: Table) -> tuple[Table, Table]:
    """How far the verifier is from the chain along texts of p_AR: two bounds, shape (n,) each.

    Returns:
        E P(winners of verifier and chain differ at i | x_<i), and E 2 TV_i / (1 + TV_i), which is
        never smaller. Entry 0 is 0: the first token is the chain's own.
    """
    n, size = language.length, language.vocab_size
    law, scores = autoregressive_law(language), chain_conditionals(verifier)
    races, distances = np.zeros(n), np.zeros(n)
    for i in range(1, n):
        prefixes = law.sum(axis=tuple(range(i, n)))
        for x in np.ndindex((size,) * i):
            chain, score = language.prefix_marginals[i][x][0], scores[i][x]
            distance = float(np.abs(chain - score).sum()) / 2
            races[i] += prefixes[x] * winners_differ_at(score, chain)
            distances[i] += prefixes[x] * 2 * distance / (1 + distance)
    return races, distances
