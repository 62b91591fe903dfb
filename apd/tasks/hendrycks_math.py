"""MATH, zero-shot with the paper's system prompt and 512 tokens; the user message is lm-eval's.

`hendrycks_math` is all seven subjects, taken in turn: its first 700 problems are the first 100 of
each subject.
"""

from collections.abc import Mapping
from typing import Any

from apd.tasks.judging.boxed import BOXED, reference_answer
from apd.tasks.rows import HubRows, InTurn, Source
from apd.tasks.system_messages import REASONED
from apd.tasks.task import ACCURACY, Task

_SUBJECTS = {  # the task's name for a subject: the hub's
    "algebra": "algebra",
    "counting_and_prob": "counting_and_probability",
    "geometry": "geometry",
    "intermediate_algebra": "intermediate_algebra",
    "num_theory": "number_theory",
    "prealgebra": "prealgebra",
    "precalc": "precalculus",
}


def _subject(name: str) -> HubRows:
    """The rows of a subject, each with its `subject` and the boxed `answer` of its solution."""

    def prepare(row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "answer": reference_answer(row["solution"]), "subject": name}

    columns = ("problem", "solution", "level", "type")
    return HubRows("EleutherAI/hendrycks_math", _SUBJECTS[name], "test", columns, prepare)


def _math(name: str, source: Source) -> Task:
    return Task(
        name=name,
        source=source,
        system=f"{REASONED}boxed{{ANSWER}}.",
        user=lambda row: f"Problem: {row['problem']}\nAnswer:",
        judges={ACCURACY: BOXED},
        stops=("Problem:",),
        max_new_tokens=512,
    )


MATH = _math("hendrycks_math", InTurn(tuple(map(_subject, _SUBJECTS))))
MATH_SUBJECTS = tuple(_math(f"hendrycks_math_{name}", _subject(name)) for name in _SUBJECTS)
