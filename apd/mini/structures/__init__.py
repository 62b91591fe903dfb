"""The problem structures of ``mini_gsm``: what is asked, with which numbers, solved in which steps.

Importing this package registers them all in :data:`apd.mini.word_problems.STRUCTURES`.
"""

from apd.mini.structures import (
    chains,
    comparisons,
    containers,
    farms,
    groups,
    journeys,
    measures,
    money,
    packing,
    prices,
    sharing,
    shopping,
    things,
    together,
)

__all__ = [
    "chains",
    "comparisons",
    "containers",
    "farms",
    "groups",
    "journeys",
    "measures",
    "money",
    "packing",
    "prices",
    "sharing",
    "shopping",
    "things",
    "together",
]
