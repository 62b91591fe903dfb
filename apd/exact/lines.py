"""A waiting line and what can be done with it, as laws small enough to enumerate.

After the waiting line of ParallelBench (arXiv 2510.04767). A line is n different names, one token
each: 0 .. n - 1 in the order of the line, and n for a name that comes new. An operation is the
uniform law over its right results. Some have one result; of the others every marginal is right,
and what is drawn from the marginals need not be a result: it repeats a name, or drops one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations

import numpy as np

from apd.exact.information import Table

Line = tuple[int, ...]


def _inserted(line: Line, place: int) -> Line:
    return (*line[:place], len(line), *line[place:])


def _removed(line: Line, place: int) -> Line:
    return (*line[:place], *line[place + 1 :])


def _replaced(line: Line, place: int) -> Line:
    return (*line[:place], len(line), *line[place + 1 :])


# The right results. Where a place is named, it is the first; which one matters to no law.
RESULTS: Mapping[str, Callable[[Line], list[Line]]] = {
    "copy": lambda line: [line],
    "reverse": lambda line: [line[::-1]],
    "sort": lambda line: [tuple(sorted(line))],
    "insert": lambda line: [_inserted(line, 0)],
    "remove": lambda line: [_removed(line, 0)],
    "replace": lambda line: [_replaced(line, 0)],
    "any_order": lambda line: list(permutations(line)),
    "shuffle": lambda line: [p for p in permutations(line) if p != line],
    "insert_anywhere": lambda line: [_inserted(line, i) for i in range(len(line) + 1)],
    "remove_any": lambda line: [_removed(line, i) for i in range(len(line))],
    "replace_any": lambda line: [_replaced(line, i) for i in range(len(line))],
}


def line_joint(operation: str, names: int) -> Table:
    """The law of an operation's result on a line of n >= 2 names, shape ``(V,) * length``.

    V is n, or n + 1 where a name comes new.

    Raises:
        ValueError: no such operation, or a line that is too short.
    """
    check_line(operation, names)
    results = RESULTS[operation](tuple(range(names)))
    V = 1 + max(max(result) for result in results)
    joint = np.zeros((V,) * len(results[0]))
    for result in results:
        joint[result] = 1 / len(results)
    return joint


def check_line(operation: str, names: int) -> None:
    """Raise ValueError for an operation that there is not, or a line that is too short."""
    if operation not in RESULTS:
        raise ValueError(f"operation={operation!r} must be one of {', '.join(RESULTS)}.")
    if names < 2:
        raise ValueError(f"names={names}: a line has at least 2, or nothing can be in disorder.")
