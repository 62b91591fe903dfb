"""What the attempts to improve APD are worth, read from the stored rows of their grid."""

from __future__ import annotations

import pandas as pd

from apd.display.markup import Markdown
from apd.paper.improving import BASELINE_WEIGHTS, IDEAS, configurations
from apd.paper.page import Figure
from apd.paper.scale import GSM
from apd.paper.settings import adaptive, left_to_right
from apd.statistics.estimates import difference
from apd.statistics.frontier import calibrated, chosen_on_tuning
from apd.statistics.summary import per_problem
from apd.tasks.tuning import tuning_task


def outcomes(figure: Figure, *, count_verifier: bool = False) -> pd.DataFrame:
    """What each idea is worth, from the grid's stored rows; see `chosen_on_tuning`."""
    tuning, test = _parts(figure)
    ideas = {idea: [c.id for c in configurations(figure.scale, idea)] for idea in IDEAS}
    plain = [adaptive(figure.scale, GSM, R).id for R in BASELINE_WEIGHTS]
    return chosen_on_tuning(tuning, test, plain, ideas, count_verifier=count_verifier)


def verdict(found: pd.DataFrame) -> Markdown:
    """Which ideas were kept, in a sentence."""
    kept = [f"*{idea}*" for idea, row in found.iterrows() if row["kept"]]
    names = ", ".join(kept) if kept else "none"
    return Markdown(
        f"Of {len(found)} ideas, {len(kept)} lie above the frontier of plain APD on the test "
        f"problems by more than two paired standard errors: {names}."
    )


def calibration(figure: Figure, tolerance: float) -> pd.DataFrame:
    """R chosen on the tuning problems, and what it gives on the test problems.

    Args:
        figure: the grid's stored rows.
        tolerance: accuracy that R may lose against K = 1 on the tuning problems, in [0, 1].

    Returns:
        One row: R, and on the test problems accuracy, its gap to K = 1 with the paired standard
        error, tokens_per_iteration.
    """
    tuning, test = _parts(figure)
    slow = left_to_right(figure.scale, GSM).id
    by_weight = {R: adaptive(figure.scale, GSM, R).id for R in BASELINE_WEIGHTS}
    R = calibrated(tuning, slow, by_weight, tolerance)
    runs = {
        name: per_problem(test[test["configuration"] == name]).set_axis(
            test.loc[test["configuration"] == name, "problem_id"]
        )
        for name in (slow, by_weight[R])
    }
    fast = runs[by_weight[R]]
    gap = difference(fast["accuracy"], runs[slow]["accuracy"])
    row = {
        "R": R,
        "accuracy": fast["accuracy"].mean(),
        "above K = 1": gap.value,
        "stderr": gap.stderr,
        "tokens per iteration": fast["tokens_per_iteration"].mean(),
    }
    return pd.DataFrame([row])


def _parts(figure: Figure) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the tuning problems, and of the test problems."""
    task = figure.scale.tasks[GSM]
    of_task = figure.table["task"]
    return figure.table[of_task == tuning_task(task)], figure.table[of_task == task]
