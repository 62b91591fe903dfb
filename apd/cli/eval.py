"""Measure a decoder on tasks: accuracy, throughput and tokens per iteration, one row a problem.

The same command again extends what is stored or shows it; --restart measures anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError

if TYPE_CHECKING:
    from rich.console import Console

    from apd.runs.cells import CellStore
    from apd.runs.grid import Experiment
    from apd.tasks import Task

HELP = "measure a decoder on tasks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of an evaluation."""
    from apd.cli.eval_arguments import add_arguments as add

    add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, store, print. Returns the exit status; bad input is an ApdError or ValueError."""
    from rich.console import Console

    from apd.cli.eval_request import build_experiment
    from apd.cli.reference_spellings import in_own_words, notes_on
    from apd.runs.cells import CellStore
    from apd.runs.models import model_files

    console = Console(stderr=True, highlight=False)
    experiment = build_experiment(arguments)
    for note in notes_on(arguments):
        console.print(f"note: {note}", soft_wrap=True)
    arguments = in_own_words(arguments)
    task = _load_task(arguments, experiment.tasks[0])
    directory = _output_directory(arguments, experiment)
    files = model_files(experiment.pair, experiment.models, _paths(arguments, experiment))
    store = CellStore(directory, lambda name: task, files, arguments.log_replies)
    _evaluate(arguments, experiment, store, console)
    _print_results(experiment, store, as_json=arguments.json)
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
    if task.prepare_judges is not None:
        task.prepare_judges()
    return replace(task, system=None) if arguments.no_system else task


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


def _evaluate(
    arguments: argparse.Namespace, experiment: Experiment, store: CellStore, console: Console
) -> None:
    """Run what is not stored: a plan with one cell."""
    from functools import partial

    from apd.runs.jobs import Engine
    from apd.runs.models import load_models
    from apd.runs.run import make_plan, run_plan
    from apd.runs.table import read_provenance

    if not arguments.restart:
        _require_extension(arguments, experiment, store)
    plan = make_plan([experiment], store, again=arguments.restart)
    if plan.current:
        ended = read_provenance(store.directory, experiment.artefact)["ended"]
        console.print(f"measured already, {ended}; --restart measures again", soft_wrap=True)
        return
    load = partial(
        load_models,
        experiment.pair,
        device=arguments.device,
        dtype=experiment.dtype,
        paths=_paths(arguments, experiment),
    )
    run_plan(plan, store, Engine(load=load), console)


def _require_extension(
    arguments: argparse.Namespace, experiment: Experiment, store: CellStore
) -> None:
    """Raise ApdError if the run would not extend the table that is there but replace it."""
    from apd.models.placement import choose_device

    stored = store.measured(experiment)
    if stored is None:
        store.require_no_loss(experiment)
        return
    device = choose_device(arguments.device).type
    before = stored["machine"]["device"].partition(":")[0]
    if device != before:
        raise ApdError(
            f"{store.table(experiment)} was measured on {before}, not {device}: give another "
            "--output or --tag, or --restart to measure again"
        )


def _print_results(experiment: Experiment, store: CellStore, *, as_json: bool) -> None:
    """The summary of the problems asked for: one JSON object, or a table with the file's name."""
    from rich.console import Console

    from apd.runs.cells import Job
    from apd.runs.table import read_results
    from apd.statistics.report import metrics_of, summary_table
    from apd.statistics.summary import summarise

    path = store.table(experiment)
    table, provenance = read_results(store.directory, experiment.artefact)
    stored, table = (
        len(table),
        table.head(len(store.problems(Job(experiment.cells[0], experiment)))),
    )
    summary = summarise(table)
    if not as_json:
        Console().print(summary_table(summary))
        part = f"first {len(table)} of {stored} problems; " if len(table) < stored else ""
        print(f"{part}mean ± standard error over problems, the warm-up not timed; {path}")
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
