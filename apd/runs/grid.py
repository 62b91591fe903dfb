"""What an experiment runs: configurations over tasks, on one pair, stored as one artefact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apd.decoding.configuration import Configuration


@dataclass(frozen=True)
class Cell:
    """One configuration over one task: a cell of an experiment's grid."""

    task: str
    configuration: Configuration

    @property
    def key(self) -> str:
        """Unique within an experiment."""
        return f"{self.task}/{self.configuration.id}"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A grid of cells on one pair, stored as one artefact.

    Attributes:
        artefact: name of the table, e.g. "fig3" or "models".
        pair: name of the pair of models.
        cells: what to run, in the order of the table.
        seed: integer >= 0; every problem's noise derives from it.
        limit: only the first so many problems of each task (>= 1), or None for all.
        batch_size: problems decoded at once (>= 1). Above 1 a problem has no time of its own.
        dtype: precision of the weights, or None for the pair's own.

    Raises:
        ValueError: no cells, two cells of one key, or a number out of range.
    """

    artefact: str
    pair: str
    cells: tuple[Cell, ...]
    seed: int = 0
    limit: int | None = None
    batch_size: int = 1
    dtype: str | None = None

    def __post_init__(self) -> None:
        keys = [cell.key for cell in self.cells]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if not keys or twice:
            raise ValueError(f"an experiment needs cells, each once; twice: {twice or 'none'}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit is {self.limit}: use 1 or more, or leave it out for all")
        if self.batch_size < 1:
            raise ValueError(f"batch size is {self.batch_size}: use an integer >= 1")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: use an integer >= 0")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of the cells, each once, in order of appearance."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells))

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the cells need, each once, in order of appearance."""
        needed = (name for cell in self.cells for name in cell.configuration.models)
        return tuple(dict.fromkeys(needed))


def over_tasks(tasks: Iterable[str], configurations: Iterable[Configuration]) -> tuple[Cell, ...]:
    """Every configuration over every task."""
    configurations = tuple(configurations)
    return tuple(Cell(task, configuration) for task in tasks for configuration in configurations)
