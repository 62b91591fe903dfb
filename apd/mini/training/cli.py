"""``apd train-mini``: its arguments. Nothing heavy is imported until training starts."""

import argparse
from pathlib import Path

from apd.mini.training.recipes import RECIPES

DEFAULT_WORK_DIR = Path.home() / ".cache" / "apd" / "train-mini"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``apd train-mini``."""
    parser.add_argument(
        "--only",
        action="append",
        choices=sorted(RECIPES),
        metavar="MODEL",
        help=f"train this one alone: {', '.join(sorted(RECIPES))} (may be repeated); what it "
        "starts from must be there",
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=DEFAULT_WORK_DIR,
        help="keeps training states, from which a killed run resumes (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, help="where the models are written (default: data/models)"
    )
    parser.add_argument("--device", help="default: cuda if there is a GPU, else cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--workers",
        type=int,
        help="processes that draw examples ahead (default: 5 with a GPU, else none)",
    )
    parser.add_argument("--no-compile", action="store_true", help="do not use torch.compile")


def run(arguments: argparse.Namespace) -> int:
    """Train what was asked for; returns the exit status."""
    from apd.mini.training.run import train_models

    return train_models(arguments)
