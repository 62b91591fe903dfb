"""The rows of a cell: its problems decoded, judged and written down one after the other.

A run that is killed (even ``kill -9``) loses at most the problems in flight: run again, the cell
goes on where it stopped, to the same tokens as an uninterrupted run. Before the first problem that
a process times, it decodes that problem once untimed: a first decode allocates and compiles.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from apd.decoding import DecodeResult
from apd.errors import ApdError
from apd.runs.cells import CellStore, Job
from apd.runs.decode import decode_problems, problem_seed
from apd.runs.grid import Cell
from apd.runs.journal import Entry, Journal
from apd.runs.provenance import now
from apd.tasks.task import ACCURACY, FAITHFULNESS

if TYPE_CHECKING:
    from apd.models.pairs import Pair


class Event(NamedTuple):
    """What happens to a cell.

    "begin" comes with the rows that earlier runs finished, "advance" with one more, "say" with a
    text for the reader.
    """

    kind: Literal["begin", "advance", "say"]
    cell: Cell
    rows: Sequence[Entry] = ()
    text: str = ""


Emit = Callable[[Event], None]


def run_cell(
    job: Job,
    store: CellStore,
    pair: Pair,
    session: Mapping[str, Any],
    emit: Emit = lambda event: None,
    *,
    restart: bool = False,
) -> None:
    """Run a cell to its end, resuming what an earlier run left.

    Args:
        job: the cell, and how many problems of it.
        store: receives the rows.
        pair: the loaded models.
        session: this process, as in `provenance.describe_session`.
        emit: told of every row.
        restart: forget the rows of earlier runs.

    Raises:
        ApdError: another run writes the cell, its file is damaged or cannot be written, or the
            memory is too small for a single problem.
    """
    with Journal(store.journal(job), store.header(job), restart=restart) as journal:
        problems = store.problems(job)
        done = {row["problem_id"]: row for row in journal.contents.rows}
        emit(Event("begin", job.cell, [done[problem] for problem in problems if problem in done]))
        pending = [problem for problem in problems if problem not in done]
        if not pending:
            return
        journal.start_session(session)
        decode = functools.partial(decode_batch, job, store, pair)

        def say(text: str) -> None:
            emit(Event("say", job.cell, text=f"{job.cell.key}: {text}"))

        size = job.experiment.batch_size
        decode = functools.partial(decode_batch, job, store, pair)
        for batch, results in in_batches(pending, size, decode, say):
            for problem, result in zip(batch, results, strict=True):
                row = judged_row(job, store, problem, result)
                journal.append(row)
                emit(Event("advance", job.cell, [row]))


def in_batches(
    problems: Sequence[int],
    size: int,
    decode: Callable[[Sequence[int]], list[DecodeResult]],
    say: Callable[[str], None],
) -> Iterator[tuple[Sequence[int], list[DecodeResult]]]:
    """Decode problems, at most `size` at once, the first batch once more beforehand.

    Where the memory does not suffice, batches are half as large from then on.

    Raises:
        ApdError: it does not suffice for a single problem.
    """
    warm, start = False, 0
    while start < len(problems):
        batch = problems[start : start + size]
        results: list[DecodeResult] = []
        try:
            if not warm:
                decode(batch)
            warm = True
            results = decode(batch)
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        if results:
            yield batch, results
            start += len(batch)
        elif len(batch) == 1:
            raise ApdError(
                f"out of memory while decoding problem {batch[0]} alone; what was finished is "
                "stored: use a smaller canvas or precision, or another device"
            )
        else:  # what the failed attempt held is free by now
            torch.cuda.empty_cache()
            size = len(batch) // 2
            say(f"out of memory with {len(batch)} problems at once: going on with {size}")


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an exception of Python or torch, on any device, says that memory is lacking."""
    words = str(error).lower()
    said = any(text in words for text in ("out of memory", "allocate memory", "not enough memory"))
    return said or isinstance(error, (MemoryError, torch.OutOfMemoryError))


def decode_batch(
    job: Job, store: CellStore, pair: Pair, problems: Sequence[int]
) -> list[DecodeResult]:
    """The decodes of some problems of a cell, each with its own noise."""
    task = store.task(job.cell.task)
    prompts = [task.prompt_ids(pair, problem) for problem in problems]  # (P,) each
    seeds = [problem_seed(job.experiment.seed, problem) for problem in problems]
    return decode_problems(pair, job.cell.configuration, prompts, seeds)


def judged_row(job: Job, store: CellStore, problem: int, result: DecodeResult) -> Entry:
    """A finished problem as a row of the table, with the reply beside it as `text`."""
    task, configuration = store.task(job.cell.task), job.cell.configuration
    verifier = store.models["verifier"].version if configuration.verified else None
    verdicts = task.verdicts(task.rows[problem], result.text)
    return {
        "configuration": configuration.id,
        "algorithm": configuration.algorithm,
        "model": configuration.model,
        **configuration.parameters,
        "model_version": store.models[configuration.model].version,
        "verifier_version": verifier,
        "task": task.name,
        "problem_id": problem,
        "seed": job.experiment.seed,
        "correct": verdicts.get(ACCURACY),
        "faithful": verdicts.get(FAITHFULNESS),
        "prompt_tokens": result.prompt_length,
        "generated_tokens": result.generated_tokens,
        "generated_tokens_reference": result.generated_tokens_reference,
        "iterations": len(result.iterations),
        **most_per_iteration(result),
        "dllm_forwards": result.dllm_forwards,
        "verifier_forwards": result.verifier_forwards,
        "batch_size": job.experiment.batch_size,
        "wall_s": result.wall_s,
        "dllm_s": result.dllm_s,
        "verifier_s": result.verifier_s,
        "text": result.text,
        "ended": now(),
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
