"""Sortable tables in a browser: by mouse and keyboard, numbers as numbers, told to assistants."""

from pathlib import Path
from typing import Any

import pytest

from apd.display.sortable import number, sortable_table

SCRIPT = Path(__file__).resolve().parents[2] / "book" / "_static" / "sortable.js"
ROWS = [
    ["beta", number(10.0, 0), number(0.5, 1)],
    ["alpha", number(9.0, 0), number(float("nan"), 1)],
    ["Gamma", number(100.0, 0), number(-2.0, 1)],
]


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Any:
    table = sortable_table(["name", "speed", "gain"], ROWS, "Three decoders")
    html = f"<!doctype html><script>{SCRIPT.read_text()}</script>{table}"
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    opened = chromium.new_page()
    opened.goto((tmp_path / "page.html").as_uri())
    yield opened
    opened.close()


def names(page: Any) -> list[str]:
    found: list[str] = page.locator("tbody th").all_text_contents()
    return found


def sorts(page: Any) -> list[str | None]:
    return [h.get_attribute("aria-sort") for h in page.locator("thead th").all()]


def test_it_stays_as_it_was_until_a_heading_is_pressed(page: Any) -> None:
    assert names(page) == ["beta", "alpha", "Gamma"]
    assert sorts(page) == [None] * 3


def test_numbers_are_sorted_as_numbers_up_and_down(page: Any) -> None:
    speed = page.get_by_role("button", name="speed")
    speed.click()
    assert names(page) == ["alpha", "beta", "Gamma"]
    assert sorts(page) == [None, "ascending", None]
    speed.click()
    assert names(page) == ["Gamma", "beta", "alpha"]
    assert sorts(page) == [None, "descending", None]
    page.get_by_role("button", name="gain").click()
    assert names(page) == ["alpha", "Gamma", "beta"]  # no number comes first, or last
    assert sorts(page) == [None, None, "ascending"]


def test_text_is_sorted_whatever_its_case_and_by_the_keyboard(page: Any) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert names(page) == ["alpha", "beta", "Gamma"]
    page.keyboard.press("Space")
    assert names(page) == ["Gamma", "beta", "alpha"]
