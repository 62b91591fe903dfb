"""Whether a reply answers a row of the suite; each task is judged as the one it mirrors.

| task | right if | mirrors |
|---|---|---|
| ``mini_gsm`` | the number after ``####`` (else the last one) equals the reference's | GSM8K |
| ``mini_math`` | the last ``boxed{…}`` states the reference's | MATH |
| ``mini_gpqa`` | the last ``(A)`` … ``(D)`` names the right choice | GPQA |
| ``mini_lines`` | it is a JSON list and one of the right results | ParallelBench's line |
| ``mini_humaneval`` | the tests pass, in a separate process with limits | HumanEval |

``mini_essay`` has no right answer and is not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apd.errors import ApdError
from apd.evaluation import (
    extract_boxed,
    extract_choice,
    extract_gsm_answer,
    judge_code,
    same_answer,
)
from apd.mini.lines import is_right_line

Row = Mapping[str, Any]


def _score_gsm(row: Row, text: str) -> bool:
    return same_answer(extract_gsm_answer(text), _reference(extract_gsm_answer(row["answer"]), row))


def _score_math(row: Row, text: str) -> bool:
    return same_answer(extract_boxed(text), _reference(extract_boxed(row["solution"]), row))


def _score_gpqa(row: Row, text: str) -> bool:
    return extract_choice(text) == "ABCD"[row["choices"].index(row["Correct Answer"])]


def _score_humaneval(row: Row, text: str) -> bool:
    return judge_code(row, text).passed


def _reference(answer: str | None, row: Row) -> str:
    """The reference answer; a row without one is an error, never a row that nobody can solve."""
    if answer is None:
        raise ApdError(f"the row has no reference answer, its test set is damaged: {dict(row)!r}")
    return answer


_SCORERS: dict[str, Callable[[Row, str], bool]] = {
    "mini_gsm": _score_gsm,
    "mini_math": _score_math,
    "mini_gpqa": _score_gpqa,
    "mini_lines": is_right_line,
    "mini_humaneval": _score_humaneval,
}
SCORED_TASKS = tuple(_SCORERS)
CODE_TASKS = frozenset({"mini_humaneval"})  # scoring runs programs that the model wrote


def score(task: str, row: Row, text: str) -> bool:
    """Whether the reply `text` solves `row`. Raises ApdError for a task without right answers."""
    if task not in _SCORERS:
        raise ApdError(f"task {task!r} is not scored: choose one of {', '.join(SCORED_TASKS)}")
    return _SCORERS[task](row, text)
