"""``mini_humaneval``: short functions for the mini models, judged by their tests as HumanEval."""

from apd.mini.programs import sample_program
from apd.tasks.judging.programs import COMPLETED_PROGRAM
from apd.tasks.rows import StoredRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import ACCURACY, Generator, Task

MINI_HUMANEVAL = Task(
    name="mini_humaneval",
    source=StoredRows("mini_humaneval"),
    system=HELPFUL,
    user=lambda row: str(row["prompt"]).rstrip(),
    judges={ACCURACY: COMPLETED_PROGRAM},
    runs_code=True,
    generator=Generator(sample_program, test_size=164, train_share=0.09),
)
