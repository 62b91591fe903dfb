"""The README's table of models: accuracy of every mini model on the test sets, with its errors.

``python -m apd.paper.models_table`` prints it from the stored results of the figures, which
have every model in them; ``--write-readme`` puts it between the markers of README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.paper.readme_section import replace_section
from apd.paths import data_dir
from apd.runs.table import read_results, results_directory
from apd.statistics.report import machine_name, metrics_of, plus_minus
from apd.statistics.summary import summarise

COMMAND = "python -m apd.paper.models_table --write-readme"
START, END = "<!-- models-table:start -->", "<!-- models-table:end -->"
TASKS = ("mini_gsm", "mini_math", "mini_gpqa", "mini_humaneval")
SOURCES = {"mini": ("fig5", "humaneval", "fig2", "fig3"), "mini-llada": ("fig2",)}

# (pair, configuration id) -> model and decoder as the table calls them, in the order of its rows.
LABELS = {
    ("mini", "mini-qwen-large"): ("mini-qwen-large", "autoregressive"),
    ("mini", "mini-qwen-small"): ("mini-qwen-small", "autoregressive"),
    ("mini", "left_to_right-K1"): ("mini-dream", "left to right, K = 1"),
    ("mini", "left_to_right-K4"): ("mini-dream", "left to right, K = 4"),
    ("mini", "apd-R0.1"): ("mini-dream + mini-qwen-small", "APD, R = 0.1"),
    ("mini", "apd-R0.5"): ("mini-dream + mini-qwen-small", "APD, R = 0.5"),
    ("mini", "apd-R0.7"): ("mini-dream + mini-qwen-small", "APD, R = 0.7"),
    ("mini-llada", "left_to_right-K1"): ("mini-llada", "left to right, K = 1"),
}

Metrics = Mapping[str, Mapping[str, Any]]  # of one configuration on one task


def render_models_table() -> str:
    """The table as markdown, from the stored results alone.

    Raises:
        ApdError: results are missing or do not pass their checks.
    """
    figures: dict[tuple[str, str], dict[str, Metrics]] = {}
    notes = []
    for pair, artefacts in SOURCES.items():
        for artefact in artefacts:
            table, provenance = read_results(results_directory(pair), artefact)
            notes.append(provenance)
            groups = summarise(table).groupby(["task", "configuration"], sort=False)
            for (task, configuration), group in groups:
                figures.setdefault((pair, configuration), {})[task] = metrics_of(group)
    heading = ["model", "decoder", *(f"`{task}`" for task in TASKS), "tokens / iteration", "tok/s"]
    rows = [_table_row(labels, figures.get(key, {})) for key, labels in LABELS.items()]
    rule = ["---", "---", *["---:"] * (len(heading) - 2)]
    lines = [f"| {' | '.join(cells)} |" for cells in (heading, rule, *rows)]
    return "\n".join([*lines, "", _caption(notes)])


def _table_row(labels: tuple[str, str], by_task: Mapping[str, Metrics]) -> list[str]:
    """One row: names, accuracy on every task, then parallelism and speed on `mini_gsm`."""
    accuracies = [_figure(by_task.get(task, {}).get("accuracy"), 3) for task in TASKS]
    gsm = by_task.get("mini_gsm", {})
    parallelism = _figure(gsm.get("tokens_per_iteration"), 2)
    speed = _figure(gsm.get("throughput_tok_s"), 0)
    return [*labels, *accuracies, parallelism, speed]


def _figure(metric: Mapping[str, Any] | None, digits: int) -> str:
    if metric is None:
        return "–"
    stderr = float("nan") if metric["stderr"] is None else metric["stderr"]
    return plus_minus(metric["mean"], stderr, digits)


def _caption(notes: Sequence[Mapping[str, Any]]) -> str:
    """What the figures are, and what they were measured with."""
    problems = {name: task["problems"] for note in notes for name, task in note["tasks"].items()}
    counts = ", ".join(f"{problems[task]} {task}" for task in TASKS if task in problems)
    machines = {machine_name(note["machine"]) for note in notes}
    return (
        f"Accuracy ± standard error on the held-out test sets ({counts} problems); tokens per "
        "iteration and tok/s on `mini_gsm`, batch 1. Temperature 0.2, top-p 0.95, at most 128 new "
        f"tokens, seed 0. Measured on {'; '.join(sorted(machines))}. From the results of Figures "
        f"2, 3 and 5 in `data/results/`, which `apd reproduce` makes; `{COMMAND}` renders them."
    )


def write_readme() -> Path:
    """Put the rendered table between the markers of README.md. Raises ApdError without them."""
    path = readme_path()
    replace_section(path, START, END, render_models_table())
    return path


def readme_path() -> Path:
    """README.md of the repository that holds the data directory."""
    return data_dir().parent / "README.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and with --write-readme store it in README.md."""
    parser = argparse.ArgumentParser(prog="python -m apd.paper.models_table")
    parser.add_argument("--write-readme", action="store_true", help="put the table into README.md")
    arguments = parser.parse_args(argv)
    try:
        print(render_models_table())
        if arguments.write_readme:
            print(f"wrote {write_readme()}", file=sys.stderr)
    except ApdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
