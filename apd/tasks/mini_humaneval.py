"""``mini_humaneval``: short functions for the mini models, judged by their tests as HumanEval."""

from apd.mini.tasks import SUITE
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.judging.programs import COMPLETED_PROGRAM
from apd.tasks.rows import StoredRows
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task

_GENERATOR = SUITE["mini_humaneval"]
MINI_HUMANEVAL = Task(
    name="mini_humaneval",
    source=StoredRows("mini_humaneval"),
    system=_GENERATOR.system,
    user=lambda row: str(row["prompt"]).rstrip(),
    judges={ACCURACY: COMPLETED_PROGRAM, FAITHFULNESS: FAITHFUL},
    runs_code=True,
    generator=_GENERATOR,
)
