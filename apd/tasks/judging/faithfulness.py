"""Whether a reply keeps to the question's people, places and things.

Accuracy asks whether the final answer is right; a reply can reach it and still speak of a city
that the question does not mention. Every row of the mini suite stores its entities.
"""

from __future__ import annotations

from apd.errors import ApdError
from apd.mini.entities import any_of, entities_in
from apd.tasks.judging.judge import Judge, Row


def stray_entities(row: Row, reply: str) -> list[str]:
    """Entities in the reply that the question lacks, each once, in order of appearance.

    The row's own entities are struck out first, the longest before the shorter: if a question
    names "Ada Silva" and "Ben Weber", then "Ada Weber" is nobody it knows.

    Raises:
        ApdError: the row does not say what its question names.
    """
    if "entities" not in row:
        raise ApdError(
            "a row has no entities, so its test set is of the first edition: write the suite's "
            f"again with `python -m apd.mini.tasks` ({dict(row)!r})"
        )
    return entities_in(any_of(frozenset(row["entities"])).sub(" _ ", reply))


FAITHFUL = Judge(stray_entities, lambda row, strays: not strays)
