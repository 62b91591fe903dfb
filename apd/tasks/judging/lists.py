"""Lists as answers, judged as ParallelBench judges its waiting lines.

A row's `answer` is the list as text where one list is right, and else a mapping: `input` holds the
list that the user gave, `word` the name to be put in. Lists are JSON lists of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apd.tasks.judging.judge import Judge, Row

_STRICT = re.compile(r'\[("[^"]*"(?:, "[^"]*")*)\]')
Names = list[str]


def loose_list(reply: str) -> Names:
    """What stands behind the last bracket, cut at commas; quotes and spaces around it are dropped.

    Missing brackets and quotes are forgiven, so a whole reply may be a list.
    """
    inside = reply.rpartition("[")[2].partition("]")[0]
    return [item.strip('" ') for item in inside.split(",") if item.strip()]


def strict_list(reply: str) -> Names | None:
    """The last list, if it is spelled as the user spelled it, ``["A", "B"]``; else None."""
    bracket = reply.rfind("[")
    found = _STRICT.match(reply, bracket) if bracket >= 0 else None
    return found[1][1:-1].split('", "') if found else None


def is_reference(answer: Any, names: Names) -> bool:
    """The one list that is right."""
    return names == loose_list(answer)


def is_shuffled(answer: Any, names: Names) -> bool:
    """The names of the input in another order."""
    given = list(answer["input"])
    return names != given and sorted(names) == sorted(given)


def has_one_more(answer: Any, names: Names) -> bool:
    """The input with the new name somewhere in it."""
    places = range(len(answer["input"]) + 1)
    return any(names == _changed(answer, i, i, [answer["word"]]) for i in places)


def has_one_less(answer: Any, names: Names) -> bool:
    """The input without one of its names."""
    return any(names == _changed(answer, i, i + 1, []) for i in range(len(answer["input"])))


def has_one_replaced(answer: Any, names: Names) -> bool:
    """The input with the new name in the place of one of its names."""
    places = range(len(answer["input"]))
    return any(names == _changed(answer, i, i + 1, [answer["word"]]) for i in places)


def _changed(answer: Any, start: int, stop: int, names: Names) -> Names:
    """The input with `names` instead of its positions start..stop-1."""
    given = list(answer["input"])
    return given[:start] + names + given[stop:]


def list_judges(is_right: Callable[[Any, Names], bool]) -> tuple[Judge, Judge]:
    """The judge that forgives spelling, whose verdict ParallelBench reports, and the strict one."""

    def accept(row: Row, names: Names | None) -> bool:
        return names is not None and is_right(row["answer"], names)

    loose = Judge(lambda row, reply: loose_list(reply), accept)
    return loose, Judge(lambda row, reply: strict_list(reply), accept)
