"""The command line's entry: subcommands, and errors as one line."""

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from apd.cli import aup, bench, demo, doctor, export_web, models, reproduce, train_mini
from apd.cli import eval as evaluate
from apd.cli.streams import close_streams, open_streams
from apd.display import visible
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
    "export-web": export_web,
    "doctor": doctor,
}

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run `apd` with these arguments (the process's own if None) and return its exit status.

    What the user can mend (an `ApdError`, a setting out of range, a file that cannot be read or
    written) is one line on stderr and status 2; an interrupt is 130. `--traceback` shows where an
    error came from. If standard output is full, the work is done all the same, and the status is 2;
    a reader that goes away (`apd models | head`) changes nothing.
    """
    try:
        before = open_streams()
    except ApdError as error:
        return _fail(error)
    try:
        status = _run(argv)
    except SystemExit as stop:  # of argparse: help is shown, or usage was wrong
        if _finish(before, EXIT_ERROR if stop.code else 0) == EXIT_ERROR:
            raise SystemExit(EXIT_ERROR) from None
        raise
    except BaseException:
        close_streams(before)
        raise
    return _finish(before, status)


def _finish(before: tuple[Any, Any], status: int) -> int:
    """Put the streams back; the exit status, which tells if output was lost."""
    lost = close_streams(before)
    if lost is None:
        return status
    return _fail(f"cannot write to standard output: {lost.strerror}; the output is incomplete")


def _run(argv: Sequence[str] | None) -> int:
    """Parse and run; return the exit status."""
    arguments = build_parser(argv).parse_args(argv)
    try:
        require_text(arguments)
        return run_command(arguments)
    except KeyboardInterrupt:
        print("apd: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (ApdError, ValueError, OSError) as error:
        if arguments.traceback:
            raise
        return _fail(error)


def _fail(error: Exception | str) -> int:
    """One line on stderr, whatever the error's message looks like; the exit status."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    print(f"apd: error: {visible(' '.join(text.split()))}", file=sys.stderr)
    return EXIT_ERROR


def require_text(arguments: argparse.Namespace) -> None:
    """Refuse text that no encoding can carry: bytes of the command line that are not UTF-8.

    Raises:
        ApdError: an argument other than a path holds such bytes.
    """
    for name, value in vars(arguments).items():
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and not is_text(text):
                raise ApdError(
                    f"--{name.replace('_', '-')} {text!r} holds bytes that are no text in UTF-8; "
                    "write them in UTF-8, or leave them out"
                )


def is_text(text: str) -> bool:
    """Whether the text has no lone surrogate, which no encoding can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
