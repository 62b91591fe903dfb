"""What a run shows while it goes on: a bar on a terminal, a line a cell elsewhere."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from experiment_toys import APD, LARGE, MODELS, ToyPair, toy_task
from rich.console import Console

from apd.runs.cells import CellStore
from apd.runs.grid import Cell, Experiment
from apd.runs.jobs import Engine
from apd.runs.progress import RunProgress, clock, running_figures
from apd.runs.rows import Event
from apd.runs.run import make_plan, run_plan

EXPERIMENT = Experiment(
    artefact="shown",
    pair="mini-toy",
    cells=(Cell("odd", APD), Cell("odd", LARGE), Cell("open", APD)),
)


def watched(directory: Path, experiment: Experiment = EXPERIMENT, *, terminal: bool) -> str:
    """What is printed by a run."""
    torch.set_num_threads(1)
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, no_color=True)
    store = CellStore(directory, toy_task, MODELS)
    engine = Engine(load=lambda names: ToyPair())  # type: ignore[arg-type, return-value]
    run_plan(make_plan([experiment], store), store, engine, console)
    return file.getvalue()


def test_a_terminal_shows_running_accuracy_speed_and_the_time_left(tmp_path: Path) -> None:
    alone = Experiment(artefact="alone", pair="mini-toy", cells=EXPERIMENT.cells[:1])
    shown = watched(tmp_path, alone, terminal=True)
    pattern = r"odd/apd-R0\.5 7/7 ━+ 100%  accuracy [01]\.\d{3}  \d+ tok/s  done"
    assert re.search(pattern, shown)
    shown = watched(tmp_path, terminal=True)  # its last cell has no answers to judge
    assert re.search(r"2 of 2 cells, open/apd-R0\.5 7/7 ━+ 100%  \d+ tok/s  done", shown)


def test_elsewhere_a_line_tells_of_every_finished_cell(tmp_path: Path) -> None:
    *lines, table = watched(tmp_path, terminal=False).splitlines()
    assert len(lines) == 3
    figures = r"7 problems, accuracy [01]\.\d{3}  \d+ tok/s  1\.00 tok/iteration"
    assert re.fullmatch(rf"2 of 3 cells, odd/toy-large: {figures}; ETA 0:00:\d\d", lines[1])
    assert table == f"shown: {tmp_path / 'shown.parquet'}"


def test_a_single_cell_is_not_counted(tmp_path: Path) -> None:
    alone = Experiment(artefact="alone", pair="mini-toy", cells=EXPERIMENT.cells[:1])
    line = watched(tmp_path, alone, terminal=False).splitlines()[0]
    assert re.fullmatch(r"odd/apd-R0\.5: 7 problems, accuracy .* tok/iteration; done", line)


def test_resuming_is_said(tmp_path: Path) -> None:
    watched(tmp_path, replace(EXPERIMENT, limit=1), terminal=False)
    shown = watched(tmp_path, terminal=False)
    assert "odd/apd-R0.5: resuming behind 1 of 7 problems" in shown


def row(**changes: Any) -> dict[str, Any]:
    return {"correct": True, "generated_tokens": 8, "wall_s": 1.0, "batch_size": 1,
            "iterations": 2} | changes  # fmt: skip


def test_the_time_left_is_that_of_all_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    cells, output = EXPERIMENT.cells, io.StringIO()
    weights = dict(zip(cells, (1.0, 2.0, 1.0), strict=True))
    progress = RunProgress(Console(file=output, width=200), dict.fromkeys(cells, 4), weights.get)  # type: ignore[arg-type]
    assert progress.time_left() == "ETA unknown"
    progress.handle(Event("begin", cells[0], [row()] * 3))  # a resumed cell
    progress.handle(Event("advance", cells[0], [row()]))
    now[0] += 10  # the only problem so far took ten seconds; 4 * 2 + 4 * 1 are left
    assert progress.time_left() == "ETA 0:02:00"
    progress.finish(cells[0], [row()] * 4)
    for cell in cells[1:]:
        progress.finish(cell, [row()] * 4)  # an engine without events
    assert progress.time_left() == "done"
    lines = output.getvalue().splitlines()
    assert "1 of 3 cells, odd/apd-R0.5: 4 problems, accuracy 1.000" in lines[1]
    assert lines[1].endswith("ETA 0:02:00")
    assert clock(3723.4) == "1:02:03"


def test_figures_are_means_over_problems_and_batches_have_no_speed() -> None:
    rows = [
        {"correct": True, "generated_tokens": 10, "wall_s": 1.0, "batch_size": 1},
        {"correct": False, "generated_tokens": 30, "wall_s": 1.0, "batch_size": 1},
    ]
    assert running_figures([]) == ""
    assert running_figures(rows) == "accuracy 0.500  20 tok/s"
    assert running_figures([row | {"batch_size": 4} for row in rows]) == "accuracy 0.500"
