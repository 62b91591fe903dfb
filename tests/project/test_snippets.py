"""The Python that the README and the book's first page show runs as it stands."""

import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["README.md", "book/run.md"])
def test_the_python_of_a_page_runs(page, capsys):
    torch.set_num_threads(1)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S)
    assert blocks, f"{page} shows no Python"
    exec(compile("\n".join(blocks), page, "exec"), {})
    assert capsys.readouterr().out.strip()
