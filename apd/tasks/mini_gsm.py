"""``mini_gsm``: word problems for the mini models, judged as GSM8K."""

from apd.mini.word_problems import sample_word_problem
from apd.tasks.judging.numbers import LAST_NUMBER
from apd.tasks.rows import StoredRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import ACCURACY, Generator, Task

MINI_GSM = Task(
    name="mini_gsm",
    source=StoredRows("mini_gsm"),
    system=HELPFUL,
    user=lambda row: str(row["question"]).rstrip(),
    judges={ACCURACY: LAST_NUMBER},
    generator=Generator(sample_word_problem, test_size=500, train_share=0.52),
)
