"""A chapter of the book run in this process, on models and with settings of the test's choice."""

import json
import warnings
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
MODELS = (  # the chapters of *Models* that have a parameter `pair`
    "masked_diffusion",
    "verifier",
    "algorithm_end_to_end",
    "kv_window",
    "lookahead",
    "live_panel",
)
# Less of everything: what a chapter does is what is tested, not what it finds.
QUICK = {
    "num_texts": 3,
    "num_problems": 2,
    "max_distance": 8,
    "repetitions": 1,
    "max_new_tokens": 40,
    "draft_length": 24,
    "kv_windows": [1, 4, 16],
    "lookaheads": [4, 8, 16],
}


def run_chapter(name: str, pair: str) -> dict[str, Any]:
    """Execute every code cell in one namespace, which is returned."""
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    space: dict[str, Any] = {"__name__": name}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile("".join(cell["source"]), f"{name}[{number}]", "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            assert "pair" in space
            space |= {key: value for key, value in QUICK.items() if key in space} | {"pair": pair}
    return space
