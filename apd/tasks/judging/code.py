"""From a model's reply to a HumanEval program, and the judgement of that program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apd.tasks.judging.sandbox import SandboxLimits, SandboxResult, run_program

_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\r?\n(.*?)(?:\n[ \t]*```|\Z)", re.S | re.I)


def extract_code(text: str) -> str:
    """The code of a reply: the first fenced block (closed or not), else the whole reply."""
    fenced = _FENCE.search(text)
    return fenced.group(1) if fenced else text


def assemble_program(prompt: str, reply: str, test: str, entry_point: str) -> str:
    """The program HumanEval runs: solution, then its tests, then ``check(entry_point)``.

    The solution is bound before the tests define their ``check``, which it may be named itself.

    A reply that defines `entry_point` stands behind the prompt, so that the prompt's imports hold;
    the prompt's own signature ends in its docstring and is a complete, shadowed definition. Any
    other reply continues the prompt's body.
    """
    code = extract_code(reply)
    complete = re.search(rf"^def\s+{re.escape(entry_point)}\s*\(", code, re.M)
    separator = "\n\n" if complete else "\n"
    body = code if complete else _indented(code)
    solution = f"{prompt.rstrip()}{separator}{body}\n\nsolution_under_test = {entry_point}"
    return f"{solution}\n\n{test}\n\ncheck(solution_under_test)\n"


def _indented(body: str) -> str:
    """A function body at four spaces if its first line of code has no indentation."""
    lines = body.strip("\n").splitlines()
    if not lines or lines[0][:1] in (" ", "\t"):
        return body.strip("\n")
    return "\n".join(f"    {line}" if line.strip() else line for line in lines)


def judge_code(
    row: Mapping[str, Any], reply: str, limits: SandboxLimits | None = None
) -> SandboxResult:
    """Run a reply to a HumanEval row (`prompt`, `test`, `entry_point`) in the sandbox."""
    program = assemble_program(row["prompt"], reply, row["test"], row["entry_point"])
    return run_program(program, limits)
