"""`apd doctor`: what it says of a healthy installation, and of sick ones."""

import importlib.metadata
from pathlib import Path

import pytest

from apd.cli import main
from apd.models.self_test import SelfTest

ROOT = Path(__file__).resolve().parents[2]


def test_a_healthy_installation(capsys) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for part in ("torch", "transformers", "processor", "threads", "mini-llada", "a checkout"):
        assert part in text
    assert "32 tokens, as expected" in text
    assert text.splitlines()[-1].split(maxsplit=1) == ["verdict", "nothing is wrong"]
    assert str(Path.home()) not in text and str(ROOT) not in text


def test_missing_models_are_the_verdict(capsys, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
    assert main(["doctor"]) == 1
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert "train-mini" in verdict or "fetch-mini" in verdict


def test_a_fault_nobody_has_foreseen_is_reported(capsys, monkeypatch) -> None:
    from apd.models import self_test

    def fail(device: str) -> SelfTest:
        raise RuntimeError("illegal\ninstruction")

    monkeypatch.setattr(self_test, "self_test", fail)
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "RuntimeError: illegal instruction" in text
    assert "the test decode on cpu raised RuntimeError" in text.splitlines()[-1]


def test_other_tokens_are_an_error(capsys, monkeypatch) -> None:
    from apd.models import self_test

    wrong = SelfTest("cpu", (1, 2, 3), (1, 2, 4))
    assert wrong.verdict() == "2 tokens as expected, then others"
    monkeypatch.setattr(self_test, "self_test", lambda device: wrong)
    assert main(["doctor"]) == 1
    assert "other tokens" in capsys.readouterr().out


def test_other_models_are_not_compared() -> None:
    found = SelfTest("cpu", (1, 2, 3), None)
    assert found.right and "not compared" in found.verdict()


def test_a_missing_package_is_named(capsys, monkeypatch) -> None:
    version = importlib.metadata.version

    def lookup(name: str) -> str:
        if name == "tokenizers":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", lookup)
    assert main(["doctor", "--no-decode"]) == 1
    assert "tokenizers is missing" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("action", [["--from", "x"]])
def test_from_needs_the_action(action, capsys) -> None:
    assert main(["models", *action]) == 2
    assert "fetch-mini" in capsys.readouterr().err
