"""The single prompt of Figure 1 as a task, so that it is run and stored like every other."""

from typing import Any

from apd.mini.entities import entities_in
from apd.tasks.judging.faithfulness import FAITHFUL
from apd.tasks.judging.judge import Judge
from apd.tasks.judging.numbers import LAST_NUMBER, same_number
from apd.tasks.rows import GivenRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import ACCURACY, FAITHFULNESS, Task

QUESTION = (
    "Toulouse has twice as many sheep as Charleston. Charleston has 4 times as many sheep as "
    "Seattle. How many sheep do Toulouse, Charleston, and Seattle have together if Seattle has "
    "20 sheep?"
)
ANSWER = "260"
REPETITIONS = 40  # decodes of the one prompt, each with its own noise, for a standard error


def _rows() -> list[dict[str, Any]]:
    asked = {"question": QUESTION, "entities": entities_in(QUESTION)}
    return [{**asked, "repetition": number} for number in range(REPETITIONS)]


FIGURE_1 = Task(
    name="figure_1",
    source=GivenRows(_rows),
    system=HELPFUL,
    user=lambda row: str(row["question"]),
    judges={
        ACCURACY: Judge(LAST_NUMBER.find, lambda row, answer: same_number(answer, ANSWER)),
        FAITHFULNESS: FAITHFUL,
    },
)
