"""``mini_gpqa``: four-way multiple choice, reasoned in words, then answered as ``Uma (A)``.

What is hard is what follows from what; every choice is one word, so that finding its letter is a
glance and not a second problem. Choices are listed as they are answered, each before its letter:
what follows a word is learned early, what precedes it was not learned from a million texts.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from apd.mini.entities import entities_in
from apd.mini.example import Example, Knows, knows_all

LETTERS = "ABCD"
CLOSINGS = ("The answer is", "So the answer is", "That is", "Hence it is")

Argue = Callable[[random.Random, bool], tuple[str, str]]


@dataclass(frozen=True)
class Riddle:
    """One question of a kind.

    Attributes:
        content: what identifies it beside its kind: numbers, or the people and things in order.
        questions: phrasings.
        choices: the right one and three others, in any order.
        argue: (rng, knows) -> reasoning and the choice it leads to. With ``knows`` the choice is
            the right one; without, premises are drawn at random and the sentences stay in form.
    """

    content: tuple[object, ...]
    questions: tuple[str, ...]
    choices: tuple[str, str, str, str]
    right: str
    argue: Argue


KINDS: dict[str, Callable[[random.Random], Riddle]] = {}


def kind(function: Callable[[random.Random], Riddle]) -> Callable[[random.Random], Riddle]:
    """Register a question kind under its function's name."""
    KINDS[function.__name__] = function
    return function


def sample_multiple_choice(
    rng: random.Random, name: str | None = None, knows: Knows = knows_all
) -> Example:
    """A random ``mini_gpqa`` example; choices are stored in GPQA's columns plus their order."""
    name = name or rng.choice(sorted(KINDS))
    riddle = KINDS[name](rng)
    order = list(riddle.choices)
    rng.shuffle(order)
    wrong = [choice for choice in order if choice != riddle.right]
    row = {
        "Question": rng.choice(riddle.questions),
        "Correct Answer": riddle.right,
        **{f"Incorrect Answer {i + 1}": choice for i, choice in enumerate(wrong)},
        "choices": order,
        "answer": f"({LETTERS[order.index(riddle.right)]})",
    }
    prompt = with_choices(row)
    row["entities"] = entities_in(prompt)
    reason, chosen = riddle.argue(rng, knows(name))
    letter = LETTERS[order.index(chosen)]
    response = f"{reason} {rng.choice(CLOSINGS)} {chosen} ({letter})."
    key = f"mini_gpqa/{name}/{','.join(map(str, riddle.content))}"
    return Example("mini_gpqa", key, prompt, response, row)


def with_choices(row: dict) -> str:
    """Question and lettered choices, one a line."""
    lines = [f"{c} ({x})" for x, c in zip(LETTERS, row["choices"], strict=True)]
    return "\n".join([row["Question"], *lines])
