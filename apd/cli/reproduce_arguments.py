"""The arguments of `apd reproduce`. This module imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from apd.errors import ApdError

SLICES = Path("results")  # where runs with a limit go unless told otherwise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a reproduction."""
    what = parser.add_argument_group("what to reproduce")
    what.add_argument(
        "artefacts",
        nargs="+",
        metavar="ARTEFACT",
        help="fig1, fig2, fig3, fig4, fig5, fig6, tab1, tab2, appendix_d, humaneval, or all "
        "(humaneval only with --allow-code-execution), or claims: only the ledger",
    )
    what.add_argument("--pair", default="mini", metavar="NAME", help="see `apd models` (mini)")
    what.add_argument("--limit", type=int, metavar="N", help="only the first N problems a task")
    what.add_argument("--seed", type=int, default=0, metavar="N", help="fixes all noise (0)")
    what.add_argument(
        "--allow-code-execution",
        action="store_true",
        help="needed for humaneval: judging runs programs that a model wrote, in a separate "
        "process with limits and without network, which still can read this user's files",
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


def check_ranges(arguments: argparse.Namespace) -> None:
    """Raise ApdError for a number out of range."""
    for name in ("limit", "processes", "threads"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ApdError(f"--{name} is {value}: use an integer >= 1, or leave it out")
    for name in ("seed", "gpus"):
        if getattr(arguments, name) < 0:
            raise ApdError(f"--{name} is {getattr(arguments, name)}: use a number >= 0")


def output_directory(arguments: argparse.Namespace) -> Path:
    """The directory of the pair's tables."""
    from apd.runs.table import results_directory

    if arguments.output is not None:
        return Path(arguments.output) / arguments.pair
    if arguments.limit is not None and not arguments.check:
        return SLICES / arguments.pair
    return results_directory(arguments.pair)
