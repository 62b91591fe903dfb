"""The judges of the public four: lm-eval's where it has them, nested braces, the sandbox."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval.api.metrics import exact_match_fn
from lm_eval.filters.extraction import MultiChoiceRegexFilter, RegexFilter
from lm_eval.tasks.hendrycks_math.utils import is_equiv
from tiny_data import DATASETS

from apd.harness import task_functions
from apd.tasks import load_task
from apd.tasks.judging.boxed import reference_answer
from apd.tasks.judging.equivalence import same_answer
from apd.tasks.task import cut_at

GSM_REPLIES = [
    "So 36 - 7 = 29.\n#### 29",
    "#### 1,220.",
    "It costs $200.00.",
    "The answer is -5",
    "no number",
    "about 3.5 or 4 rolls, I think 29",
    "#### 29 and then #### 30",
    "$",
    "1. 2. 3.",
]
STRICT = RegexFilter(regex_pattern=r"#### (\-?[0-9\.\,]+)")
FLEXIBLE = RegexFilter(group_select=-1, regex_pattern="(-?[$0-9.,]{2,})|(-?[0-9]+)")
LETTERS = MultiChoiceRegexFilter(
    group_select=-1, ignore_case=True, ignore_punctuation=True, regex_pattern=r"(\([A-Z]\))"
)
IGNORED = [",", "\\$", "(?s).*#### ", "\\.$"]


@given(st.one_of(st.sampled_from(GSM_REPLIES), st.text("#### $0123456789.,-a\n", max_size=20)))
def test_numbers_are_found_and_compared_as_lm_eval_does(reply: str) -> None:
    references = ("36 - 7 = 29.\n#### 29", "#### 1,220", "#### 0")
    rows = [{"task": "gsm8k", "answer": reference} for reference in references]
    for theirs, ours in (
        (STRICT, task_functions.marked_numbers),
        (FLEXIBLE, task_functions.answers),
    ):
        answers = ours([[reply]] * len(rows), rows)
        assert answers == list(theirs.apply([[reply]] * len(rows), rows))
        for row, (answer,) in zip(rows, answers, strict=True):
            expected = exact_match_fn(
                references=[row["answer"]],
                predictions=[answer],
                regexes_to_ignore=IGNORED,
                ignore_case=True,
            )["exact_match"]
            assert task_functions.exact_match(row, [answer]) == {"exact_match": expected}


GPQA_TASK = "gpqa_main_generative_n_shot"
GPQA = [{**row, "task": GPQA_TASK} for row in load_task(GPQA_TASK, DATASETS).rows]
GPQA_REPLIES = [
    "It is (B), no: (A).",
    "The neutron has no charge.",
    "Answer: C",
    "(Z)",
    "bicyclo111pentane",
    "I do not know",
    "bicyclo[1.1.1]pentane, so (d)",
    "(C).",
    "",
]


@settings(max_examples=20)  # lm-eval's filter builds a table of all punctuation at every call
@given(
    st.one_of(st.sampled_from(GPQA_REPLIES), st.text("()ABCDE: neutropspi", max_size=16)),
    st.sampled_from(range(len(GPQA))),
)
def test_letters_are_found_and_compared_as_lm_eval_does(reply: str, problem: int) -> None:
    row = GPQA[problem]
    answers = task_functions.answers([[reply]], [row])
    assert answers == LETTERS.apply([[reply]], [row])
    expected = exact_match_fn(
        references=[row["answer"]],
        predictions=answers[0],
        ignore_case=True,
        ignore_punctuation=True,
    )["exact_match"]
    assert task_functions.exact_match(row, answers[0]) == {"exact_match": expected}


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (r"so \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"boxed{\sqrt{\frac{a}{b^{2}}}} is it", r"\sqrt{\frac{a}{b^{2}}}"),
        (r"boxed{1} or rather $\boxed{\{1, 2\}}$.", r"\{1, 2\}"),
        (r"\boxed{3} and \boxed{never closed", "3"),
        ("no box", task_functions.NO_ANSWER),
    ],
)
def test_boxes_survive_nested_braces(reply: str, answer: str) -> None:
    assert task_functions.answers([[reply]], [{"task": "hendrycks_math"}]) == [[answer]]


SPELLINGS = [
    r"\frac{1}{2}", r"\dfrac12", r"\frac 1 2", "1/2", "0.5", ".5", r"\frac{\sqrt{3}}{2}",
    r"\dfrac{\sqrt3}{2}", r"2\sqrt3", r"2\sqrt{3}", "x=5", "x = 5", "5", r"5\text{ cm}", r"5^\circ",
    r"5^{\circ}", r"15\%", "15", r"\$15", r"\left(1, 2\right)", "(1,2)", r"\frac1{72}", "-3/4",
    r"-\frac{3}{4}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}",
    "1,000", "1000", r"1\!000", "",
]  # fmt: skip


@given(st.sampled_from(SPELLINGS), st.sampled_from(SPELLINGS))
def test_answers_that_lm_eval_calls_equal_are_equal_here(given: str, reference: str) -> None:
    if is_equiv(given, reference):
        assert same_answer(given, reference)


@pytest.mark.parametrize(
    ("given", "reference", "same"),
    [
        (r"\dfrac{\sqrt3}{2}", r"\frac{\sqrt{3}}{2}", True),
        ("1,000", "1000", True),
        (r"5\text{ cm}", "5", True),
        ("1/3", "1/2", False),
        ("3", r"\sqrt{3}", False),
        (None, "3", False),
    ],
)
def test_math_answers(given: str | None, reference: str, same: bool) -> None:
    assert same_answer(given, reference) is same


def test_reference_answers_of_every_notation() -> None:
    assert reference_answer(r"$\boxed{\frac{3}{4}}$.") == r"\frac{3}{4}"
    assert reference_answer(r"so $\boxed 7$.") == "7"
    assert reference_answer(r"so $\fbox{12}$.") == "12"


@pytest.mark.parametrize("subject", ["algebra", "geometry", "precalc"])
def test_the_reference_solution_of_a_math_row_is_right(subject: str) -> None:
    task = load_task(f"hendrycks_math_{subject}", DATASETS)
    for row in task.rows:
        assert task.score is not None and task.score(row, row["solution"])
        assert not task.score(row, "I do not know.")


def test_math_takes_its_subjects_in_turn() -> None:
    rows = load_task("hendrycks_math", DATASETS).rows
    assert len(rows) == 8
    assert len({row["subject"] for row in rows[:7]}) == 7
    assert rows[7]["subject"] == rows[0]["subject"] == "algebra"


HUMANEVAL = load_task("humaneval_instruct", DATASETS)
SOLUTION = HUMANEVAL.rows[0]["canonical_solution"]


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (SOLUTION, True),
        (f"{SOLUTION}```\nThis counts the values.", True),
        (f"{SOLUTION}\nprint('never run')\nraise ValueError", True),  # cut at a stop string
        ("    return len(values)\n", False),
        ("    while True: pass\n", False),
        ("    import socket; socket.create_connection(('127.0.0.1', 1))\n", False),
        ("", False),
    ],
)
def test_programs_are_judged_in_the_sandbox(reply: str, right: bool) -> None:
    assert HUMANEVAL.runs_code
    assert HUMANEVAL.score is not None
    assert HUMANEVAL.score(HUMANEVAL.rows[0], reply) is right


def test_programs_never_run_in_this_process() -> None:
    import builtins

    reply = "    import builtins; builtins.reached_by_a_program = True\n    return 0\n"
    assert HUMANEVAL.score is not None and not HUMANEVAL.score(HUMANEVAL.rows[0], reply)
    assert not hasattr(builtins, "reached_by_a_program")


def test_several_replies_to_a_problem_give_a_share() -> None:
    row = {**HUMANEVAL.rows[0], "task": HUMANEVAL.name}
    (solutions,) = task_functions.answers([[SOLUTION, "    return 0\n"]], [row])
    assert task_functions.pass_at_1(row, [solutions]) == {"pass@1": 0.5}


def test_text_is_cut_at_the_first_stop_string() -> None:
    assert cut_at("one two three", ["three", "two"]) == "one "
    assert cut_at("one", ["two", ""]) == "one"
