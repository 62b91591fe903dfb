"""GPQA (main), zero-shot as in the paper.

The system message is the paper's followed by the description of lm-eval's own task, which the
paper's runs kept. The order of the choices depends on the question alone, so that every run,
machine and model sees the same one.
"""

import hashlib
import random
from collections.abc import Mapping
from typing import Any

from apd.tasks.judging.choices import CHOICE
from apd.tasks.rows import HubRows
from apd.tasks.system_messages import REASONED
from apd.tasks.task import ACCURACY, Task

_RIGHT, _WRONG = "Correct Answer", tuple(f"Incorrect Answer {number}" for number in (1, 2, 3))


def _with_shuffled_choices(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with `choice1`..`choice4`, `choices` and the right `answer`, e.g. "(C)".

    The order is drawn from a generator seeded by the question, so it is the same in every run.
    """
    right, *others = [_tidy(row[column]) for column in (_RIGHT, *_WRONG)]
    choices = [*others, right]
    seed = hashlib.sha256(str(row["Question"]).encode()).digest()
    random.Random(seed).shuffle(choices)
    named = {f"choice{number}": text for number, text in enumerate(choices, start=1)}
    letter = "ABCD"[choices.index(right)]
    return {**row, **named, "choices": choices, "answer": f"({letter})"}


def _tidy(text: str | None) -> str:
    """A choice as lm-eval shows it: trimmed, title marks and double spaces replaced."""
    return " " if text is None else text.strip().replace(" [title]", ". ").replace("  ", " ")


def _user(row: Mapping[str, Any]) -> str:
    choices = "\n".join(
        f"({letter}) {row[f'choice{number}']}" for number, letter in enumerate("ABCD", start=1)
    )
    return f"Question: {row['Question']}\nChoices:\n{choices}\nAnswer:"


GPQA = Task(
    name="gpqa_main_generative_n_shot",
    source=HubRows(
        "Idavidrein/gpqa",
        "gpqa_main",
        "train",
        ("Question", _RIGHT, *_WRONG),
        _with_shuffled_choices,
        may_be_empty=_WRONG,
    ),
    system=(
        f"{REASONED}(LETTER).\n\nHere are some example questions from experts. Answer the final "
        "question yourself, following the format of the previous questions exactly.\n"
    ),
    user=_user,
    judges={ACCURACY: CHOICE},
    stops=("</s>", "Question:", "<|im_end|>"),
    max_new_tokens=256,
)
