"""Progress of a run: one bar with running accuracy, speed and the time left over all cells."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from apd.runs.grid import Cell
from apd.runs.rows import Event

Row = Mapping[str, Any]


class RunProgress:
    """Told of cells as they advance; says on a console how far everything is. Context manager.

    A terminal gets a bar, anything else a line a finished cell. The time left assumes that the work
    done so far was typical, a problem of each cell weighed by its `seconds` (any unit will do).
    """

    def __init__(
        self, console: Console, problems: Mapping[Cell, int], seconds: Callable[[Cell], float]
    ) -> None:
        """`problems` are those of each cell that is to be run."""
        self._console, self._problems = console, problems
        self._seconds = {cell: seconds(cell) for cell in problems}
        self._rows: dict[Cell, list[Row]] = {cell: [] for cell in problems}
        self._finished: set[Cell] = set()
        self._worked = 0.0  # weight of the work done since the start
        self._start = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            TextColumn("{task.percentage:.0f}%  {task.fields[figures]}  {task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        total = max(self._weight_left(), 1e-9)
        self._bar = self._progress.add_task("", total=total, figures="", left="", visible=False)
        self._total = total

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def handle(self, event: Event) -> None:
        """Take in one event of a running cell."""
        cell, problems = event.cell, self._problems[event.cell]
        if event.kind == "say":
            self.say(event.text)
            return
        self._rows[cell] += event.rows
        if event.kind == "advance":
            self._worked += self._seconds[cell]
        elif 0 < len(event.rows) < problems:
            self.say(f"{cell.key}: resuming behind {len(event.rows)} of {problems} problems")
        self._show(cell)

    def finish(self, cell: Cell, rows: Sequence[Row]) -> None:
        """A cell is finished and stored, with these rows."""
        # An engine may have sent no events.
        self._worked += self._seconds[cell] * (self._problems[cell] - len(self._rows[cell]))
        self._rows[cell] = list(rows)
        self._finished.add(cell)
        self._show(cell)
        if not self._console.is_terminal:
            figures = f"{running_figures(rows)}  {_parallelism(rows):.2f} tok/iteration".strip()
            self.say(f"{self._title(cell)}: {len(rows)} problems, {figures}; {self.time_left()}")

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line, soft_wrap=True)

    def time_left(self) -> str:
        """ "ETA 1:02:03", "done", or "ETA unknown" before any work is done."""
        left = self._weight_left()
        if left <= 0:
            return "done"
        if not self._worked:
            return "ETA unknown"
        return f"ETA {clock((time.monotonic() - self._start) * left / self._worked)}"

    def _weight_left(self) -> float:
        return sum(self._seconds[c] * (n - len(self._rows[c])) for c, n in self._problems.items())

    def _title(self, cell: Cell) -> str:
        if len(self._problems) == 1:
            return cell.key
        return f"{len(self._finished)} of {len(self._problems)} cells, {cell.key}"

    def _show(self, cell: Cell) -> None:
        rows = self._rows[cell]
        self._progress.update(
            self._bar,
            description=f"{self._title(cell)} {len(rows)}/{self._problems[cell]}",
            completed=self._total - self._weight_left(),
            figures=running_figures(rows),
            left=self.time_left(),
            visible=True,
        )


def running_figures(rows: Sequence[Row]) -> str:
    """Accuracy and tokens per second so far, means over problems; no speed for a batch's rows."""
    judged = [row["correct"] for row in rows if row["correct"] is not None]
    timed = [row for row in rows if row["batch_size"] == 1]
    figures = [f"accuracy {sum(judged) / len(judged):.3f}"] if judged else []
    if timed:
        speeds = [row["generated_tokens"] / row["wall_s"] for row in timed]
        figures.append(f"{sum(speeds) / len(speeds):.0f} tok/s")
    return "  ".join(figures)


def _parallelism(rows: Sequence[Row]) -> float:
    """Tokens per iteration, mean over problems."""
    return sum(row["generated_tokens"] / row["iterations"] for row in rows) / len(rows)


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
