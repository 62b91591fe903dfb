"""An iteration of APD by every clock that a run has used, side by side: none is averaged away."""

from __future__ import annotations

from typing import Any

from apd.benchmarks.gpu.report import MODELS, markdown, row_of

SAME = "its two passes alone, the same length again and again"


def iteration_table(found: dict[str, Any]) -> str:
    """A table in Markdown; empty if an iteration was timed in one way at most."""
    whole = row_of(found.get("decodes", []), decoder="apd", batch=1)
    again = "first_ms" in whole  # else the only time is the first that these lengths occur
    settings = found.get("settings", {})
    other = (
        f"whole, R = {settings.get('mixture_weight')}, median of {settings.get('rounds')} rounds"
    )
    steps = [row["ms"] for row in found.get("outside", []) if row["used"]]
    times = {
        "whole, each length for the first time": whole.get("first_ms" if again else "ms"),
        "whole, lengths that occurred before": whole.get("ms") if again else None,
        f"{other} over the same lengths": (
            found.get("seven_b", {}).get("milliseconds", {}).get("apd")
        ),
        SAME: _passes(found, "eager"),
        f"{SAME}, as graphs": _passes(found, "eager, as a graph"),
        "its kernels": row_of(found.get("kernels", []), batch=1).get("kernel_ms"),
        "its steps outside of passes, each alone": sum(steps) if steps else None,
    }
    rows = [[label, f"{ms:.1f}"] for label, ms in times.items() if ms is not None]
    if len(rows) < 2:
        return ""
    return markdown([["an iteration of APD at batch 1", "ms"], *rows], 1)


def _passes(found: dict[str, Any], way: str) -> float | None:
    rows = [row_of(found.get("compiled", []), model=name, way=way) for name in MODELS]
    return sum(row["ms"] for row in rows) if all(rows) else None
