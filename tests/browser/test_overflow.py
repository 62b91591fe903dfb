"""Nothing on a page is wider than its box: code, formulas, tables, pictures, at three widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from book_pages import BookPages

MEASURE = (Path(__file__).parents[1] / "support" / "page_overflow.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1400, 1024, 390])
def test_nothing_is_wider_than_its_box(book: BookPages, width: int) -> None:
    faults: dict[str, Any] = {}
    for address, page in book.each(width, "light"):
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        page.wait_for_timeout(100)  # what a fold showed is fitted to its box
        if found := page.evaluate(MEASURE):
            faults[address] = found
    assert faults == {}


def test_a_page_with_faults_is_found_out(chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    page.set_content(
        "<article class='bd-article'><pre style='overflow: auto'>" + "x" * 200 + "</pre>"
        "<div style='overflow-x: auto'>"
        "<table><tr><td><div style='width: 900px'>cut</div></td></tr></table></div>"
        "<div style='overflow-x: auto; border: 1px solid'>"
        "<table><tr><td><div style='width: 900px'>seen</div></td></tr></table></div>"
        "<p style='width: 500px'>wide</p></article>"
    )
    found = page.evaluate(MEASURE)
    page.close()
    assert [kind for kind, _ in found] == ["code", "table", "other"]
