"""Make the notebooks of this working tree install what they need where Colab opens them.

    python tools/launch_branch.py https://github.com/someone/book

A first code cell clones the repository and installs it, on Colab only; Binder installs from
`binder/`. The publishing workflow commits the result to the branch `launch`, which the buttons of
the book open, so that the notebooks of the repository itself stay free of it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
CELL = """# On Colab: get the package, its models and what the book needs (a minute).
import sys

if "google.colab" in sys.modules:
    import subprocess

    place = "/content/apd-book"
    clone = ["git", "clone", "--quiet", "--depth", "1", "{repository}", place]
    install = [sys.executable, "-m", "pip", "install", "--quiet", "-e", place + "[book]"]
    for command in (clone, install):
        subprocess.run(command, check=True)
    sys.path.insert(0, place)"""


def main(arguments: list[str]) -> int:
    """Rewrite the notebooks of this working tree."""
    (repository,) = arguments
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        prepare(path, repository)
    return 0


def prepare(path: Path, repository: str) -> None:
    """Put the cell before the first code cell of a notebook, unless it is there."""
    notebook = nbformat.read(path, as_version=4)
    source = CELL.format(repository=repository)
    first = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    if notebook.cells[first].source != source:
        cell = nbformat.v4.new_code_cell(source, id="on-colab")
        notebook.cells.insert(first, cell)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
