"""Standard output that is closed, full, read by nobody or ASCII; arguments that are no text."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_data import tiny_data_directory

from apd.cli import main

COMMANDS = {
    "models": "models --json",
    "eval": "eval --task mini_gsm --limit 1 --max-new-tokens 4 --output {output}",
    "aup": "aup {table} --json",
    "reproduce": "reproduce fig2 --plan",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("streams")
    with tiny_data_directory(folder / "data"):
        output = folder / "runs"
        line = "eval --task mini_gsm --limit 2 --max-new-tokens 4 --output"
        assert main([*line.split(), str(output)]) == 0
        (table,) = output.rglob("*.parquet")
        yield {"output": str(folder / "new"), "table": str(table)}


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    return subprocess.run(
        ["bash", "-c", line.replace("apd ", f"{sys.executable} -m apd ", 1)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        (">&-", 2, "standard output is closed"),
        ("> /dev/full", 2, "cannot write to standard output: No space left on device"),
        ("| true; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_output_that_goes_nowhere(command, target, status, message, places) -> None:
    if "full" in target and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = shell(f"apd {COMMANDS[command].format(**places)} {target}")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("apd: error:")]
    assert len(errors) == (1 if message else 0)
    assert all(message in line for line in errors)


def test_a_full_output_costs_no_result(places, tmp_path: Path) -> None:
    line = COMMANDS["eval"].format(output=tmp_path)
    assert shell(f"apd {line} > /dev/full 2> /dev/full").returncode == 2
    (table,) = tmp_path.rglob("*.parquet")
    assert shell(f"apd aup {table} --json").returncode in (0, 2)  # readable, with too few points
    again = shell(f"apd {line} --json")
    assert json.loads(again.stdout)["problems"] == 1
    assert "measured already" in again.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_ascii_output_has_escapes(command, places) -> None:
    line = COMMANDS[command].format(**places).replace(" --json", "")
    done = shell(f"apd {line}", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and done.stdout


@pytest.mark.parametrize("flag", ["--prompt", "--system", "--pair", "--baseline"])
def test_bytes_that_are_no_text_are_refused_by_name(flag: str, capsys) -> None:
    assert main(["demo", flag, "caf\udce9"]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"apd: error: {flag} 'caf\\udce9' holds bytes that are no text")
    assert message.count("\n") == 1


def test_a_file_that_cannot_be_read_is_one_line(monkeypatch, capsys) -> None:
    from apd.cli.main import COMMANDS as modules

    def refuse(arguments: object) -> int:
        raise PermissionError(13, "Permission denied", "/etc/shadow")

    monkeypatch.setattr(modules["models"], "run", refuse)
    assert main(["models"]) == 2
    assert capsys.readouterr().err == "apd: error: /etc/shadow: Permission denied\n"
