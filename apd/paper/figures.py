"""The artefacts of the paper by name, in the order in which they are worth running."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from apd.errors import ApdError
from apd.paper import beyond, comparison, grids, improving, verifiers
from apd.paper.scale import Scale, scale_of
from apd.runs.grid import Cell, Experiment

ALL, ALL_BEYOND = "all", "beyond"


@dataclass(frozen=True)
class Artefact:
    """A figure or table of the paper.

    Attributes:
        name: as on the command line, and of its result table.
        title: as in the paper.
        shows: what it is about, in a few words.
        grid: its cells on a pair's scale.
        runs_code: whether judging it runs programs that the models wrote.
    """

    name: str
    title: str
    shows: str
    grid: Callable[[Scale], tuple[Cell, ...]]
    runs_code: bool = False


# Most insight per hour first: with the time for only some of them, these are the ones to have.
ARTEFACTS: Mapping[str, Artefact] = {
    artefact.name: artefact
    for artefact in (
        Artefact("fig1", "Figure 1", "one prompt, autoregressive and APD", grids.fig1),
        Artefact("fig3", "Figure 3", "mixture weight R", grids.fig3),
        Artefact("fig5", "Figure 5", "accuracy against speed, three tasks", grids.fig5),
        Artefact("tab2", "Table 2", "tokens per iteration of APD", grids.tab2),
        Artefact("appendix_d", "Appendix D", "open-ended text", grids.appendix_d),
        Artefact("fig2", "Figure 2", "K tokens per step", grids.fig2),
        Artefact("fig4", "Figure 4", "maximum lookahead M", grids.fig4),
        Artefact("fig6", "Figure 6", "recompute window W", grids.fig6),
        Artefact(
            "humaneval",
            "Figure 5, HumanEval",
            "accuracy against speed, code",
            grids.humaneval,
            True,
        ),
        Artefact("tab1", "Table 1", "decoding orders", grids.tab1),
    )
}

# What the paper did not measure; the book's last part reads these tables.
BEYOND: Mapping[str, Artefact] = {
    artefact.name: artefact
    for artefact in (
        Artefact(
            "reference_audit",
            "The reference code",
            "each deviation alone, and all",
            beyond.reference_audit,
        ),
        Artefact(
            "acceptance_rules",
            "Acceptance rules",
            "four rules over R and T",
            beyond.acceptance_rules,
        ),
        Artefact("schedules", "Schedules", "decoding orders, Dream's own steps", beyond.schedules),
        Artefact("lines", "Waiting lines", "accuracy against speed, waiting lines", beyond.lines),
        Artefact("verifiers", "Verifiers", "small, large, the dLLM itself", verifiers.verifiers),
        Artefact(
            "one_verifier", "One verifier", "APD with this verifier alone", verifiers.one_verifier
        ),
        Artefact("improving", "Improving APD", "every idea over its settings", improving.improving),
        Artefact(
            "sparse_lookahead",
            "Sparse lookahead",
            "a short M, and masks in steps behind it",
            beyond.sparse_lookahead,
        ),
        Artefact("comparison", "Comparison", "every decoder, all tasks", comparison.comparison),
        Artefact(
            "comparison_code",
            "Comparison, programs",
            "every decoder, code",
            comparison.comparison_code,
            True,
        ),
    )
}
EVERY: Mapping[str, Artefact] = {**ARTEFACTS, **BEYOND}


def choose(names: Iterable[str], pair: str, *, run_code: bool) -> list[Artefact]:
    """The artefacts asked for, in the order of `EVERY`.

    Args:
        names: of artefacts, or "all" for the paper's and "beyond" for the others that the pair has.
        pair: name of the pair.
        run_code: whether artefacts whose judging runs programs may be run. "all" leaves them out
            otherwise.

    Raises:
        ApdError: a name is unknown, the pair has no such artefact, or it would run code.
    """
    names, scale = list(names), scale_of(pair)
    groups = {ALL: ARTEFACTS, ALL_BEYOND: BEYOND}
    known = (ALL, *ARTEFACTS, ALL_BEYOND, *BEYOND)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ApdError(f"unknown artefact {unknown[0]!r}; choose {', '.join(known)}")
    there = {name for name, artefact in EVERY.items() if artefact.grid(scale)}
    for name in names:
        if name not in groups and name not in there:
            raise ApdError(
                f"pair {pair!r} has no {name}, which needs a verifier; it has: "
                f"{', '.join(n for n in EVERY if n in there)}"
            )
        if name not in groups and EVERY[name].runs_code and not run_code:
            raise ApdError(
                f"judging {name} runs programs that a model wrote, in a separate process with "
                "limits and without network; add --allow-code-execution if you want that"
            )
    allowed = {n for n in there if run_code or not EVERY[n].runs_code}
    wanted = {n for name in names for n in groups.get(name, (name,)) if n in allowed}
    return [artefact for name, artefact in EVERY.items() if name in wanted]


def experiment_of(
    artefact: Artefact,
    pair: str,
    *,
    limit: int | None = None,
    seed: int = 0,
    dtype: str | None = None,
) -> Experiment:
    """The artefact's grid on a pair; `limit` None runs as many problems as the paper did."""
    scale = scale_of(pair)
    if limit is None or (scale.problems is not None and limit > scale.problems):
        limit = scale.problems
    cells = artefact.grid(scale)
    return Experiment(
        artefact=artefact.name, pair=pair, cells=cells, seed=seed, limit=limit, dtype=dtype
    )
