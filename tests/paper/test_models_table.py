"""The README's table of models: made from stored results alone, and in step with them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from apd.errors import ApdError
from apd.paper import models_table
from apd.paper.models_table import (
    END,
    LABELS,
    SOURCES,
    START,
    TASKS,
    main,
    readme_path,
    render_models_table,
)
from apd.paper.readme_section import read_section, replace_section
from apd.runs.table import results_directory


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of nothing but the stored results and a README with markers."""
    for pair, artefacts in SOURCES.items():
        (tmp_path / "data" / "results" / pair).mkdir(parents=True)
        for artefact in artefacts:
            for suffix in ("json", "parquet"):
                name = f"{artefact}.{suffix}"
                shutil.copy(results_directory(pair) / name, tmp_path / "data" / "results" / pair)
    (tmp_path / "README.md").write_text(f"# Title\n\n{START}\nold\n{END}\n\nrest\n")
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def test_the_readme_gets_the_table_of_every_model(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--write-readme"]) == 0
    text = (copied / "README.md").read_text()
    assert text.startswith(f"# Title\n\n{START}\n| model |")
    assert text.endswith(f"{END}\n\nrest\n")
    table = read_section(copied / "README.md", START, END)
    assert table == render_models_table()
    assert capsys.readouterr().out.strip() == table
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(LABELS)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| mini-qwen-large | autoregressive | ")


def test_an_accuracy_is_the_mean_over_the_stored_problems(copied: Path) -> None:
    table = pd.read_parquet(results_directory("mini") / "fig2.parquet")
    chosen = table[table["configuration"] == "left_to_right-K4"]["correct"].astype(float)
    (line,) = [line for line in render_models_table().splitlines() if "K = 4" in line]
    mean, stderr = line.split("|")[3].split("±")
    assert float(mean) == pytest.approx(chosen.mean(), abs=5e-4)
    assert float(stderr) == pytest.approx(chosen.std() / len(chosen) ** 0.5, abs=6e-4)


def test_every_configuration_of_the_table_is_stored(copied: Path) -> None:
    rows = [line for line in render_models_table().splitlines() if line.startswith("| mini-")]
    for line, (pair, name) in zip(rows, LABELS, strict=True):
        cells = [cell.strip() for cell in line.split("|")[3:-1]]
        assert cells[0] != "–" and "–" not in cells[len(TASKS) :], (pair, name)
    assert all("–" not in line for line in rows[:3])  # on every task


def test_a_lost_row_makes_the_rendering_fail(copied: Path) -> None:
    path = results_directory("mini") / "fig5.parquet"
    table = pd.read_parquet(path)
    table.iloc[1:].to_parquet(path, index=False)
    with pytest.raises(ApdError, match="missing row: task mini_gsm, configuration mini-qwen-large"):
        render_models_table()
    assert main([]) == 2


def test_a_readme_without_markers_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(START)
    with pytest.raises(ApdError, match="lacks the markers"):
        replace_section(tmp_path / "README.md", START, END, "table")
    with pytest.raises(ApdError, match="cannot read"):
        replace_section(tmp_path / "none.md", START, END, "table")


def test_the_repositorys_readme_shows_the_stored_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APD_DATA_DIR", raising=False)
    assert read_section(readme_path(), models_table.START, END) == render_models_table()
