"""The rows of the public benchmarks: from the Hugging Face hub, or from a local directory.

A local directory holds, for each data set, a folder named as on the hub (with or without the
owner's name) in the layout that `hf download --repo-type dataset` leaves, or the same rows as JSON
lines: ``gsm8k/main/test-00000-of-00001.parquet``, ``gsm8k/main/test.jsonl``,
``gpqa/gpqa_main.csv``. Column names are the hub's.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.tasks.judging.math_answers import reference_answer

DATASETS_DIR_VARIABLE = "APD_DATASETS_DIR"
INDEX_COLUMN = "index_in_task"  # of a row for lm-eval, whose own number --samples shifts
Row = dict[str, Any]


def _same_row(row: Mapping[str, Any]) -> Row:
    return dict(row)


def with_reference_answer(row: Mapping[str, Any]) -> Row:
    """A MATH row with the boxed answer of its solution as `answer`."""
    return {**row, "answer": reference_answer(row["solution"])}


def with_shuffled_choices(row: Mapping[str, Any]) -> Row:
    """A GPQA row with `choice1`..`choice4`, `choices` and the right `answer`, e.g. "(C)".

    The order is drawn from a generator seeded by the question, so it is the same in every run.
    """
    wrong = [row[f"Incorrect Answer {number}"] for number in (1, 2, 3)]
    right, *others = [tidy_choice(text) for text in (row["Correct Answer"], *wrong)]
    choices = [*others, right]
    seed = hashlib.sha256(str(row["Question"]).encode()).digest()
    random.Random(seed).shuffle(choices)
    named = {f"choice{number}": text for number, text in enumerate(choices, start=1)}
    letter = "ABCD"[choices.index(right)]
    return {**row, **named, "choices": choices, "answer": f"({letter})"}


def tidy_choice(text: str | None) -> str:
    """A choice as lm-eval shows it: trimmed, title marks and double spaces replaced."""
    return " " if text is None else text.strip().replace(" [title]", ". ").replace("  ", " ")


@dataclass(frozen=True)
class Source:
    """Where the rows of a benchmark are.

    Attributes:
        hub: the data set's name on the hub.
        subset, split: what to take of it.
        columns: those that the prompts and the judge read; others are kept too.
        prepare: adds what is derived from a row.
    """

    hub: str
    subset: str
    split: str
    columns: tuple[str, ...]
    prepare: Callable[[Mapping[str, Any]], Row] = _same_row


MATH_SUBJECTS = {  # the task's name for a subject: the hub's
    "algebra": "algebra",
    "counting_and_prob": "counting_and_probability",
    "geometry": "geometry",
    "intermediate_algebra": "intermediate_algebra",
    "num_theory": "number_theory",
    "prealgebra": "prealgebra",
    "precalc": "precalculus",
}
_MATH = ("problem", "solution", "level", "type")
_ANSWERS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
_HUMANEVAL = ("task_id", "prompt", "canonical_solution", "test", "entry_point")
SOURCES: dict[str, Source] = {
    "gsm8k": Source("openai/gsm8k", "main", "test", ("question", "answer")),
    "gpqa_main": Source(
        "Idavidrein/gpqa", "gpqa_main", "train", ("Question", *_ANSWERS), with_shuffled_choices
    ),
    "humaneval": Source("openai/openai_humaneval", "openai_humaneval", "test", _HUMANEVAL),
} | {
    f"hendrycks_math_{name}": Source(
        "EleutherAI/hendrycks_math", subset, "test", _MATH, with_reference_answer
    )
    for name, subset in MATH_SUBJECTS.items()
}


def read_rows(name: str, data_dir: str | Path | None = None) -> list[Row]:
    """The rows of SOURCES[name], in the data set's order.

    Args:
        data_dir: local directory; None for the one that ``APD_DATASETS_DIR`` names, else the hub.

    Raises:
        ApdError: the directory or the data set is missing, or lacks a column.
    """
    source = SOURCES[name]
    given = data_dir or os.environ.get(DATASETS_DIR_VARIABLE)
    rows = _from_hub(source) if not given else _from_directory(source, Path(given).expanduser())
    missing = [column for column in source.columns if not rows or column not in rows[0]]
    if missing:
        raise ApdError(
            f"{source.hub} ({source.subset}) has no column {missing[0]!r} or no rows; use the data "
            f"set as it is on the hub, with columns {', '.join(source.columns)}"
        )
    return [source.prepare(row) for row in rows]


def as_datasets(source: str, data_dir: str | None = None, **_: Any) -> dict[str, Any]:
    """What lm-eval calls for a task's data: {split: datasets.Dataset}.

    The data directory comes in through the task manager's metadata.
    """
    from datasets import Dataset

    rows = [{**row, INDEX_COLUMN: i} for i, row in enumerate(read_rows(source, data_dir))]
    return {SOURCES[source].split: Dataset.from_list(rows)}


def _from_hub(source: Source) -> list[Row]:
    try:
        import datasets
    except ImportError:
        raise ApdError(
            f"{source.hub} is read with the datasets package: run `pip install 'apd[eval]'`, or "
            f"give --data-dir (or {DATASETS_DIR_VARIABLE}) a directory that holds it"
        ) from None
    try:
        return [dict(row) for row in datasets.load_dataset(source.hub, source.subset)[source.split]]
    except Exception as error:  # of datasets, huggingface_hub or the HTTP client
        reason = str(error).partition("\n")[0]
        raise ApdError(
            f"cannot fetch {source.hub} from the hub ({reason}); connect (and accept its terms, if "
            f"it has any), or give --data-dir (or {DATASETS_DIR_VARIABLE}) a directory with it"
        ) from None


def _from_directory(source: Source, directory: Path) -> list[Row]:
    if not directory.is_dir():
        raise ApdError(
            f"data directory {directory} does not exist; give the one that holds the data sets, or "
            "none to use the hub"
        )
    folders = (source.hub, source.hub.rpartition("/")[2])
    stems = (f"{source.subset}/{source.split}-*", f"{source.subset}/{source.split}", source.subset)
    for folder in folders:
        for stem in stems:
            for suffix, read in _READERS.items():
                if found := sorted(directory.glob(f"{folder}/{stem}{suffix}")):
                    return [row for path in found for row in read(path)]
    raise ApdError(
        f"data directory {directory} has no {source.hub}: put its rows in "
        f"{folders[1]}/{source.subset}/{source.split}.jsonl (or .parquet, .csv)"
    )


def _read_jsonl(path: Path) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise ApdError(f"{path} is not JSON lines ({error}); write one object a line") from None


def _read_parquet(path: Path) -> list[Row]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise ApdError(f"{path} needs pyarrow: run `pip install 'apd[eval]'`") from None
    try:
        return list(pyarrow.parquet.read_table(path).to_pylist())
    except (OSError, ValueError) as error:
        raise ApdError(f"{path} is damaged ({error}); download it again") from None


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


_READERS: dict[str, Callable[[Path], list[Row]]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
}
