"""A data directory with tiny random models and short tasks, and a canvas of a few tokens."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_checkpoints import write_mini_models

from apd.mini.tasks import sample
from apd.paper import scale
from apd.paths import data_dir
from apd.tasks import figure_1

CANVAS = 16
TASKS = ("mini_gsm", "mini_gpqa", "mini_math", "mini_lines", "mini_humaneval", "mini_essay")
PROBLEMS = 3


def write_data(root: Path) -> Path:
    """Tiny models, three problems a task, the paper's values."""
    reference = data_dir() / "paper_reference.csv"
    write_mini_models(root / "models")
    (root / "tasks").mkdir()
    for task in TASKS:
        rng = random.Random(1)
        rows = [sample(task, rng, "test").row for _ in range(PROBLEMS)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (root / "tasks" / f"{task}.jsonl").write_text(lines)
    shutil.copy(reference, root)
    return root


@contextmanager
def tiny_world(root: Path) -> Iterator[Path]:
    """Data of `write_data` in `root`, and the mini pairs on a canvas of CANVAS tokens."""
    torch.set_num_threads(1)
    write_data(root)
    small = {
        name: replace(old, canvas=CANVAS, math_canvas=CANVAS, autoregressive_tokens=CANVAS)
        for name, old in scale.SCALES.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APD_DATA_DIR", str(root))
        patch.setattr(scale, "SCALES", small)
        patch.setattr(figure_1, "REPETITIONS", PROBLEMS)
        yield root
