"""Answers are found where a reply states them, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apd.tasks.judging.boxed import extract_boxed
from apd.tasks.judging.equivalence import same_answer


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
