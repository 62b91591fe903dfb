"""Task files, result tables, names of models: no traceback, and no half of a file for the whole."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fuzz_cases import TEXT, cases, changed, edits_of, run_command, same_or_refused
from hypothesis import strategies as st
from tiny_data import DATASETS

from apd.errors import ApdError
from apd.models.locations import find_checkpoint
from apd.models.pairs import load_pair, pair_spec
from apd.runs.table import read_results
from apd.tasks import load_task

GSM8K = DATASETS / "gsm8k" / "main" / "test.jsonl"


@cases("task files", 80, st.data())
def test_a_task_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, given: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("datasets")
    target = folder / "gsm8k" / "main" / "test.jsonl"
    target.parent.mkdir(parents=True)
    rows = [json.loads(line) for line in GSM8K.read_text(encoding="utf-8").split("\n") if line]
    how = given.draw(st.sampled_from(["edit", "text", "cut", "bytes", "spread"]))
    if how == "edit":
        rows = changed(rows, given.draw(edits_of(rows)))
    elif how == "text":
        rows[0]["question"] = given.draw(TEXT)
    content = "\n".join(json.dumps(row, ensure_ascii=how != "text") for row in rows).encode(
        "utf-8", "surrogatepass"
    )
    if how == "cut":
        content = content[: given.draw(st.integers(0, len(content)))]
    elif how == "bytes":
        place = given.draw(st.integers(0, len(content)))
        content = content[:place] + given.draw(st.binary(max_size=4)) + content[place:]
    elif how == "spread":
        content = json.dumps(rows, indent=1).encode()
    target.write_bytes(content)
    task = same_or_refused(lambda: load_task("gsm8k", folder))
    if task is None:
        return
    assert len(task.rows) >= 1
    for row in task.rows:
        text = same_or_refused(lambda row=row: task.user(row))
        assert text is None or isinstance(text, str)
    if how == "text":
        assert rows[0]["question"] in task.user(task.rows[0])


@pytest.fixture(scope="module")
def stored(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    line = "eval --task mini_gsm --limit 3 --max-new-tokens 3 --output"
    assert run_command([*line.split(), str(folder)])[0] == 0
    return folder / "mini"


@pytest.fixture
def artefact(stored: Path) -> Iterator[str]:
    (path,) = stored.glob("*.parquet")
    yield path.stem


@cases("result tables", 80, st.data())
def test_a_damaged_table_is_refused_or_the_same(
    stored: Path, artefact: str, tmp_path_factory: pytest.TempPathFactory, given: st.DataObject
) -> None:
    folder = Path(shutil.copytree(stored, tmp_path_factory.mktemp("case") / "mini"))
    table, note = (folder / f"{artefact}.{suffix}" for suffix in ("parquet", "json"))
    whole = pd.read_parquet(table)
    how = given.draw(st.sampled_from(["note", "note cut", "table cut", "table byte", "rows"]))
    if how == "note":
        document = json.loads(note.read_text())
        note.write_text(json.dumps(changed(document, given.draw(edits_of(document)))))
    elif how == "note cut":
        note.write_bytes(note.read_bytes()[: given.draw(st.integers(0, 5000))])
    elif how == "table cut":
        content = table.read_bytes()
        table.write_bytes(content[: given.draw(st.integers(0, len(content) - 1))])
    elif how == "table byte":
        content = bytearray(table.read_bytes())
        content[given.draw(st.integers(0, len(content) - 1))] ^= 1 << given.draw(st.integers(0, 7))
        table.write_bytes(bytes(content))
    else:
        order = given.draw(st.permutations(range(len(whole))))
        whole.iloc[order[: given.draw(st.integers(0, 2))]].to_parquet(table, index=False)

    def read() -> Any:
        return read_results(folder, artefact)[0]

    found = same_or_refused(read)
    if found is not None:
        assert how.startswith("note")
        pd.testing.assert_frame_equal(found, read_results(stored, artefact)[0])
    status, _, _ = run_command(["aup", str(table), "--json"])
    assert status in (0, 2)


STEADY = ["problem_id", "correct", "generated_tokens", "iterations", "dllm_forwards"]


@cases("journals cut at any byte", 25, st.floats(0, 1), st.binary(max_size=3))
def test_a_cut_journal_loses_and_doubles_nothing(
    stored: Path,
    artefact: str,
    tmp_path_factory: pytest.TempPathFactory,
    share: float,
    tail: bytes,
) -> None:
    folder = Path(shutil.copytree(stored, tmp_path_factory.mktemp("case") / "mini"))
    (journal,) = folder.rglob("*.journal.jsonl")
    content = journal.read_bytes()
    journal.write_bytes(content[: round(share * len(content))] + tail.replace(b"\n", b""))
    for suffix in ("parquet", "json"):
        (folder / f"{artefact}.{suffix}").unlink()
    line = "eval --task mini_gsm --limit 3 --max-new-tokens 3 --output"
    status, _, _ = run_command([*line.split(), str(folder.parent)])
    assert status == 0
    found, expected = (read_results(place, artefact)[0] for place in (folder, stored))
    pd.testing.assert_frame_equal(found[STEADY], expected[STEADY])


NAMES = st.one_of(
    TEXT,
    st.sampled_from(["~", "~nobody/x", "mini-", "mini-none", "a/b", "/", ".", "", "a" * 5000,
                     "owner/name:tag", "file:///etc/passwd", "\x00", "caf\udce9", "mini\ndream",
                     "https://example.org/model", "C:\\models", "../../etc", "a/b/c"]),
)  # fmt: skip


@cases("model names", 80, NAMES)
def test_a_model_name_is_found_or_refused(data: Path, name: str) -> None:
    for find in (find_checkpoint, pair_spec, load_pair):
        same_or_refused(lambda find=find: find(name))
    with pytest.raises(ApdError):
        pair_spec(f"{name} ")
    found = same_or_refused(lambda: find_checkpoint(name))
    assert found is None or found.is_dir()
