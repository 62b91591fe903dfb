"""ParallelBench from a checkout: its layouts, its conversations, and what is said of odd ones.

The fixture is written for these tests in the layout of the benchmark's first release.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from one_line_errors import error_of
from tiny_checkpoints import tiny_tokenizer
from tiny_data import DATASETS

from apd.errors import ApdError
from apd.models import Pair
from apd.tasks import TASKS, load_task
from apd.tasks.parallelbench_rows import ParallelBenchRows

CHECKOUT = DATASETS / "ParallelBench"
STORED = CHECKOUT / "dataset/parallel_bench/data/output/test"
NAMES = [name for name in TASKS if name.startswith("parallelbench_")]
COPY = "parallelbench_waiting_line_copy"


def source(name: str) -> ParallelBenchRows:
    found = TASKS[name].source
    assert isinstance(found, ParallelBenchRows)
    return found


def file_of(name: str) -> Path:
    own = source(name)
    return STORED / f"{own.older or own.task}.jsonl"


def test_all_seventeen_tasks_are_read() -> None:
    assert len(NAMES) == 17
    assert {file_of(name) for name in NAMES} == set(STORED.glob("*/*.jsonl"))
    for name in NAMES:
        rows = load_task(name, CHECKOUT).rows
        assert len(rows) == len(file_of(name).read_text().splitlines())
        assert all("{" not in row["user"] for row in rows)


def renamed(layout: str, target: Path) -> Path:
    """The same rows as a later version of the benchmark keeps or writes them."""
    for name in NAMES:
        own, old = source(name), file_of(name)
        path = target / layout / "test" / f"{own.task}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(old, path)
        settings = yaml.safe_load(old.with_name("task_config.yaml").read_text())
        beside = path.with_name("task_config.yaml")
        kept = yaml.safe_load(beside.read_text()) if beside.is_file() else {}
        kept[own.task] = settings[own.older or own.task]
        beside.write_text(yaml.safe_dump(kept))
    return target


def on_the_hub(target: Path) -> Path:
    """The same rows with the columns of the data set: mappings as JSON texts, settings repeated."""
    for name in NAMES:
        own, old = source(name), file_of(name)
        settings = yaml.safe_load(old.with_name("task_config.yaml").read_text())
        shown = {key: settings[own.older or own.task][key] for key in ("prompt", "metric")}
        rows = [json.loads(line) for line in old.read_text().splitlines()]
        as_text = [
            {k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()} | shown
            for row in rows
        ]
        path = target / own.task.replace("/", "-") / "test-00000-of-00001.parquet"
        path.parent.mkdir(parents=True)
        pd.DataFrame(as_text).to_parquet(path)
    return target


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "a directory that holds the checkout": lambda path: DATASETS,
    "a later checkout": lambda path: renamed("parallelbench/datasets/data/output", path),
    "what pb data wrote": lambda path: renamed("", path),
    "the data set": lambda path: on_the_hub(path / "furiosa-ai" / "ParallelBench").parents[1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_rows(tmp_path: Path, layout: str) -> None:
    directory = LAYOUTS[layout](tmp_path)
    for name in NAMES:
        assert load_task(name, directory).rows == load_task(name, CHECKOUT).rows, name


@pytest.mark.filterwarnings("ignore:the tokenizer of 'tiny' has no chat template")
def test_an_example_is_an_earlier_turn() -> None:
    pair = Pair(
        name="tiny",
        dllm=SimpleNamespace(device="cpu"),
        verifier=None,
        baselines={},
        tokenizer=tiny_tokenizer(),
    )
    task = load_task("parallelbench_waiting_line_insert_random", CHECKOUT)
    expected = (
        '<|im_start|>user\n"Ruth Aach" comes in somewhere:\n\n'
        '["Hao Wang", "Lena Ott", "Paul Bern"]\n\nOnly give the list.<|im_end|>\n'
        '<|im_start|>assistant\n["Hao Wang", "Ruth Aach", "Lena Ott", "Paul Bern"]<|im_end|>\n'
        '<|im_start|>user\n"Olga Tau" comes in somewhere:\n\n'
        '["Ada Byron", "Emil Post", "Kurt Wirt"]\n\nOnly give the list.<|im_end|>\n'
        "<|im_start|>assistant\n"
    )
    assert pair.tokenizer.decode(task.prompt_ids(pair, 0)) == expected
    pair.tokenizer.chat_template = None  # a base model
    plain = pair.tokenizer.decode(task.prompt_ids(pair, 0))
    assert plain.startswith('"Ruth Aach" comes in somewhere:')
    assert plain.endswith('"Paul Bern"]\n\n"Olga Tau" comes in somewhere:\n\n["Ada Byron", "Emil '
                          'Post", "Kurt Wirt"]\n\nOnly give the list.')  # fmt: skip


def test_a_line_feed_that_is_spelled_out_is_one() -> None:
    row = load_task("parallelbench_puzzles_sudoku_n4", CHECKOUT).rows[0]
    assert row["user"].endswith("\n\nInput:\n1230\n3412\n0143\n4321\nOutput:\n")


def test_what_is_shown_changes_the_fingerprint(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT, tmp_path / "c")
    path = tmp_path / "c" / file_of(COPY).relative_to(CHECKOUT)
    path.write_text(path.read_text().replace("Lena Ott", "Lena Out"))
    assert load_task(COPY, tmp_path / "c").fingerprint() != load_task(COPY, CHECKOUT).fingerprint()


def test_a_checkout_without_rows_is_told_how_to_make_them(tmp_path: Path) -> None:
    (tmp_path / "parallelbench/datasets/data/task_configs/test").mkdir(parents=True)
    assert "run its `pb data --output_dir DIR` once" in error_of(load_task, COPY, tmp_path)


ROWS, SETTINGS = "copy.jsonl", "task_config.yaml"
KNOWN = "waiting_line/copy: {metric: list_match_score"
ODD = (  # a file, what it holds instead (None: it is not there), what is said
    (ROWS, None, "holds no rows of ParallelBench's waiting_line/copy"),
    (ROWS, "{", "not JSON lines"),
    (ROWS, '{"input": "x", "answer": "y"}', "not in ParallelBench's form"),
    (ROWS, '{"input": {"context": "x"}}', "not in ParallelBench's form"),
    (SETTINGS, None, "which holds the prompt"),
    (SETTINGS, "a: [\nb", "is damaged"),
    (SETTINGS, "{}", "has no entry"),
    (SETTINGS, f"{KNOWN}}}", "has prompt None"),
    (SETTINGS, f"{KNOWN}, prompt: '{{queue}}'}}", "KeyError: 'queue'"),
    (SETTINGS, "waiting_line/copy: {metric: other, prompt: P}", "known is a text and 'list_match"),
)


@pytest.mark.parametrize(("file", "content", "words"), ODD)
def test_an_odd_checkout_is_refused_in_one_line(
    tmp_path: Path, file: str, content: str | None, words: str
) -> None:
    shutil.copytree(CHECKOUT, tmp_path / "ParallelBench")
    path = tmp_path / "ParallelBench" / STORED.relative_to(CHECKOUT) / "waiting_line" / file
    path.unlink() if content is None else path.write_text(content)
    assert words in error_of(load_task, COPY, tmp_path)


def test_a_task_without_rows_is_named(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT, tmp_path / "ParallelBench")
    (tmp_path / "ParallelBench" / file_of(COPY).relative_to(CHECKOUT)).write_text("")
    with pytest.raises(ApdError, match=f"the test set of '{COPY}' is empty"):
        load_task(COPY, tmp_path)
