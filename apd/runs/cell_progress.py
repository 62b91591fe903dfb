"""Progress of a reproduction over all its artefacts: one bar, with the time that is left."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from apd.runs.grid import Cell
from apd.runs.jobs import Event
from apd.runs.progress import ShownProgress


class ReproduceProgress(ShownProgress):
    """Told of cells as they advance; says on a console how far everything is. Context manager.

    The time left assumes that the work done so far was typical: `seconds` weighs a problem of each
    cell (any unit will do), so a cell of long decodes counts for more than one of short ones.
    """

    def __init__(
        self,
        console: Console,
        cells: Sequence[Cell],
        problems: Mapping[Cell, int],
        seconds: Mapping[Cell, float],
    ) -> None:
        self._console = console
        self._problems, self._seconds = problems, seconds
        self._left = {cell: problems[cell] for cell in cells}
        self._total = self._weight_left()
        self._finished: set[Cell] = set()
        self._worked = 0.0  # weight of the work done since the start
        self._start = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:.0f}%  {task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("", total=max(self._total, 1e-9), left="")

    def handle(self, event: Event) -> None:
        """Take in one event of a running cell."""
        kind, cell, number = event
        if kind == "begin":
            self._left[cell] -= number
        elif kind == "advance":
            self._left[cell] -= 1
            self._worked += self._seconds[cell]
        self._show(cell)

    def finish(self, cell: Cell) -> None:
        """A cell is finished and stored."""
        self._finished.add(cell)
        if self._left[cell]:  # an engine that sends no events
            self._worked += self._seconds[cell] * self._left[cell]
            self._left[cell] = 0
        self._show(cell)
        if not self._console.is_terminal:
            self._console.print(
                f"{len(self._finished)} of {len(self._left)} cells: {cell.key}, "
                f"{self._problems[cell]} problems; {self.time_left()}",
                soft_wrap=True,
            )

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
        return sum(self._seconds[cell] * left for cell, left in self._left.items())

    def _show(self, cell: Cell) -> None:
        done = f"{len(self._finished)} of {len(self._left)} cells, {cell.key}"
        completed = self._total - self._weight_left()
        self._progress.update(
            self._bar, description=done, completed=completed, left=self.time_left()
        )


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
