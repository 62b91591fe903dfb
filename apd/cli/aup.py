"""Accuracy under parallelism of stored results: one number for each decoder's curve.

Give the tables that `apd eval` or `apd reproduce` wrote. The configurations of one decoder on one
task (its values of R, K or steps) are the points of its curve.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError

if TYPE_CHECKING:
    import pandas as pd

HELP = "accuracy under parallelism of stored results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", nargs="+", type=Path, metavar="TABLE", help=".parquet files")
    parser.add_argument(
        "--best-accuracy",
        type=float,
        metavar="PERCENT",
        help="best accuracy known on the task (the best in the tables)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Print AUP with and without the verifier's passes; return the exit status."""
    from apd.statistics.aup_curves import AupSettings, aup_table, operating_points

    best = arguments.best_accuracy
    if best is not None and not 0 < best <= 100:
        raise ApdError(f"--best-accuracy {best} is not allowed: use percent, above 0, at most 100")
    table = read_tables(arguments.results)
    counted = {
        name: (
            operating_points(table, count_verifier=count),
            aup_table(table, AupSettings(count_verifier=count, best_accuracy=best)),
        )
        for name, count in (("dLLM passes", False), ("dLLM and verifier passes", True))
    }
    if arguments.json:
        found = {
            name: {"points": _records(points), "aup": _records(curves)}
            for name, (points, curves) in counted.items()
        }
        sys.stdout.write(json.dumps(found, allow_nan=False) + "\n")
        return 0
    _print_tables({name: curves for name, (_, curves) in counted.items()})
    return 0


def read_tables(paths: list[Path]) -> pd.DataFrame:
    """The rows of several result tables of one pair, each (configuration, problem) once.

    Raises:
        ApdError: a table is missing, damaged, or cannot be joined with the others.
    """
    import pandas as pd

    from apd.runs.checks import KEY
    from apd.runs.comparable import require_comparable
    from apd.runs.table import read_results

    found = {path: read_results(path.parent, path.name.removesuffix(".parquet")) for path in paths}
    require_comparable({str(path): provenance for path, (_, provenance) in found.items()})
    rows = pd.concat([table for table, _ in found.values()], ignore_index=True)
    return rows.drop_duplicates(list(KEY), ignore_index=True)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values; None for what is empty."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _print_tables(counted: dict[str, pd.DataFrame]) -> None:
    """One line a curve, AUP ± standard error with either way of counting passes."""
    from rich.console import Console
    from rich.table import Table

    from apd.statistics.report import plus_minus

    shown = Table("task", "decoder", "points")
    for name in counted:
        shown.add_column(f"AUP, {name}", justify="right")
    for rows in zip(*(curves.itertuples() for curves in counted.values()), strict=True):
        first = rows[0]
        decoder = first.algorithm if first.model == "dllm" else first.model
        figures = (plus_minus(row.aup, row.stderr, 1) for row in rows)
        shown.add_row(first.task, decoder, "/".join(str(row.points) for row in rows), *figures)
    Console().print(shown)
    print("percent × tokens per forward pass, ± standard error over problems")
