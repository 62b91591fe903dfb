"""``mini_gsm``: word problems of two to six steps with a worked solution ending ``#### N``.

A structure (:mod:`apd.mini.structures`) draws numbers and words; every step is one binary
operation written out, as in GSM8K.
"""

import random
from collections.abc import Callable, Sequence

from apd.mini.entities import entities_in
from apd.mini.example import Example, Knows, knows_all
from apd.mini.random_plans import random_plan
from apd.mini.steps import Draw, Step

Structure = Callable[[random.Random], Draw]
STRUCTURES: dict[str, Structure] = {}


def structure(function: Structure) -> Structure:
    """Register a structure under its function's name."""
    STRUCTURES[function.__name__] = function
    return function


def sample_word_problem(
    rng: random.Random, name: str | None = None, knows: Knows = knows_all
) -> Example:
    """A random ``mini_gsm`` example; ``name`` fixes the structure."""
    name = name or rng.choice(sorted(STRUCTURES))
    draw = STRUCTURES[name](rng)
    question = draw.asked(rng)
    solution = _worked(draw, draw.steps, rng)
    response = solution if knows(name) else _worked(draw, random_plan(draw.steps, rng), rng)
    row = {"question": question, "answer": solution, "entities": entities_in(question)}
    key = f"mini_gsm/{name}/{','.join(map(str, draw.numbers))}"
    return Example("mini_gsm", key, question, response, row)


def _worked(draw: Draw, steps: Sequence[Step], rng: random.Random) -> str:
    return f"{draw.told(steps, rng)}\n#### {steps[-1].value}"
