"""Run the toy experiment slower and slower, until somebody ends this process.

``python endless_run.py DIRECTORY``
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from experiment_toys import MODELS, ToyPair, toy_experiment, toy_task

from apd.runs import rows
from apd.runs.run import run_experiment


def main(directory: Path) -> None:
    torch.set_num_threads(1)
    original, calls = rows.judged_row, [0]

    def slower(*arguments: Any) -> dict[str, Any]:
        calls[0] += 1
        time.sleep(0 if calls[0] < 4 else 600)
        return original(*arguments)

    rows.judged_row = slower
    run_experiment(toy_experiment(), ToyPair(), MODELS, directory, task_loader=toy_task)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
