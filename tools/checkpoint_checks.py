"""The table of checks that each registered checkpoint has passed, from a stored run of tests."""

from __future__ import annotations

import json
from typing import Any

from apd.models.registry import PAIRS
from apd.paths import data_dir

HEADINGS = {  # what a run has stored -> the table's word for it
    "names and shapes": "names and shapes complete",
    "forward": "forward agrees",
    "decodes": "decodes",
    "batch = single": "batch = single",
    "chapters": "chapters run",
}


def checkpoint_table() -> str:
    """Checkpoint by check; in the last column, how many chapters run on its pairs."""
    from write_tables import markdown_table

    stored = json.loads((data_dir() / "checkpoints.json").read_text(encoding="utf-8"))
    rows = [(f"`{name}`", *cells(stored["checkpoints"].get(name, {}))) for name in registered()]
    run = stored["provenance"]
    caption = (
        "In the last column: chapters of *Models*, once for each pair that the checkpoint is part "
        "of, as dLLM, verifier or baseline; without a verifier one chapter can run. By the tests, "
        f"{run['started'][:10]}, commit {(run['git_commit'] or 'unknown')[:12]}, "
        f"Python {run['python']}, torch {run['packages']['torch']}, "
        f"transformers {run['packages']['transformers']}."
    )
    return f"{markdown_table([('checkpoint', *HEADINGS.values()), *rows], 6)}\n\n{caption}"


def registered() -> list[str]:
    """Every public checkpoint of the registry once, in its order."""
    names = [n for s in PAIRS.values() if not s.mini for n in (s.dllm, s.verifier, *s.baselines)]
    return [name for name in dict.fromkeys(names) if name]


def cells(checks: dict[str, dict[str, int]]) -> list[str]:
    """What a checkpoint's row says of each check."""
    return [cell(name, checks.get(name, {})) for name in HEADINGS]


def cell(check: str, outcomes: dict[str, Any]) -> str:
    """``yes``, or how many of how many; ``no`` for a failure, ``not run`` for nothing."""
    passed, all_of_them = outcomes.get("passed", 0), sum(outcomes.values())
    if not all_of_them:
        return "not run"
    if check == "chapters":
        return f"{passed} of {all_of_them}"
    return "yes" if passed == all_of_them else "no"
