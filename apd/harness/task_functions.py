"""What the files in ``definitions/`` name: the rows of a task with its messages, and its judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apd.tasks import find_task, load_task
from apd.tasks.judging.judge import Judge
from apd.tasks.judging.numbers import MARKED_NUMBER
from apd.tasks.task import ACCURACY, FAITHFULNESS

Row = Mapping[str, Any]
Replies = Sequence[Sequence[str]]
NO_ANSWER = "[invalid]"
INDEX_COLUMN = "index_in_task"  # lm-eval's own number counts the rows of --samples alone


def as_datasets(source: str, data_dir: str | None = None, **_: Any) -> dict[str, Any]:
    """What lm-eval calls for a task's data: {"test": datasets.Dataset}.

    Every row has the task's name, its index and its messages beside its own columns. The data
    directory comes in through the task manager's metadata.
    """
    from datasets import Dataset

    task = load_task(source, data_dir)
    shown: dict[str, Any] = {"task": source, "system_message": task.system}
    rows = [
        {**row, **shown, "user_message": task.user(row), INDEX_COLUMN: i}
        for i, row in enumerate(task.rows)
    ]
    if task.prefix is not None:
        rows = [{**row, "reply_prefix": task.prefix(row)} for row in rows]
    return {"test": Dataset.from_list(rows)}


def answers(replies: Replies, rows: Sequence[Row]) -> list[list[Any]]:
    """A filter: the answer in each of a problem's replies."""
    return _found([find_task(row["task"]).judges[ACCURACY] for row in rows], replies, rows)


def marked_numbers(replies: Replies, rows: Sequence[Row]) -> list[list[Any]]:
    """A filter: the number behind ``####`` (lm-eval's "strict-match")."""
    return _found([MARKED_NUMBER for _ in rows], replies, rows)


def _found(judges: Sequence[Judge], replies: Replies, rows: Sequence[Row]) -> list[list[Any]]:
    found = [
        [judge.find(row, reply) for reply in of_problem]
        for judge, of_problem, row in zip(judges, replies, rows, strict=True)
    ]
    return [[NO_ANSWER if answer is None else answer for answer in each] for each in found]


def exact_match(row: Row, found: Sequence[Any]) -> dict[str, float]:
    """Whether the answer is right."""
    return {"exact_match": _share_right(row, found)}


def pass_at_1(row: Row, found: Sequence[Any]) -> dict[str, float]:
    """The share of the solutions that pass the problem's tests."""
    return {"pass@1": _share_right(row, found)}


def verdicts(row: Row, replies: Sequence[str]) -> dict[str, float]:
    """What the judges of a mini task say of the reply: the answer, and its faithfulness."""
    task = find_task(row["task"])
    given = task.verdicts(row, replies[0])
    answer = "pass@1" if task.runs_code else "exact_match"
    return {answer: float(given[ACCURACY]), FAITHFULNESS: float(given[FAITHFULNESS])}


def _share_right(row: Row, found: Sequence[Any]) -> float:
    each = found[0] if isinstance(found[0], list) else found
    accept = find_task(row["task"]).judges[ACCURACY].accept
    return sum(accept(row, answer) for answer in each) / len(each)


def reply_words(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """The length of the reply in words; an essay has no right answer."""
    return {"reply_words": len(replies[0].split())}
