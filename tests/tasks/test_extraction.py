"""Answers are found where a reply states them, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apd.tasks.judging import extract_boxed, extract_choice, extract_gsm_answer, same_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("20 * 4 = 80. 80 * 2 = 160.\n#### 260", "260"),
        ("#### 12\n\nQuestion: 3 more. #### 99", "12"),  # what follows the answer does not count
        ("#### $1,260.50", "1260.50"),
        ("####-7", "-7"),
        ("#### - 7", "-7"),
        ("so he has 10 - 4 = 6 apples.", "6"),
        ("it falls to -3 degrees", "-3"),
        ("he paid $1,234.", "1234"),
        ("10-4", "4"),  # a minus between two numbers subtracts
        ("f(2)-3", "3"),
        ("no number at all", None),
        ("####", None),
        ("", None),
    ],
)
def test_gsm_answer(text: str, answer: str | None) -> None:
    assert extract_gsm_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"The answer is \boxed{42}.", "42"),
        (r"boxed{42}", "42"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\sqrt{\frac{a}{b^{2}}}} and so on }", r"\sqrt{\frac{a}{b^{2}}}"),
        (r"first \boxed{1}, then \boxed{ 2 }", "2"),
        (r"whole \boxed{1}, then cut short \boxed{\frac{2", "1"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{}", ""),
        (r"\boxed{1", None),
        ("42", None),
    ],
)
def test_boxed(text: str, answer: str | None) -> None:
    assert extract_boxed(text) == answer


@given(st.recursive(st.text("ab1 ", max_size=4), lambda inner: inner.map(lambda t: f"{{{t}}}")))
def test_boxed_survives_any_nesting(content: str) -> None:
    assert extract_boxed(f"so boxed{{{content}}} follows") == content.strip()


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("3 + 4 = 7. The answer is (B).", "B"),
        ("(A) is too small, so (C)", "C"),
        ("A", None),
        ("(E)", None),
        ("f(x)", None),
    ],
)
def test_choice(text: str, letter: str | None) -> None:
    assert extract_choice(text) == letter


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("260", "260", True),
        ("260.0", "260", True),
        ("1,260", "1260", True),
        (r"\dfrac{3}{4}", "3/4", True),
        (r"-\frac12", "-0.5", True),
        ("x = 5", "5", True),
        (r"5\%", "5", True),
        (r"\text{ even }", "even", True),
        ("261", "260", False),
        ("2(3)", "23", False),
        ("1/0", "0", False),
        ("", "0", False),
        (None, "0", False),
    ],
)
def test_same_answer(answer: str | None, reference: str, same: bool) -> None:
    assert same_answer(answer, reference) is same
