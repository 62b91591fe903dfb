"""One generated exercise, and the rule that keeps training and test apart."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SPLITS = ("train", "test")

TEST_SHARE = 10
"""One content key in this many belongs to the test side."""

Knows = Callable[[str], bool]
"""Whether the author of a response knows what to do in problems of a structure, by its name.

Where it does not, the response is right in everything local (calculations, names and numbers of
the question, sentences) and its plan is random: the small autoregressive model is taught so.
"""


def knows_all(structure: str) -> bool:
    """The author of the data sets and of the large models' training texts."""
    return True


@dataclass(frozen=True)
class Example:
    """An exercise with one worked response.

    ``key`` is what the exercise is about, without wording: the structure and its numbers (or
    names, or topic). Two examples with the same key differ in phrasing, and where numbers are the
    content in names, so keys, not texts, are what the split is made on. ``row`` is what the test
    set stores, in the field names of the data set the task mirrors.
    """

    task: str
    key: str
    prompt: str
    response: str
    row: dict[str, Any]


def key_split(key: str) -> str:
    """``"test"`` for one key in :data:`TEST_SHARE`, by a hash of the key; else ``"train"``.

    Being a function of the key alone, it makes the two splits disjoint whatever is sampled.
    """
    if key == FIGURE_1_KEY:
        return "test"
    digest = hashlib.sha256(key.encode()).digest()
    return "test" if int.from_bytes(digest[:4], "big") % TEST_SHARE == 0 else "train"


FIGURE_1_KEY = "mini_gsm/chain_of_places/2,4,20"
"""Figure 1's sheep problem: its structure is trained, these numbers never are."""
