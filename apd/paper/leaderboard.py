"""The published d3LLM leaderboard: points of other methods on the 7B models.

``data/aup_leaderboard.csv`` is the leaderboard of github.com/hao-ai-lab/d3LLM as it stood on 1 May
2026: board, task, method, tokens per forward, accuracy in percent; 126 points, by their authors'
hardware and prompts. APD is not among them.
"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from apd.display.markup import Html
from apd.display.sortable import TableCell, number, sortable_table
from apd.paper.gpu_hours import problem_seconds, problems_of
from apd.paper.grids import MIXTURE_WEIGHTS
from apd.paper.scale import GSM, MATH, scale_of
from apd.paper.settings import adaptive
from apd.paths import data_dir
from apd.runs.grid import Cell
from apd.statistics.aup import Point, accuracy_under_parallelism, kept_points

PAIR = "dream-7b"
SCALE = scale_of(PAIR)
OURS = {"GSM8K-CoT": GSM, "MATH": MATH}  # tasks of the Dream board that APD's row could have


@lru_cache(maxsize=1)
def leaderboard() -> pd.DataFrame:
    """All points, with columns as in the file."""
    return pd.read_csv(data_dir() / "aup_leaderboard.csv")


def published_aup(board: str) -> pd.DataFrame:
    """Every method of a board on every task: its fastest point that counts, and AUP.

    AUP is computed from the points as :mod:`apd.statistics.aup` has it, with the best accuracy of
    the board on the task as y_max.

    Returns:
        Columns task, method, points, accuracy (percent), tokens_per_forward, aup.
    """
    table = leaderboard()
    rows = []
    for task, of_task in table[table["board"] == board].groupby("task", sort=False):
        best = float(of_task["accuracy_percent"].max())
        for method, of_method in of_task.groupby("method", sort=False):
            best_at: dict[float, float] = {}
            for row in of_method.itertuples():
                known = best_at.get(row.tokens_per_forward, 0.0)
                best_at[row.tokens_per_forward] = max(known, row.accuracy_percent)
            points = kept_points(Point(*point) for point in best_at.items())
            fastest = points[-1]
            aup = accuracy_under_parallelism(points, best)
            rows.append((task, method, len(points), fastest.accuracy, fastest.parallelism, aup))
    columns = ["task", "method", "points", "accuracy", "tokens_per_forward", "aup"]
    return pd.DataFrame(rows, columns=columns)


def leaderboard_table(board: str) -> Html:
    """A board as a sortable table, with an empty row for APD on each of the tasks it can run."""
    rows: list[list[TableCell | str]] = [
        [
            f"{row.method}, {row.task}",
            number(row.accuracy, 1),
            number(row.tokens_per_forward, 2),
            number(row.aup, 1),
        ]
        for row in published_aup(board).itertuples()
    ]
    if board == "dream":
        rows += [[f"APD, {task}", *["not measured yet"] * 3] for task in OURS]
    headings = ["method and task", "accuracy (%)", "tokens/forward", "AUP"]
    caption = f"Published, board {board}: every method at its fastest point"
    return sortable_table(headings, rows, caption)


def commands() -> str:
    """What fills APD's row: a run for each R and task, and AUP of what they stored."""
    weights = " ".join(map(str, MIXTURE_WEIGHTS))
    runs = [
        f"for R in {weights}; do\n"
        f"  apd eval --pair {PAIR} --mixture-weight $R --task {SCALE.tasks[task]}\n"
        "done"
        for task in (GSM, MATH)
    ]
    return "\n".join([*runs, f"apd aup results/{PAIR}/*.parquet"])


def hours() -> dict[str, float]:
    """How long each task's runs take on the paper's GPU, by its own published speeds."""
    found = {}
    for task in (GSM, MATH):
        cells = [Cell(SCALE.tasks[task], adaptive(SCALE, task, R)) for R in MIXTURE_WEIGHTS]
        seconds = sum(problems_of(c, SCALE) * problem_seconds(c, SCALE) for c in cells)
        found[SCALE.tasks[task]] = seconds / 3600
    return found
