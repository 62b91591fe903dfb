"""Command lines: every flag of every command with every kind of value."""

import argparse
from pathlib import Path

import pytest
from fuzz_cases import TEXT, cases, run_command
from hypothesis import strategies as st

from apd.cli.main import COMMANDS, build_parser

VALUES = st.one_of(
    st.sampled_from(["0", "1", "2", "-1", "0.5", "1.5", "nan", "inf", "1e4", "1e999", "none", "",
                     "mini", "mini-llada", "mini-dream", "maxi", "cpu", "cuda", "float32",
                     "float16", "bfloat16", "int8", "gumbel", "greedy", "apd", "left_to_right",
                     "mini_gsm", "mini_math", "/nowhere", "/dev/null", ".", "~", "~nobody/x",
                     "a" * 300, "a/b", "../x", "\x00", "caf\udce9", "fig1", "all", "x.svg"]),
    TEXT,
)  # fmt: skip
# Commands that would run for long are asked for a plan, or only parsed.
RUNS = {
    "demo": ["--max-new-tokens", "3", "--delay", "0"],
    "models": [],
    "eval": ["--task", "mini_gsm", "--limit", "1", "--max-new-tokens", "3"],
    "aup": [],
    "doctor": [],
    "reproduce": ["fig1", "--plan"],
}
LARGE = ("max-new-tokens", "limit", "delay", "threads", "workers", "jobs", "seconds", "help")


def flags(command: str) -> list[tuple[str, bool]]:
    """The long flags of a command, and whether each takes a value."""
    parser = build_parser([command])
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    actions = subparsers.choices[command]._actions
    return [
        (name, action.nargs != 0)
        for action in actions
        for name in action.option_strings
        if name.startswith("--") and not any(word in name for word in LARGE)
    ]


@st.composite
def command_lines(draw: st.DrawFn, command: str, extra: list[str]) -> list[str]:
    chosen = draw(st.lists(st.sampled_from(flags(command)), max_size=3))
    words = [command]
    for flag, takes_value in chosen:
        words += [flag, draw(VALUES)] if takes_value else [flag]
    words += draw(st.lists(VALUES, max_size=1)) if draw(st.integers(0, 3)) == 0 else []
    return [*words, *extra] if "--traceback" not in words else [command, *extra]


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from(sorted(RUNS)))
    return draw(command_lines(command, RUNS[command]))


@pytest.fixture(autouse=True)
def here(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@cases("command lines", 90, lines())
def test_every_command_line_ends_as_it_should(words: list[str]) -> None:
    run_command(words)


@cases("command lines, parsed", 60, st.data())
def test_every_command_line_is_parsed_or_refused(given: st.DataObject) -> None:
    command = given.draw(st.sampled_from(sorted(COMMANDS)))
    words = given.draw(command_lines(command, []))
    try:
        build_parser(words).parse_args(words)
    except SystemExit as stop:
        assert stop.code in (0, 2)
