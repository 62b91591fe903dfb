"""List the pairs (a diffusion model and its verifier), what each needs, and whether it is here.

`apd models fetch-mini` gets the mini models where the package was installed without a checkout.
"""

import argparse
import json
from pathlib import Path

from apd.errors import ApdError

FETCH = "fetch-mini"
HELP = "list the pairs and what each needs, explain one, or fetch the mini models"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "pair", nargs="?", metavar="NAME", help="explain this pair alone; or fetch-mini"
    )
    parser.add_argument(
        "--from", type=Path, dest="archive", metavar="FILE", help="their archive, already here"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Print one block a pair, or fetch; return the exit status."""
    from apd.models.registry import describe_pairs, explain_pair

    if arguments.pair == FETCH:
        from apd.models.mini_release import fetch_mini

        print(f"the mini models and tasks are in {fetch_mini(arguments.archive)}")
        return 0
    if arguments.archive is not None:
        raise ApdError(f"--from belongs to `apd models {FETCH}`")
    rows = describe_pairs() if arguments.pair is None else [explain_pair(arguments.pair)]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    width = max(len(name) for row in rows for name in row)
    for row in rows:
        print(row["pair"])
        for name, value in row.items():
            if name != "pair":
                print(f"  {name:<{width}}  {value}")
    return 0
