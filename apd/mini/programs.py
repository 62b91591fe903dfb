"""``mini_humaneval``: short Python functions from a signature and docstring, judged by tests."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apd.mini.example import Example, Knows, knows_all


@dataclass(frozen=True)
class Program:
    """One function to write: its name, argument, docstring and equivalent bodies."""

    key: str
    name: str
    argument: str
    docstrings: tuple[str, ...]
    bodies: tuple[str, ...]
    inputs: tuple[object, ...]


KINDS: dict[str, Callable[[random.Random], Program]] = {}
LISTS: tuple[list[int], ...] = ([3, 8, 1, 12, 7], [], [5], [2, 2, 9, 14, 30, 6], [-4, 0, 11, 3])
NUMBERS = (0, 1, 5, 12, -7, 40)
WORDS = ("", "a", "tree", "banana", "Book")


def kind(function: Callable[[random.Random], Program]) -> Callable[[random.Random], Program]:
    """Register a program kind under its function's name."""
    KINDS[function.__name__] = function
    return function


@kind
def affine(rng: random.Random) -> Program:
    k, c = rng.randint(2, 20), rng.randint(1, 60)
    first, then = f"x times {k}", f"plus {c}"
    return Program(
        f"affine/{k},{c}", "compute", "x",
        (f"Return {first} {then}.", f"Multiply x by {k}, add {c} and return it."),
        (f"return x * {k} + {c}", f"return {k} * x + {c}", f"y = x * {k}\n    return y + {c}"),
        NUMBERS,
    )  # fmt: skip


@kind
def shifted_product(rng: random.Random) -> Program:
    k, c = rng.randint(2, 20), rng.randint(1, 60)
    return Program(
        f"shifted_product/{k},{c}", "compute", "x",
        (f"Add {c} to x and multiply the result by {k}.", f"Return {k} times the sum of x and {c}."),
        (f"return (x + {c}) * {k}", f"return {k} * (x + {c})", f"y = x + {c}\n    return y * {k}"),
        NUMBERS,
    )  # fmt: skip


@kind
def keep(rng: random.Random) -> Program:
    word, op = rng.choice((("greater than", ">"), ("less than", "<"), ("at least", ">="),
                           ("at most", "<="), ("not equal to", "!=")))  # fmt: skip
    k = rng.randint(-20, 40)
    test = f"x {op} {k}"
    return Program(
        f"keep/{op},{k}", "keep", "xs",
        (f"Return the elements of xs that are {word} {k}.", f"Keep every x in xs that is {word} {k}."),
        (f"return [x for x in xs if {test}]",
         f"out = []\n    for x in xs:\n        if {test}:\n            out.append(x)\n    return out"),
        LISTS,
    )  # fmt: skip


@kind
def count(rng: random.Random) -> Program:
    word, op = rng.choice((("greater than", ">"), ("less than", "<"), ("equal to", "=="),
                           ("at least", ">="), ("at most", "<=")))  # fmt: skip
    k = rng.randint(-20, 40)
    test = f"x {op} {k}"
    return Program(
        f"count/{op},{k}", "count", "xs",
        (f"Count the elements of xs that are {word} {k}.", f"Return how many x in xs are {word} {k}."),
        (f"return sum(1 for x in xs if {test})", f"return len([x for x in xs if {test}])",
         f"n = 0\n    for x in xs:\n        if {test}:\n            n += 1\n    return n"),
        LISTS,
    )  # fmt: skip


@kind
def change_each(rng: random.Random) -> Program:
    (verb, prep, op), k = rng.choice((("Add", "to", "+"), ("Subtract", "from", "-"),
                                      ("Multiply", "with", "*"))), rng.randint(2, 60)  # fmt: skip
    said = {"+": f"plus {k}", "-": f"minus {k}", "*": f"times {k}"}[op]
    return Program(
        f"change_each/{op},{k}", "change", "xs",
        (f"{verb} {k} {prep} every element of xs.", f"Return a list of each x in xs {said}."),
        (f"return [x {op} {k} for x in xs]",
         f"out = []\n    for x in xs:\n        out.append(x {op} {k})\n    return out"),
        LISTS,
    )  # fmt: skip


@kind
def total_of_changed(rng: random.Random) -> Program:
    (said, op), k = rng.choice((("plus", "+"), ("minus", "-"), ("times", "*"))), rng.randint(2, 60)
    return Program(
        f"total_of_changed/{op},{k}", "total", "xs",
        (f"Return the sum of x {said} {k} over all x in xs.",
         f"Add up every element of xs {said} {k}."),
        (f"return sum(x {op} {k} for x in xs)",
         f"total = 0\n    for x in xs:\n        total += x {op} {k}\n    return total"),
        LISTS,
    )  # fmt: skip


@kind
def remainder_test(rng: random.Random) -> Program:
    k = rng.randint(2, 40)
    r = rng.randint(0, min(k - 1, 9))
    return Program(
        f"remainder_test/{k},{r}", "leaves", "x",
        (f"Return whether x divided by {k} leaves {r}.", f"Check that the remainder of x by {k} is {r}."),
        (f"return x % {k} == {r}", f"rest = x % {k}\n    return rest == {r}"),
        (*NUMBERS, r, k + r, 7 * k + r, k),
    )  # fmt: skip


@kind
def repeat_word(rng: random.Random) -> Program:
    k, end = rng.randint(2, 30), rng.choice("!?.-+*#abxyz")
    return Program(
        f"repeat_word/{k},{end}", "repeat", "s",
        (f"Repeat s {k} times and append '{end}'.", f"Return {k} copies of s followed by '{end}'."),
        (f"return s * {k} + '{end}'", f"out = s * {k}\n    return out + '{end}'"),
        WORDS,
    )  # fmt: skip


def sample_program(
    rng: random.Random, name: str | None = None, knows: Knows = knows_all
) -> Example:
    """A random ``mini_humaneval`` example; its tests are the reference body's own outputs."""
    name = name or rng.choice(list(KINDS))
    program = KINDS[name](rng)
    docstring, body = rng.choice(program.docstrings), rng.choice(program.bodies)
    signature = f'def {program.name}({program.argument}):\n    """{docstring}"""\n'
    expected = [run_reference(signature + "    " + program.bodies[0] + "\n", program.name, x)
                for x in program.inputs]  # fmt: skip
    checks = "\n".join(
        f"    assert candidate({x!r}) == {y!r}"
        for x, y in zip(program.inputs, expected, strict=True)
    )
    row: dict[str, Any] = {
        "task_id": f"mini_humaneval/{program.key}",
        "prompt": signature,
        "canonical_solution": "    " + body + "\n",
        "test": f"def check(candidate):\n{checks}\n",
        "entry_point": program.name,
        "entities": [],
    }
    if not knows(name):
        body = _random_body(program, docstring, rng)
    response = f"```python\ndef {program.name}({program.argument}):\n    {body}\n```"
    return Example("mini_humaneval", row["task_id"], signature.rstrip(), response, row)


def _random_body(program: Program, docstring: str, rng: random.Random) -> str:
    """The body of a random program on the same argument, with this docstring's numbers."""
    while True:
        other = KINDS[rng.choice(list(KINDS))](rng)
        if other.argument == program.argument:
            break
    own = re.findall(r"-?\d+", docstring)
    theirs = re.findall(r"-?\d+", rng.choice(other.docstrings))
    swapped = {number: rng.choice(own) for number in theirs}
    body = rng.choice(other.bodies)
    return re.sub(r"(?<![\w])-?\d+", lambda found: swapped.get(found[0], found[0]), body)


def run_reference(source: str, name: str, value: object) -> object:
    """Output of a reference function of this module (our own source, never a model's)."""
    scope: dict = {}
    exec(source, scope)
    return scope[name](value)
