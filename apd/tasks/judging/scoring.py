"""Judging the public benchmarks: what lm-eval's filters and metrics of these tasks compute.

A filter takes the replies to every problem, ``[[reply, ...], ...]``, with the problems, and gives
an answer for each reply; a results function compares the answers to one problem with its row. The
task files name both, and experiments outside lm-eval use the same ones.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from apd.tasks.judging.extraction import extract_boxed
from apd.tasks.judging.math_answers import same_math_answer
from apd.tasks.judging.sandbox import run_program

Row = Mapping[str, Any]
Replies = Iterable[Sequence[str]]
NO_ANSWER = "[invalid]"

_MARKED_NUMBER = re.compile(r"#### (-?[0-9.,]+)")
_NUMBER = re.compile(r"-?[$0-9.,]{2,}|-?[0-9]+")
_LETTER = re.compile(r"\([A-Z]\)")
_LETTER_AFTER_COLON = re.compile(r":\s*([A-D])")


def _each(answer: Callable[[str], str], replies: Replies) -> list[list[str]]:
    return [[answer(reply) for reply in of_problem] for of_problem in replies]


def marked_numbers(replies: Replies, rows: Sequence[Row]) -> list[list[str]]:
    """The first number behind ``####`` (lm-eval's "strict-match")."""
    return _each(lambda reply: next(iter(_MARKED_NUMBER.findall(reply)), NO_ANSWER), replies)


def last_numbers(replies: Replies, rows: Sequence[Row]) -> list[list[str]]:
    """The last number of the reply (lm-eval's "flexible-extract", which the paper reports)."""
    return _each(lambda reply: (_NUMBER.findall(reply) or [NO_ANSWER])[-1], replies)


def gsm8k_results(row: Row, answers: Sequence[str]) -> dict[str, int]:
    """Whether the number is the one behind ``####`` in the worked answer."""
    return {"exact_match": int(_plain_number(answers[0]) == _plain_number(row["answer"]))}


def _plain_number(text: str) -> str:
    text = re.sub(r"(?s).*#### ", "", re.sub(r"[,$]", "", text))
    return re.sub(r"\.$", "", text).lower()


def choice_letters(replies: Replies, rows: Sequence[Row]) -> list[list[str]]:
    """The last ``(X)``; else the last choice that is quoted; else the last letter after a colon."""
    pairs = zip(replies, rows, strict=True)
    return [[_choice(reply, row["choices"]) for reply in of_problem] for of_problem, row in pairs]


def _choice(reply: str, choices: Sequence[str]) -> str:
    if letters := _LETTER.findall(reply):
        return str(letters[-1])
    letter_of = {_bare(text): f"({letter})" for letter, text in zip("ABCD", choices, strict=True)}
    longest_first = sorted(letter_of, key=len, reverse=True)
    quoted = re.findall("|".join(re.escape(text) for text in longest_first), _bare(reply))
    if quoted and quoted[-1]:
        return letter_of.get(quoted[-1].strip(), quoted[-1].strip())
    after_colon = _LETTER_AFTER_COLON.findall(reply)
    return f"({after_colon[-1]})" if after_colon else NO_ANSWER


def _bare(text: str) -> str:
    """Lower case, trimmed, without punctuation of any script."""
    return "".join(c for c in text.strip().lower() if not unicodedata.category(c).startswith("P"))


def gpqa_results(row: Row, answers: Sequence[str]) -> dict[str, int]:
    """Whether the letter is the right one."""
    bare = str.maketrans("", "", string.punctuation)
    given, wanted = (text.lower().translate(bare) for text in (answers[0], row["answer"]))
    return {"exact_match": int(given == wanted)}


def boxed_answers(replies: Replies, rows: Sequence[Row]) -> list[list[str]]:
    """The content of the last complete ``boxed{…}``, nested braces included."""
    return _each(lambda reply: NO_ANSWER if (a := extract_boxed(reply)) is None else a, replies)


def math_results(row: Row, answers: Sequence[str]) -> dict[str, int]:
    """Whether the boxed answer states the reference solution's."""
    return {"exact_match": int(same_math_answer(answers[0], row["answer"]))}


def humaneval_programs(replies: Replies, rows: Sequence[Row]) -> list[list[str]]:
    """The prompt continued by the reply, up to the fence that closes the code."""
    pairs = zip(replies, rows, strict=True)
    return [
        [row["prompt"] + reply.partition("```")[0] for reply in of_problem]
        for of_problem, row in pairs
    ]


def humaneval_results(row: Row, programs: Sequence[Any]) -> dict[str, float]:
    """The share of the programs that pass the problem's tests, each run in the sandbox."""
    candidates = programs[0] if isinstance(programs[0], list) else list(programs)
    check = f"{row['test']}\ncheck({row['entry_point']})"
    passed = [run_program(f"{program}\n{check}").passed for program in candidates]
    return {"pass@1": sum(passed) / len(passed)}
