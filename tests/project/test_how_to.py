"""The commands and the Python of the how-to pages: understood by the real parsers, or run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tiny_data import DATASETS, tiny_data_directory

from apd.cli import main
from apd.cli.main import build_parser
from apd.models.registry import PAIRS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "book").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.M | re.S)
TINY = ["--max-new-tokens", "4"]
# Commands whose models or data nobody has here; they are parsed only.
FAR = (
    *(name for name, pair in PAIRS.items() if not pair.mini),
    "--dllm-path",
    "fetch-mini",
    "reproduce",
    "train-mini",
    "bench",
    "--data-dir",
)


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == language:
                yield page, text


def lines(program: str) -> list:
    """The arguments of every line of a bash block that runs this program."""
    found = []
    for page, text in blocks("bash"):
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            starts = [i for i, word in enumerate(words) if word.rpartition("bin/")[2] == program]
            foreign = {"pip", "apd.harness"} & set(words)
            if starts and not foreign and "[" not in line and "…" not in line:
                words = words[starts[0] + 1 :]
                name = f"{page.stem}:{' '.join(words)[:60]}"
                found.append(pytest.param(words, id=name))
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny_data_directory(tmp_path_factory.mktemp("data")) as path:
        yield path


def test_there_is_something_to_check() -> None:
    assert len(lines("apd")) >= 15 and len(list(blocks("python"))) >= 3


@pytest.mark.parametrize("words", lines("apd"))
def test_every_command_is_understood(words: list[str]) -> None:
    assert build_parser(words).parse_args(words).run


@pytest.mark.parametrize(
    "words", [p for p in lines("apd") if not any(f in " ".join(p.values[0]) for f in FAR)]
)
def test_every_command_that_can_runs(words, data, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    if words[0] == "aup":
        pytest.skip("needs tables that the page's reader has made")
    if words[0] == "eval":
        words = [*words, *TINY, "--limit", "1"]
    if words[0] == "demo":
        words = [*words, *TINY, "--delay", "0"]
    assert main(words) in (0, 1) if words[0] == "doctor" else main(words) == 0


PYTHON_PAGES = sorted({page for page, _ in blocks("python")})


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: Path, data: Path, tmp_path: Path
) -> None:
    code = "".join(text for at, text in blocks("python") if at == page)
    code = code.replace("max_new_tokens=128", "max_new_tokens=4").replace("limit=20", "limit=1")
    code = f"import torch; torch.set_num_threads(1)\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_the_lines_for_lm_eval_name_models_and_tasks_that_exist() -> None:
    import apd.harness as harness

    known = harness.task_manager(DATASETS, include_defaults=False).all_tasks
    checked = 0
    for _, text in blocks("bash"):
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if "apd.harness" not in line or "--model" not in words:
                continue
            given = dict(pairwise(words))
            assert given["--model"] in harness.names.model_names()
            assert set(given["--tasks"].split(",")) <= set(known)
            checked += 1
    assert checked >= 2


def test_make_lines_name_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for _, text in blocks("bash"):
        for target in re.findall(r"^make ([a-z-]+)", text, re.M):
            assert target in targets


def test_every_question_cites_its_thread_or_says_what_to_do() -> None:
    text = (ROOT / "book" / "questions.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")[1:]
    assert len(sections) >= 10
    for section in sections[:-2]:
        assert re.search(r"^Asked in .*\b[\w-]+#\d+", section, re.M), section[:60]
