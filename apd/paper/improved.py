"""What the attempts to improve APD are worth, read from the stored rows of their grid."""

from __future__ import annotations

import pandas as pd

from apd.display.markup import Markdown
from apd.paper.beyond import SHORT_LOOKAHEADS, STRIDES
from apd.paper.grids import APPENDIX_WEIGHT
from apd.paper.improving import BASELINE_WEIGHTS, IDEAS, configurations
from apd.paper.page import Figure
from apd.paper.scale import ESSAY, GSM, scaled
from apd.paper.settings import adaptive, left_to_right, variant
from apd.statistics.estimates import difference, ratio
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
    names = "; ".join(kept) if kept else "none"
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
    fast = _run(test, by_weight[R])
    gap = difference(fast["accuracy"], _run(test, slow)["accuracy"])
    row = {
        "R": R,
        "accuracy": fast["accuracy"].mean(),
        "above K = 1": gap.value,
        "stderr": gap.stderr,
        "tokens per iteration": fast["tokens_per_iteration"].mean(),
    }
    return pd.DataFrame([row])


def room_ahead(figure: Figure) -> pd.DataFrame:
    """A short lookahead with a hard end, and with masks in steps behind it, against no limit.

    Args:
        figure: the stored rows of the grid `apd.paper.beyond.sparse_lookahead`.

    Returns:
        A row for the whole canvas, and for every M and S (S = 0 shows none behind M). `masks` is
        how many the first pass shows. Then for each task, by columns (task, name): length of the
        texts and tokens per second over those of the whole canvas (geometric means of paired
        ratios), with standard errors of their logarithms; tokens per iteration; and of the word
        problems the difference in accuracy.
    """
    scale = figure.scale
    rows = {}
    points = [(m, stride) for m in SHORT_LOOKAHEADS for stride in (0, *STRIDES)]
    for m, stride in ((None, 0), *points):
        M = scale.canvas if m is None else scaled(m, scale.canvas)
        S = scaled(stride, scale.canvas) if stride else 0
        beyond = len(range(M - 1 + S, scale.canvas, S)) if S else 0
        row: dict[tuple[str, str], float] = {("", "masks"): M + beyond}
        for task in (ESSAY, GSM):
            part = figure.table[figure.table["task"] == scale.tasks[task]]
            if S:
                knobs = {"max_lookahead": M, "sparse_lookahead": S}
                shown = variant(scale, task, APPENDIX_WEIGHT, **knobs)
            else:
                shown = adaptive(scale, task, APPENDIX_WEIGHT, max_lookahead=m)
            ours = _run(part, shown.id)
            whole = _run(part, adaptive(scale, task, APPENDIX_WEIGHT).id)
            for name in ("generated_tokens", "throughput_tok_s"):
                over = ratio(ours[name], whole[name])
                row[task, name], row[task, f"{name} s.e."] = over.value, over.stderr
            row[task, "tokens_per_iteration"] = ours["tokens_per_iteration"].mean()
            if task == GSM:  # essays are not judged
                gap = difference(ours["accuracy"], whole["accuracy"])
                row[task, "accuracy"], row[task, "accuracy s.e."] = gap.value, gap.stderr
        rows[M, S] = row
    return pd.DataFrame(rows).T.rename_axis(["M", "S"])


def _run(table: pd.DataFrame, configuration: str) -> pd.DataFrame:
    """Metrics of one configuration's rows, indexed by problem."""
    rows = table[table["configuration"] == configuration]
    return per_problem(rows).set_axis(rows["problem_id"])


def _parts(figure: Figure) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the tuning problems, and of the test problems."""
    task = figure.scale.tasks[GSM]
    of_task = figure.table["task"]
    return figure.table[of_task == tuning_task(task)], figure.table[of_task == task]
