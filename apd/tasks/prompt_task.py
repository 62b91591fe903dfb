"""The single prompt of Figure 1 as a task, so that it is run and stored like every other."""

from __future__ import annotations

from apd.tasks.judging import extract_gsm_answer, same_answer
from apd.tasks.mini_prompts import HELPFUL
from apd.tasks.task import Task, load_task

FIGURE_1 = "figure_1"
QUESTION = (
    "Toulouse has twice as many sheep as Charleston. Charleston has 4 times as many sheep as "
    "Seattle. How many sheep do Toulouse, Charleston, and Seattle have together if Seattle has "
    "20 sheep?"
)
ANSWER = "260"
REPETITIONS = 40  # decodes of the one prompt, each with its own noise, for a standard error


def load_artefact_task(name: str) -> Task:
    """A task by name, the prompt of Figure 1 among them. Raises ApdError for an unknown name."""
    if name != FIGURE_1:
        return load_task(name)
    rows = tuple({"question": QUESTION, "repetition": number} for number in range(REPETITIONS))
    return Task(
        name=FIGURE_1,
        rows=rows,
        system=HELPFUL,
        user=lambda row: str(row["question"]),
        score=lambda row, text: same_answer(extract_gsm_answer(text), ANSWER),
    )
