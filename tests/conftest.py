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


# What `make quick` leaves out beside the tests marked slow: they start processes, import lm-eval or
# try hundreds of cases.
LONG = (
    "analysis",
    "benchmarks",
    "browser",
    "cli",
    "costmodel",
    "decoding/test_any_order.py",
    "decoding/test_registry.py",
    "exact/test_common_path.py",
    "exact/test_decoders.py",
    "fuzz",
    "harness",
    "mini",
    "models/test_lean.py",
    "models/test_published.py",
    "models/test_trained_pair.py",
    "paper",
    "project",
    "runs",
    "tasks",
    "web",
    "widgets",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what a quick run leaves out."""
    if not config.getoption("--quick"):
        return None
    place = collection_path.relative_to(Path(__file__).parent).as_posix()
    return place in LONG or None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the generated cases (tests/fuzz) and of the pages that show what tests count."""
    parser.addoption("--quick", action="store_true", help="leave out what takes long")
    parser.addoption(
        "--fresh-cases", type=int, default=0, metavar="N", help="new random cases, N a test"
    )
    parser.addoption(
        "--record-reliability", type=Path, metavar="FILE", help="write the counts of the run here"
    )
    parser.addoption(
        "--record-checkpoints", type=Path, metavar="FILE", help="write what checkpoints pass here"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count for the book's pages if asked to; where workers run the tests, they report here."""
    if hasattr(config, "workerinput"):
        return
    if (path := config.getoption("--record-reliability")) is not None:
        from reliability_counts import Recorder

        config.pluginmanager.register(Recorder(path), "reliability")
    if (path := config.getoption("--record-checkpoints")) is not None:
        from checkpoint_counts import CheckpointRecorder

        config.pluginmanager.register(CheckpointRecorder(path), "checkpoints")
