"""The notebooks of the reproduction: they show results, not plumbing, and run on any models."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fold_cells import visible_lines
from reproduction_data import tiny_world

from apd.errors import ApdError
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paper.plan import run_quietly

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FIGURES = ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "tab1", "tab2", "appendix_d")


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    return found


def parameters(name: str) -> dict[str, object]:
    (cell,) = (c for c in cells(name) if "parameters" in c["metadata"].get("tags", []))
    values: dict[str, object] = {}
    exec("".join(cell["source"]), values)
    return {name: value for name, value in values.items() if not name.startswith("__")}


def code(name: str) -> list[str]:
    return ["".join(c["source"]) for c in cells(name) if c["cell_type"] == "code"]


def execute(name: str, **changes: object) -> dict[str, Any]:
    """Run a notebook's code in one namespace, with some parameters changed."""
    space: dict[str, Any] = {"__name__": name}
    for source in code(name):
        exec(compile(source, f"{name}.ipynb", "exec"), space)
        if "pair" in source.splitlines()[0]:
            space.update(changes)
    return space


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tiny models; the results of `fig4` are stored."""
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("Agg")
    with tiny_world(tmp_path_factory.mktemp("data")) as root:
        run_quietly([experiment_of(ARTEFACTS["fig4"], "mini")], root / "results" / "mini")
        yield root
    pyplot.close("all")


@pytest.mark.parametrize("name", FIGURES)
class TestEveryNotebook:
    def test_takes_pair_results_recompute_and_limit(self, name: str) -> None:
        values = parameters(name)
        assert set(values) == {"pair", "results", "recompute", "limit"}
        assert (values["pair"], values["results"], values["recompute"]) == ("mini", "", False)
        assert isinstance(values["limit"], int) and 1 <= values["limit"] <= 4

    def test_shows_at_most_fifteen_lines_of_code(self, name: str) -> None:
        code_cells = [cell for cell in cells(name) if cell["cell_type"] == "code"]
        assert 4 <= visible_lines(code_cells) <= 15

    def test_types_no_result(self, name: str) -> None:
        numbers = [
            node.value
            for source in code(name)[1:]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
        assert all(number in (0.5, 1.5) for number in numbers)  # ends of an axis

    def test_runs_on_any_models(self, name: str, data: Path) -> None:
        figure = execute(name, limit=1)["figure"]
        assert figure.name == name
        assert figure.quick == (name != "fig4")


def test_the_claims_page_runs_without_results_and_with_some(data: Path) -> None:
    space = execute("claims")
    assert space["ledger"]["verdicts"]["not testable here"] == len(space["ledger"]["claims"])


def test_a_notebook_recomputes_a_slice_of_what_is_stored(data: Path) -> None:
    space = execute("fig4", recompute=True, limit=1)
    assert space["figure"].checked == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(index=9), "missing row: task mini_gsm, .*M2, problem 0"),
        (lambda t: pd.concat([t, t.iloc[[9]]]), "duplicate row: task mini_gsm, .*M2, problem 0"),
        (
            lambda t: t.assign(model_version=t["model_version"].where(t.index != 9, "f" * 12)),
            "other model version .* in row: task mini_gsm, .*M2, problem 0",
        ),
    ],
)
def test_a_wrong_row_makes_the_figure_fail(
    data: Path, tmp_path: Path, change: Any, message: str
) -> None:
    import shutil

    root = Path(shutil.copytree(data / "results", tmp_path / "results"))
    path = root / "mini" / "fig4.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(ApdError, match=message):
        execute("fig4", results=str(root))
