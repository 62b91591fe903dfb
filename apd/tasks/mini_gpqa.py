"""``mini_gpqa``: four-way multiple choice for the mini models, judged as GPQA."""

from apd.mini.multiple_choice import sample_multiple_choice, with_choices
from apd.tasks.judging.choices import CHOICE
from apd.tasks.rows import StoredRows
from apd.tasks.system_messages import STEP_BY_STEP
from apd.tasks.task import ACCURACY, Generator, Task

MINI_GPQA = Task(
    name="mini_gpqa",
    source=StoredRows("mini_gpqa"),
    system=f"{STEP_BY_STEP}(LETTER).",
    user=lambda row: with_choices(dict(row)),
    judges={ACCURACY: CHOICE},
    generator=Generator(sample_multiple_choice, test_size=250, train_share=0.19),
)
