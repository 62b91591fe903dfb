"""The people, places and things of the suite, found in a text."""

import re

from apd.mini import lexicon as lex

ENTITIES = frozenset(
    (
        *lex.NAMES, *lex.LINE_NAMES, *lex.LAST_NAMES, *lex.PLACES, *lex.ANIMALS, *lex.ITEMS,
        *lex.CONTAINERS, *lex.GROUPS, *lex.SINGULAR.values(), *lex.PEOPLE, *lex.JOBS,
        *lex.VESSELS, *lex.WISHES, *lex.FIELDS,
    )
)  # fmt: skip
"""Every word (or fixed phrase) of the lexicon that stands for somebody or something."""


def any_of(phrases: frozenset[str]) -> re.Pattern[str]:
    """Matches any of ``phrases`` as whole words, the longest first; nothing if there are none."""
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b" if phrases else r"(?!)")


_ANY_ENTITY = any_of(ENTITIES)


def entities_in(text: str) -> list[str]:
    """The entities a text names, each once, in order of appearance."""
    return list(dict.fromkeys(_ANY_ENTITY.findall(text)))
