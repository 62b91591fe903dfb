"""Problems to tune decoders on: the first of a training split, never of a test set.

A setting that is chosen on the problems it is then reported on flatters itself. These are as the
tasks that they belong to in all but their rows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from apd.mini.tasks import sample
from apd.tasks.gsm8k import GSM8K
from apd.tasks.mini_gsm import MINI_GSM
from apd.tasks.rows import GivenRows, HubRows, Row, Source
from apd.tasks.task import Task

PROBLEMS = 50
SEED = 20250602


def tuning_task(name: str) -> str:
    """The name of the tuning problems of a task."""
    return f"{name}_tuning"


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a source."""

    source: Source
    count: int

    @property
    def public(self) -> bool:
        return self.source.public

    def read(self, data_dir: str | Path | None = None) -> Sequence[Row]:
        """The rows in their order."""
        return self.source.read(data_dir)[: self.count]


def training_rows(task: str) -> list[Row]:
    """Rows of a mini task's training side, with distinct keys, the same ones every time."""
    rng = random.Random(f"{SEED}/{task}")
    chosen: dict[str, Row] = {}
    while len(chosen) < PROBLEMS:
        example = sample(task, rng, "train")
        chosen.setdefault(example.key, example.row)
    return list(chosen.values())


MINI_GSM_TUNING = replace(
    MINI_GSM,
    name=tuning_task("mini_gsm"),
    source=GivenRows(lambda: training_rows("mini_gsm")),
    generator=None,
)
GSM8K_TUNING = replace(
    GSM8K,
    name=tuning_task("gsm8k"),
    source=FirstRows(HubRows("openai/gsm8k", "main", "train", ("question", "answer")), PROBLEMS),
)
TUNING: tuple[Task, ...] = (MINI_GSM_TUNING, GSM8K_TUNING)
