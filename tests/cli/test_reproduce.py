"""`apd reproduce` on tiny random checkpoints: plan, run, resume, check, and refusals."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reproduction_data import PROBLEMS, tiny_world

from apd.cli import main
from apd.runs.table import read_results


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny_world(tmp_path_factory.mktemp("data")) as root:
        yield root


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def reproduce(*words: str) -> int:
    return main(["reproduce", *words])


def test_a_slice_goes_to_results_and_is_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce("tab2", "appendix_d", "--limit", "2") == 0
    directory = Path("results/mini")
    table, provenance = read_results(directory, "tab2")
    assert len(table) == 6 * 2 and provenance["limit"] == 2
    assert "8 of 8 cells" in capsys.readouterr().err
    claims = json.loads((directory / "claims.json").read_text())
    assert claims["verdicts"]["holds"] == claims["verdicts"]["does not hold"] == 0
    by_id = {entry["id"]: entry for entry in claims["claims"]}
    assert by_id["over-four-tokens-everywhere"]["why"].startswith("Only 2 problems")
    assert "apd reproduce fig3" in by_id["r-lowers-accuracy"]["why"]

    (directory / "tab2.parquet").unlink()  # put together again from its cells
    assert reproduce("tab2", "--limit", "2") == 0
    error = capsys.readouterr().err
    assert "tab2: results/mini/tab2.parquet" in error and "cells:" not in error
    assert reproduce("tab2", "--limit", "2") == 0
    assert "tab2: stored, nothing to do" in capsys.readouterr().err


def test_a_full_run_goes_to_the_repository_s_results(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce("appendix_d") == 0
    table, _ = read_results(data / "results" / "mini", "appendix_d")
    assert len(table) == 2 * PROBLEMS
    capsys.readouterr()
    assert reproduce("appendix_d", "--check") == 0
    assert "no drift: 2 rows of appendix_d" in capsys.readouterr().out
    words = ("appendix_d", "--limit", "1", "--output", str(data / "results"))
    assert reproduce(*words) == 0
    assert "appendix_d: stored, nothing to do" in capsys.readouterr().err
    assert len(read_results(data / "results" / "mini", "appendix_d")[0]) == 2 * PROBLEMS
    assert reproduce(*words, "--again") == 2
    assert "has more problems than --limit 1 asks for" in capsys.readouterr().err


def test_a_plan_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert reproduce("all", "--plan", "--output", str(tmp_path)) == 0
    lines = capsys.readouterr().out
    assert "fig6" in lines and "hours" in lines and "humaneval" not in lines
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fig9"], "unknown artefact 'fig9'; choose all, fig1"),
        (["fig3", "--limit", "0"], "--limit is 0"),
        (["fig3", "--processes", "0"], "--processes is 0"),
        (["fig3", "--seed", "-1"], "--seed is -1"),
        (["fig3", "--gpus", "-1"], "--gpus is -1"),
        (["humaneval"], "--allow-code-execution"),
        (["fig3", "--pair", "mini-llada"], "has no fig3"),
        (["fig3", "--pair", "giga"], "no experiments for pair 'giga'"),
        (["fig3", "--check"], "nothing to check"),
        (["fig4", "--limit", "1", "--output", "/proc/nowhere"], "cannot write"),
        (["fig4", "--limit", "1", "--dllm-path", "missing"], "does not exist"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce(*words) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_ray_that_is_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert reproduce("tab2", "--limit", "1", "--ray") == 2
    assert "Ray is not installed" in capsys.readouterr().err
