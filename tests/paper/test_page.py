"""What pages draw: stored rows that passed every check, or a slice that says it is one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from reproduction_data import PROBLEMS, tiny_world

from apd import paper
from apd.errors import ApdError
from apd.paper.drift import check_drift
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paper.grids import LOOKAHEADS
from apd.paper.page import Figure
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
    figure = paper.figure("fig4", "mini", stored)
    assert not figure.quick and figure.checked == 0
    assert len(figure.table) == CELLS * PROBLEMS


def test_rows_are_found_by_their_columns(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    whole = figure.points("generated_tokens")
    assert len(whole) == CELLS and set(whole["n"]) == {PROBLEMS}
    shorter = figure.point("generated_tokens", max_lookahead=128)  # half of the paper's canvas
    assert shorter["configuration"] == "left_to_right-K1-M8" and shorter["max_lookahead"] == 8
    rows = figure.table[figure.table["max_lookahead"] == 8]
    assert shorter["mean"] == pytest.approx(rows["generated_tokens"].astype(float).mean())
    unlimited = figure.point("accuracy", max_lookahead=None)
    assert unlimited["configuration"] == "left_to_right-K1"
    assert figure.text("tokens_per_iteration", 1, max_lookahead=None) == "1.0 ± 0.0"


def test_a_curve_follows_the_paper_s_values(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    curve = figure.curve("generated_tokens", "max_lookahead", LOOKAHEADS)
    names = ["", "-M8", "-M4", "-M2", "-M1", "-M1", "-M1"]  # three coincide on this canvas
    assert list(curve["configuration"]) == [f"left_to_right-K1{name}" for name in names]


def test_a_row_that_is_not_there_or_not_alone_is_an_error(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    with pytest.raises(ApdError, match="no accuracy on GSM8K, tokens_per_step=5; its config"):
        figure.points("accuracy", task=GSM, tokens_per_step=5)
    with pytest.raises(ApdError, match=r"left_to_right-K1-M8, .* name more settings"):
        figure.point("accuracy", tokens_per_step=1)
    with pytest.raises(ApdError, match="unknown figure 'fig9'; choose one of fig1, fig3"):
        paper.figure("fig9", "mini", stored)


def test_the_repository_s_own_results_are_the_default(stored: Path) -> None:
    assert paper.is_stored("fig4", "mini") and not paper.is_stored("fig3", "mini")
    assert not paper.is_stored("fig4", "mini", half="llada")
    assert len(paper.figure("fig4", "mini").table) == CELLS * PROBLEMS


def test_stored_results_are_read_without_the_code_that_decodes(stored: Path) -> None:
    """A page of stored results starts at once: no torch, no models."""
    program = (
        "import sys; from apd import paper; "
        f"paper.figure('fig4', 'mini', {str(stored)!r}).caption(); "
        "sys.exit('apd.paper.plan' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_caption_says_where_the_figure_comes_from(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    caption = figure.caption()
    assert caption.startswith("*Figure 4, pair `mini`: 3 mini_gsm problems, seed 0; mini-dream `")
    assert "one decode at a time, batch 1" in caption
    assert "Only" not in caption
    note = figure.provenance | {"cells_at_a_time": 2}
    together = Figure(figure.name, figure.scale, figure.table, note, figure.root)
    assert "2 decodes at a time" in together.caption()


def test_a_notebook_shows_caption_source_and_verdicts_as_text(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    source = figure.source()
    assert source.startswith(f"{CELLS * PROBLEMS} rows of {CELLS} configurations, in `results/")
    assert "`apd reproduce fig4 --pair mini`" in source
    for text in (figure.caption(), source):
        assert text._repr_markdown_() == text
    assert "A smaller M shortens the answers" in figure.verdicts()._repr_html_()


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
        paper.figure("fig4", "mini", results)


def test_without_results_a_slice_is_made_and_says_so(stored: Path) -> None:
    figure = paper.figure("tab2", "mini", stored, limit=1)
    assert figure.quick and len(figure.table) == 6
    assert "**Only 1 problem, decoded while this page was built**" in figure.caption()
    assert "not stored" in figure.source()
    assert not (stored / "mini" / "tab2.parquet").exists()


def test_a_slice_never_runs_a_model_s_programs(stored: Path) -> None:
    with pytest.raises(ApdError, match=r"humaneval; `apd reproduce .* --allow-code-execution`"):
        paper.figure("humaneval", "mini", stored)


def test_recomputing_compares_with_what_is_stored(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored, recompute=True, limit=2)
    assert not figure.quick and figure.checked == CELLS * 2
    assert len(figure.table) == CELLS * PROBLEMS
    assert "10 of the stored rows were decoded again here: all the same" in figure.caption()


def test_answers_are_decoded_as_the_stored_ones_were(stored: Path) -> None:
    figure = paper.figure("fig4", "mini", stored)
    answers = figure.answers("Short", 2, max_lookahead=128)
    name = figure.point("accuracy", max_lookahead=128)["configuration"]
    rows = figure.table[figure.table["configuration"] == name].iloc[:2]
    assert [r.generated_tokens for r in answers.results] == list(rows["generated_tokens"])
    assert [len(r.iterations) for r in answers.results] == list(rows["iterations"])
    assert "<strong>Short 2</strong>" in answers._repr_html_() and len(answers.prompts) == 2


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
        paper.figure("fig4", "mini", results, recompute=True, limit=2)


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
