"""Measure a decoder on tasks: accuracy, throughput and tokens per iteration, one row a problem."""

import argparse

HELP = "measure a decoder on tasks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of an evaluation."""
    from apd.cli.eval import add_arguments as add

    add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and return the exit status."""
    from apd.cli.eval import run as evaluate

    return evaluate(arguments)
