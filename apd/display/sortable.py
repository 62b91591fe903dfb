"""A table that its reader sorts: plain HTML, with a script of the book that adds the buttons.

Without the script it is a table in the order given. With it every heading holds a button, reached
and pressed by the keyboard too, and tells assistive technology how its column is sorted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from apd.display.markup import Html

# "0.812 ± 0.017" and "K = 2" stay on one line.
BREAKABLE, KEPT = re.compile(r" ([±=]) "), "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class TableCell:
    """What a cell shows, and the number that it is sorted by; its text if there is none."""

    text: str
    value: float | None = None


def number(value: float, digits: int, stderr: float | None = None) -> TableCell:
    """ "0.812 ± 0.017", sorted by 0.812; a dash, sorted last, where there is no number."""
    if math.isnan(value):
        return TableCell("–", -math.inf)
    known = stderr is not None and not math.isnan(stderr)
    error = f" ± {stderr:.{digits}f}" if known else ""
    return TableCell(f"{value:.{digits}f}{error}", value)


def sortable_table(
    headings: Sequence[str], rows: Sequence[Sequence[TableCell | str]], caption: str
) -> Html:
    """A table whose first column names its rows.

    Args:
        headings: of all columns.
        rows: as many cells each.
        caption: says what it shows; empty where something around the table says it.
    """
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "\n".join(f"<tr>{''.join(map(_cell, range(len(row)), row))}</tr>" for row in rows)
    return Html(
        f'<div class="apd-sortable"><table>{above}\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(column: int, cell: TableCell | str) -> str:
    given = cell if isinstance(cell, TableCell) else TableCell(cell)
    value = "" if given.value is None else f' data-value="{given.value}"'
    name, scope = ("th", ' scope="row"') if column == 0 else ("td", "")
    return f"<{name}{scope}{value}>{escape(BREAKABLE.sub(KEPT, given.text))}</{name}>"
