"""``mini_lines``: a waiting line as a JSON list, and what to do with it.

After the waiting line of ParallelBench (arXiv 2510.04767): some operations have one right result,
and sampling positions independently can reach it; shuffling, and inserting, removing or replacing
at a random place, have many, and then every marginal is right while the list they make together
is not. A reply is right if it is any of the right results.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from apd.mini import lexicon as lex
from apd.mini.example import Example, Knows, knows_all

SIZES = (3, 4, 5, 6)
Line = tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """What is asked of a line, and every right result.

    Attributes:
        asked: phrasings; ``{place}`` counts from 1, ``{new}`` is a name not in the line.
        results: (line, new name, place from 0) -> the right results.
    """

    asked: tuple[str, ...]
    results: Callable[[Line, str, int], list[Line]]


def _places(line: Line) -> range:
    return range(len(line))


def _inserted(line: Line, new: str, place: int) -> Line:
    return (*line[:place], new, *line[place:])


def _removed(line: Line, place: int) -> Line:
    return (*line[:place], *line[place + 1 :])


def _replaced(line: Line, new: str, place: int) -> Line:
    return (*line[:place], new, *line[place + 1 :])


OPERATIONS: Mapping[str, Operation] = {
    "copy": Operation(
        ("Copy the line.", "Write the line down as it is."),
        lambda line, new, place: [line],
    ),
    "reverse": Operation(
        ("Reverse the line.", "Write the line from back to front."),
        lambda line, new, place: [line[::-1]],
    ),
    "sort": Operation(
        ("Sort the line by first name.", "Put the line in alphabetical order."),
        lambda line, new, place: [tuple(sorted(line))],
    ),
    "insert": Operation(
        ("Insert {new} at place {place}.", "Put {new} into the line at place {place}."),
        lambda line, new, place: [_inserted(line, new, place)],
    ),
    "remove": Operation(
        ("Remove the name at place {place}.", "Take out the name at place {place}."),
        lambda line, new, place: [_removed(line, place)],
    ),
    "replace": Operation(
        (
            "Replace the name at place {place} by {new}.",
            "Put {new} at place {place}, not who is there.",
        ),
        lambda line, new, place: [_replaced(line, new, place)],
    ),
    "shuffle": Operation(
        ("Shuffle the line.", "Put the line in another, random order."),
        lambda line, new, place: [p for p in permutations(line) if p != line],
    ),
    "insert_anywhere": Operation(
        ("Insert {new} at a random place.", "Put {new} anywhere into the line."),
        lambda line, new, place: [_inserted(line, new, i) for i in range(len(line) + 1)],
    ),
    "remove_any": Operation(
        ("Remove a random name.", "Take out any one name."),
        lambda line, new, place: [_removed(line, i) for i in _places(line)],
    ),
    "replace_any": Operation(
        ("Replace a random name by {new}.", "Put {new} instead of any one name."),
        lambda line, new, place: [_replaced(line, new, i) for i in _places(line)],
    ),
}
WITH_MANY_RESULTS = ("shuffle", "insert_anywhere", "remove_any", "replace_any")


def sample_line(rng: random.Random, name: str | None = None, knows: Knows = knows_all) -> Example:
    """A random ``mini_lines`` example; ``name`` fixes the operation.

    An author who does not know the operation applies a random one to the same names.
    """
    name = name or rng.choice(list(OPERATIONS))
    firsts, lasts = rng.sample(lex.LINE_NAMES, 7), rng.sample(lex.LAST_NAMES, 7)
    *pool, new = [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]
    line = tuple(pool[: rng.choice(SIZES)])
    place = rng.randrange(len(line))
    operation = OPERATIONS[name]
    asked = rng.choice(operation.asked).format(new=new, place=place + 1)
    used = "{new}" in operation.asked[0]
    prompt = f"{json.dumps(line)}\n{asked} Give only the final list."
    right = operation.results(line, new, place)
    told = right if knows(name) else _any_operation(line, new if used else None, rng)
    response = rng.choice(told)
    row: dict[str, Any] = {
        "prompt": prompt,
        "answer": json.dumps(response if knows(name) else right[0]),
        "operation": name,
        "line": list(line),
        "new": new if used else None,
        "place": place + 1 if "{place}" in operation.asked[0] else None,
        "entities": [*line, new] if used else list(line),
    }
    key = f"mini_lines/{name}/{place}/{','.join((*line, new))}"
    return Example("mini_lines", key, prompt, json.dumps(response), row)


def _any_operation(line: Line, new: str | None, rng: random.Random) -> list[Line]:
    """The results of a random operation that the names of the question allow."""
    allowed = [o for o in OPERATIONS.values() if new or "{new}" not in o.asked[0]]
    return rng.choice(allowed).results(line, new or "", rng.randrange(len(line)))


def right_lines(row: Mapping[str, Any]) -> list[Line]:
    """Every right result of a row."""
    place = (row["place"] or 1) - 1
    return OPERATIONS[row["operation"]].results(tuple(row["line"]), row["new"] or "", place)
