"""The numbers of the page on reliability, from the counts that a test run has stored."""

from __future__ import annotations

import json

from apd.paths import data_dir
from apd.statistics.report import machine_name

HEADINGS = ("kind of case", "tried", "failed")
SURVIVED = ("kind of fault", "tried", "survived")


def reliability_tables() -> str:
    """Generated cases by kind, faults and attacks by kind, and the run they are from."""
    from write_tables import markdown_table

    stored = json.loads((data_dir() / "reliability.json").read_text(encoding="utf-8"))
    cases = [(kind, n["tried"], n["failed"]) for kind, n in sorted(stored["cases"].items())]
    totals = [sum(row[column] for row in cases) for column in (1, 2)]
    tests = [
        (group, n.get("passed", 0) + n.get("failed", 0), n.get("passed", 0))
        for group, n in sorted(stored["tests"].items())
    ]
    run = stored["provenance"]
    commit = (run["git_commit"] or "unknown")[:12]
    return "\n\n".join(
        (
            markdown_table([HEADINGS, *cases, ("all", *totals)], 1),
            markdown_table([SURVIVED, *tests], 1),
            f"Last counted in the run of {run['started']} at commit {commit}, Python {run['python']}, torch "
            f"{run['packages']['torch']}, transformers {run['packages']['transformers']}, "
            f"{machine_name(run['machine'])}.",
        )
    )
