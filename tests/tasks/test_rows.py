"""Where the public data come from, and what is said when they are not there."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tiny_data import DATASETS

from apd.errors import ApdError
from apd.tasks import TASKS, load_task, task_names
from apd.tasks.rows import HubRows

GSM = "gsm8k/main/test.jsonl"
GPQA = "gpqa_main_generative_n_shot"


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.open(encoding="utf-8", newline="\n")]


HUB = {name: task.source for name, task in TASKS.items() if isinstance(task.source, HubRows)}


def read_rows(name: str, directory: Path) -> list[dict]:
    return HUB[name].read(directory)


@pytest.mark.parametrize("name", list(HUB))
def test_every_data_set_is_read_with_its_columns(name: str) -> None:
    rows = read_rows(name, DATASETS)
    assert rows and all(set(HUB[name].columns) <= set(row) for row in rows)


def test_all_layouts_hold_the_same_rows(tmp_path: Path) -> None:
    rows = rows_of(DATASETS / GSM)
    shards = tmp_path / "openai" / "gsm8k" / "main"
    shards.mkdir(parents=True)
    pd.DataFrame(rows[:2]).to_parquet(shards / "test-00000-of-00002.parquet")
    pd.DataFrame(rows[2:]).to_parquet(shards / "test-00001-of-00002.parquet")
    assert read_rows("gsm8k", tmp_path) == rows == read_rows("gsm8k", DATASETS)
    (tmp_path / "gpqa" / "gpqa_main").mkdir(parents=True)
    with (DATASETS / "gpqa" / "gpqa_main.csv").open(encoding="utf-8", newline="") as file:
        lines = [json.dumps(row) for row in csv.DictReader(file)]
    (tmp_path / "gpqa" / "gpqa_main" / "train.jsonl").write_text("\n".join(lines))
    assert read_rows(GPQA, tmp_path) == read_rows(GPQA, DATASETS)


def test_the_environment_names_the_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APD_DATASETS_DIR", str(DATASETS))
    assert load_task("gsm8k").rows == load_task("gsm8k", DATASETS).rows


def test_every_task_is_found_by_name() -> None:
    assert len(task_names()) == 20 + 17 and task_names() == tuple(TASKS)
    for name in task_names():
        task = load_task(name, DATASETS)
        assert task.name == name and task.rows and len(task.fingerprint()) == 64
        assert task.runs_code == ("humaneval" in name)
        assert task.user(task.rows[0])


def test_an_unknown_task_is_answered_with_all_names() -> None:
    with pytest.raises(ApdError) as caught:
        load_task("gsm9k")
    assert all(name in str(caught.value) for name in task_names())
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApdError, match="does not exist"):
        load_task("gsm8k", tmp_path / "nowhere")
    with pytest.raises(ApdError, match=r"gsm8k/main/test\.jsonl"):
        load_task("gsm8k", tmp_path)
    monkeypatch.setenv("APD_DATASETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(ApdError, match="does not exist"):
        load_task("humaneval_instruct")


def test_damaged_data_are_refused(tmp_path: Path) -> None:
    path = tmp_path / GSM
    path.parent.mkdir(parents=True)
    path.write_text('{"question": "?"}\n')
    with pytest.raises(ApdError, match="no column 'answer'"):
        load_task("gsm8k", tmp_path)
    path.write_text("{")
    with pytest.raises(ApdError, match="not JSON lines"):
        load_task("gsm8k", tmp_path)
    path.write_text("")
    with pytest.raises(ApdError, match="no column"):
        load_task("gsm8k", tmp_path)
    path.with_suffix(".parquet").write_bytes(b"PAR1")
    with pytest.raises(ApdError, match="damaged"):
        load_task("gsm8k", tmp_path)
    shutil.copytree(DATASETS / "hendrycks_math", tmp_path / "hendrycks_math")
    algebra = tmp_path / "hendrycks_math" / "algebra" / "test.jsonl"
    row = {**rows_of(algebra)[0], "solution": "It is obvious."}
    algebra.write_text(json.dumps(row))
    with pytest.raises(ApdError, match="no boxed answer"):
        load_task("hendrycks_math", tmp_path)


def test_without_network_the_hub_error_names_the_local_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("APD_DATASETS_DIR", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    import datasets

    def refuse(*_: object) -> None:
        raise ConnectionError("Couldn't reach the hub\nin any way")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(ApdError, match="--data-dir") as caught:
        load_task("gsm8k")
    assert "\n" not in str(caught.value)


def test_public_tasks_need_no_lm_eval() -> None:
    program = (
        "import sys; sys.modules['lm_eval'] = None\n"
        "from pathlib import Path\nfrom apd.tasks import load_task\n"
        f"task = load_task('gsm8k', Path({str(DATASETS)!r}))\n"
        "assert task.score(task.rows[0], '#### 29')\n"
        "from apd.harness import task_manager\n"
        "from apd.errors import ApdError\n"
        "try:\n    task_manager()\nexcept ApdError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "apd[eval]" in run.stdout
