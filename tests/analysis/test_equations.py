"""Kinds of tokens on a solution whose tokens are told by hand."""

import re

from apd.analysis import kinds_of_tokens


def spans_of(text):
    return [match.span() for match in re.finditer(r" ?[A-Za-z]+| ?\d| ?[^\w\s]|\s", text)]


def test_operands_and_operator_are_the_plan_and_what_comes_out_the_result():
    text = "Ada has 12 + 3 = 15 hats. Then 15 * 2 = 30.\n#### 30"
    spans = spans_of(text)
    kinds = kinds_of_tokens(text, spans)
    by_kind = {
        kind: [text[a:b].strip() for (a, b), k in zip(spans, kinds, strict=True) if k == kind]
        for kind in ("plan", "result", "words")
    }
    assert by_kind["plan"] == ["1", "2", "+", "3", "1", "5", "*", "2"]
    assert by_kind["result"] == ["1", "5", "3", "0"]
    assert by_kind["words"] == [
        "Ada",
        "has",
        "=",
        "hats",
        ".",
        "Then",
        "=",
        ".",
        "",
        *"####",
        "3",
        "0",
    ]


def test_a_text_without_equations_is_words():
    text = "There are 3 hats."
    assert set(kinds_of_tokens(text, spans_of(text))) == {"words"}
