"""The six tasks of the suite: samplers, the train/test split, and the stored test sets."""

import json
import random
from collections.abc import Iterator, Mapping
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
from apd.paths import data_dir


class Sampler(Protocol):
    """Draws one example; ``name`` fixes its structure."""

    def __call__(
        self, rng: random.Random, name: str | None = None, knows: Knows = knows_all
    ) -> Example: ...


SAMPLERS: dict[str, Sampler] = {
    "mini_gsm": word_problems.sample_word_problem,
    "mini_math": math_problems.sample_math_problem,
    "mini_gpqa": multiple_choice.sample_multiple_choice,
    "mini_lines": lines.sample_line,
    "mini_humaneval": programs.sample_program,
    "mini_essay": essays.sample_essay,
}
STRUCTURES: dict[str, Mapping[str, Any]] = {
    "mini_gsm": word_problems.STRUCTURES,
    "mini_math": math_problems.KINDS,
    "mini_gpqa": multiple_choice.KINDS,
    "mini_lines": lines.OPERATIONS,
    "mini_humaneval": programs.KINDS,
    "mini_essay": essays.TOPICS,
}
"""The structures of each task by name."""

TEST_SIZES = {
    "mini_gsm": 500,
    "mini_math": 250,
    "mini_gpqa": 250,
    "mini_lines": 250,
    "mini_humaneval": 164,
    "mini_essay": 50,
}
TRAIN_SHARES = {
    "mini_gsm": 0.42,
    "mini_math": 0.16,
    "mini_gpqa": 0.17,
    "mini_lines": 0.13,
    "mini_humaneval": 0.07,
    "mini_essay": 0.05,
}
TEST_SEED = 20250601


def _check(task: str) -> None:
    if task not in SAMPLERS:
        raise ApdError(f"unknown task {task!r}: choose one of {', '.join(SAMPLERS)}")


def sample(
    task: str, rng: random.Random, split: str = "train", knows: Knows = knows_all
) -> Example:
    """One example of ``task`` on the given side of the split (keys are drawn until one fits)."""
    _check(task)
    while True:
        example = SAMPLERS[task](rng, knows=knows)
        if key_split(example.key) == split:
            return example


def training_stream(seed: int) -> Iterator[Example]:
    """Endless training examples, tasks mixed by :data:`TRAIN_SHARES`."""
    rng = random.Random(seed)
    tasks, shares = list(TRAIN_SHARES), list(TRAIN_SHARES.values())
    while True:
        yield sample(rng.choices(tasks, shares)[0], rng)


def test_examples(task: str) -> list[Example]:
    """The test set: :data:`TEST_SIZES` examples with distinct keys, a pure function of the seed.

    ``mini_essay`` has few keys (its variety is in the text), so there prompts are distinct instead.
    """
    _check(task)
    rng = random.Random(f"{TEST_SEED}/{task}")
    chosen: dict[str, Example] = {}
    while len(chosen) < TEST_SIZES[task]:
        example = sample(task, rng, "test")
        chosen.setdefault(example.prompt if task == "mini_essay" else example.key, example)
    return list(chosen.values())


def write_task(task: str, folder: Path) -> Path:
    """Write the test set as JSON lines in the field names of the data set the task mirrors."""
    path = folder / f"{task}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(e.row, ensure_ascii=False) for e in test_examples(task))
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def load_task(task: str) -> list[dict[str, Any]]:
    """Rows of the stored test set ``data/tasks/<task>.jsonl``, in file order.

    Raises :class:`ApdError` for an unknown task or a missing file.
    """
    _check(task)
    path = data_dir() / "tasks" / f"{task}.jsonl"
    if not path.is_file():
        raise ApdError(f"no test set at {path}: write it with `python -m apd.mini.tasks`")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    for name in SAMPLERS:
        print(write_task(name, data_dir() / "tasks"))
