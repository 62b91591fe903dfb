"""Chapters beyond the paper: without tables they say so, with tables they fill themselves."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reproduction_data import tiny_world

from apd.paper.figures import BEYOND, experiment_of
from apd.paper.improving import IDEAS
from apd.paper.plan import run_quietly
from apd.paper.scale import scale_of
from apd.paths import data_dir

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
TABLES = {
    "improving_apd": "improving",
    "what_a_better_verifier_buys": "verifiers",
    "comparison": "comparison",
}
LIVE = "models, task = load_pair"  # the cell that decodes, where there is one


def execute(name: str, **changes: object) -> tuple[dict[str, Any], list[str]]:
    """Run a chapter without what decodes live; its names, and what it displayed as text."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    shown: list[str] = []
    space: dict[str, Any] = {"__name__": name}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or LIVE in source:
            continue
        exec(compile(source, f"{name}.ipynb", "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            space.update(changes)
        if "display" in space:
            space["display"] = lambda *things: shown.extend(map(str, things))
    return space, shown


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tables of all grids but the one that runs programs, on tiny models."""
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("Agg")
    leaderboard = data_dir() / "aup_leaderboard.csv"
    with tiny_world(tmp_path_factory.mktemp("data")) as root:
        shutil.copy(leaderboard, root)
        names = (*TABLES.values(), "sparse_lookahead")
        experiments = [experiment_of(BEYOND[name], "mini", limit=2) for name in names]
        run_quietly(experiments, root / "results" / "mini")
        yield root / "results"
    pyplot.close("all")


@pytest.mark.parametrize("name", [*TABLES, "lines"])
def test_without_tables_a_chapter_says_what_makes_them(name: str, tmp_path: Path) -> None:
    _, shown = execute(name, results=str(tmp_path))
    assert f"`apd reproduce {TABLES.get(name, 'comparison')} --pair mini`" in "".join(shown)


@pytest.mark.slow
def test_the_page_on_improving_tells_what_each_idea_is_worth(results: Path) -> None:
    space, shown = execute("improving_apd", results=str(results))
    assert list(space["found"].index) == list(IDEAS)
    assert f"Of {len(IDEAS)} ideas, " in "".join(shown)
    masks = space["room"]["", "masks"]
    for (M, S), shown_first in masks.items():
        assert shown_first == M if S == 0 else shown_first > M
    assert space["room"].notna().all(axis=None)
    assert "not measured" not in "".join(shown)


@pytest.mark.slow
def test_the_page_on_verifiers_compares_three(results: Path, tmp_path: Path) -> None:
    own = tmp_path / "other" / "mini"
    run_quietly([experiment_of(BEYOND["one_verifier"], "mini", limit=2)], own)
    space, _ = execute(
        "what_a_better_verifier_buys", results=str(results), checkpoints=str(tmp_path)
    )
    found = set(space["wide"].index.get_level_values("verifier"))
    itself = "the dLLM itself"
    assert found == {"small", "large", itself, f"{itself}, position noise"}
    assert list(space["measured"]) == ["other"]


@pytest.mark.slow
def test_the_comparison_has_a_table_for_every_task(results: Path) -> None:
    space, shown = execute("comparison", results=str(results))
    tasks, text = list(space["tasks"]), "".join(shown)
    assert tasks == list(dict.fromkeys(c.task for c in BEYOND["comparison"].grid(scale_of("mini"))))
    assert text.count(": one setting of every decoder") == len(tasks) >= 3
    assert text.count(": every setting, means with standard errors") == len(tasks)
    assert "`apd reproduce comparison_code --pair mini --allow-code-execution`" in text
