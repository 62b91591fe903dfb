"""The judges of ParallelBench: every right answer, what is forgiven, what is not."""

import sys
from types import SimpleNamespace

import pytest
from one_line_errors import error_of
from tiny_data import DATASETS

from apd.tasks import TASKS, load_task
from apd.tasks.judging.grammar import language_tool

CHECKOUT = DATASETS / "ParallelBench"
ABC = ["A B", "C D", "E F"]
INPUT = {"input": ABC, "word": "X Y"}
JUDGED_BY_GRAMMAR = [n for n, t in TASKS.items() if t.prepare_judges is language_tool]


def verdicts(name: str, answer: object, reply: str) -> tuple[bool, ...]:
    """What the judges say, the benchmark's score first."""
    return tuple(TASKS[f"parallelbench_{name}"].verdicts({"answer": answer}, reply).values())


@pytest.mark.parametrize("name", [n for n in TASKS if n.startswith("parallelbench_")])
def test_the_reference_answers_are_right(name: str) -> None:
    if name in JUDGED_BY_GRAMMAR:
        return
    task = load_task(name, CHECKOUT)
    for row in task.rows:
        answer = row["answer"]
        right = answer if isinstance(answer, str) else answer["example"]
        assert all(task.verdicts(row, right).values()), row
        assert not any(task.verdicts(row, "").values())


LIST = '["A B", "C D", "E F"]'


@pytest.mark.parametrize(
    ("reply", "loose", "strict"),
    [
        (LIST, True, True),
        (f"The line:\n{LIST}", True, True),
        ('not ["Q"] but ["A B", "C D", "E F"].', True, True),
        ("[A B, C D, E F]", True, False),
        ('["A B","C D","E F"]', True, False),
        ('"A B", "C D", "E F"', True, False),
        ('["A B", "C D", "E F"', True, False),
        ('["A B", "C D"]', False, False),
        ('["C D", "A B", "E F"]', False, False),
        ('["A B", "C D", "E F"]\n\n["Q"]', True, True),  # the reply ends at the blank line
        ("", False, False),
    ],
)
def test_one_list_is_right(reply: str, loose: bool, strict: bool) -> None:
    assert verdicts("waiting_line_copy", LIST, reply) == (loose, strict)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "shuffle",
            ["C D, A B, E F", "E F, C D, A B"],
            ["A B, C D, E F", "A B, C D", "A B, A B, E F"],
        ),
        (
            "insert_random",
            ["X Y, A B, C D, E F", "A B, C D, E F, X Y"],
            ["A B, C D, E F", "A B, X Y, X Y, E F", "C D, A B, X Y, E F", "A B, Q, C D, E F"],
        ),
        (
            "remove_random",
            ["C D, E F", "A B, E F", "A B, C D"],
            ["A B, C D, E F", "A B", "E F, C D", "A B, A B", "A B, Q"],
        ),
        (
            "replace_random",
            ["X Y, C D, E F", "A B, C D, X Y"],
            ["A B, C D, E F", "X Y, X Y, E F", "A B, X Y, C D", "A B, X Y, C D, E F"],
        ),
    ],
)
def test_many_lists_are_right(name: str, right: list[str], wrong: list[str]) -> None:
    for reply, verdict in [*((r, True) for r in right), *((w, False) for w in wrong)]:
        spelled = "[" + ", ".join(f'"{item}"' for item in reply.split(", ")) + "]"
        assert verdicts(f"waiting_line_{name}", INPUT, spelled) == (verdict, verdict), reply
        assert verdicts(f"waiting_line_{name}", INPUT, f"[{reply}]") == (verdict, False), reply


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("1,2\n2,1", True),
        ("Here it is:\n1, 2\n2, 1\nDone.", True),
        ("2,1\n1,2\n2,1", True),  # the first rows count
        ("1,2\n1,2", False),
        ("1,2", False),
        ("1,2,1\n2,1,2", False),
        ("1,3\n3,1", False),
    ],
)
def test_latin_squares(reply: str, right: bool) -> None:
    answer = {"symbols": ["1", "2"], "example": "1,2\n2,1"}
    assert verdicts("puzzles_latin_square_n4", answer, reply) == (right,)


GRID = "1234\n3412\n2143\n4321"


@pytest.mark.parametrize("answer", [GRID, [[int(d) for d in line] for line in GRID.split("\n")]])
@pytest.mark.parametrize(
    ("reply", "loose", "strict"),
    [
        (GRID, True, True),
        (GRID.replace("\n", " \n\n"), True, True),
        ("1 2 3 4\n3, 4, 1, 2\n|2|1|4|3|\n4321", True, False),
        (f"Output:\n{GRID}", True, False),
        ("1234\n3412\n2143\n4312", False, False),
        ("1234\n3412\n2143", False, False),
        ("1234341221434321", False, False),
    ],
)
def test_sudoku(answer: object, reply: str, loose: bool, strict: bool) -> None:
    assert verdicts("puzzles_sudoku_n4", answer, reply) == (loose, strict)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A package that finds fault with every text that has no full stop."""
    made = SimpleNamespace(check=lambda text: [] if text.endswith(".") else ["no full stop"])
    package = SimpleNamespace(LanguageTool=lambda language, config: made)
    monkeypatch.setitem(sys.modules, "language_tool_python", package)
    language_tool.cache_clear()
    yield package
    language_tool.cache_clear()


def test_text_is_judged_by_its_grammar(tool: SimpleNamespace) -> None:
    assert len(JUDGED_BY_GRAMMAR) == 5
    for name in JUDGED_BY_GRAMMAR:
        task = load_task(name, CHECKOUT)
        assert task.score is not None
        assert task.score(task.rows[0], " A river has stones. ")
        assert not task.score(task.rows[0], "river stones")
        assert not task.score(task.rows[0], "  ")
    words = {"words": ["river", "stone"]}
    found = verdicts("text_writing_words_to_sentence_easy", words, "A river has no bank.")
    assert found == (True, False)


def test_what_grammar_needs_is_said_in_one_line(tool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No java install detected.\nPlease install java")

    monkeypatch.setattr(tool, "LanguageTool", refuse)
    assert "No java install detected. Please install java" in error_of(language_tool)
    monkeypatch.setitem(sys.modules, "language_tool_python", None)
    assert "pip install language_tool_python" in error_of(language_tool)
