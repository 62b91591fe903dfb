"""Fold the code cells of the chapters that a reader opens only on request.

    python tools/fold_cells.py            # give them the tag hide-input
    python tools/fold_cells.py --check    # only say which lack it
    python tools/fold_cells.py --count    # lines of code that a reader sees, chapter by chapter

Folded are parameters, cells of mostly imports, cells of nothing but checks and numbers for the
text, and cells that draw. Whatever else a chapter folds by hand stays folded.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FOLDED = frozenset({"hide-input", "hide-cell", "remove-input", "remove-cell"})
TAG = "hide-input"
DRAWING = ("plots.panels(", "plt.subplots(", "plots.panel_row(")
QUIET = (
    "glue(", "np.testing.", "torch.testing.", "plots.style(", "pd.set_option(", "as_declared(",
    "torch.set_grad_enabled(",
)  # fmt: skip


def belongs_folded(cell: dict[str, Any]) -> bool:
    """Whether a code cell is one of those that fold."""
    source = "".join(cell["source"])
    if "parameters" in cell["metadata"].get("tags", []):
        return True
    if any(call in source for call in DRAWING):
        return True
    body = ast.parse(source).body
    lines = sum(bool(line.strip()) for line in source.splitlines())
    imports = [s for s in body if isinstance(s, ast.Import | ast.ImportFrom)]
    if 2 * sum((s.end_lineno or s.lineno) - s.lineno + 1 for s in imports) > lines:
        return True
    return bool(body) and all(map(_prepares_or_checks, body))


def _prepares_or_checks(statement: ast.stmt) -> bool:
    """An import, a check, a number handed to the text, or a loop of these."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Assert):
        return True
    if isinstance(statement, ast.For | ast.If | ast.With):
        return all(map(_prepares_or_checks, statement.body))
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith(QUIET)


def is_folded(cell: dict[str, Any]) -> bool:
    """Whether a reader has to open the cell to see its code."""
    return bool(FOLDED & set(cell["metadata"].get("tags", [])))


def visible_lines(cells: Sequence[dict[str, Any]]) -> int:
    """Lines of some code cells that are seen before anything is opened."""
    open_code = ["".join(cell["source"]) for cell in cells if not is_folded(cell)]
    return sum(bool(line.strip()) for source in open_code for line in source.splitlines())


def main(argv: Sequence[str] | None = None) -> int:
    """Fold, check or count."""
    parser = argparse.ArgumentParser(description="Fold the code cells of the chapters.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="files (all chapters)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; fail if one is open")
    what.add_argument("--count", action="store_true", help="print the visible lines of code")
    options = parser.parse_args(argv)
    failed = False
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        if options.count:
            print(f"{visible_lines(code):5} {path.stem}")
            continue
        lacking = [cell for cell in code if belongs_folded(cell) and not is_folded(cell)]
        for cell in lacking:
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), TAG]
        failed |= bool(lacking)
        if lacking and options.check:
            print(f"{path}: {len(lacking)} cells are open: run tools/fold_cells.py")
        elif lacking:
            text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8")
    return 1 if failed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
