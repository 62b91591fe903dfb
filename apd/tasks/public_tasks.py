"""The public benchmarks as tasks of the project's own experiments: resumable, one row a problem.

Prompts, filters and judgement come from the same files that lm-eval reads. `hendrycks_math` is all
seven subjects, taken in turn: its first 700 problems are the first 100 of each subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.tasks.public_data import MATH_SUBJECTS, read_rows

if TYPE_CHECKING:
    from apd.tasks.task import Task

MATH = "hendrycks_math"
PUBLIC_TASKS = (
    "gsm8k",
    "gpqa_main_generative_n_shot",
    MATH,
    "humaneval_instruct",
    *(f"{MATH}_{subject}" for subject in MATH_SUBJECTS),
)
Row = Mapping[str, Any]


def public_task(name: str, data_dir: Path | None = None, system: str | None = None) -> Task:
    """A public benchmark with the paper's prompts.

    Args:
        name: one of PUBLIC_TASKS.
        data_dir: local directory of the data sets; None for ``APD_DATASETS_DIR``, else the hub.
        system: system message instead of the task's. The reference code gives the autoregressive
            baselines "You are a helpful assistant." in every task.

    Raises:
        ApdError: the name is unknown, or the data set cannot be read.
    """
    from apd.tasks.definition_files import read_definition, render
    from apd.tasks.task import Task

    if name not in PUBLIC_TASKS:
        raise ApdError(f"unknown public task {name!r}; choose one of {', '.join(PUBLIC_TASKS)}")
    definition = read_definition(f"{MATH}_algebra" if name == MATH else name)
    prefix = definition.get("gen_prefix")
    return Task(
        name=name,
        rows=tuple(_rows(name, definition["dataset_kwargs"]["source"], data_dir)),
        system=definition["description"] if system is None else system,
        user=lambda row: render(definition["doc_to_text"], dict(row)),
        score=_judge(definition),
        runs_code=definition.get("unsafe_code", False),
        prefix=(lambda row: render(prefix, dict(row))) if prefix else None,
        max_new_tokens=definition["generation_kwargs"]["max_gen_toks"],
    )


def cut_at(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop strings that occurs in it; empty strings are none."""
    ends = [text.find(stop) for stop in stops if stop]
    return text[: min((end for end in ends if end >= 0), default=len(text))]


def _rows(name: str, source: str, data_dir: Path | None) -> list[dict[str, Any]]:
    """The rows of a task, those of MATH with their `subject`."""
    if not name.startswith(MATH):
        return read_rows(source, data_dir)
    subjects = MATH_SUBJECTS if name == MATH else [name.removeprefix(f"{MATH}_")]
    by_subject = [
        [{**row, "subject": subject} for row in read_rows(f"{MATH}_{subject}", data_dir)]
        for subject in subjects
    ]
    in_turn = chain.from_iterable(zip_longest(*by_subject))
    return [row for row in in_turn if row is not None]


def _judge(definition: Mapping[str, Any]) -> Callable[[Row, str], bool]:
    """The judgement of the definition's last filter, which is the one that the paper reports."""
    find = definition["filter_list"][-1]["filter"][0]["filter_fn"]
    results, stops = definition["process_results"], definition["generation_kwargs"]["until"]

    def score(row: Row, reply: str) -> bool:
        (answers,) = find([[cut_at(reply, stops)]], [row])
        (value,) = results(row, answers).values()
        return bool(value)

    return score
