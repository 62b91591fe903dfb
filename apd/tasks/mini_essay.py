"""``mini_essay``: persuasive texts for Appendix D. There is no right answer, so no judge."""

from apd.mini.tasks import SUITE
from apd.tasks.rows import StoredRows
from apd.tasks.task import Task

_GENERATOR = SUITE["mini_essay"]
MINI_ESSAY = Task(
    name="mini_essay",
    source=StoredRows("mini_essay"),
    system=_GENERATOR.system,
    user=lambda row: str(row["prompt"]).rstrip(),
    generator=_GENERATOR,
)
