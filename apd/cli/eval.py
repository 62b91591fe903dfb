"""`apd eval`: one decoder on one task of one pair, as a stored table and a printed summary.

This module imports nothing heavy; the models and tables come in when `run` is called.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.cli.eval_arguments import add_arguments
from apd.errors import ApdError

if TYPE_CHECKING:
    from rich.console import Console

    from apd.runs.grid import Experiment
    from apd.runs.provenance import ModelFiles
    from apd.tasks.task import Task

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, store, print. Returns the exit status; bad input is an ApdError or ValueError."""
    from rich.console import Console

    from apd.cli.eval_request import build_experiment
    from apd.cli.reference_spellings import in_own_words, notes_on
    from apd.runs.models import model_files

    console = Console(stderr=True, highlight=False)
    experiment = build_experiment(arguments)
    for note in notes_on(arguments):
        console.print(f"note: {note}", soft_wrap=True)
    arguments = in_own_words(arguments)
    task = _load_task(arguments, experiment.tasks[0])
    directory = _output_directory(arguments, experiment)
    models = model_files(experiment, **_paths(arguments, experiment))
    if arguments.restart or not _is_stored(arguments, experiment, task, models, directory, console):
        _evaluate(arguments, experiment, task, directory, console)
    _print_results(experiment, directory, as_json=arguments.json)
    return 0


def _load_task(arguments: argparse.Namespace, name: str) -> Task:
    """The task, from --data-dir if given; ApdError without leave to run the code it judges."""
    from apd.tasks import find_task, load_task

    data_dir = arguments.data_dir
    if data_dir is not None and not data_dir.is_dir():
        raise ApdError(
            f"--data-dir {data_dir} is not a directory: give the one that holds the data sets"
        )
    source = find_task(name).source
    if data_dir is not None and not (source and source.public):
        raise ApdError(
            f"--data-dir does not apply to {name}, which comes with the project; leave it out"
        )
    task = load_task(name, data_dir)
    if task.runs_code and not arguments.allow_code_execution:
        raise ApdError(
            f"judging {name} runs programs that a model wrote, in a separate process "
            "with limits and without network; add --allow-code-execution if you want that"
        )
    return task


def _output_directory(arguments: argparse.Namespace, experiment: Experiment) -> Path:
    """Where the table goes, made if need be; ApdError unless it can be written to."""
    directory = Path(arguments.output) / experiment.pair
    try:
        directory.mkdir(parents=True, exist_ok=True)
        reason = None if os.access(directory, os.W_OK | os.X_OK) else "Permission denied"
    except OSError as error:
        reason = str(error.strerror)
    if reason:
        raise ApdError(f"cannot write to {directory}: {reason}; give another --output")
    return directory


def _paths(arguments: argparse.Namespace, experiment: Experiment) -> dict[str, str | None]:
    """Checkpoints given instead of the pair's own; ApdError for one that the run would not load."""
    for name in ("dllm_path", "verifier_path"):
        if getattr(arguments, name) is not None and "dllm" not in experiment.models:
            raise ApdError(
                f"--{name.replace('_', '-')} does not apply to an autoregressive baseline; "
                "give --baseline-path"
            )
    return {
        name: getattr(arguments, name) for name in ("dllm_path", "verifier_path", "baseline_path")
    }


def _is_stored(
    arguments: argparse.Namespace,
    experiment: Experiment,
    task: Task,
    models: dict[str, ModelFiles],
    directory: Path,
    console: Console,
) -> bool:
    """Whether an earlier run has measured this on the same kind of device; says so if it has."""
    from apd.models.placement import choose_device
    from apd.runs.completed import completed
    from apd.runs.description import FORMAT

    device = choose_device(arguments.device)
    stored = completed(experiment, {task.name: task}, models, directory)
    replies = directory / f"{experiment.artefact}.replies.jsonl"
    if stored is None or stored["format"] != FORMAT:
        return False
    if arguments.log_replies and not replies.is_file():
        return False
    if stored["machine"]["device"].partition(":")[0] != device.type:
        return False
    console.print(f"measured already, {stored['ended']}; --restart measures again", soft_wrap=True)
    return True


def _evaluate(
    arguments: argparse.Namespace,
    experiment: Experiment,
    task: Task,
    directory: Path,
    console: Console,
) -> None:
    """Load the models and run the experiment with its progress on `console`."""
    from apd.runs.models import load_models
    from apd.runs.progress import RichProgress
    from apd.runs.run import run_experiment

    paths = _paths(arguments, experiment)
    pair, models = load_models(experiment, device=arguments.device, dtype=arguments.dtype, **paths)
    try:
        with RichProgress(console) as progress:
            run_experiment(
                experiment,
                pair,
                models,
                directory,
                watcher=progress,
                task_loader=lambda name: task,
                keep_replies=arguments.log_replies,
                restart=arguments.restart,
            )
    except KeyboardInterrupt:
        console.print("stopped; the same command, without --restart, resumes")
        raise


def _print_results(experiment: Experiment, directory: Path, *, as_json: bool) -> None:
    """The summary of the stored table: one JSON object, or a table with the file's name."""
    from rich.console import Console

    from apd.runs.table import read_results
    from apd.statistics.report import metrics_of, summary_table
    from apd.statistics.summary import summarise

    table, provenance = read_results(directory, experiment.artefact)
    path = directory / f"{experiment.artefact}.parquet"
    summary = summarise(table)
    if not as_json:
        Console().print(summary_table(summary))
        print(f"mean ± standard error over problems, the warm-up not timed; {path}")
        return
    configuration: dict[str, Any] = {**provenance["configurations"][0]}
    found = {
        "pair": experiment.pair,
        "task": configuration.pop("task"),
        "configuration": configuration,
        "seed": experiment.seed,
        "limit": experiment.limit,
        "batch_size": experiment.batch_size,
        "problems": len(table),
        "metrics": metrics_of(summary),
        "most_tokens_in_one_iteration": int(table["max_tokens_per_iteration"].max()),
        "table": str(path),
        "provenance": str(path.with_suffix(".json")),
    }
    sys.stdout.write(json.dumps(found, allow_nan=False) + "\n")
