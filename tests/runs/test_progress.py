"""What a run shows while it goes on: a bar on a terminal, a line a cell elsewhere."""

import io
import re
from pathlib import Path

import pytest
import torch
from experiment_toys import APD, LARGE, MODELS, ToyPair, toy_task
from rich.console import Console

from apd.runs.grid import Cell, Experiment
from apd.runs.progress import RichProgress, running_figures
from apd.runs.run import Watcher, run_experiment

EXPERIMENT = Experiment(
    artefact="shown", pair="toy", cells=(Cell("odd", APD), Cell("odd", LARGE), Cell("open", APD))
)


def watched(directory: Path, watcher: Watcher | None = None, *, terminal: bool) -> str:
    """What is printed by a run of EXPERIMENT."""
    torch.set_num_threads(1)
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, no_color=True)
    with RichProgress(console) as progress:
        run_experiment(
            EXPERIMENT, ToyPair(), MODELS, directory, watcher=progress, task_loader=toy_task
        )
    return file.getvalue()


def test_a_terminal_shows_running_accuracy_and_speed(tmp_path: Path) -> None:
    shown = watched(tmp_path, terminal=True)
    for title in ("odd apd-R0.5", "odd toy-large"):
        assert re.search(rf"{re.escape(title)}.* 7/7 .*accuracy [01]\.\d{{3}}  \d+ tok/s", shown)
    assert re.search(r"open apd-R0\.5.* 7/7 +\d+ tok/s", shown)  # no right answers to count


def test_elsewhere_a_line_tells_of_every_finished_cell(tmp_path: Path) -> None:
    lines = watched(tmp_path, terminal=False).splitlines()
    assert len(lines) == 3
    pattern = r"odd toy-large: 7 problems, accuracy [01]\.\d{3}  \d+ tok/s  1\.00 tok/iteration"
    assert re.fullmatch(pattern, lines[1])


def test_resuming_is_said(tmp_path: Path) -> None:
    class Stop(Watcher):
        def advance(self, row: dict[str, object]) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            EXPERIMENT, ToyPair(), MODELS, tmp_path, watcher=Stop(), task_loader=toy_task
        )
    assert "resuming behind 1 of 7 problems" in watched(tmp_path, terminal=False)


def test_figures_are_means_over_problems_and_batches_have_no_speed() -> None:
    rows = [
        {"correct": True, "generated_tokens": 10, "wall_s": 1.0, "batch_size": 1},
        {"correct": False, "generated_tokens": 30, "wall_s": 1.0, "batch_size": 1},
    ]
    assert running_figures([]) == ""
    assert running_figures(rows) == "accuracy 0.500  20 tok/s"
    assert running_figures([row | {"batch_size": 4} for row in rows]) == "accuracy 0.500"
