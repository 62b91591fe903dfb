"""``mini_math``: expressions and equations for the mini models, judged as MATH."""

from apd.mini.expressions import sample_expression
from apd.tasks.judging.boxed import BOXED
from apd.tasks.rows import StoredRows
from apd.tasks.system_messages import STEP_BY_STEP
from apd.tasks.task import ACCURACY, Generator, Task

MINI_MATH = Task(
    name="mini_math",
    source=StoredRows("mini_math"),
    system=f"{STEP_BY_STEP}boxed{{ANSWER}}.",
    user=lambda row: str(row["problem"]).rstrip(),
    judges={ACCURACY: BOXED},
    generator=Generator(sample_expression, test_size=250, train_share=0.12),
)
