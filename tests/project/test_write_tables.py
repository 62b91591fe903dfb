"""The computed tables of README and book: made from stored data alone, and in step with it."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import write_tables
from checkpoint_checks import cell, checkpoint_table, registered
from checkpoint_counts import CheckpointRecorder, checkpoints_of
from choose_models import verdicts
from public_layouts import CONFIGS
from write_tables import LABELS, SECTIONS, SOURCES, TASKS, Section, hours_table, main, models_table

from apd.errors import ApdError
from apd.runs.provenance import hash_checkpoint
from apd.runs.table import results_directory

ROOT = Path(__file__).resolve().parents[2]
README, GPU_PAGE, GPU_TIMINGS, RELIABILITY, *_ = SECTIONS


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of nothing but the stored results and two pages with markers."""
    for pair, artefacts in SOURCES.items():
        (tmp_path / "data" / "results" / pair).mkdir(parents=True)
        for artefact in artefacts:
            for suffix in ("json", "parquet"):
                name = f"{artefact}.{suffix}"
                shutil.copy(results_directory(pair) / name, tmp_path / "data" / "results" / pair)
    stored = ("reliability.json", "checkpoints.json", "quantised_weights.json")
    for name in ("paper_reference.csv", *stored):
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
    assert len(lines) == 2 * (2 + len(LABELS))
    for table in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
        assert len({line.count("|") for line in table}) == 1
        assert table[2].startswith("| mini-qwen-large | autoregressive | ")


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
    line, other = [line for line in models_table().splitlines() if "K = 4" in line]
    mean, stderr = line.split("|")[3].split("±")
    assert float(mean) == pytest.approx(chosen.mean(), abs=5e-4)
    assert float(stderr) == pytest.approx(chosen.std() / len(chosen) ** 0.5, abs=6e-4)
    faithful = table[table["configuration"] == "left_to_right-K4"]["faithful"].astype(float)
    assert float(other.split("|")[3].split("±")[0]) == pytest.approx(faithful.mean(), abs=5e-4)


def test_every_configuration_of_the_table_is_stored(copied: Path) -> None:
    rows = [line for line in models_table().splitlines() if line.startswith("| mini-")]
    for line, (pair, name) in zip(rows, [*LABELS, *LABELS], strict=True):
        cells = [cell.strip() for cell in line.split("|")[3:-1]]
        assert cells[0] != "–" and "–" not in cells[len(TASKS) :], (pair, name)
    whole = [line for line in rows if "autoregressive" in line or "W = " in line]
    assert len(whole) == 8 and all("–" not in line for line in whole)  # on every task


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


def test_every_registered_checkpoint_has_passed_every_check() -> None:
    rows = [line for line in checkpoint_table().splitlines() if line.startswith("| `")]
    assert len(rows) == len(registered()) == len(CONFIGS)
    for row in rows:
        name, *checks, chapters = (cell.strip() for cell in row.strip("|").split("|"))
        assert checks == ["yes"] * 4, name
        passed, of = chapters.split(" of ")
        assert passed == of != "0", name


def test_a_check_that_failed_or_never_ran_is_shown() -> None:
    assert cell("forward", {"passed": 1, "failed": 1}) == "no"
    assert cell("forward", {}) == "not run" == cell("chapters", {})
    assert cell("chapters", {"passed": 5, "failed": 1}) == "5 of 6"


def test_the_checks_are_counted_by_the_checkpoint_they_are_about(tmp_path: Path) -> None:
    recorder = CheckpointRecorder(tmp_path / "checks.json")
    gpt2, forward = "openai-community/gpt2", "tests/models/test_forward_by_hand.py"
    for node, outcome in (
        ("tests/models/test_published.py::test_a_causal_model_at_full_size[{}]", "passed"),
        (forward + "::test_a_verifiers_logits[{}-chosen]", "passed"),
        (forward + "::test_a_verifiers_logits[{}-plain]", "failed"),
        (forward + "::test_bf16_is_within_its_rounding[{}]", "passed"),
    ):
        report = SimpleNamespace(nodeid=node.format(gpt2), outcome=outcome, when="call")
        recorder.pytest_runtest_logreport(report)
    chapter = "tests/project/test_chapters.py::test_a_chapter_runs_on_a_pair[diffugpt-m-kv_window]"
    recorder.pytest_runtest_logreport(
        SimpleNamespace(nodeid=chapter, outcome="passed", when="call")
    )
    recorder.pytest_sessionfinish()
    found = json.loads((tmp_path / "checks.json").read_text())["checkpoints"]
    assert found.keys() == {*checkpoints_of("diffugpt-m")} and gpt2 in found
    assert found[gpt2] == {
        "names and shapes": {"passed": 1},
        "forward": {"passed": 1, "failed": 1},
        "chapters": {"passed": 1},
    }


def test_the_quantised_weights_were_measured_on_the_models_that_are_here() -> None:
    stored = json.loads((ROOT / "data" / "quantised_weights.json").read_text())
    for model in stored["models"]:
        here = hash_checkpoint(model["name"], ROOT / "data" / "models" / model["name"])
        command = "python benchmarks/quantised_weights.py && python tools/write_tables.py"
        assert here.version == model["version"], f"run {command}"


def test_what_quantisation_costs_is_said_with_its_error() -> None:
    def kind(right: list[bool]) -> dict[str, list[bool]]:
        return {"right": right, "same_tokens": [r is True for r in right]}

    weights = {"float32": kind([True] * 8), "int8": kind([True] * 8)}
    said = verdicts(weights | {"int4": kind([True, False] * 4)})
    assert "Eight bits change 0 of 8 texts" in said and "+0.000 ± 0.000, within" in said
    assert "Four bits change 4 of 8 texts" in said and "-0.500 ± 0.189, beyond" in said
