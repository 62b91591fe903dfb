"""The command: help, errors as one line, exit statuses, pairs."""

import json
import subprocess
import sys

import pytest

from apd.cli import main
from apd.cli.main import COMMANDS, build_parser
from apd.errors import ApdError
from apd.models.pairs import PAIRS


def failing(error):
    def run(arguments):
        raise error

    return run


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("demo", "models", "train-mini", "eval"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "--traceback" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["models"], ["train-mini"]])
def test_help_imports_no_models(command):
    code = (
        "import sys; from apd.cli.main import build_parser\n"
        f"build_parser({command!r}).format_help()\n"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=300).returncode == 0


@pytest.mark.parametrize("command", ["demo", "eval"])
def test_help_that_knows_the_decoders_imports_no_models(command):
    """Its flags are the settings of the decoders, whose loops need torch; no model is imported."""
    code = (
        "import sys; from apd.cli.main import build_parser\n"
        f"build_parser([{command!r}]).format_help()\n"
        "sys.exit('transformers' in sys.modules or 'apd.models.diffusion' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=300).returncode == 0


@pytest.mark.parametrize("words", [[], ["nonsense"], ["demo", "--temperature", "warm"]])
def test_wrong_usage_exits_with_two(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ApdError("no model;\n  train it"), ValueError("R=2 is not")])
def test_errors_are_one_line(error, monkeypatch, capsys):
    monkeypatch.setattr(COMMANDS["models"], "run", failing(error))
    assert main(["models"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"apd: error: {' '.join(str(error).split())}\n"


def test_an_error_sends_no_escapes_to_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(COMMANDS["models"], "run", failing(ApdError("no \x1b[2Jmodel\x07")))
    assert main(["models"]) == 2
    assert capsys.readouterr().err == "apd: error: no ␛[2Jmodel␇\n"


def test_traceback_shows_where_an_error_came_from(monkeypatch):
    monkeypatch.setattr(COMMANDS["models"], "run", failing(ApdError("broken")))
    with pytest.raises(ApdError, match="broken"):
        main(["models", "--traceback"])


def test_a_fault_of_the_program_is_not_dressed_up(monkeypatch):
    monkeypatch.setattr(COMMANDS["models"], "run", failing(KeyError("bug")))
    with pytest.raises(KeyError):
        main(["models"])


def test_an_interrupt_exits_with_130(monkeypatch, capsys):
    monkeypatch.setattr(COMMANDS["models"], "run", failing(KeyboardInterrupt()))
    assert main(["models"]) == 130
    assert capsys.readouterr().err == "apd: interrupted\n"


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m apd models --json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_models_lists_every_pair(capsys):
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == list(PAIRS)
    assert any("Dream-org/Dream-v0-Instruct-7B" in line for line in lines)


def test_models_as_json(capsys):
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["pair"] for row in rows] == list(PAIRS)
    assert all(row["status"] and row["runs on"] for row in rows)


def test_options_are_not_abbreviated():
    with pytest.raises(SystemExit):
        build_parser(["demo"]).parse_args(["demo", "--promp", "x"])
