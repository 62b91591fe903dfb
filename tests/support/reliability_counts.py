"""Counts of a test run for the page on reliability: generated cases, faults, attacks, browser.

    python -m pytest tests/fuzz tests/runs/test_faults.py tests/tasks/test_sandbox_attacks.py \
        --record-reliability data/reliability.json

What a run does not touch keeps the counts of the last run that did.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CASES = "generated cases: "  # of a test report's properties: how many of which kind
GROUPS = {
    "tests/runs/test_faults.py": "faults of runs",
    "tests/project/test_release.py": "faults of downloads and packages",
    "tests/cli/test_streams.py": "output that goes nowhere",
    "tests/tasks/test_sandbox_attacks.py": "attacks on the sandbox",
    "tests/browser/": "checks in a browser",
}


class Recorder:
    """Collects while the tests run, and writes at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cases: Counter[str] = Counter()
        self.failed_cases: Counter[str] = Counter()
        self.failed: set[str] = set()
        self.tests: dict[str, Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a finished test."""
        kinds = [
            (name.removeprefix(CASES), int(str(count)))
            for name, count in report.user_properties
            if name.startswith(CASES)
        ]
        if report.failed:
            self.failed.add(report.nodeid)
        if report.when == "teardown":
            for kind, count in kinds:
                self.cases[kind] += count
                self.failed_cases[kind] += report.nodeid in self.failed
        elif report.when == "call" or report.outcome != "passed":
            for start, group in GROUPS.items():
                if report.nodeid.startswith(start):
                    self.tests.setdefault(group, Counter())[report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        """Write the table, with where it comes from."""
        from apd.runs.provenance import describe_session

        content: dict[str, Any] = {"cases": {}, "tests": {}}
        if self.path.is_file():
            content = json.loads(self.path.read_text(encoding="utf-8"))
        for kind, count in self.cases.items():
            content["cases"][kind] = {"tried": count, "failed": self.failed_cases[kind]}
        for group, counts in self.tests.items():
            content["tests"][group] = dict(counts)
        content["provenance"] = describe_session("cpu")
        text = json.dumps(content, indent=1, sort_keys=True)
        self.path.write_text(f"{text}\n", encoding="utf-8")
