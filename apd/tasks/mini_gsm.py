"""``mini_gsm``: word problems for the mini models, judged as GSM8K."""

from apd.mini.tasks import SUITE
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.judging.numbers import LAST_NUMBER
from apd.tasks.rows import StoredRows
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task

_GENERATOR = SUITE["mini_gsm"]
MINI_GSM = Task(
    name="mini_gsm",
    source=StoredRows("mini_gsm"),
    system=_GENERATOR.system,
    user=lambda row: str(row["question"]).rstrip(),
    judges={ACCURACY: LAST_NUMBER, FAITHFULNESS: FAITHFUL},
    generator=_GENERATOR,
)
