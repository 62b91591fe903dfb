"""Which structures a model is taught the plans of."""

from typing import Literal

from apd.mini.example import Knows, knows_all
from apd.mini.lines import WITH_MANY_RESULTS
from apd.mini.tasks import SUITE

Curriculum = Literal["all plans", "few plans"]
EVERY = 4
"""With few plans, one structure in so many is taught, in alphabetical order."""


def taught_structures(task: str, curriculum: Curriculum) -> list[str]:
    """The structures whose plans are taught, by name.

    "few plans" is what makes the small model one: every fourth structure of ``mini_gsm``,
    ``mini_math``, ``mini_gpqa`` and ``mini_humaneval``; of ``mini_lines`` the operations that any
    order or place is right for; all of ``mini_essay``, where there is no plan.
    """
    names = sorted(SUITE[task].structures)
    if curriculum == "all plans" or task == "mini_essay":
        return names
    if task == "mini_lines":
        return sorted(WITH_MANY_RESULTS)
    return names[EVERY - 1 :: EVERY]


def knowledge_of(task: str, curriculum: Curriculum) -> Knows:
    """Whether the author of the training texts of ``task`` knows a structure's plan."""
    if curriculum == "all plans":
        return knows_all
    return frozenset(taught_structures(task, curriculum)).__contains__
