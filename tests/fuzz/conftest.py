"""Generated cases: the same ones in every run, or with --fresh-cases new ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_cases import use
from tiny_data import tiny_data_directory


def pytest_configure(config: pytest.Config) -> None:
    use(config.getoption("--fresh-cases"))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory of tiny models, named by APD_DATA_DIR."""
    with tiny_data_directory(tmp_path_factory.mktemp("fuzz")) as path:
        yield path
