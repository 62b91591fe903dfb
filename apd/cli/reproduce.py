"""Run the paper's experiments: every figure and table, as result tables with their provenance."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError

if TYPE_CHECKING:
    from rich.console import Console

    from apd.runs.grid import Experiment

HELP = "run the experiments behind the paper's figures and tables"
CLAIMS = "claims"
SLICES = Path("results")  # where runs with a limit go unless told otherwise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to reproduce")
    what.add_argument(
        "artefacts",
        nargs="+",
        metavar="ARTEFACT",
        help="fig1, fig2, fig3, fig4, fig5, fig6, tab1, tab2, appendix_d, humaneval, or all "
        "(humaneval only with --allow-code-execution); reference_audit, acceptance_rules, "
        "schedules, lines, verifiers, one_verifier, improving, sparse_lookahead, comparison, "
        "comparison_code, or beyond (comparison_code only with --allow-code-execution); or "
        "claims: only the ledger",
    )
    what.add_argument("--pair", default="mini", metavar="NAME", help="see `apd models` (mini)")
    what.add_argument("--limit", type=int, metavar="N", help="only the first N problems a task")
    what.add_argument("--seed", type=int, default=0, metavar="N", help="fixes all noise (0)")
    what.add_argument(
        "--allow-code-execution",
        action="store_true",
        help="needed for humaneval: judging runs programs that a model wrote, in a separate "
        "process with limits and without network, which can still read this user's files where "
        "the kernel has no Landlock (Linux)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--plan", action="store_true", help="say what would be run and how long it may take"
    )
    how.add_argument(
        "--check",
        action="store_true",
        help="run the first problems (--limit, else 1) of stored tables again and compare every "
        "row but its pace (times, verifier passes)",
    )
    how.add_argument("--again", action="store_true", help="run what is stored already, too")
    _add_machine(parser.add_argument_group("machine"))
    parser.add_argument_group("output").add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="tables go to DIR/<pair>/; the same command resumes (the repository's data/results, "
        "or results with --limit)",
    )


def _add_machine(group: Any) -> None:
    group.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="configurations at a time; speeds are only comparable at 1 (1)",
    )
    group.add_argument("--threads", type=int, metavar="N", help="of torch, in each process")
    group.add_argument(
        "--ray", action="store_true", help="run the processes on a Ray cluster (needs ray)"
    )
    group.add_argument(
        "--gpus", type=float, default=0.0, metavar="N", help="GPUs of each process on Ray (0)"
    )
    group.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (best there is)")
    group.add_argument("--dtype", metavar="NAME", help="precision of the weights (the pair's)")
    group.add_argument("--dllm-path", metavar="PATH", help="directory or hub name of the dLLM")
    group.add_argument("--verifier-path", metavar="PATH", help="the same for the verifier")


def run(arguments: argparse.Namespace) -> int:
    """Do what the arguments say. Returns the exit status; bad input is an ApdError."""
    _check_ranges(arguments)
    directory = _output_directory(arguments)
    names = [name for name in arguments.artefacts if name != CLAIMS]
    if names:
        _reproduce(arguments, directory, names)
    if not (arguments.plan or arguments.check):
        _write_claims(arguments.pair, directory, asked_for=not names)
    return 0


def _check_ranges(arguments: argparse.Namespace) -> None:
    """Raise ApdError for a number out of range."""
    for name in ("limit", "processes", "threads"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ApdError(f"--{name} is {value}: use an integer >= 1, or leave it out")
    for name in ("seed", "gpus"):
        if getattr(arguments, name) < 0:
            raise ApdError(f"--{name} is {getattr(arguments, name)}: use a number >= 0")


def _output_directory(arguments: argparse.Namespace) -> Path:
    """The directory of the pair's tables."""
    from apd.runs.table import results_directory

    if arguments.output is not None:
        return Path(arguments.output) / arguments.pair
    if arguments.limit is not None and not arguments.check:
        return SLICES / arguments.pair
    return results_directory(arguments.pair)


def _reproduce(arguments: argparse.Namespace, directory: Path, names: list[str]) -> None:
    from rich.console import Console

    from apd.paper.cost import seconds_of
    from apd.paper.figures import choose, experiment_of
    from apd.paper.plan import open_store, plan_table
    from apd.paper.scale import scale_of
    from apd.runs.jobs import Engine
    from apd.runs.models import load_models
    from apd.runs.run import make_plan, run_plan

    pair = arguments.pair
    asked = {"limit": arguments.limit, "seed": arguments.seed, "dtype": arguments.dtype}
    chosen = choose(names, pair, run_code=arguments.allow_code_execution)
    experiments = [experiment_of(artefact, pair, **asked) for artefact in chosen]
    paths = {name: getattr(arguments, name) for name in ("dllm_path", "verifier_path")}
    if arguments.check:
        machine = paths | {"device": arguments.device, "threads": arguments.threads}
        _check(arguments, directory, experiments, machine)
        return
    store = open_store(directory, experiments, **paths)
    plan = make_plan(experiments, store, again=arguments.again)
    if arguments.plan:
        Console().print(plan_table(plan, store, scale_of(pair)))
        return
    for experiment in plan.experiments:
        store.require_no_loss(experiment)
    console = Console(stderr=True, highlight=False)
    placed = {"device": arguments.device, "dtype": arguments.dtype, "paths": paths}
    engine = Engine(
        load=partial(load_models, pair, **placed),
        threads=arguments.threads,
        processes=arguments.processes,
        ray=arguments.ray,
        gpus=arguments.gpus,
    )
    run_plan(plan, store, engine, console, partial(seconds_of, scale=scale_of(pair)))
    _mention_what_is_left_out(arguments, console)


def _check(
    arguments: argparse.Namespace,
    directory: Path,
    experiments: list[Experiment],
    machine: dict[str, Any],
) -> None:
    """Compare stored tables with a fresh run of their first problems."""
    from apd.paper.drift import check_drift

    present = [e for e in experiments if (directory / f"{e.artefact}.json").is_file()]
    if not present:
        raise ApdError(
            f"nothing to check in {directory}: run `apd reproduce "
            f"{' '.join(arguments.artefacts)} --pair {arguments.pair}` first"
        )
    print(check_drift(directory, present, arguments.limit or 1, **machine))


def _mention_what_is_left_out(arguments: argparse.Namespace, console: Console) -> None:
    from apd.paper.scale import family

    dream, llada = family(arguments.pair)
    if "all" in arguments.artefacts and arguments.pair == dream:
        if not arguments.allow_code_execution:
            console.print("left out: humaneval, which needs --allow-code-execution")
        console.print(f"the LLaDA half of fig2 and tab1: apd reproduce all --pair {llada}")


def _write_claims(pair: str, directory: Path, *, asked_for: bool) -> None:
    """Judge the claims anew. While tables of old models are left, only a request for it fails."""
    from rich.console import Console

    from apd.paper.claims.ledger import write_ledger

    console = Console(stderr=True, highlight=False)
    try:
        console.print(f"claims: {write_ledger(pair, directory)}", soft_wrap=True)
    except ApdError as error:
        if asked_for:
            raise
        console.print(f"claims: not written, {error}", soft_wrap=True)
