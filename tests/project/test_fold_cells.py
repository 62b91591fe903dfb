"""Chapters show ideas and results: imports, parameters, checks and drawing are folded."""

import json
from pathlib import Path

import pytest
from fold_cells import belongs_folded, main, visible_lines


def cell(source: str, *tags: str) -> dict[str, object]:
    return {"cell_type": "code", "source": [source], "metadata": {"tags": list(tags)}}


@pytest.mark.parametrize(
    ("source", "tags", "folded"),
    [
        ("x = 1", ("parameters",), True),
        ("import numpy as np\nfrom apd import plots\n\nplots.style()", (), True),
        ("assert x > 0\nfor y in z:\n    assert y", (), True),
        ("glue('n', n, display=False)\nnp.testing.assert_allclose(a, b)", (), True),
        ("fig, ax = plots.panels()\nax.plot(x)", (), True),
        ("import numpy as np\nimport torch\n\ntorch.set_grad_enabled(False)", (), True),
        ("import os\nfrom apd import (\n    load_pair,\n    plots,\n)\nm = load_pair(p)", (), True),
        ("from apd import adaptive\nresult = adaptive(dllm, verifier, prompt)", (), False),
        ("assert x\nx", (), False),
        ("", (), False),
    ],
)
def test_what_folds(source: str, tags: tuple[str, ...], folded: bool) -> None:
    assert belongs_folded(cell(source, *tags)) == folded


def test_cells_are_folded_once_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [cell("import ast\n"), cell("x = 1\n\ny = 2"), cell("1 + 1", "hide-cell")]
    path.write_text(json.dumps({"cells": cells}))
    assert main([str(path), "--check"]) == 1
    assert main([str(path)]) == 0 and main([str(path), "--check"]) == 0
    found = json.loads(path.read_text())["cells"]
    assert [c["metadata"]["tags"] for c in found] == [["hide-input"], [], ["hide-cell"]]
    assert visible_lines(found) == 2
