r"""``mini_math``: problems in mathematical language, worked step by step, ending in ``\boxed{N}``.

What is hard is what to calculate: to undo two operations in the right order, to compose two
functions, to get from an area to a perimeter.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apd.mini.entities import entities_in
from apd.mini.example import Example, Knows, knows_all
from apd.mini.random_plans import random_plan
from apd.mini.steps import Draw, Step

CLOSINGS = ("The answer is", "So the answer is", "This gives", "Hence we get")


@dataclass(frozen=True)
class Kind:
    """How problems of a kind are drawn, and MATH's difficulty level of it (1 to 5)."""

    draw: Callable[[random.Random], Draw]
    level: int


KINDS: dict[str, Kind] = {}


def kind(level: int) -> Callable[[Callable[[random.Random], Draw]], Callable]:
    """Register a problem kind under its function's name."""

    def register(function: Callable[[random.Random], Draw]) -> Callable[[random.Random], Draw]:
        KINDS[function.__name__] = Kind(function, level)
        return function

    return register


def sample_math_problem(
    rng: random.Random, name: str | None = None, knows: Knows = knows_all
) -> Example:
    """A random ``mini_math`` example; ``name`` fixes the kind."""
    name = name or rng.choice(sorted(KINDS))
    draw = KINDS[name].draw(rng)
    problem = draw.asked(rng)
    solution = _worked(draw, draw.steps, rng)
    response = solution if knows(name) else _worked(draw, random_plan(draw.steps, rng), rng)
    row = {
        "problem": problem,
        "solution": solution,
        "level": f"Level {KINDS[name].level}",
        "type": name,
        "entities": entities_in(problem),
    }
    key = f"mini_math/{name}/{','.join(map(str, draw.numbers))}"
    return Example("mini_math", key, problem, response, row)


def _worked(draw: Draw, steps: Sequence[Step], rng: random.Random) -> str:
    told = draw.told(steps, rng, openers=("",))
    return f"{told} {rng.choice(CLOSINGS)} \\boxed{{{steps[-1].value}}}."
