"""The task suite: answers right by program, splits disjoint, stored files up to date."""

import json
import random
import re

import pytest

from apd.errors import ApdError
from apd.mini import lexicon
from apd.mini.essays import ASKS, AUDIENCES, TOPICS
from apd.mini.example import FIGURE_1_KEY, TEST_SHARE, key_split
from apd.mini.tasks import (
    SUITE,
    TRAIN_SHARES,
    sample,
    test_examples,
    training_stream,
)
from apd.mini.word_problems import STRUCTURES, Step, sample_word_problem
from apd.tasks import TASKS, load_task
from apd.tasks.figure_1 import QUESTION

test_examples.__test__ = False  # the suite's function, not a test

EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
SCORED = [task for task in SUITE if task != "mini_essay"]


def assert_equation_holds(left: int, op: str, right: int, value: int) -> None:
    results = {"+": left + right, "-": left - right, "*": left * right}
    assert value * right == left if op == "/" else results[op] == value


@pytest.mark.parametrize("name", sorted(STRUCTURES))
def test_every_word_problem_is_worked_correctly(name):
    rng = random.Random(name)
    questions = set()
    for _ in range(60):
        example = sample_word_problem(rng, name)
        body, answer = example.response.rsplit("\n#### ", 1)
        equations = EQUATION.findall(body)
        assert 1 <= len(equations) <= 4
        for left, op, right, value in equations:
            assert_equation_holds(int(left), op, int(right), int(value))
        assert equations[-1][-1] == answer
        assert int(answer) >= 0
        assert "{" not in example.response + example.prompt
        assert TASKS["mini_gsm"].score(example.row, example.response)
        questions.add(re.sub(r"\d+", "#", re.sub(r"\b[A-Z]\w+", "N", example.prompt)))
    assert len(questions) >= 3  # several phrasings


def test_a_step_is_exact_integer_arithmetic():
    assert [Step(12, op, 4, ("{}",)).value for op in "+-*/"] == [16, 8, 48, 3]


def test_there_are_at_least_twenty_structures_and_long_word_lists():
    assert len(STRUCTURES) >= 20
    assert min(len(set(lexicon.NAMES)), len(set(lexicon.ITEMS))) >= 40
    assert len(set(lexicon.NAMES)) == len(lexicon.NAMES)


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
    for _ in range(3000):
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
