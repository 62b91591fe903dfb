"""axe-core finds nothing on any page, at desktop and phone width, in both themes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from book_pages import BookPages
from reliability_counts import CASES

AXE = Path(__file__).parents[2] / "_build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
    "best-practice"]}).then(({violations}) => violations.flatMap(({id, nodes}) =>
    nodes.map(({target}) => `${id}: ${target.join(" ")}`)))"""


@pytest.mark.parametrize(("width", "theme"), [(1400, "light"), (1400, "dark"), (390, "light")])
def test_axe_finds_nothing(
    book: BookPages, width: int, theme: str, record_property: Callable[[str, object], None]
) -> None:
    script = AXE.read_text(encoding="utf-8")
    faults: Counter[str] = Counter()
    pages = 0
    for address, page in book.each(width, theme):
        pages += 1
        page.evaluate(script)
        faults.update(f"{address}: {fault}" for fault in page.evaluate(RUN))
    record_property(f"{CASES}pages under axe-core, {width} px, {theme}", pages)
    assert faults == Counter()
