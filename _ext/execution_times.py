"""The directive ``{execution-times}``: how long each notebook of this book took to execute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HEADER = ("Notebook", "Executed (UTC)", "Seconds")
WIDTHS = (60, 25, 15)


class ExecutionTimes(SphinxDirective):
    """A table of the rows in times.json, which the build writes beside the sources."""

    def run(self) -> list[nodes.Node]:
        """The table, and a line below it with the total, the models and the machine."""
        path = Path(self.env.srcdir) / "times.json"
        self.env.note_dependency(str(path))
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not rows:
            raise self.error("times.json lists no notebook")
        total = sum(row["seconds"] for row in rows)
        machines = "; ".join(sorted({row["machine"] for row in rows}))
        pairs = ", ".join(dict.fromkeys(row["pair"] for row in rows))
        text = f"{total:.0f} s in all, with the models of {pairs}, on: {machines}."
        return [_table(rows), nodes.paragraph(text, text)]


def _table(rows: list[dict[str, Any]]) -> nodes.table:
    group = nodes.tgroup(cols=len(HEADER))
    group += [nodes.colspec(colwidth=width) for width in WIDTHS]
    group += nodes.thead("", _row([nodes.Text(title) for title in HEADER]))
    body = nodes.tbody()
    for row in rows:
        finished = row["finished"][:16].replace("T", " ")
        cells = [finished, f"{row['seconds']:.1f}"]
        body += _row([_link(row["notebook"]), *map(nodes.Text, cells)])
    group += body
    return nodes.table("", group, classes=["colwidths-given"])


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])


def _link(notebook: str) -> nodes.Node:
    """A reference to the chapter, shown by its title."""
    link = addnodes.pending_xref(
        "",
        nodes.inline("", notebook),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{notebook}",
        refdoc="book/execution",
        refexplicit=False,
        refwarn=True,
    )
    return link


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("execution-times", ExecutionTimes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
