"""Tuning: what is measured, remembered and used. No speed is judged."""

import json

import pytest

from apd.benchmarks import tuning
from apd.benchmarks.report import tuning_tables
from apd.benchmarks.settings import quick_settings
from apd.benchmarks.timing import spread
from apd.benchmarks.tuning import Tuned, Tuning, remember, remembered
from apd.cli.main import main


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Nothing of the user's is read or written."""
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "apd" / "tuned.json"


def test_the_best_is_the_fastest_of_what_was_measured(monkeypatch):
    speeds = {"torch, 1 thread": 1.0, "torch, 2 threads": 3.0, "chunk 8": 2.0}
    monkeypatch.setattr(tuning.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(tuning, "ENGINES", ("torch",))
    monkeypatch.setattr(tuning, "WINDOWS", (4,))
    monkeypatch.setattr(tuning, "LOOKAHEADS", (8,))
    monkeypatch.setattr(
        tuning,
        "take_turns",
        lambda tasks, rounds: {name: [speeds.get(name, 1.0)] * rounds for name in tasks},
    )
    settings = quick_settings(rounds=1, problems=1, max_new_tokens=8, max_lookahead=8)
    found = tuning.tune(settings, lambda line: None)
    assert found.best == Tuned("torch", 2, 8)
    assert found.choices["torch, 2 threads"].median == 3
    ((point, (_, length)),) = found.settings_that_change_texts.items()
    assert point == (4, 8) and length >= 1


def test_what_was_fastest_is_remembered_by_machine_and_pair(own_folder, monkeypatch):
    assert remembered("mini") is None
    remember(Tuned("torch", 2, 16), "mini")
    remember(Tuned("torch", 1, None), "other")
    assert remembered("mini") == Tuned("torch", 2, 16)
    assert remembered("other") == Tuned("torch", 1, None)
    monkeypatch.setattr(tuning, "machine_key", lambda: "another machine")
    assert remembered("mini") is None


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_file_is_no_obstacle(own_folder, content):
    own_folder.parent.mkdir()
    own_folder.write_text(content)
    assert remembered("mini") is None
    remember(Tuned(), "mini")
    assert remembered("mini") == Tuned()


def test_an_engine_that_has_gone_is_not_used(monkeypatch):
    remember(Tuned("onnxruntime", 1, None), "mini")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert remembered("mini") is None


def test_the_demo_uses_it_unless_told_otherwise(capsys):
    remember(Tuned("torch", 1, 16), "mini")
    short = ("demo", "--max-new-tokens", "8", "--no-baseline", "--json")
    assert main([*short]) == 0
    assert "As tuned for this machine: torch, threads 1" in capsys.readouterr().err
    assert main([*short, "--engine", "torch"]) == 0
    assert "As tuned" not in capsys.readouterr().err


def test_the_command_measures_shows_and_remembers(own_folder, capsys, monkeypatch):
    best = Tuned("torch", 2, None)
    measured = Tuning(best, {"torch, 2 threads": spread([1.0, 1.5])}, {(8, 16): (900.0, 7.5)})
    monkeypatch.setattr(tuning, "tune", lambda settings, report: measured)
    assert main(["bench", "--tune", "--quick"]) == 0
    out = capsys.readouterr().out
    assert "fastest: torch, threads 2, chunk as accepted" in " ".join(out.split())
    assert json.loads(own_folder.read_text())[tuning.machine_key()]["mini"]["threads"] == 2
    assert [len(table.rows) for table in tuning_tables(measured)] == [1, 1]


def test_flags_that_mean_something_else_are_refused(capsys):
    assert main(["bench", "--tune", "--store"]) != 0
    assert "--store is not used with --tune" in capsys.readouterr().err
