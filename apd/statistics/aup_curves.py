"""Accuracy under parallelism of stored result tables, with its error over problems.

A curve is one algorithm of one model on one task; its points are the configurations that were run:
values of R for APD, of K for fixed left-to-right decoding, numbers of steps for any-order decoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.statistics.aup import DECAY, TOLERANCE, Point, accuracy_under_parallelism, kept_points

CURVE = ("task", "algorithm", "model")


@dataclass(frozen=True, kw_only=True)
class AupSettings:
    """How curves are turned into numbers.

    Attributes:
        count_verifier: whether the passes of the second model count, too: of the verifier beside
            the dLLM, or of the drafts beside the autoregressive model that checks them.
        best_accuracy: y_max in percent, or None for the best of all curves on the same task.
        decay, tolerance: α and the tolerated loss of :mod:`apd.statistics.aup`.
        resamples: of the problems, for the standard error.
        seed: of the resampling.
    """

    count_verifier: bool = False
    best_accuracy: float | None = None
    decay: float = DECAY
    tolerance: float = TOLERANCE
    resamples: int = 400
    seed: int = 0


def forwards(table: pd.DataFrame, *, count_verifier: bool) -> pd.Series:
    """Forward passes of every row of a result table.

    An autoregressive model takes one pass an iteration, whether it writes or checks drafts.
    """
    if count_verifier:
        return table["dllm_forwards"] + table["verifier_forwards"]
    of_baseline = table["algorithm"].map(lambda name: decoder(name).on_baseline)
    return table["dllm_forwards"].where(~of_baseline, table["iterations"])


def operating_points(table: pd.DataFrame, *, count_verifier: bool) -> pd.DataFrame:
    """Tokens per forward and accuracy of every configuration of a result table.

    Returns:
        Columns task, algorithm, model, configuration, tokens_per_forward (all generated tokens /
        all forward passes), accuracy (percent), problems; in order of appearance.

    Raises:
        ApdError: a task has no right answers, or its configurations were run on different problems.
    """
    parts = []
    for _, of_task in table.groupby("task", sort=False):
        counts = Counts(of_task, count_verifier=count_verifier)
        rho, accuracy = counts.points(np.ones((1, counts.problems)))
        measured = {"tokens_per_forward": rho[0], "accuracy": accuracy[0]}
        parts.append(counts.configurations.assign(**measured, problems=counts.problems))
    return pd.concat(parts, ignore_index=True)


def aup_table(table: pd.DataFrame, settings: AupSettings | None = None) -> pd.DataFrame:
    """AUP of every curve of a result table, with the standard error over problems.

    The error is the spread of AUP when the problems of a task are drawn again with replacement, the
    same ones for all configurations, since all of them met the same problems.

    Args:
        table: rows of one pair, as stored; may come from several artefacts.
        settings: what to count, and against which best accuracy.

    Returns:
        Columns task, algorithm, model, aup, stderr, points (that count), best_accuracy.

    Raises:
        ApdError: as for `operating_points`.
    """
    settings = settings or AupSettings()
    rng = np.random.default_rng(settings.seed)
    rows = []
    for _, of_task in table.groupby("task", sort=False):
        counts = Counts(of_task, count_verifier=settings.count_verifier)
        n = counts.problems
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=settings.resamples)  # (S, N)
        rho, accuracy = counts.points(np.vstack([np.ones((1, n)), drawn]))  # (1 + S, C) each
        for key, columns in counts.curves():
            best = _best(settings, accuracy)
            curves = [_points(rho[s, columns], accuracy[s, columns]) for s in range(len(rho))]
            aups = np.array([_aup(c, b, settings) for c, b in zip(curves, best, strict=True)])
            stderr = aups[1:].std(ddof=1) if settings.resamples > 1 else np.nan
            kept = len(kept_points(curves[0], settings.tolerance))
            rows.append((*key, aups[0], stderr, kept, best[0]))
    return pd.DataFrame(rows, columns=[*CURVE, "aup", "stderr", "points", "best_accuracy"])


class Counts:
    """Tokens, forward passes and right answers of one task, (N problems, C configurations) each."""

    def __init__(self, of_task: pd.DataFrame, *, count_verifier: bool) -> None:
        name = of_task["task"].iloc[0]
        if of_task["correct"].isna().any():
            raise ApdError(
                f"task {name!r} has no right answers, so it has no accuracy under parallelism; "
                "leave its table out"
            )
        key = [*CURVE, "configuration"]
        self.configurations = of_task[key].drop_duplicates(ignore_index=True)
        spent = of_task.assign(forwards=forwards(of_task, count_verifier=count_verifier))
        spent = spent.astype({"correct": float, "generated_tokens": float, "forwards": float})
        wide = spent.pivot(index="problem_id", columns=key[1:], values=list(_COUNTED))
        if wide.isna().any(axis=None):
            raise ApdError(
                f"task {name!r}: configurations were run on different problems; run them with the "
                "same --limit"
            )
        order = pd.MultiIndex.from_frame(self.configurations[key[1:]])
        self.tokens, self.forwards, self.correct = (
            wide[kind][order].to_numpy() for kind in _COUNTED
        )

    @property
    def problems(self) -> int:
        return len(self.tokens)

    def points(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens per forward and accuracy in percent, (S, C) each, for (S, N) weights."""
        accuracy = 100 * (weights @ self.correct) / weights.sum(1, keepdims=True)
        return (weights @ self.tokens) / (weights @ self.forwards), accuracy

    def curves(self) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
        """Every curve's key, and which configurations are its points."""
        yield from self.configurations.groupby(list(CURVE), sort=False).indices.items()


_COUNTED = ("generated_tokens", "forwards", "correct")


def _best(settings: AupSettings, accuracy: np.ndarray) -> np.ndarray:
    """y_max of every sample, (S,): the one given, or the best of the task's configurations."""
    if settings.best_accuracy is not None:
        return np.full(len(accuracy), settings.best_accuracy)
    return np.asarray(accuracy.max(axis=1))


def _points(rho: np.ndarray, accuracy: np.ndarray) -> list[Point]:
    """The points of one curve; of configurations with equal parallelism, the most accurate."""
    best: dict[float, float] = {}
    for r, y in zip(rho.tolist(), accuracy.tolist(), strict=True):
        best[r] = max(y, best.get(r, 0.0))
    return [Point(r, y) for r, y in best.items()]


def _aup(curve: list[Point], best: float, settings: AupSettings) -> float:
    if best == 0:
        return 0.0  # nothing is right anywhere
    return accuracy_under_parallelism(
        curve, best, decay=settings.decay, tolerance=settings.tolerance
    )
