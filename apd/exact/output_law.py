r"""The exact law of what Algorithm 1 emits on an enumerable language.

Say an iteration started at s and has accepted up to position i, so x_<i is known. Position i then
meets three distributions: the draft's u = p_D(x_i | x_<s), the target w, proportional to
u^R p̂_AR(x_i | x_<i)^(1-R), and the chain's z = p_D(x_i | x_<i) = p_AR(x_i | x_<i). Let

    B[k, v] = P(the draft is k and is accepted; the chain would have picked v under the same noise).

Token v is accepted with probability A[v] = sum_v' B[v, v']. A rejected position is the first of the
next iteration, which always accepts it, from z: with fresh noise token v comes with probability
(1 - sum A) z[v]; with position noise the same g is used again, so with z[v] - sum_k B[k, v].
Hence with position noise position i emits v with probability

    A[v] + z[v] - sum_k B[k, v],

and if target and chain coincide (R = 0 and p̂_AR = p_AR), sharing the noise makes B diagonal and
this is z[v] exactly: APD samples from p_AR.

At temperature T both experts are raised to 1/T. The chain is what a first position is drawn from;
a draft at a temperature of its own, as the reference code has it, therefore moves the chain too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apd.exact.information import Table
from apd.exact.language import EnumerableLanguage, chain_conditionals
from apd.exact.races import joint_pick_law

ACCEPTANCE_RULES = ("gumbel", "greedy", "independent", "maximal")
NOISES = ("fresh", "position")
# From the draft's law u and the verifier's w, (V,) each, and how far behind the first position of
# the iteration they are, to the target's law (V,).
Target = Callable[[Table, Table, int], Table]


@dataclass(frozen=True, eq=False, kw_only=True)
class OutputLaw:
    """What `adaptive_law` returns.

    Attributes:
        table: law of the emitted sequence, shape ``(V,) * n``.
        iterations: P(the decode takes j iterations), shape (n + 1,), j = 0..n.
        chain_agreement: P(the token emitted at i is argmax_v (log p_AR(v | x_<i) + g_i[v])), with
            g_i the noise of the iteration that emitted it, shape (n,).
    """

    table: Table
    iterations: Table
    chain_agreement: Table

    @property
    def expected_iterations(self) -> float:
        """Mean number of iterations (dLLM passes) a sequence takes."""
        return float(self.iterations @ np.arange(self.iterations.size))


def mixture(p: Table, q: Table, mixture_weight: float) -> Table:
    """Return p^R q^(1-R) / Z, shape (V,), with 0^0 = 1; all zeros if no token has mass in both."""
    weights = p**mixture_weight * q ** (1 - mixture_weight)
    return weights / weights.sum() if weights.sum() > 0 else weights


def mixture_target(mixture_weight: float) -> Target:
    """The target of Algorithm 1."""
    return lambda draft, score, distance: mixture(draft, score, mixture_weight)


def tempered(law: Table, temperature: float) -> Table:
    """p^(1/T) / Z along the last axis, shape kept: softmax(l / T) of logits l."""
    if temperature == 1:
        return law
    weights = (law / law.max(axis=-1, keepdims=True)) ** (1 / temperature)
    normalised: Table = weights / weights.sum(axis=-1, keepdims=True)
    return normalised


def accept_law(acceptance: str, draft: Table, target: Table, chain: Table) -> Table:
    """Return B (V, V): draft k accepted, and v picked under `chain` by the draft's noise.

    Args:
        acceptance: "gumbel" (target shares the draft's noise), "greedy" (target is its argmax),
            "independent" (target has its own noise), "maximal" (accept with min(1, target/draft)).
        draft: u, shape (V,). target: w, shape (V,). chain: z, shape (V,).
    """
    if acceptance == "gumbel":
        return joint_pick_law(np.stack([draft, target]), chain)
    if acceptance == "greedy":
        keep = (np.arange(target.size) == target.argmax()) & (target > 0)
    elif acceptance == "independent":
        keep = target
    elif acceptance == "maximal":
        keep = np.minimum(1.0, target / np.where(draft > 0, draft, 1.0))
    else:
        raise ValueError(f"acceptance={acceptance!r} must be one of {', '.join(ACCEPTANCE_RULES)}.")
    return joint_pick_law(draft, chain) * keep[:, None]


def adaptive_law(
    language: EnumerableLanguage,
    verifier: Table,
    *,
    mixture_weight: float,
    acceptance: str = "gumbel",
    noise: str = "fresh",
    max_lookahead: int | None = None,
    temperature: float = 1.0,
    draft_temperature: float | None = None,
    target: Target | None = None,
) -> OutputLaw:
    """Enumerate Algorithm 1 at top-p 1.

    Args:
        language: the dLLM, n positions and V tokens.
        verifier: p̂_AR as a joint of shape ``(V,) * n``.
        mixture_weight: R in [0, 1].
        acceptance: one of `ACCEPTANCE_RULES`.
        noise: "fresh" per iteration (the paper) or "position" (one g per position and decode).
        max_lookahead: M >= 1, or None for the whole suffix.
        temperature: T > 0 of draft and target.
        draft_temperature: of the draft alone, T^2 in the reference code; None is T.
        target: another one than the mixture with R, which then is not read.

    Raises:
        ValueError: an option outside its range, or a verifier of another shape.
    """
    check_options(language, verifier, mixture_weight, acceptance, noise, max_lookahead)
    aim = target or mixture_target(mixture_weight)
    T, T_draft = temperature, temperature if draft_temperature is None else draft_temperature
    if min(T, T_draft) <= 0:
        raise ValueError(f"temperatures {T} and {T_draft} must be positive: enumerate a small one.")
    n, size = language.length, language.vocab_size
    experts = [tempered(law, T) for law in language.prefix_marginals]
    marginals = [tempered(law, T_draft) for law in language.prefix_marginals]
    scores = [tempered(law, T) for law in chain_conditionals(verifier)]
    agreement = np.zeros(n)
    running: dict[int, Table] = {}  # start s -> mass (V,) * i + (iterations so far,)
    for i in range(n):
        opened = np.zeros((size,) * (i + 1) + (n + 1,))  # iterations that start at i
        if i == 0:
            opened[:, 1] = marginals[0][0]
        grown: dict[int, Table] = {}
        for s, mass in running.items():
            chain = marginals[i][..., 0, :]  # (V,) * (i + 1), as the next three
            accepted, matched, redrawn = np.zeros(chain.shape), np.zeros(chain.shape), chain.copy()
            if max_lookahead is None or i - s < max_lookahead:
                for x in np.ndindex((size,) * i):
                    draft = marginals[s][x[:s]][i - s]
                    aimed = aim(experts[s][x[:s]][i - s], scores[i][x], i - s)
                    law = accept_law(acceptance, draft, aimed, chain[x])
                    accepted[x], matched[x] = law.sum(axis=1), law.diagonal()
                    redrawn[x] = _redraw(law, chain[x], noise)
            grown[s] = accepted[..., None] * mass[..., None, :]
            opened[..., 1:] += redrawn[..., None] * mass[..., None, :-1]
            agreement[i] += float((matched * mass.sum(axis=-1)[..., None]).sum())
        agreement[i] += float(opened.sum())  # a first position is drawn from the chain itself
        running = {**grown, i: opened}
    total = np.sum(list(running.values()), axis=0)
    return OutputLaw(
        table=total.sum(axis=-1),
        iterations=total.reshape(-1, n + 1).sum(axis=0),
        chain_agreement=agreement,
    )


def _redraw(law: Table, chain: Table, noise: str) -> Table:
    """Return P(rejected, and the next iteration emits v), shape (V,)."""
    if noise == "fresh":
        return (1 - law.sum()) * chain
    return np.maximum(chain - law.sum(axis=0), 0.0)


def check_options(
    language: EnumerableLanguage,
    verifier: Table,
    mixture_weight: float,
    acceptance: str,
    noise: str,
    max_lookahead: int | None,
) -> None:
    """Raise ValueError for an option outside its range, or a verifier of another shape."""
    if verifier.shape != language.joint.shape:
        raise ValueError(
            f"verifier of shape {verifier.shape}: the dLLM has {language.joint.shape}."
        )
    if not 0 <= mixture_weight <= 1:
        raise ValueError(f"mixture_weight={mixture_weight} must lie in [0, 1].")
    if acceptance not in ACCEPTANCE_RULES:
        raise ValueError(f"acceptance={acceptance!r} must be one of {', '.join(ACCEPTANCE_RULES)}.")
    if noise not in NOISES:
        raise ValueError(f"noise={noise!r} must be one of {', '.join(NOISES)}.")
    if max_lookahead is not None and max_lookahead < 1:
        raise ValueError(f"max_lookahead={max_lookahead} must be >= 1, or None for no limit.")
