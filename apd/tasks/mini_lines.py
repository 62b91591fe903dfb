"""``mini_lines``: waiting lines for the mini models, after ParallelBench's (arXiv 2510.04767).

Judged by program: of some operations one result is right, of others any of many.
"""

import json

from apd.mini.lines import Line, right_lines
from apd.mini.tasks import SUITE
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.judging.judge import Judge, Row
from apd.tasks.rows import StoredRows
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task


def listed_names(row: Row, reply: str) -> Line | None:
    """The names of a reply that is a JSON list of texts and nothing else; None for any other."""
    try:
        given = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    listed = isinstance(given, list) and all(isinstance(name, str) for name in given)
    return tuple(given) if listed else None


_GENERATOR = SUITE["mini_lines"]
MINI_LINES = Task(
    name="mini_lines",
    source=StoredRows("mini_lines"),
    system=_GENERATOR.system,
    user=lambda row: str(row["prompt"]).rstrip(),
    judges={
        ACCURACY: Judge(listed_names, lambda row, names: names in right_lines(row)),
        FAITHFULNESS: FAITHFUL,
    },
    generator=_GENERATOR,
)
