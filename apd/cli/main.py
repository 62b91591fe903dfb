"""The command line's entry: subcommands, and errors as one line."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from apd.cli import aup, bench, demo, models, reproduce, train_mini
from apd.cli import eval as evaluate
from apd.errors import ApdError, ApdWarning

Command = Callable[[argparse.Namespace], int]
COMMANDS = {
    "demo": demo,
    "models": models,
    "train-mini": train_mini,
    "eval": evaluate,
    "aup": aup,
    "reproduce": reproduce,
    "bench": bench,
}

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run `apd` with these arguments (the process's own if None) and return its exit status.

    What the user can mend (an `ApdError`, a setting out of range) is one line on stderr and status
    2; an interrupt is 130. `--traceback` shows where an error came from.
    """
    arguments = build_parser(argv).parse_args(argv)
    try:
        status = run_command(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("apd: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`apd models | head`); keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ApdError, ValueError) as error:
        if arguments.traceback:
            raise
        print(f"apd: error: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_ERROR


def run_command(arguments: argparse.Namespace) -> int:
    """Run the chosen subcommand; what the package warns of is a note of one line."""
    command: Command = arguments.run
    with warnings.catch_warnings():
        warnings.showwarning = partial(show_warning, warnings.showwarning)
        return command(arguments)


def show_warning(
    otherwise: Callable[..., None], message: Warning | str, category: type[Warning], *where: Any
) -> None:
    """A note of one line for what the package says; anything else as it is otherwise shown."""
    if issubclass(category, ApdWarning):
        print(f"apd: note: {message}", file=sys.stderr)
    else:
        otherwise(message, category, *where)


def build_parser(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser; only the subcommand that `argv` names adds its arguments.

    So one subcommand's arguments never cost another the import of what they are made from.
    """
    words = sys.argv[1:] if argv is None else argv
    chosen = next((word for word in words if word in COMMANDS), None)
    parser = argparse.ArgumentParser(
        prog="apd",
        description="Adaptive Parallel Decoding of diffusion language models.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"apd {package_version()}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=module.HELP, description=module.__doc__, allow_abbrev=False
        )
        if name == chosen:
            module.add_arguments(subparser)
        subparser.add_argument(
            "--traceback", action="store_true", help="show where an error came from"
        )
        subparser.set_defaults(run=module.run)
    return parser


def package_version() -> str:
    """The installed package's version."""
    try:
        return version("apd")
    except PackageNotFoundError:
        return "(not installed)"
