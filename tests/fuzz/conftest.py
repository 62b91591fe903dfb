"""Generated cases: the same ones in every run, or with --fresh-cases new ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fuzz_cases import counts, use
from reliability_counts import CASES
from tiny_data import tiny_data_directory


def pytest_configure(config: pytest.Config) -> None:
    use(config.getoption("--fresh-cases"))


@pytest.fixture(autouse=True)
def counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Report how many cases a test has drawn."""
    before = dict(counts)
    yield
    for kind, count in counts.items():
        if count > before.get(kind, 0):
            record_property(f"{CASES}{kind}", count - before.get(kind, 0))


@pytest.fixture(scope="module")  # no longer: the variable is the whole process's
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory of tiny models, named by APD_DATA_DIR."""
    with tiny_data_directory(tmp_path_factory.mktemp("fuzz")) as path:
        yield path
