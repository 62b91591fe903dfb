"""Which checks each registered checkpoint has passed, counted while the tests run.

    python -m pytest tests/models tests/project/test_chapters.py \
        --record-checkpoints data/checkpoints.json
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from apd.models.registry import PAIRS

NAME = r"(?P<name>[\w./-]+?)"
PASSES = "(chosen|plain)"
CHECKS = {  # column -> the tests that fill it, by the checkpoint or the pair that they name
    "names and shapes": rf"test_published\.py::test_a_(dllm|causal_model)_at_full_size\[{NAME}\]",
    "forward": rf"test_forward_by_hand\.py::test_a_(dllms|verifiers)_logits\[{NAME}-{PASSES}\]",
    "decodes": rf"test_checkpoint_decodes\.py::test_it_decodes\[{NAME}\]",
    "batch = single": rf"test_checkpoint_decodes\.py::test_a_batch_is_its_singles\[{NAME}\]",
    "chapters": rf"test_chapters\.py::test_a_chapter_runs_on_a_pair\w*\[{NAME}-[a-z_]+\]",
}


class CheckpointRecorder:
    """Collects outcomes by checkpoint and check, and writes them at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, dict[str, Counter[str]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test under the checkpoints that it is about."""
        if report.when != "call" and report.outcome == "passed":
            return
        for check, pattern in CHECKS.items():
            if about := re.search(rf"{pattern}$", report.nodeid):
                for name in checkpoints_of(about["name"]):
                    counts = self.found.setdefault(name, {}).setdefault(check, Counter())
                    counts[report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        """Write what was found, with where it comes from."""
        from apd.runs.provenance import describe_session

        content = {"checkpoints": self.found, "provenance": describe_session("cpu")}
        text = json.dumps(content, indent=1, sort_keys=True)
        self.path.write_text(f"{text}\n", encoding="utf-8")


def checkpoints_of(name: str) -> list[str]:
    """The checkpoint itself, or all of a pair."""
    if name not in PAIRS:
        return [name]
    spec = PAIRS[name]
    return list(dict.fromkeys(n for n in (spec.dllm, spec.verifier, *spec.baselines) if n))
