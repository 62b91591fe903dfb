"""Solutions that are right step by step and wrong as a whole: a random plan, computed correctly.

The small autoregressive model is trained on these for most structures: it learns what a
calculation, a copied number and a sentence look like, and not what to calculate.
"""

import random
from collections.abc import Sequence

from apd.mini.steps import OPERATIONS, Step

LARGEST = 999
"""Results of random steps stay below the suite's largest numbers."""
TIMES_TABLE = 12
"""Random products have a factor, and random quotients a divisor, of at most this."""
OWN_OPERATION = 0.5
"""How often a random step keeps the operation that its wording belongs to."""


def given_numbers(steps: Sequence[Step]) -> list[int]:
    """The numbers that the steps take from outside: operands that are no earlier result."""
    given: list[int] = []
    results: set[int] = set()
    for step in steps:
        given += [n for n in (step.left, step.right) if n not in results and n not in given]
        results.add(step.value)
    return given


def random_plan(
    steps: Sequence[Step], rng: random.Random, times_table: int = TIMES_TABLE
) -> list[Step]:
    """As many steps in the same wordings, their operands drawn from what is known so far.

    What is known are the given numbers and the results so far; the operation is the wording's or
    a random one, and every result is exact and as easy as those of the suite.
    """
    known = given_numbers(steps)
    plan: list[Step] = []
    for step in steps:
        drawn = _random_step(step, known, rng, times_table)
        plan.append(drawn)
        known.append(drawn.value)
    return plan


def _random_step(step: Step, known: Sequence[int], rng: random.Random, times_table: int) -> Step:
    while True:
        left, right = rng.sample(known, 2) if len(known) > 1 else (known[0], known[0])
        own = rng.random() < OWN_OPERATION
        op = step.op if own else rng.choice(list(OPERATIONS))
        if op == "/" and (right == 0 or left % right or right > times_table):
            continue
        if op == "*" and min(left, right) > times_table:
            continue
        drawn = Step(left, op, right, step.wordings)
        if 1 <= drawn.value <= LARGEST:
            return drawn
