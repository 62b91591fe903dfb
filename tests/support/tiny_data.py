"""A data directory with random models of a few kilobytes and the test sets of the mini suite."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tiny_checkpoints import write_mini_models

ROOT = Path(__file__).resolve().parents[2]
DATASETS = Path(__file__).parents[1] / "fixtures" / "datasets"


@contextmanager
def tiny_data_directory(path: Path) -> Iterator[Path]:
    """The directory, filled, and named by APD_DATA_DIR for as long as the block lasts."""
    write_mini_models(path / "models")
    shutil.copytree(ROOT / "data" / "tasks", path / "tasks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APD_DATA_DIR", str(path))
        yield path
