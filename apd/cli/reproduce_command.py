"""`apd reproduce`: plan, run or check artefacts, and write the claims ledger."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

from rich.console import Console
from rich.table import Table

from apd.cli.reproduce_arguments import check_ranges, output_directory
from apd.errors import ApdError
from apd.paper.cost import cost_of, seconds_of
from apd.paper.figures import ARTEFACTS, choose, experiment_of
from apd.paper.plan import Plan, make_plan, open_store, reproduce
from apd.paper.scale import Scale, family, scale_of
from apd.runs.cell_models import Placement, worker_for
from apd.runs.cells import CellStore, shared_cells
from apd.runs.engine import Engine
from apd.runs.grid import Cell, Experiment
from apd.runs.table import read_provenance

CLAIMS = "claims"


def run(arguments: argparse.Namespace) -> int:
    """Do what the arguments say. Returns the exit status; bad input is an ApdError."""
    check_ranges(arguments)
    directory = output_directory(arguments)
    names = [name for name in arguments.artefacts if name != CLAIMS]
    if names:
        _reproduce(arguments, directory, names)
    if not (arguments.plan or arguments.check):
        _write_claims(arguments.pair, directory, asked_for=not names)
    return 0


def _reproduce(arguments: argparse.Namespace, directory: Path, names: list[str]) -> None:
    chosen = choose(names, arguments.pair, run_code=arguments.allow_code_execution)
    experiments = [
        experiment_of(
            artefact,
            arguments.pair,
            limit=arguments.limit,
            seed=arguments.seed,
            dtype=arguments.dtype,
        )
        for artefact in chosen
    ]
    placement = Placement(
        device=arguments.device,
        dllm_path=arguments.dllm_path,
        verifier_path=arguments.verifier_path,
        threads=arguments.threads,
    )
    if arguments.check:
        _check(arguments, directory, experiments, placement)
        return
    store = open_store(directory, experiments, placement)
    plan = make_plan(experiments, store, again=arguments.again)
    scale = scale_of(arguments.pair)
    if arguments.plan:
        Console().print(plan_table(plan, store, scale))
        return
    _require_no_loss(plan, store)
    engine = Engine(
        workers=functools.partial(worker_for, placement=placement),
        processes=arguments.processes,
        ray=arguments.ray,
        gpus=arguments.gpus,
    )
    console = Console(stderr=True, highlight=False)
    try:
        reproduce(plan, store, engine, console, lambda cell: seconds_of(cell, scale))
    except KeyboardInterrupt:
        console.print("stopped; the same command resumes")
        raise
    _mention_what_is_left_out(arguments, console)


def _check(
    arguments: argparse.Namespace,
    directory: Path,
    experiments: list[Experiment],
    placement: Placement,
) -> None:
    from apd.paper.drift import check_drift

    present = [e for e in experiments if (directory / f"{e.artefact}.json").is_file()]
    if not present:
        raise ApdError(
            f"nothing to check in {directory}: run `apd reproduce "
            f"{' '.join(arguments.artefacts)} --pair {arguments.pair}` first"
        )
    print(check_drift(directory, present, arguments.limit or 1, placement))


def _require_no_loss(plan: Plan, store: CellStore) -> None:
    """Refuse to replace a table by a shorter one."""
    for experiment in plan.experiments:
        if experiment.artefact in plan.current:
            continue
        try:
            note = read_provenance(store.directory, experiment.artefact)
        except ApdError:
            continue
        stored = {name: task["problems"] for name, task in note["tasks"].items()}
        asked = {name: len(store.tasks[name].problem_ids(experiment.limit)) for name in stored
                 if name in store.tasks}  # fmt: skip
        if any(asked[name] < stored[name] for name in asked):
            raise ApdError(
                f"{store.directory / experiment.artefact}.parquet has more problems than --limit "
                f"{experiment.limit} asks for; use another --output, or delete it"
            )


def plan_table(plan: Plan, store: CellStore, scale: Scale) -> Table:
    """Artefacts in the order in which they run, with what each adds to those before it."""
    table = Table(title=f"pair {scale.pair}", caption="Times are rough; cells are shared.")
    for heading in ("artefact", "what", "cells", "to run", "decodes", "dLLM passes", "hours"):
        table.add_column(heading, justify="left" if heading in ("artefact", "what") else "right")
    jobs = {job.cell for job in plan.jobs}
    first = {cell: owner.artefact for cell, owner in shared_cells(plan.experiments)}
    total = 0.0
    for experiment in plan.experiments:
        new = [c for c in experiment.cells if c in jobs and first[c] == experiment.artefact]
        decodes, passes, seconds = _work(new, experiment, store, scale)
        total += seconds
        cells = (str(len(experiment.cells)), str(len(new)))
        shows = ARTEFACTS[experiment.artefact].shows
        figures = (str(decodes), f"{passes:.0f}", f"{seconds / 3600:.2f}")
        table.add_row(experiment.artefact, shows, *cells, *figures)
    table.add_section()
    table.add_row("all", "", "", str(len(jobs)), "", "", f"{total / 3600:.2f}")
    return table


def _work(
    cells: list[Cell], experiment: Experiment, store: CellStore, scale: Scale
) -> tuple[int, float, float]:
    """Decodes, dLLM passes and expected seconds of some cells."""
    counts = {cell: store.problems(cell, experiment) for cell in cells}
    passes = sum(n * cost_of(cell, scale).dllm_passes for cell, n in counts.items())
    seconds = sum(n * seconds_of(cell, scale) for cell, n in counts.items())
    return sum(counts.values()), passes, seconds


def _mention_what_is_left_out(arguments: argparse.Namespace, console: Console) -> None:
    if "all" not in arguments.artefacts:
        return
    dream, llada = family(arguments.pair)
    if arguments.pair == dream:
        if not arguments.allow_code_execution:
            console.print("left out: humaneval, which needs --allow-code-execution")
        console.print(f"the LLaDA half of fig2 and tab1: apd reproduce all --pair {llada}")


def _write_claims(pair: str, directory: Path, *, asked_for: bool) -> None:
    """Judge the claims anew. While tables of old models are left, only a request for it fails."""
    from apd.paper.claims.ledger import write_ledger

    console = Console(stderr=True, highlight=False)
    try:
        console.print(f"claims: {write_ledger(pair, directory)}", soft_wrap=True)
    except ApdError as error:
        if asked_for:
            raise
        console.print(f"claims: not written, {error}", soft_wrap=True)
