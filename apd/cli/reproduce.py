"""Run the paper's experiments: every figure and table, as result tables with their provenance."""

import argparse

HELP = "run the experiments behind the paper's figures and tables"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a reproduction."""
    from apd.cli.reproduce_arguments import add_arguments as add

    add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Reproduce, and return the exit status."""
    from apd.cli.reproduce_command import run as reproduce

    return reproduce(arguments)
