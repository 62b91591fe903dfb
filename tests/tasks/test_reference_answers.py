"""Reference answers are judged right: rows of GSM8K and HumanEval in the kinds that they come in.

The rows are written for this test. On the public data all are right, 1319 and 164.
"""

import pytest

from apd.tasks import TASKS

WORKED = (
    "Six trays of 4 make 6 * 4 = <<6*4=24>>24 cups.\n#### 24",
    "He owes 20 - 35 = <<20-35=-15>>-15 dollars.\n#### -15",
    "It is worth 3 * 250,000 = $<<3*250000=750000>>750,000.\n#### 750,000",
    "Half of 7 is 7 / 2 = <<7/2=3.5>>3.5 hours.\n#### 3.5",
    "That is 10% of 80, .1 * 80 = <<.1*80=8>>8 people.\n#### 8",
)
HELPER_BEFORE = {
    "prompt": (
        "import math\n\n\ndef area(r: float) -> float:\n    return math.pi * r * r\n\n\n"
        'def ring(outer: float, inner: float) -> float:\n    """ Area of a ring.\n'
        '    >>> ring(1, 1)\n    0.0\n    """\n'
    ),
    "entry_point": "ring",
    "canonical_solution": "    return area(outer) - area(inner)\n",
    "test": "\n\ndef check(candidate):\n    assert candidate(1, 1) == 0\n"
    "    assert abs(candidate(2, 1) - 9.42477) < 1e-4\n",
}
NESTED = {
    "prompt": 'def chain(n: int):\n    """ Collatz steps from n to 1. """\n',
    "entry_point": "chain",
    "canonical_solution": (
        "    def follow(k):\n        # half of an even number\n        if k % 2 == 0:\n"
        "            return k // 2\n        return 3 * k + 1\n\n    steps = 0\n"
        "    while n != 1:\n        n, steps = follow(n), steps + 1\n    return steps\n"
    ),
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(6) == 8\n"
    "    assert candidate(1) == 0\n",
}
NAMED_AS_ITS_TEST = {
    "prompt": 'def check(word: str) -> bool:\n    """ Whether the word reads the same back. """\n',
    "entry_point": "check",
    "canonical_solution": "    return word == word[::-1]\n",
    "test": "def check(candidate):\n    assert candidate('noon')\n    assert not candidate('ab')\n",
}
IMPORTS_INSIDE = {
    "prompt": 'def digest(text: str):\n    """ MD5 of the text, None if it is empty. """\n',
    "entry_point": "digest",
    "canonical_solution": (
        "    import hashlib\n    return hashlib.md5(text.encode('ascii')).hexdigest()"
        " if text else None\n"
    ),
    "test": "def check(candidate):\n    assert candidate('') is None\n"
    "    assert candidate('a') == '0cc175b9c0f1b6a831c399e269772661'\n",
}
PROGRAMS = (HELPER_BEFORE, NESTED, NAMED_AS_ITS_TEST, IMPORTS_INSIDE)


@pytest.mark.parametrize("worked", WORKED)
def test_a_worked_answer_is_right(worked: str) -> None:
    score = TASKS["gsm8k"].score
    assert score is not None
    assert score({"answer": worked}, worked)
    others = [other for other in WORKED if other != worked]
    assert not any(score({"answer": worked}, other) for other in others)


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: row["entry_point"])
def test_a_canonical_solution_passes(row: dict[str, str]) -> None:
    score = TASKS["humaneval_instruct"].score
    assert score is not None
    assert score(row, row["canonical_solution"])
    assert not score(row, "    return 7\n")
    assert not score(row, "")
