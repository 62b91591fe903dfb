"""Random plans: right in everything local, and taught for the structures that the rule names."""

import random
import re
from collections import Counter

import pytest

from apd.mini.random_plans import LARGEST, TIMES_TABLE, given_numbers, random_plan
from apd.mini.steps import OPERATIONS, Step
from apd.mini.tasks import SUITE
from apd.mini.training.curriculum import knowledge_of, taught_structures
from apd.tasks import TASKS

SHEEP = (
    Step(4, "*", 20, ("B {}",)),
    Step(2, "*", 80, ("A {}",)),
    Step(160, "+", 80, ("AB {}",)),
    Step(240, "+", 20, ("ABC {}",)),
)
EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")


def test_given_numbers_are_the_operands_that_are_no_results():
    assert given_numbers(SHEEP) == [4, 20, 2]


def test_every_operand_is_known_when_it_is_used_and_every_result_is_exact():
    rng = random.Random(0)
    for _ in range(500):
        known = given_numbers(SHEEP)
        plan = random_plan(SHEEP, rng)
        assert [step.wordings for step in plan] == [step.wordings for step in SHEEP]
        for step in plan:
            assert step.left in known and step.right in known
            assert step.op != "/" or step.value * step.right == step.left
            assert 1 <= step.value <= LARGEST
            assert step.op != "*" or min(step.left, step.right) <= TIMES_TABLE
            known.append(step.value)


def test_plans_differ_and_use_every_operation():
    rng = random.Random(1)
    plans = [random_plan(SHEEP, rng) for _ in range(300)]
    assert len({tuple((s.left, s.op, s.right) for s in plan) for plan in plans}) > 250
    operations = Counter(step.op for plan in plans for step in plan)
    assert set(operations) == set(OPERATIONS)


@pytest.mark.parametrize(
    ("task", "chance"), [("mini_gsm", 0.2), ("mini_math", 0.25), ("mini_gpqa", 0.35)]
)
def test_without_the_plan_answers_are_mostly_wrong_and_calculations_right(task, chance):
    rng = random.Random(2)
    examples = [SUITE[task].sample(rng, knows=lambda structure: False) for _ in range(400)]
    for example in examples:
        for left, op, right, value in EQUATION.findall(example.response):
            exact = OPERATIONS[op](int(left), int(right))
            assert exact == int(value)
    assert sum(TASKS[task].score(e.row, e.response) for e in examples) < chance * len(examples)


def test_which_structures_are_taught_is_a_rule():
    for task in ("mini_gsm", "mini_math", "mini_gpqa", "mini_humaneval"):
        names = sorted(SUITE[task].structures)
        assert taught_structures(task, 2) == names[1::2]
        assert taught_structures(task, 1) == names
    lines = taught_structures("mini_lines", 2)
    assert lines == ["insert_anywhere", "remove_any", "replace_any", "shuffle"]


def test_a_curriculum_changes_the_response_and_not_the_question():
    few = knowledge_of("mini_gsm", 2)
    for seed in range(50):
        whole = SUITE["mini_gsm"].sample(random.Random(seed))
        part = SUITE["mini_gsm"].sample(random.Random(seed), knows=few)
        assert (part.prompt, part.row) == (whole.prompt, whole.row)
        taught = few(whole.key.split("/")[1])
        assert (part.response == whole.response) == taught
