"""What the models are told for each task: the paper's system prompts, in fewer words."""

from typing import Any

from apd.mini.multiple_choice import with_choices

HELPFUL = "You are a helpful assistant."
SYSTEM = {
    "mini_gsm": HELPFUL,
    "mini_math": f"{HELPFUL} Reason step by step and give the answer as boxed{{ANSWER}}.",
    "mini_gpqa": f"{HELPFUL} Reason step by step and give the answer as (LETTER).",
    "mini_lines": HELPFUL,
    "mini_humaneval": HELPFUL,
    "mini_essay": HELPFUL,
}


def system_message(task: str) -> str:
    """The task's system prompt (Section 5's: GPQA and MATH also ask for reasoning and a format)."""
    return SYSTEM[task]


def user_message(task: str, row: dict[str, Any]) -> str:
    """The task's user message for one row of its test set."""
    if task == "mini_gpqa":
        return with_choices(row)
    field = {"mini_gsm": "question", "mini_math": "problem", "mini_humaneval": "prompt"}
    return str(row[field.get(task, "prompt")]).rstrip()
