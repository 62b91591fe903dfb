"""How far a decoder lies above the frontier of another one whose knob is turned.

The frontier of plain APD over R is the accuracy that it reaches at some parallelism or more, with
straight lines between its points. What an attempt at improvement is worth is how much more accurate
it is than that frontier at its own tokens per forward. All decoders meet the same problems; the
standard error is the spread of the gain when the problems are drawn again with replacement, the
same ones for all of them, so it is a paired one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from apd.errors import ApdError
from apd.statistics.aup_curves import Counts
from apd.statistics.estimates import difference


def frontier_gains(
    table: pd.DataFrame,
    plain: Sequence[str],
    tried: Sequence[str],
    *,
    count_verifier: bool = False,
    resamples: int = 400,
    seed: int = 0,
) -> pd.DataFrame:
    """Gain of every configuration in `tried` over the frontier of those in `plain`.

    Args:
        table: rows of one task.
        plain, tried: ids of configurations.
        count_verifier: whether the verifier's passes count as forwards.
        resamples, seed: of the problems.

    Returns:
        By configuration: tokens_per_forward, accuracy and gain (percentage points), stderr of the
        gain.

    Raises:
        ApdError: a configuration is missing, or they were run on different problems.
    """
    names = list(dict.fromkeys((*plain, *tried)))
    present = set(table["configuration"])
    if missing := [name for name in names if name not in present]:
        raise ApdError(f"the table has no {missing[0]}; run its experiment again")
    counts = Counts(table[table["configuration"].isin(names)], count_verifier=count_verifier)
    n, order = counts.problems, counts.configurations["configuration"].tolist()
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    rho, accuracy = counts.points(np.vstack([np.ones((1, n)), drawn]))  # (1 + S, C) each
    base = [order.index(name) for name in plain]
    rows = {}
    for name in tried:
        at = order.index(name)
        frontiers = zip(rho[:, at], accuracy[:, at], rho[:, base], accuracy[:, base], strict=True)
        gains = np.array([y - frontier_at(r, rs, ys) for r, y, rs, ys in frontiers])
        rows[name] = {
            "tokens_per_forward": rho[0, at],
            "accuracy": accuracy[0, at],
            "gain": gains[0],
            "stderr": gains[1:].std(ddof=1) if resamples > 1 else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("configuration")


def frontier_at(parallelism: float, points: np.ndarray, accuracies: np.ndarray) -> float:
    """The best accuracy among some points at `parallelism` or more; (C,) each.

    Straight lines join neighbours. Beyond the fastest point it stays at that one's accuracy.
    """
    order = np.argsort(points, kind="stable")
    best = np.maximum.accumulate(accuracies[order][::-1])[::-1]
    return float(np.interp(parallelism, points[order], best))


def chosen_on_tuning(
    tuning: pd.DataFrame,
    test: pd.DataFrame,
    plain: Sequence[str],
    ideas: Mapping[str, Sequence[str]],
    **options: bool | int,
) -> pd.DataFrame:
    """What every idea is worth on test problems, at the setting that is best on tuning problems.

    Args:
        tuning, test: rows of two tasks that share no problem.
        plain: ids of the configurations that make the frontier.
        ideas: name -> ids of its settings.
        options: those of `frontier_gains`.

    Returns:
        By idea: configuration, tuning_gain, and as of `frontier_gains` on the test problems;
        ``kept`` says whether the gain there is more than two standard errors.
    """
    every = [name for names in ideas.values() for name in names]
    on_tuning, on_test = (
        frontier_gains(part, plain, every, **options)  # type: ignore[arg-type]
        for part in (tuning, test)
    )
    rows = {}
    for idea, names in ideas.items():
        best = on_tuning.loc[list(names), "gain"].idxmax()
        found = on_test.loc[best]
        rows[idea] = {
            "configuration": best,
            "tuning_gain": on_tuning.loc[best, "gain"],
            **found,
            "kept": bool(found["gain"] > 2 * found["stderr"]),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("idea")


def calibrated(
    tuning: pd.DataFrame, slow: str, by_weight: Mapping[float, str], tolerance: float
) -> float:
    """The one number R: the largest at which accuracy is within `tolerance` of slow decoding.

    Args:
        tuning: rows of the tuning problems.
        slow: id of the slow configuration, K = 1.
        by_weight: R -> id of the configuration.
        tolerance: accuracy that may be lost, in [0, 1].

    Returns:
        R; the smallest one if none is within the tolerance.
    """
    runs = {
        name: run.set_index("problem_id")["correct"].astype(float)
        for name, run in tuning.groupby("configuration")
    }
    within = [
        R
        for R, name in by_weight.items()
        if difference(runs[name], runs[slow]).value >= -tolerance - 1e-12
    ]
    return max(within, default=min(by_weight))
