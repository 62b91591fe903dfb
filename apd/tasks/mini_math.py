"""``mini_math``: problems in mathematical language for the mini models, judged as MATH."""

from apd.mini.tasks import SUITE
from apd.tasks.judging.boxed import BOXED
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.rows import StoredRows
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task

_GENERATOR = SUITE["mini_math"]
MINI_MATH = Task(
    name="mini_math",
    source=StoredRows("mini_math"),
    system=_GENERATOR.system,
    user=lambda row: str(row["problem"]).rstrip(),
    judges={ACCURACY: BOXED, FAITHFULNESS: FAITHFUL},
    generator=_GENERATOR,
)
