"""Settings of the whole suite: no model hub, and no verdict that depends on a machine's speed."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the generated cases (tests/fuzz) and of the page on reliability."""
    parser.addoption(
        "--fresh-cases", type=int, default=0, metavar="N", help="new random cases, N a test"
    )
    parser.addoption(
        "--record-reliability", type=Path, metavar="FILE", help="write the counts of the run here"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count for the page on reliability if asked to."""
    path = config.getoption("--record-reliability")
    if path is not None and not hasattr(config, "workerinput"):  # workers report to the first
        from reliability_counts import Recorder

        config.pluginmanager.register(Recorder(path), "reliability")
