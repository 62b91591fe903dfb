"""Mends what the theme and the notebooks' tables lack for screen readers and light pages.

The pages of Jupyter Book's theme have regions outside landmarks, folds and buttons whose name is
not what is written on them, and icons drawn twice, by a font and by a script of 1.5 MB. Tables of
results have empty headings, and headings in two rows where one would do; their words are aligned as
their numbers are. The finished pages are put right, and pages with explorers get a link
that leads to the first one, by its access key from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

VIEW = '<script type="application/vnd.jupyter.widget-view+json">'
SKIP_LINK = '<div id="pst-skip-link" class="skip-link d-print-none">'
TO_EXPLORER = '<a href="#first-explorer" accesskey="e">Skip to the first explorer</a>'
FOLD = '<summary aria-label="Toggle hidden content">'
SIDEBAR = '<div id="pst-primary-sidebar" class="bd-sidebar-primary bd-sidebar">'

MENDED: tuple[tuple[re.Pattern[str], str], ...] = (
    # A cell of the heading that says nothing is no heading.
    (re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;|<p>\s*</p>)*</th>"), r"<td\1></td>"),
    # What is written on a fold or a button is its name.
    (re.compile(re.escape(FOLD)), "<summary>"),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    (re.compile(r"(<i class=\"theme-switch[^>]*?)(\s+title=\"[^\"]*\")"), r'\1 aria-hidden="true"'),
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Pages of this chapter">',
    ),
    (re.compile(re.escape(SIDEBAR)), f'{SIDEBAR[:-1]} role="region" aria-label="Book">'),
    # Entries of a list are its items; the role that docutils gives them is deprecated.
    (re.compile(r'(<div class="citation" id="[^"]*" role=)"doc-biblioentry"'), r'\1"listitem"'),
    # The style sheet draws every icon of these pages with the theme's font.
    (re.compile(r'\s*<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>'), ""),
)


EMPTY = "<td></td>"
FRAME = re.compile(r'(<table border="1" class="dataframe">.*?)(<tbody>.*?</table>)', re.S)
ROW = re.compile(r"<tr\b.*?</tr>", re.S)
CELL = re.compile(r"<t[hd]\b.*?</t[hd]>", re.S)
NUMBER = re.compile(r"<td>((&[lg]t;|[-+−–±≈≤≥~(])*\s*\d|[-–]<|(nan|None|inf|all)<)")


def mend_frame(table: re.Match[str]) -> str:
    """A table of pandas with the names of its index beside its other headings, and words marked.

    Words are what names the rows, and columns of which fewer than half of the cells are numbers.
    """
    head, body = table.groups()
    *_, above, below = ["", *ROW.findall(head)]
    over, under = CELL.findall(above), CELL.findall(below)
    pairs = list(zip(over, under, strict=False))
    if len(over) == len(under) and all(EMPTY in pair for pair in pairs):
        row = f"<tr>{''.join(b if a == EMPTY else a for a, b in pairs)}</tr>"
        head, below = head.replace(above, "").replace(below, row), row
    cells = [[cell for cell in CELL.findall(row) if cell[2] == "d"] for row in ROW.findall(body)]
    width = min(map(len, cells), default=0)
    columns = zip(*(row[len(row) - width :] for row in cells), strict=True)
    numbers = [len(list(filter(NUMBER.match, column))) for column in columns]
    words = [n - width for n, count in enumerate(numbers) if 2 * count < len(cells)]
    names = range(len(CELL.findall(below)) - width)
    head = head.replace(below, _marked(below, [*names, *words]))
    return head + ROW.sub(lambda row: _marked(row[0], words), body)


def _marked(row: str, words: Iterable[int]) -> str:
    cells = CELL.findall(row)
    for index in words:
        cells[index] = cells[index].replace(">", ' class="apd-words">', 1)
    return f"<tr>{''.join(cells)}</tr>"


def mend(html: str) -> str:
    """The page with its faults mended."""
    for pattern, replacement in MENDED:
        html = pattern.sub(replacement, html)
    html = FRAME.sub(mend_frame, html)
    if VIEW in html:
        html = html.replace(VIEW, f'<div id="first-explorer" tabindex="-1"></div>{VIEW}', 1)
        html = html.replace(SKIP_LINK, f"{SKIP_LINK}{TO_EXPLORER}", 1)
    return html


def mend_pages(app: Sphinx, error: Exception | None) -> None:
    """Rewrite every page of a finished build."""
    if error is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if (mended := mend(text)) != text:
            page.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook with Sphinx."""
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
