"""``mini_gpqa``: four-way multiple choice for the mini models, judged as GPQA."""

from apd.mini.multiple_choice import with_choices
from apd.mini.tasks import SUITE
from apd.tasks.judging.choices import CHOICE
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.rows import StoredRows
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task

_GENERATOR = SUITE["mini_gpqa"]
MINI_GPQA = Task(
    name="mini_gpqa",
    source=StoredRows("mini_gpqa"),
    system=_GENERATOR.system,
    user=lambda row: with_choices(dict(row)),
    judges={ACCURACY: CHOICE, FAITHFULNESS: FAITHFUL},
    generator=_GENERATOR,
)
