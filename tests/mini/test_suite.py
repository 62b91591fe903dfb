"""The task suite: answers right by program, splits disjoint, stored files up to date."""

import json
import random
import re

import pytest

from apd.errors import ApdError
from apd.mini import lexicon, word_problems
from apd.mini.essays import ASKS, AUDIENCES, TOPICS
from apd.mini.example import FIGURE_1_KEY, TEST_SHARE, key_split, knows_all
from apd.mini.steps import Step
from apd.mini.tasks import (
    SUITE,
    TRAIN_SHARES,
    sample,
    test_examples,
    training_stream,
)
from apd.mini.training.curriculum import knowledge_of
from apd.mini.word_problems import sample_word_problem
from apd.tasks import TASKS, load_task
from apd.tasks.figure_1 import QUESTION
from apd.tasks.judging.faithfulness import FAITHFUL

test_examples.__test__ = False  # the suite's function, not a test

EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
NAMED = re.compile(rf"\b({'|'.join(lexicon.NAMES)})\b")
SCORED = [task for task in SUITE if task != "mini_essay"]


def assert_equation_holds(left: int, op: str, right: int, value: int) -> None:
    results = {"+": left + right, "-": left - right, "*": left * right}
    assert value * right == left if op == "/" else results[op] == value


WORKED = [(t, name) for t in ("mini_gsm", "mini_math") for name in sorted(SUITE[t].structures)]


@pytest.mark.parametrize(("task", "name"), WORKED)
def test_every_structure_is_worked_correctly(task, name):
    rng = random.Random(name)
    questions = set()
    for _ in range(60):
        example = SUITE[task].sample(rng, name)
        equations = EQUATION.findall(example.response)
        assert 2 <= len(equations) <= 6
        for left, op, right, value in equations:
            assert_equation_holds(int(left), op, int(right), int(value))
        assert re.search(r"(?:#### |boxed\{)(\d+)\}?\.?$", example.response)[1] == equations[-1][-1]
        assert "{" not in example.response.replace("boxed{", "") + example.prompt
        assert TASKS[task].score(example.row, example.response)
        questions.add(re.sub(r"\d+", "#", NAMED.sub("_", example.prompt)))
    assert len(questions) >= 3  # several phrasings


@pytest.mark.parametrize("task", sorted(SUITE))
def test_responses_speak_of_nothing_that_the_question_lacks(task):
    """Whatever the phrasing of the question: responses are chosen independently of it."""
    rng = random.Random(4)
    for name in SUITE[task].structures:
        for _ in range(30):
            example = SUITE[task].sample(rng, name)
            assert FAITHFUL(example.row, example.response), example
            unplanned = SUITE[task].sample(rng, name, knows=lambda structure: False)
            assert FAITHFUL(unplanned.row, unplanned.response), unplanned


@pytest.mark.parametrize("name", sorted(SUITE["mini_gpqa"].structures))
def test_a_reasoned_choice_is_the_right_one(name):
    rng = random.Random(name)
    for _ in range(60):
        example = SUITE["mini_gpqa"].sample(rng, name)
        assert TASKS["mini_gpqa"].score(example.row, example.response)
        for left, op, right, value in EQUATION.findall(example.response):
            assert_equation_holds(int(left), op, int(right), int(value))


def test_solutions_have_two_to_six_steps_and_some_are_long():
    rng = random.Random(8)
    steps = [len(EQUATION.findall(sample("mini_gsm", rng).response)) for _ in range(600)]
    assert min(steps) == 2 and max(steps) == 6
    assert sum(n >= 4 for n in steps) > 100


def test_a_step_is_exact_integer_arithmetic():
    assert [Step(12, op, 4, ("{}",)).value for op in "+-*/"] == [16, 8, 48, 3]


def test_there_are_many_structures_and_long_word_lists():
    assert len(SUITE["mini_gsm"].structures) >= 40
    assert len(SUITE["mini_math"].structures) >= 20 and len(SUITE["mini_gpqa"].structures) >= 12
    assert min(len(set(lexicon.NAMES)), len(set(lexicon.ITEMS))) >= 40
    for names in (lexicon.NAMES, lexicon.PLACES, lexicon.ITEMS, lexicon.LAST_NAMES):
        assert len(set(names)) == len(names)
    assert set(lexicon.LINE_NAMES) <= set(lexicon.NAMES)
    assert not set(lexicon.NAMES) & set(lexicon.PLACES)


@pytest.mark.parametrize("task", SCORED)
def test_reference_responses_are_scored_correct_and_others_wrong(task):
    examples = test_examples(task)[:40]
    assert all(TASKS[task].score(e.row, e.response) for e in examples)
    wrong = [TASKS[task].score(e.row, "I do not know.") for e in examples]
    assert not any(wrong)


@pytest.mark.parametrize("task", sorted(SUITE))
def test_training_never_draws_a_test_key_or_prompt(task):
    test_set = test_examples(task)
    test_keys, test_prompts = {e.key for e in test_set}, {e.prompt for e in test_set}
    rng = random.Random(11)
    for _ in range(800):
        example = sample(task, rng)
        assert key_split(example.key) == "train"
        assert example.key not in test_keys
        assert example.prompt not in test_prompts
    assert all(key_split(e.key) == "test" for e in test_set)


def test_the_split_holds_back_about_one_key_in_ten():
    share = sum(key_split(f"k{i}") == "test" for i in range(20_000)) / 20_000
    assert abs(share - 1 / TEST_SHARE) < 0.01


def without_words(text: str) -> str:
    names = "|".join((*lexicon.PLACES, *lexicon.ANIMALS))
    return re.sub(rf"\b({names})\b", "_", text)


def test_figure_1_is_in_reach_but_never_trained_on():
    rng = random.Random(5)
    drawn = [sample_word_problem(rng, "chain_of_places") for _ in range(2000)]
    same_numbers = [e for e in drawn if e.key == FIGURE_1_KEY]
    assert without_words(QUESTION) in {without_words(e.prompt) for e in same_numbers}
    assert all(e.response.endswith("#### 260") for e in same_numbers)
    assert key_split(FIGURE_1_KEY) == "test"


def test_training_draws_the_structure_of_figure_1_with_all_numbers_but_its_own(monkeypatch):
    structure = {"chain_of_places": SUITE["mini_gsm"].structures["chain_of_places"]}
    monkeypatch.setattr(word_problems, "STRUCTURES", structure)
    rng = random.Random(6)
    trained = {sample("mini_gsm", rng).key for _ in range(3000)}
    held_out = {sample("mini_gsm", rng, "test").key for _ in range(300)}
    assert FIGURE_1_KEY in held_out and FIGURE_1_KEY not in trained
    assert len(trained) > 200 and not trained & held_out


@pytest.mark.parametrize("task", sorted(SUITE))
def test_no_stored_problem_is_asked_in_training(task):
    """Over all phrasings: the stored rows, and what training samples under either curriculum."""
    asked = {load_task(task).user(row) for row in load_task(task).rows}
    rng = random.Random(12)
    for knows in (knows_all, knowledge_of(task, 2)):
        assert not asked & {sample(task, rng, knows=knows).prompt for _ in range(500)}


@pytest.mark.parametrize("task", sorted(SUITE))
def test_stored_test_sets_are_what_the_generators_make(task):
    stored = load_task(task)
    rows = list(stored.rows)
    assert len(rows) == SUITE[task].test_size
    assert rows == [json.loads(json.dumps(e.row)) for e in test_examples(task)]
    prompts = [stored.user(row) for row in rows]
    assert len(set(prompts)) == len(prompts)
    assert prompts == [e.prompt for e in test_examples(task)]
    assert stored.system.startswith("You are a helpful assistant.")


def test_sizes_are_those_promised():
    assert {name: generator.test_size for name, generator in SUITE.items()} == {
        "mini_gsm": 500,
        "mini_math": 250,
        "mini_gpqa": 250,
        "mini_lines": 250,
        "mini_humaneval": 164,
        "mini_essay": 50,
    }
    assert abs(sum(TRAIN_SHARES.values()) - 1) < 1e-9


def test_the_training_stream_is_a_function_of_its_seed():
    first, again, other = (training_stream(seed) for seed in (3, 3, 4))
    drawn = [next(first) for _ in range(50)]
    assert drawn == [next(again) for _ in range(50)]
    assert drawn != [next(other) for _ in range(50)]


def test_multiple_choice_has_four_distinct_choices_with_letters_in_balance():
    rows = load_task("mini_gpqa").rows
    assert all(len(set(row["choices"])) == 4 for row in rows)
    assert all(
        row["choices"]["ABCD".index(row["answer"][1])] == row["Correct Answer"] for row in rows
    )
    counts = [sum(row["answer"] == f"({x})" for row in rows) for x in "ABCD"]
    assert min(counts) > 250 / 4 - 30


def test_essays_leave_real_freedom():
    rng = random.Random(1)
    texts = {sample("mini_essay", rng).response for _ in range(500)}
    assert len(texts) > 490
    assert len(AUDIENCES) * len(TOPICS) * len(ASKS) > 500


def test_an_unknown_task_is_named():
    with pytest.raises(ApdError, match="mini_gsm"):
        sample("gsm9k", random.Random(0))
