"""The tasks of the suite: examples on either side of the split, and the stored test sets."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from apd.errors import ApdError
from apd.mini import (
    essays,
    lines,
    math_problems,
    mathematics,  # noqa: F401  (registers the kinds of mini_math)
    multiple_choice,
    programs,
    riddles,  # noqa: F401  (registers the kinds of mini_gpqa)
    structures,  # noqa: F401  (registers the structures of mini_gsm)
    word_problems,
)
from apd.mini.example import Example, Knows, key_split, knows_all
from apd.models.pairs import SYSTEM_PROMPT
from apd.paths import data_dir


class Sampler(Protocol):
    """Draws one example; `name` fixes its structure, `knows` which plans its author knows."""

    def __call__(
        self, rng: random.Random, name: str | None = None, knows: Knows = knows_all
    ) -> Example: ...


@dataclass(frozen=True, kw_only=True)
class Generator:
    """How examples of a task are made, for training and for its stored test set.

    Attributes:
        sample: random generator -> an example.
        structures: the structures of its examples, by name.
        test_size: examples of the test set.
        train_share: share of the training examples that are of this task.
        system: what the models are told: the paper's system prompts, in fewer words.
    """

    sample: Sampler
    structures: Mapping[str, Any]
    test_size: int
    train_share: float
    system: str = SYSTEM_PROMPT


STEP_BY_STEP = f"{SYSTEM_PROMPT} Reason step by step and give the answer as "
SUITE: Mapping[str, Generator] = {
    "mini_gsm": Generator(
        sample=word_problems.sample_word_problem,
        structures=word_problems.STRUCTURES,
        test_size=500,
        train_share=0.42,
    ),
    "mini_math": Generator(
        sample=math_problems.sample_math_problem,
        structures=math_problems.KINDS,
        test_size=250,
        train_share=0.16,
        system=f"{STEP_BY_STEP}boxed{{ANSWER}}.",
    ),
    "mini_gpqa": Generator(
        sample=multiple_choice.sample_multiple_choice,
        structures=multiple_choice.KINDS,
        test_size=250,
        train_share=0.17,
        system=f"{STEP_BY_STEP}(LETTER).",
    ),
    "mini_lines": Generator(
        sample=lines.sample_line,
        structures=lines.OPERATIONS,
        test_size=250,
        train_share=0.13,
    ),
    "mini_humaneval": Generator(
        sample=programs.sample_program,
        structures=programs.KINDS,
        test_size=164,
        train_share=0.07,
    ),
    "mini_essay": Generator(
        sample=essays.sample_essay,
        structures=essays.TOPICS,
        test_size=50,
        train_share=0.05,
    ),
}
TRAIN_SHARES = {name: generator.train_share for name, generator in SUITE.items()}
TEST_SEED = 20250601


def _check(task: str) -> None:
    if task not in SUITE:
        raise ApdError(f"unknown task {task!r}: choose one of {', '.join(SUITE)}")


def sample(
    task: str, rng: random.Random, split: str = "train", knows: Knows = knows_all
) -> Example:
    """One example of ``task`` on the given side of the split (keys are drawn until one fits)."""
    _check(task)
    while True:
        example = SUITE[task].sample(rng, knows=knows)
        if key_split(example.key) == split:
            return example


def training_stream(seed: int) -> Iterator[Example]:
    """Endless training examples, tasks mixed by :data:`TRAIN_SHARES`."""
    rng = random.Random(seed)
    tasks, shares = list(TRAIN_SHARES), list(TRAIN_SHARES.values())
    while True:
        yield sample(rng.choices(tasks, shares)[0], rng)


def test_examples(task: str) -> list[Example]:
    """The test set: `test_size` examples with distinct keys, a pure function of the seed.

    ``mini_essay`` has few keys (its variety is in the text), so there prompts are distinct instead.
    """
    _check(task)
    rng = random.Random(f"{TEST_SEED}/{task}")
    chosen: dict[str, Example] = {}
    while len(chosen) < SUITE[task].test_size:
        example = sample(task, rng, "test")
        chosen.setdefault(example.prompt if task == "mini_essay" else example.key, example)
    return list(chosen.values())


def write_task(task: str, folder: Path) -> Path:
    """Write the test set as JSON lines in the field names of the data set the task mirrors."""
    path = folder / f"{task}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (json.dumps(e.row, ensure_ascii=False) for e in test_examples(task))
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return path


if __name__ == "__main__":
    for name in SUITE:
        print(write_task(name, data_dir() / "tasks"))
