"""Faithfulness: no person, place or thing in the reply that the question lacks."""

import pytest

from apd.errors import ApdError
from apd.mini.entities import ENTITIES, entities_in
from apd.mini.tasks import SUITE
from apd.tasks import TASKS, load_task
from apd.tasks.judging.faithfulness import FAITHFUL, stray_entities
from apd.tasks.task import ACCURACY, FAITHFULNESS

SHEEP = {"entities": ["Toulouse", "sheep", "Charleston", "Seattle"]}


def test_a_city_from_elsewhere_is_found():
    reply = "Charleston has 4 * 20 = 80 sheep. Dublin has 2 * 80 = 160 sheep and goats."
    assert stray_entities(SHEEP, reply) == ["Dublin", "goats"]
    assert not FAITHFUL(SHEEP, reply)
    assert FAITHFUL(SHEEP, reply.replace("Dublin", "Toulouse").replace(" and goats", ""))


def test_entities_are_whole_words_and_longest_first():
    assert entities_in("In Rome, Ana rows past Romeo by washing cars, not by washing.") == [
        "Rome",
        "Ana",
        "rows",
        "washing cars",
    ]


def test_a_first_name_with_anothers_last_name_is_nobody():
    row = {"entities": ["Ada Silva", "Ben Weber"]}
    assert FAITHFUL(row, '["Ben Weber", "Ada Silva"]')
    assert stray_entities(row, '["Ada Weber"]') == ["Ada", "Weber"]


def test_a_wrong_sum_about_the_right_places_FAITHFUL():
    assert FAITHFUL(SHEEP, "Charleston has 4 * 20 = 90 sheep.")


def test_every_task_with_entities_and_answers_has_both_judges():
    judged = {name for name, task in TASKS.items() if FAITHFULNESS in task.judges}
    assert judged == {*SUITE, "figure_1", "mini_gsm_tuning"} - {"mini_essay"}
    task = load_task("figure_1")
    right = "Charleston has 4 * 20 = 80 sheep. #### 260"
    assert task.verdicts(task.rows[0], right) == {ACCURACY: True, FAITHFULNESS: True}
    other = right.replace("Charleston", "Dublin")
    assert task.verdicts(task.rows[0], other) == {ACCURACY: True, FAITHFULNESS: False}
    assert set(SHEEP["entities"]) == set(task.rows[0]["entities"])


def test_a_row_of_the_first_edition_is_named():
    with pytest.raises(ApdError, match="write the suite's again"):
        FAITHFUL({"question": "?"}, "text")


def test_every_stored_row_has_its_entities():
    for task in SUITE:
        rows = load_task(task).rows
        assert all(isinstance(row["entities"], list) for row in rows)
    assert all(row["entities"] for row in load_task("mini_gsm").rows + load_task("mini_lines").rows)
    assert "Toulouse" in ENTITIES
