"""The problem structures of ``mini_gsm``: what is asked, with which numbers, solved in which steps.

Importing this package registers them all in :data:`apd.mini.word_problems.STRUCTURES`.
"""

from apd.mini.structures import (
    chains,
    comparisons,
    containers,
    groups,
    measures,
    money,
    shopping,
    things,
)

__all__ = [
    "chains",
    "comparisons",
    "containers",
    "groups",
    "measures",
    "money",
    "shopping",
    "things",
]
