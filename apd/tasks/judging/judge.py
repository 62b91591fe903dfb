"""A judge: finds what a reply answers, and holds the answer against the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judge:
    """Judges a reply to a row.

    Attributes:
        find: (row, reply) -> what is judged, e.g. the answer in the reply; None if there is none.
        accept: (row, what was found) -> whether it is right.
    """

    find: Callable[[Row, str], Any]
    accept: Callable[[Row, Any], bool]

    def __call__(self, row: Row, reply: str) -> bool:
        """Whether the reply is right."""
        return self.accept(row, self.find(row, reply))
