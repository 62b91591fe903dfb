"""Where the rows of a task are: with the project, on the Hugging Face hub, in a local directory.

A local directory holds, for each public data set, a folder named as on the hub (with or without
the owner's name) in the layout that `hf download --repo-type dataset` leaves, or the same rows as
JSON lines: ``gsm8k/main/test-00000-of-00001.parquet``, ``gsm8k/main/test.jsonl``,
``gpqa/gpqa_main.csv``. Column names are the hub's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Protocol

from apd.errors import ApdError
from apd.paths import data_dir as project_data
from apd.tasks.row_files import READERS, read_json_lines

DATASETS_DIR_VARIABLE = "APD_DATASETS_DIR"
Row = dict[str, Any]


class Source(Protocol):
    """Where rows are. `public` ones are on the hub and may be given as a local directory."""

    @property
    def public(self) -> bool: ...

    def read(self, data_dir: str | Path | None = None) -> Sequence[Row]:
        """The rows in their order. Raises ApdError if they are missing or damaged."""


def given_directory(data_dir: str | Path | None) -> Path | None:
    """The local directory of the public data sets: this one, else ``APD_DATASETS_DIR``'s; or None.

    Raises:
        ApdError: it does not exist.
    """
    given = data_dir or os.environ.get(DATASETS_DIR_VARIABLE)
    if not given:
        return None
    directory = Path(given).expanduser()
    if not directory.is_dir():
        raise ApdError(
            f"data directory {directory} does not exist; give the one that holds the data sets, or "
            "none to use the hub"
        )
    return directory


@dataclass(frozen=True)
class StoredRows:
    """A test set that comes with the project, ``data/tasks/<name>.jsonl``."""

    name: str
    public = False

    def read(self, data_dir: str | Path | None = None) -> list[Row]:
        """Rows in file order."""
        path = project_data() / "tasks" / f"{self.name}.jsonl"
        if not path.is_file():
            raise ApdError(f"no test set at {path}: write it with `python -m apd.mini.tasks`")
        return read_json_lines(path)


@dataclass(frozen=True)
class GivenRows:
    """Rows that a function makes."""

    make: Callable[[], list[Row]]
    public = False

    def read(self, data_dir: str | Path | None = None) -> list[Row]:
        """What the function makes."""
        return self.make()


@dataclass(frozen=True)
class InTurn:
    """The first row of each source, then the second of each, and so on."""

    sources: tuple[Source, ...]
    public = True

    def read(self, data_dir: str | Path | None = None) -> list[Row]:
        """All rows of the sources."""
        in_turn = zip_longest(*(source.read(data_dir) for source in self.sources))
        return [row for row in chain.from_iterable(in_turn) if row is not None]


@dataclass(frozen=True)
class HubRows:
    """A public data set.

    Attributes:
        hub: the data set's name on the hub.
        subset, split: what to take of it.
        columns: those that the prompts and the judge read; others are kept too.
        prepare: adds what is derived from a row.
        may_be_empty: those of the columns that need not hold a text.
    """

    hub: str
    subset: str
    split: str
    columns: tuple[str, ...]
    prepare: Callable[[Mapping[str, Any]], Row] = field(default_factory=lambda: dict)
    may_be_empty: tuple[str, ...] = ()
    public = True

    def read(self, data_dir: str | Path | None = None) -> list[Row]:
        """Rows in the data set's order.

        Args:
            data_dir: local directory; None for the one ``APD_DATASETS_DIR`` names, else the hub.

        Raises:
            ApdError: the directory or the data set is missing, or lacks a column.
        """
        directory = given_directory(data_dir)
        rows = self._from_hub() if directory is None else self._from_directory(directory)
        missing = [column for column in self.columns if not rows or column not in rows[0]]
        if missing:
            raise ApdError(
                f"{self.hub} ({self.subset}) has no column {missing[0]!r} or no rows; use the data "
                f"set as it is on the hub, with columns {', '.join(self.columns)}"
            )
        for number, row in enumerate(rows, start=1):
            self._require_texts(number, row)
        return [self.prepare(row) for row in rows]

    def _require_texts(self, number: int, row: Row) -> None:
        for column in self.columns:
            value = row.get(column)
            if not isinstance(value, str) and not (value is None and column in self.may_be_empty):
                raise ApdError(
                    f"row {number} of {self.hub} ({self.subset}) has {value!r} in column "
                    f"{column!r}, which holds texts; use the data set as it is on the hub"
                )

    def _from_hub(self) -> list[Row]:
        try:
            import datasets
        except ImportError:
            raise ApdError(
                f"{self.hub} is read with the datasets package: run `pip install 'apd[eval]'`, or "
                f"give --data-dir (or {DATASETS_DIR_VARIABLE}) a directory that holds it"
            ) from None
        try:
            rows = datasets.load_dataset(self.hub, self.subset)[self.split]
            return [dict(row) for row in rows]
        except Exception as error:  # of datasets, huggingface_hub or the HTTP client
            reason = str(error).partition("\n")[0]
            raise ApdError(
                f"cannot fetch {self.hub} from the hub ({reason}); connect (and accept its terms, "
                f"if it has any), or give --data-dir (or {DATASETS_DIR_VARIABLE}) a directory with "
                "it"
            ) from None

    def _from_directory(self, directory: Path) -> list[Row]:
        folders = (self.hub, self.hub.rpartition("/")[2])
        stems = (f"{self.subset}/{self.split}-*", f"{self.subset}/{self.split}", self.subset)
        for folder in folders:
            for stem in stems:
                for suffix, read in READERS.items():
                    if found := sorted(directory.glob(f"{folder}/{stem}{suffix}")):
                        return [row for path in found for row in read(path)]
        raise ApdError(
            f"data directory {directory} has no {self.hub}: put its rows in "
            f"{folders[1]}/{self.subset}/{self.split}.jsonl (or .parquet, .csv)"
        )
