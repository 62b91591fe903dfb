"""What pages draw: stored rows that passed every check, or a slice that says it is one."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from reproduction_data import PROBLEMS, tiny_world

from apd.errors import ApdError
from apd.paper import page, settings
from apd.paper.drift import check_drift
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paper.page import is_stored, open_artefact
from apd.paper.plan import run_quietly
from apd.paper.scale import GSM
from apd.runs.table import read_results, write_results

CELLS = 5  # of Figure 4's grid, on a canvas so short that its three smallest M coincide


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory of results in which `fig4` of the mini pair is stored."""
    with tiny_world(tmp_path_factory.mktemp("data")) as data:
        run_quietly([experiment_of(ARTEFACTS["fig4"], "mini")], data / "results" / "mini")
        yield data / "results"


@pytest.fixture
def results(stored: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(stored, tmp_path / "results"))


def alter(results: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Rewrite the table behind the provenance's back."""
    path = results / "mini" / "fig4.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)


def test_stored_results_are_drawn_whole(stored: Path) -> None:
    run = open_artefact("fig4", "mini", results=str(stored))
    assert not run.live and run.checked == 0
    assert len(run.table) == CELLS * PROBLEMS
    configurations = [
        settings.left_to_right(run.scale, GSM),
        settings.left_to_right(run.scale, GSM, max_lookahead=8),
    ]
    points = run.points(GSM, configurations, "generated_tokens")
    assert list(points.index) == ["left_to_right-K1", "left_to_right-K1-M8"]
    assert list(points["n"]) == [PROBLEMS] * 2
    with pytest.raises(KeyError):
        run.points(GSM, [settings.left_to_right(run.scale, GSM, 5)], "accuracy")


def test_the_repository_s_own_results_are_the_default(stored: Path) -> None:
    assert is_stored("fig4", "mini") and not is_stored("fig3", "mini")
    assert not is_stored("fig4", "mini", half="llada")
    assert len(open_artefact("fig4", "mini").table) == CELLS * PROBLEMS


def test_the_caption_says_where_the_figure_comes_from(stored: Path) -> None:
    run = open_artefact("fig4", "mini", results=str(stored))
    caption = run.caption()
    assert caption.startswith("*Figure 4, pair `mini`: 3 mini_gsm problems, seed 0; mini-dream `")
    assert "one decode at a time, batch 1" in caption
    assert "Only" not in caption
    together = page.Reproduction(run.name, run.scale, run.table,
                                 run.provenance | {"cells_at_a_time": 2}, live=False)  # fmt: skip
    assert "2 decodes at a time" in together.caption()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(index=4), "missing row: task mini_gsm, .*K1-M8, problem 1"),
        (lambda t: pd.concat([t, t.iloc[[4]]]), "duplicate row: task mini_gsm, .*-M8, problem 1"),
        (
            lambda t: t.assign(model_version=["0" * 12, *t["model_version"][1:]]),
            "other model version .* in row: task mini_gsm, .*left_to_right-K1, problem 0",
        ),
        (lambda t: t.assign(correct=~t["correct"]), "changed after it was written"),
    ],
)
def test_a_wrong_row_stops_the_page_and_is_named(
    results: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    alter(results, change)
    with pytest.raises(ApdError, match=message):
        open_artefact("fig4", "mini", results=str(results))


def test_without_results_a_slice_is_made_and_says_so(stored: Path) -> None:
    run = open_artefact("tab2", "mini", results=str(stored), limit=1)
    assert run.live and len(run.table) == 6
    assert "**Only 1 problem, decoded while this page was built**" in run.caption()
    assert not (stored / "mini" / "tab2.parquet").exists()


def test_recomputing_compares_with_what_is_stored(stored: Path) -> None:
    run = open_artefact("fig4", "mini", results=str(stored), recompute=True, limit=2)
    assert not run.live and run.checked == CELLS * 2
    assert len(run.table) == CELLS * PROBLEMS
    assert "10 of the stored rows were decoded again here: all the same" in run.caption()


def change_consistently(results: Path, column: str, value: object) -> None:
    """A changed row that passes every check of the table by itself: only decoding again tells."""
    table, provenance = read_results(results / "mini", "fig4")
    table.loc[4, column] = value
    write_results(results / "mini", "fig4", table, provenance)


@pytest.mark.parametrize(
    ("column", "value"), [("generated_tokens", 3), ("iterations", 77), ("correct", True)]
)
def test_drift_is_found_and_the_row_named(results: Path, column: str, value: object) -> None:
    change_consistently(results, column, value)
    experiment = experiment_of(ARTEFACTS["fig4"], "mini")
    message = f"fig4 has drifted: task mini_gsm, .*K1-M8, problem 1: {column} was {value}, is "
    with pytest.raises(ApdError, match=message):
        check_drift(results / "mini", [experiment], limit=2)
    with pytest.raises(ApdError, match=message):
        open_artefact("fig4", "mini", results=str(results), recompute=True, limit=2)


@pytest.mark.parametrize(("column", "value"), [("wall_s", 1e3), ("verifier_forwards", 9)])
def test_pace_is_no_drift(results: Path, column: str, value: object) -> None:
    change_consistently(results, column, value)
    experiment = experiment_of(ARTEFACTS["fig4"], "mini")
    report = check_drift(results / "mini", [experiment], limit=2)
    assert report == "no drift: 10 rows of fig4 decoded again, all the same"


def test_other_models_are_drift(results: Path) -> None:
    path = results / "mini" / "fig4.json"
    provenance = json.loads(path.read_text())
    version = provenance["models"]["dllm"]["version"]
    provenance["models"]["dllm"]["version"] = "0" * 12
    table = pd.read_parquet(path.with_suffix(".parquet"))
    table["model_version"] = "0" * 12
    write_results(results / "mini", "fig4", table, provenance)
    experiment = experiment_of(ARTEFACTS["fig4"], "mini")
    message = f"fig4 was made with dllm 000000000000, which is now {version}: run `apd repro"
    with pytest.raises(ApdError, match=message):
        check_drift(results / "mini", [experiment], limit=1)
