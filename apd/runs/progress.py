"""Progress of a run on the terminal: a bar with running accuracy, tokens per second and ETA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from apd.runs.grid import Cell
from apd.runs.run import Watcher


class ShownProgress:
    """A context manager that shows its `_progress` while it is entered."""

    _progress: Progress

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


class RichProgress(ShownProgress, Watcher):
    """One bar a cell on a terminal; on anything else one line a finished cell. Context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: list[Mapping[str, Any]] = []
        self._title = ""
        self._bar: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def begin(self, cell: Cell, problems: int, done: Sequence[Mapping[str, Any]]) -> None:
        self._rows = list(done)
        self._title = f"{cell.task} {cell.configuration.id}"
        if done and len(done) < problems:
            self._console.print(
                f"{self._title}: resuming behind {len(done)} of {problems} problems"
            )
        self._bar = self._progress.add_task(
            self._title, total=problems, completed=len(done), figures=running_figures(self._rows)
        )

    def advance(self, row: Mapping[str, Any]) -> None:
        self._rows.append(row)
        if self._bar is not None:
            self._progress.update(self._bar, advance=1, figures=running_figures(self._rows))

    def end(self) -> None:
        if not self._console.is_terminal:
            figures = f"{running_figures(self._rows)}  {_parallelism(self._rows):.2f} tok/iteration"
            self._console.print(
                f"{self._title}: {len(self._rows)} problems, {figures}", soft_wrap=True
            )


def running_figures(rows: Sequence[Mapping[str, Any]]) -> str:
    """Accuracy and tokens per second so far, means over problems; no speed for a batch's rows."""
    judged = [row["correct"] for row in rows if row["correct"] is not None]
    timed = [row for row in rows if row["batch_size"] == 1]
    figures = [f"accuracy {sum(judged) / len(judged):.3f}"] if judged else []
    if timed:
        speeds = [row["generated_tokens"] / row["wall_s"] for row in timed]
        figures.append(f"{sum(speeds) / len(speeds):.0f} tok/s")
    return "  ".join(figures)


def _parallelism(rows: Sequence[Mapping[str, Any]]) -> float:
    """Tokens per iteration, mean over problems."""
    return sum(row["generated_tokens"] / row["iterations"] for row in rows) / len(rows)
