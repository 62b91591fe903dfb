"""The tasks of the suite: examples on either side of the split, and the stored test sets."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from apd.errors import ApdError
from apd.mini import structures  # noqa: F401  (registers the problem structures)
from apd.mini.example import Example, key_split
from apd.paths import data_dir
from apd.tasks import TASKS

_GENERATORS = {name: task.generator for name, task in TASKS.items() if task.generator}
SAMPLERS = {name: generator.sample for name, generator in _GENERATORS.items()}
TEST_SIZES = {name: generator.test_size for name, generator in _GENERATORS.items()}
TRAIN_SHARES = {name: generator.train_share for name, generator in _GENERATORS.items()}
TEST_SEED = 20250601


def _check(task: str) -> None:
    if task not in SAMPLERS:
        raise ApdError(f"unknown task {task!r}: choose one of {', '.join(SAMPLERS)}")


def sample(task: str, rng: random.Random, split: str = "train") -> Example:
    """One example of ``task`` on the given side of the split (keys are drawn until one fits)."""
    _check(task)
    while True:
        example = SAMPLERS[task](rng)
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


if __name__ == "__main__":
    for name in SAMPLERS:
        print(write_task(name, data_dir() / "tasks"))
