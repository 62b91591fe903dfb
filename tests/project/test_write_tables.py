"""The computed tables of README and book: made from stored data alone, and in step with it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import write_tables
from write_tables import LABELS, SECTIONS, SOURCES, TASKS, Section, hours_table, main, models_table

from apd.errors import ApdError
from apd.runs.table import results_directory

README, GPU_PAGE, GPU_TIMINGS, RELIABILITY = SECTIONS


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of nothing but the stored results and two pages with markers."""
    for pair, artefacts in SOURCES.items():
        (tmp_path / "data" / "results" / pair).mkdir(parents=True)
        for artefact in artefacts:
            for suffix in ("json", "parquet"):
                name = f"{artefact}.{suffix}"
                shutil.copy(results_directory(pair) / name, tmp_path / "data" / "results" / pair)
    for name in ("paper_reference.csv", "reliability.json"):
        shutil.copy(results_directory("mini").parents[1] / name, tmp_path / "data")
    (tmp_path / "book").mkdir()
    for file in {section.file for section in SECTIONS}:
        parts = "\n\n".join(
            f"<!-- {section.name}:start -->\nold\n<!-- {section.name}:end -->"
            for section in SECTIONS
            if section.file == file
        )
        (tmp_path / file).write_text(f"# Title\n\n{parts}\n\nrest\n")
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def test_the_readme_gets_the_table_of_every_model(copied: Path) -> None:
    assert main(["--check"]) == 1
    assert main([]) == 0 and main(["--check"]) == 0
    text = (copied / "README.md").read_text()
    assert text.startswith("# Title\n\n<!-- models-table:start -->\n| model |")
    assert text.endswith("<!-- models-table:end -->\n\nrest\n")
    assert README.read() == models_table() and GPU_PAGE.read() == hours_table()
    lines = [line for line in models_table().splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(LABELS)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| mini-qwen-large | autoregressive | ")


def test_cards_are_shown_once_they_are_measured(copied: Path) -> None:
    assert main([]) == 0
    assert GPU_TIMINGS.read() == "No card has been measured yet."
    run = {
        "card": "NVIDIA X",
        "label": "timing only: random weights",
        "outside": [{"step": "mixture", "used": True, "ms": 0.25, "host_ms": 0.125}],
        "kernels": [{"batch": 1, "kernels": 100.0, "kernel_ms": 9.0, "profiled_ms": 80.0}],
        "parts": {
            "outside": {"state": "complete", "note": "seen again"},
            "passes": {"state": "stopped after 3 s"},
        },
        "provenance": {"packages": {"torch": "2.11.0"}, "started": "2026-11-26T00:00:00"},
    }
    (copied / "data" / "gpu").mkdir()
    (copied / "data" / "gpu" / "nvidia-x.json").write_text(json.dumps(run))
    assert main([]) == 0
    shown = GPU_TIMINGS.read()
    assert shown.startswith("### NVIDIA X\n\n| an iteration of APD at batch 1 | ms |")
    assert "| mixture | 0.250 | 0.125 | yes |" in shown
    assert "| 1 | 100 | 9.0 | 80 |" in shown
    assert "NVIDIA X, torch 2.11.0, 2026-11-26; timing only: random weights." in shown
    assert "Not complete: passes stopped after 3 s. outside: seen again." in shown


def test_the_page_on_reliability_has_every_kind_of_case_and_no_failure(copied: Path) -> None:
    assert main([]) == 0
    stored = json.loads((copied / "data" / "reliability.json").read_text())
    assert sum(counts["tried"] for counts in stored["cases"].values()) >= 300
    lines = [line.strip("| ").split(" | ") for line in RELIABILITY.read().splitlines() if line]
    shown = {line[0]: line[1:] for line in lines if len(line) == 3}
    for kind, counts in stored["cases"].items():
        assert counts["failed"] == 0, kind
        assert shown[kind] == [str(counts["tried"]), "0"]
    for kind, outcomes in stored["tests"].items():
        assert "failed" not in outcomes, kind
        assert shown[kind] == [str(outcomes["passed"])] * 2


def test_an_accuracy_is_the_mean_over_the_stored_problems(copied: Path) -> None:
    table = pd.read_parquet(results_directory("mini") / "fig2.parquet")
    chosen = table[table["configuration"] == "left_to_right-K4"]["correct"].astype(float)
    (line,) = [line for line in models_table().splitlines() if "K = 4" in line]
    mean, stderr = line.split("|")[3].split("±")
    assert float(mean) == pytest.approx(chosen.mean(), abs=5e-4)
    assert float(stderr) == pytest.approx(chosen.std() / len(chosen) ** 0.5, abs=6e-4)


def test_every_configuration_of_the_table_is_stored(copied: Path) -> None:
    rows = [line for line in models_table().splitlines() if line.startswith("| mini-")]
    for line, (pair, name) in zip(rows, LABELS, strict=True):
        cells = [cell.strip() for cell in line.split("|")[3:-1]]
        assert cells[0] != "–" and "–" not in cells[len(TASKS) :], (pair, name)
    assert all("–" not in line for line in rows[:3])  # on every task


def test_a_lost_row_makes_the_rendering_fail(copied: Path) -> None:
    path = results_directory("mini") / "fig5.parquet"
    table = pd.read_parquet(path)
    table.iloc[1:].to_parquet(path, index=False)
    with pytest.raises(ApdError, match="missing row: task mini_gsm, configuration mini-qwen-large"):
        models_table()
    assert main([]) == 2


def test_a_page_without_markers_is_an_error(copied: Path) -> None:
    (copied / "README.md").write_text("<!-- models-table:start -->")
    with pytest.raises(ApdError, match=r"README\.md lacks <!-- models-table:start -->"):
        README.write()
    with pytest.raises(ApdError, match="cannot read"):
        Section("none.md", "x", lambda: "table").read()


def test_the_repositorys_pages_show_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APD_DATA_DIR", raising=False)
    assert main(["--check"]) == 0, f"run {write_tables.COMMAND}"
