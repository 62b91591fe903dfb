"""Every scored task of the suite: a right reply, a wrong one, and the reference itself."""

import resource

import pytest

from apd.errors import ApdError
from apd.tasks import TASKS, load_task
from apd.tasks.judging.programs import completed_solution, extract_code

GSM = {"question": "?", "answer": "20 * 4 = 80. 80 * 2 = 160. 20 + 80 + 160 = 260.\n#### 260"}
MATH = {"problem": "?", "solution": r"3 * 4 = 12. The answer is \boxed{12}."}
GPQA = {
    "Question": "Which number is the largest?",
    "Correct Answer": "90",
    "Incorrect Answer 1": "10",
    "Incorrect Answer 2": "20",
    "Incorrect Answer 3": "30",
    "choices": ["10", "90", "20", "30"],
    "answer": "(B)",
}
LINES = {
    "prompt": '["Yara Costa", "Ada Weber", "Leo Silva"]\nShuffle the line.',
    "operation": "shuffle",
    "line": ["Yara Costa", "Ada Weber", "Leo Silva"],
    "place": None,
    "new": None,
    "entities": ["Yara Costa", "Ada Weber", "Leo Silva"],
}
HUMANEVAL = {
    "task_id": "mini_humaneval/affine/2,1",
    "prompt": 'def compute(x):\n    """Return x times 2 plus 1."""\n',
    "canonical_solution": "    return x * 2 + 1\n",
    "test": "def check(candidate):\n    assert candidate(3) == 7\n    assert candidate(0) == 1\n",
    "entry_point": "compute",
}


def score(task: str, row: dict, reply: str) -> bool:
    judge = TASKS[task].score
    assert judge is not None
    return judge(row, reply)


@pytest.mark.parametrize(
    ("task", "row", "right", "wrong"),
    [
        ("mini_gsm", GSM, "#### 260", "#### 26"),
        ("mini_gsm", GSM, "all in all 260.", "I do not know"),
        ("mini_math", MATH, r"\boxed{12.0}", "12"),
        ("mini_gpqa", GPQA, "The largest is 90. The answer is (B).", "(A)"),
        (
            "mini_humaneval",
            HUMANEVAL,
            "```python\ndef compute(x):\n    return 1 + x * 2\n```",
            "no",
        ),
        ("mini_lines", LINES, '["Ada Weber", "Yara Costa", "Leo Silva"]', '["Ada Weber"]'),
        ("mini_lines", LINES, ' ["Leo Silva",\n"Ada Weber","Yara Costa"]\n', "Ada Weber"),
        ("mini_humaneval", HUMANEVAL, "def compute(x):\n    return 1 + x + x", "    return x"),
        ("mini_humaneval", HUMANEVAL, "    return 2 * x + 1", "```python\nreturn 2\n```"),
        ("mini_humaneval", HUMANEVAL, "return 2 * x + 1", ""),
    ],
)
def test_scores(task: str, row: dict, right: str, wrong: str) -> None:
    assert score(task, row, right) is True
    assert score(task, row, wrong) is False


def test_essays_have_no_right_answer() -> None:
    essay = TASKS["mini_essay"]
    assert essay.score is None and essay.verdicts({"prompt": "?"}, "text") == {}


def test_a_row_without_a_reference_is_an_error() -> None:
    with pytest.raises(ApdError, match="no boxed answer"):
        score("mini_math", {"solution": "12"}, r"\boxed{12}")
    with pytest.raises(ApdError, match="no ####"):
        score("mini_gsm", {"answer": "12"}, "#### 12")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("Here:\n```python\nx = 1\n```\nDone.", "x = 1"),
        ("```\nx = 1\n```", "x = 1"),
        ("```py\nx = 1", "x = 1"),  # cut off before the fence closed
        ("x = 1", "x = 1"),
    ],
)
def test_extract_code(reply: str, code: str) -> None:
    assert extract_code(reply) == code


def test_imports_of_the_prompt_hold_for_a_complete_function() -> None:
    prompt = 'import math\n\ndef root(x):\n    """Square root."""\n'
    solution = completed_solution(prompt, "def root(x):\n    return math.sqrt(x)", "root")
    assert solution.startswith("import math") and solution.endswith("return math.sqrt(x)")


def test_only_a_line_feed_ends_a_line_of_a_program() -> None:
    reply = "text = 'one\u2028two\x0cthree'\nreturn 2 * x + 1 + text.count('    ')"
    assert score("mini_humaneval", HUMANEVAL, reply)


def test_a_solution_may_be_named_check() -> None:
    row = {**HUMANEVAL, "prompt": 'def check(x):\n    """?"""\n', "entry_point": "check"}
    assert score("mini_humaneval", row, "    return 2 * x + 1")
    assert not score("mini_humaneval", row, "    return 2 * x")


@pytest.mark.parametrize(
    "task", [name for name, task in TASKS.items() if task.generator and task.score]
)
def test_references_of_the_stored_test_sets_score_as_right(task: str) -> None:
    """Every row's own worked answer is right; of the programs, which take time, every tenth."""
    reference = {
        "mini_gsm": "answer",
        "mini_math": "solution",
        "mini_gpqa": "answer",
        "mini_lines": "answer",
        "mini_humaneval": "canonical_solution",
    }
    rows = load_task(task).rows
    for row in rows[:: 10 if task == "mini_humaneval" else 1]:
        assert score(task, row, row[reference[task]]), row


def test_judging_a_program_takes_a_fraction_of_a_second_of_processor_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        assert score("mini_humaneval", HUMANEVAL, "    return 2 * x + 1")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 5 < 0.4
