"""Programs as answers: from a reply to a solution, and the judgement of that by its tests."""

from __future__ import annotations

import re

from apd.tasks.judging.judge import Judge, Row
from apd.tasks.judging.sandbox import run_program

_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\r?\n(.*?)(?:\n[ \t]*```|\Z)", re.S | re.I)


def extract_code(text: str) -> str:
    """The code of a reply: the first fenced block (closed or not), else the whole reply."""
    fenced = _FENCE.search(text)
    return fenced.group(1) if fenced else text


def continued_solution(prompt: str, reply: str) -> str:
    """The prompt continued by the reply, up to the fence that closes the code, as in lm-eval."""
    return f"{prompt}{reply.partition('```')[0]}"


def completed_solution(prompt: str, reply: str, entry_point: str) -> str:
    """The prompt completed by the code of a reply that chose its own form.

    A reply that defines `entry_point` stands behind the prompt, so that the prompt's imports hold;
    the prompt's own signature ends in its docstring and is a complete, shadowed definition. Any
    other reply continues the prompt's body.
    """
    code = extract_code(reply)
    complete = re.search(rf"^def\s+{re.escape(entry_point)}\s*\(", code, re.M)
    separator = "\n\n" if complete else "\n"
    return f"{prompt.rstrip()}{separator}{code if complete else _indented(code)}"


def _indented(body: str) -> str:
    """A function body at four spaces if its first line of code has no indentation."""
    lines = body.strip("\n").split("\n")  # no other separator ends a line of Python
    if lines[0][:1] in ("", " ", "\t"):
        return body.strip("\n")
    return "\n".join(f"    {line}" if line.strip() else line for line in lines)


def passes_tests(row: Row, solution: str) -> bool:
    """Whether a solution passes the row's `test` of its `entry_point`, run in the sandbox.

    The solution is bound before the tests define their ``check``, which it may be named itself.
    """
    bound = f"{solution}\n\nsolution_under_test = {row['entry_point']}"
    return run_program(f"{bound}\n\n{row['test']}\n\ncheck(solution_under_test)\n").passed


CONTINUED_PROGRAM = Judge(lambda row, reply: continued_solution(row["prompt"], reply), passes_tests)
COMPLETED_PROGRAM = Judge(
    lambda row, reply: completed_solution(row["prompt"], reply, row["entry_point"]), passes_tests
)
