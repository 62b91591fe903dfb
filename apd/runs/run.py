"""Run an experiment: every cell over its problems, resumable, then store the table.

A killed run (even ``kill -9``) loses at most the problems in flight: run it again and it goes on
where it stopped, to the same tokens as an uninterrupted run. Before the first problem of a cell
that a process times, it decodes that problem once untimed: a first decode allocates and compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.decoding import DecodeResult
from apd.decoding.configuration import Configuration
from apd.runs.decode import decode_problems, problem_seed, require_runnable
from apd.runs.description import fingerprint, provenance
from apd.runs.grid import Cell, Experiment, over_tasks
from apd.runs.journal import Journal
from apd.runs.provenance import ModelFiles, describe_session
from apd.runs.replies import write_replies
from apd.runs.table import as_table, write_results
from apd.tasks import Task, load_task

if TYPE_CHECKING:
    from apd.models.pairs import Pair

__all__ = ["Cell", "Configuration", "Experiment", "Watcher", "over_tasks", "run_experiment"]

Row = dict[str, Any]


class Watcher:
    """Told what a run does. This one is silent; `apd.runs.progress` has one that shows."""

    def begin(self, cell: Cell, problems: int, done: Sequence[Row]) -> None:
        """A cell starts: its number of problems, and the rows that an earlier run finished."""

    def advance(self, row: Row) -> None:
        """A problem of the current cell is finished and on disk."""

    def end(self) -> None:
        """The current cell is finished."""


@dataclass(frozen=True)
class _Run:
    """What all problems of one run share."""

    experiment: Experiment
    tasks: Mapping[str, Task]
    pair: Pair
    models: Mapping[str, ModelFiles]


def run_experiment(
    experiment: Experiment,
    pair: Pair,
    models: Mapping[str, ModelFiles],
    directory: Path,
    *,
    watcher: Watcher | None = None,
    task_loader: Callable[[str], Task] = load_task,
    keep_replies: bool = False,
    restart: bool = False,
) -> Path:
    """Run an experiment to its end, resuming what an earlier run left, and store the table.

    Args:
        experiment: what to run.
        pair: the loaded models.
        models: the files of every model that the experiment needs (`experiment.models`).
        directory: receives the table, its provenance and, until the end, the journal.
        watcher: told of every finished problem.
        task_loader: finds a task by name.
        keep_replies: also write every prompt and reply, to ``<artefact>.replies.jsonl``.
        restart: forget what an earlier run left.

    Returns:
        The path of the table.

    Raises:
        ApdError: the pair lacks a model, the journal is damaged or of another run, or the output
            cannot be written.
    """
    for cell in experiment.cells:
        require_runnable(pair, cell.configuration)
    run = _Run(experiment, {name: task_loader(name) for name in experiment.tasks}, pair, models)
    path = directory / f"{experiment.artefact}.journal.jsonl"
    with Journal(path, fingerprint(experiment, run.tasks, models), restart=restart) as journal:
        journal.start_session(describe_session(str(pair.dllm.device)))
        rows: list[Row] = []
        for cell in experiment.cells:
            rows += _run_cell(run, cell, journal, watcher or Watcher())
        if keep_replies:
            write_replies(directory / f"{experiment.artefact}.replies.jsonl", rows, run.tasks)
        return _store(run, rows, journal, directory)


def _store(run: _Run, rows: Sequence[Row], journal: Journal, directory: Path) -> Path:
    """Write the finished table; the journal goes unless a longer run may still need it."""
    origin = provenance(run.experiment, run.tasks, run.models, journal.sessions)
    table = write_results(directory, run.experiment.artefact, as_table(rows), origin)
    if len(rows) == len(journal.rows):
        journal.delete()
    return table


def _run_cell(run: _Run, cell: Cell, journal: Journal, watcher: Watcher) -> list[Row]:
    """All rows of one cell, by problem: those in the journal, and the rest decoded now."""
    problems = run.tasks[cell.task].problem_ids(run.experiment.limit)
    done = {row["problem_id"]: row for row in journal.rows if row["cell"] == cell.key}
    watcher.begin(cell, len(problems), [done[problem] for problem in problems if problem in done])
    pending = [problem for problem in problems if problem not in done]
    if pending:  # the warm-up
        decode_batch(run, cell, pending[: run.experiment.batch_size])
    for batch in batched(pending, run.experiment.batch_size):
        for problem, result in zip(batch, decode_batch(run, cell, batch), strict=True):
            done[problem] = judged_row(run, cell, problem, result)
            journal.append(done[problem])
            watcher.advance(done[problem])
    watcher.end()
    return [done[problem] for problem in problems]


def batched(problems: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Consecutive slices of at most `size` problems."""
    return (problems[start : start + size] for start in range(0, len(problems), size))


def decode_batch(run: _Run, cell: Cell, problems: Sequence[int]) -> list[DecodeResult]:
    """The decodes of some problems of a cell, each with its own noise."""
    task = run.tasks[cell.task]
    prompts = [task.prompt_ids(run.pair, problem) for problem in problems]  # (P,) each
    seeds = [problem_seed(run.experiment.seed, problem) for problem in problems]
    return decode_problems(run.pair, cell.configuration, prompts, seeds)


def judged_row(run: _Run, cell: Cell, problem: int, result: DecodeResult) -> Row:
    """A finished problem as a row of the table, with the reply beside it as `text`."""
    task, configuration, models = run.tasks[cell.task], cell.configuration, run.models
    return {
        "cell": cell.key,
        "artefact": run.experiment.artefact,
        "configuration": configuration.id,
        "algorithm": configuration.algorithm,
        "model": configuration.model,
        **configuration.parameters,
        "model_version": models[configuration.model].version,
        "verifier_version": models["verifier"].version if configuration.verified else None,
        "task": task.name,
        "problem_id": problem,
        "seed": run.experiment.seed,
        "correct": task.score(task.rows[problem], result.text) if task.score else None,
        "prompt_tokens": result.prompt_length,
        "generated_tokens": result.generated_tokens,
        "generated_tokens_reference": result.generated_tokens_reference,
        "iterations": len(result.iterations),
        **most_per_iteration(result),
        "dllm_forwards": result.dllm_forwards,
        "verifier_forwards": result.verifier_forwards,
        "batch_size": run.experiment.batch_size,
        "wall_s": result.wall_s,
        "dllm_s": result.dllm_s,
        "verifier_s": result.verifier_s,
        "text": result.text,
    }


def most_per_iteration(result: DecodeResult) -> dict[str, int]:
    """The most tokens that one iteration committed: of the answer, and with what lies behind it."""
    end = result.prompt_length + result.generated_tokens
    of_answer = [sum(p < end for p in iteration.positions) for iteration in result.iterations]
    return {
        "max_tokens_per_iteration": max(of_answer, default=0),
        "max_tokens_per_iteration_reference": max(
            (len(iteration.accepted) for iteration in result.iterations), default=0
        ),
    }
