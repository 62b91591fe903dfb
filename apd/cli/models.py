"""List the pairs (a diffusion model and its verifier), what each needs, and whether it is here."""

import argparse
import json

HELP = "list the pairs and what each needs, or explain one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("pair", nargs="?", metavar="NAME", help="explain this pair alone")
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Print one block a pair; return the exit status."""
    from apd.models.registry import describe_pairs, explain_pair

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
