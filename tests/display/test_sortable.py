"""Sortable tables: what they hold without a script."""

import math

from apd.display.sortable import TableCell, number, sortable_table


def test_a_cell_shows_text_and_is_sorted_by_its_number() -> None:
    assert number(0.8123, 3, 0.0171) == TableCell("0.812 ± 0.017", 0.8123)
    assert number(12.3, 0) == number(12.3, 0, math.nan) == TableCell("12", 12.3)
    assert number(math.nan, 2) == TableCell("–", -math.inf)


def test_the_table_names_its_rows_and_escapes_what_it_is_given() -> None:
    rows = [["a & b", number(2.0, 1)]]
    html = sortable_table(["<decoder>", "tokens"], rows, "What <it> shows")
    assert "<caption>What &lt;it&gt; shows</caption>" in html
    assert '<th scope="col">&lt;decoder&gt;</th>' in html
    assert '<tr><th scope="row">a &amp; b</th><td data-value="2.0">2.0</td></tr>' in html
    assert "<script" not in html
    assert "<caption" not in sortable_table(["decoder", "tokens"], rows, "")


def test_a_number_and_its_error_stay_on_one_line() -> None:
    html = sortable_table(["decoder", "tokens"], [["K = 2", number(2.0, 1, 0.5)]], "shows")
    space = "\N{NO-BREAK SPACE}"
    assert f"K{space}={space}2" in html and f"2.0{space}±{space}0.5" in html
