"""The mini suite for lm-eval: rows with their messages, judged as everywhere else here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apd.mini import prompts, scoring, tasks

Row = Mapping[str, Any]


def as_datasets(source: str, **_: Any) -> dict[str, Any]:
    """What lm-eval calls for a task's data: {"test": datasets.Dataset}.

    Every row has its `system_message` and its `user_message` beside its own columns.
    """
    from datasets import Dataset

    shown = {"system_message": prompts.system_message(source)}
    rows = [
        {**row, **shown, "user_message": prompts.user_message(source, row)}
        for row in tasks.load_task(source)
    ]
    return {"test": Dataset.from_list(rows)}


def gsm_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """Whether the number after ``####``, else the last one, is right."""
    return {"exact_match": int(scoring.score("mini_gsm", row, replies[0]))}


def math_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """Whether the last ``boxed{…}`` is right."""
    return {"exact_match": int(scoring.score("mini_math", row, replies[0]))}


def gpqa_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """Whether the last ``(A)`` … ``(D)`` is right."""
    return {"exact_match": int(scoring.score("mini_gpqa", row, replies[0]))}


def lines_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """Whether the reply is a JSON list and one of the right results."""
    return {"exact_match": int(scoring.score("mini_lines", row, replies[0]))}


def humaneval_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """Whether the program passes its tests, in the sandbox."""
    return {"pass@1": int(scoring.score("mini_humaneval", row, replies[0]))}


def essay_results(row: Row, replies: Sequence[str]) -> dict[str, int]:
    """The length of the reply in words; an essay has no right answer."""
    return {"reply_words": len(replies[0].split())}
