"""``mini_essay``: persuasive texts for Appendix D. There is no right answer, so no judge."""

from apd.mini.essays import sample_essay
from apd.tasks.rows import StoredRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import Generator, Task

MINI_ESSAY = Task(
    name="mini_essay",
    source=StoredRows("mini_essay"),
    system=HELPFUL,
    user=lambda row: str(row["prompt"]).rstrip(),
    generator=Generator(sample_essay, test_size=50, train_share=0.08),
)
