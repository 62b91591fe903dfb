"""``mini_lines``: every right result is right, and nothing else."""

import json
import random
from collections import Counter

import pytest

from apd.mini.lines import OPERATIONS, WITH_MANY_RESULTS, sample_line
from apd.tasks import TASKS

is_right = TASKS["mini_lines"].score
LINE = ["Yara Costa", "Ada Weber", "Leo Silva"]


def row(operation, place=None, new=None):
    return {"operation": operation, "line": LINE, "place": place, "new": new}


@pytest.mark.parametrize(
    ("operation", "place", "new", "result"),
    [
        ("copy", None, None, [0, 1, 2]),
        ("reverse", None, None, [2, 1, 0]),
        ("sort", None, None, [1, 2, 0]),
        ("insert", 2, "Ida Novak", [0, "Ida Novak", 1, 2]),
        ("remove", 3, None, [0, 1]),
        ("replace", 1, "Ida Novak", ["Ida Novak", 1, 2]),
    ],
)
def test_an_operation_with_one_result_accepts_only_that(operation, place, new, result):
    right = [LINE[part] if isinstance(part, int) else part for part in result]
    assert is_right(row(operation, place, new), json.dumps(right))
    for wrong in (LINE[:1], [*right, "Ida Novak"], [*right[1:], right[0]]):
        assert not is_right(row(operation, place, new), json.dumps(wrong))


@pytest.mark.parametrize(
    ("operation", "results"),
    [("shuffle", 5), ("insert_anywhere", 4), ("remove_any", 3), ("replace_any", 3)],
)
def test_an_operation_with_many_results_accepts_each_of_them(operation, results):
    found = set(OPERATIONS[operation].results(tuple(LINE), "Ida Novak", 0))
    assert len(found) == results
    assert all(is_right(row(operation, new="Ida Novak"), json.dumps(r)) for r in found)
    assert tuple(LINE) not in found


def test_a_shuffle_must_keep_every_name_once():
    for wrong in (
        ["Ada Weber", "Ada Weber", "Leo Silva"],
        ["Ada Costa", "Yara Weber", "Leo Silva"],
    ):
        assert not is_right(row("shuffle"), json.dumps(wrong))


@pytest.mark.parametrize(
    "reply",
    ["", "Ada Weber", "[", '{"a": 1}', "[1, 2, 3]", "null", "1" * 5000, "[" * 100_000,
     json.dumps(LINE) + " is the line.", json.dumps([LINE])],
)  # fmt: skip
def test_what_is_no_list_of_names_is_wrong(reply):
    assert not is_right(row("copy"), reply)


def test_all_right_results_are_drawn_about_equally_often():
    rng = random.Random(0)
    places = Counter()
    for _ in range(3000):
        example = sample_line(rng, "insert_anywhere")
        if len(example.row["line"]) == 3:
            places[json.loads(example.response).index(example.row["new"])] += 1
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 0.8 * sum(places.values()) / 4


def test_an_author_without_the_plan_keeps_to_the_names():
    rng = random.Random(1)
    right = 0
    for name in OPERATIONS:
        for _ in range(100):
            example = sample_line(rng, name, knows=lambda operation: False)
            names = json.loads(example.response)
            assert len(set(names)) == len(names)
            assert set(names) <= set(example.row["entities"])
            right += is_right(example.row, example.response)
    assert right < 400
    assert set(WITH_MANY_RESULTS) <= set(OPERATIONS)
