"""Whether a reply keeps to the question's people, places and things.

Accuracy asks whether the final answer is right; a reply can reach it and still speak of a city
that the question does not mention. Every row of the suite stores its entities.
"""

from collections.abc import Mapping
from typing import Any

from apd.mini.entities import any_of, entities_in


def stray_entities(row: Mapping[str, Any], reply: str) -> list[str]:
    """Entities in the reply that the question lacks, each once, in order of appearance.

    The row's own entities are struck out first, the longest before the shorter: if a question
    names "Ada Silva" and "Ben Weber", then "Ada Weber" is nobody it knows.
    """
    return entities_in(any_of(frozenset(row["entities"])).sub(" _ ", reply))


def is_faithful(row: Mapping[str, Any], reply: str) -> bool:
    """Whether every entity of the reply is one of the row's."""
    return not stray_entities(row, reply)
