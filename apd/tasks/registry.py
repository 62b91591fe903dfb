"""The registered tasks, one row each: the mini suite, the public benchmarks, Figure 1's prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from apd.errors import ApdError
from apd.tasks.figure_1 import FIGURE_1
from apd.tasks.gpqa import GPQA
from apd.tasks.gsm8k import GSM8K
from apd.tasks.hendrycks_math import MATH, MATH_SUBJECTS
from apd.tasks.humaneval import HUMANEVAL
from apd.tasks.mini_essay import MINI_ESSAY
from apd.tasks.mini_gpqa import MINI_GPQA
from apd.tasks.mini_gsm import MINI_GSM
from apd.tasks.mini_humaneval import MINI_HUMANEVAL
from apd.tasks.mini_lines import MINI_LINES
from apd.tasks.mini_math import MINI_MATH
from apd.tasks.parallelbench import PARALLELBENCH
from apd.tasks.task import Task
from apd.tasks.tuning import TUNING

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        MINI_GSM,
        MINI_MATH,
        MINI_GPQA,
        MINI_LINES,
        MINI_HUMANEVAL,
        MINI_ESSAY,
        GSM8K,
        GPQA,
        MATH,
        HUMANEVAL,
        *MATH_SUBJECTS,
        *PARALLELBENCH,
        FIGURE_1,
        *TUNING,
    )
}


def task_names() -> tuple[str, ...]:
    """The names of all tasks."""
    return tuple(TASKS)


def find_task(name: str) -> Task:
    """The registered task of this name, without its rows.

    Raises:
        ApdError: there is none.
    """
    if name not in TASKS:
        raise ApdError(f"unknown task {name!r}; choose one of {', '.join(TASKS)}")
    return TASKS[name]


def load_task(name: str, data_dir: str | Path | None = None) -> Task:
    """A task by name, with its rows.

    Args:
        name: one of `task_names()`.
        data_dir: local directory of the public data sets, or a checkout of ParallelBench; None
            for ``APD_DATASETS_DIR``, else the hub. The mini suite comes with the project.

    Raises:
        ApdError: the name is unknown, or the test set is missing or damaged.
    """
    task = find_task(name)
    rows = () if task.source is None else tuple(task.source.read(data_dir))
    if not rows:
        raise ApdError(f"the test set of {name!r} is empty: restore it, or write it again")
    return replace(task, rows=rows)
