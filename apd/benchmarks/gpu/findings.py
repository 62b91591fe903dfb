"""What the parts of a run on a GPU say together, as sentences for the book.

Every number is one of the stored run. A sentence that states a direction is only written where the
numbers have that direction, so another card gets other sentences, never wrong ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apd.benchmarks.gpu.determinism import PRECISIONS
from apd.benchmarks.gpu.report import DECODERS, MODELS, row_of

HOST_BOUND = 0.9
"""Share of a pass that the host takes to launch it, from which on the pass waits for the host."""
GRAPH = "as a graph"


def gpu_findings(found: dict[str, Any]) -> str:
    """A list in Markdown, empty if no part says anything."""
    points = [point for make in FINDINGS if (point := make(found))]
    return "\n".join(f"- {point}" for point in points)


def _passes_wait(found: dict[str, Any]) -> str | None:
    rows = found.get("passes", [])
    waiting = [row for row in rows if row["host_ms"] > HOST_BOUND * row["ms"]]
    if len(waiting) <= len(rows) / 2:
        return None
    times = {name: [row["ms"] for row in rows if row["model"] == name] for name in MODELS}
    ranges = [f"{min(ms):.1f} to {max(ms):.1f} ms ({MODELS[n]})" for n, ms in times.items() if ms]
    return (
        f"**Passes wait for the host.** In {len(waiting)} of {len(rows)} sizes it takes the host "
        f"more than {HOST_BOUND:.0%} of the pass to launch its kernels one by one. From "
        f"{rows[0]['positions']} to {rows[-1]['positions']} positions a pass takes "
        f"{' and '.join(ranges)}."
    )


def _graphs(found: dict[str, Any]) -> str | None:
    said = []
    for name, label in MODELS.items():
        eager = row_of(found.get("compiled", []), model=name, way="eager")
        graphs = [
            row["ms"]
            for row in found.get("compiled", [])
            if row["model"] == name and row["way"].endswith(GRAPH)
        ]
        if not eager or not graphs or max(graphs) >= eager["ms"]:
            return None
        times = " or, compiled as well, ".join(f"{ms:.2f}" for ms in graphs)
        share = _bandwidth(found, eager, min(graphs))
        said.append(f"{label} from {eager['ms']:.2f} to {times} ms{share}")
    more = _compiled_alone(found) + _rounding(found)
    return f"**Captured as a graph they do not.** {'; '.join(said)}.{more}"


def _bandwidth(found: dict[str, Any], eager: dict[str, Any], ms: float) -> str:
    """The best share of the data sheet's bandwidth, by the bytes of the nearest size timed."""
    sheet = found["ceilings"]["sheet_bytes_per_s"]
    sizes = [row for row in found.get("passes", []) if row["model"] == eager["model"]]
    if sheet is None or not sizes:
        return ""
    nearest = min(sizes, key=lambda row: abs(row["positions"] - eager["positions"]))
    share = nearest["bytes"] / (ms / 1e3) / sheet
    return f", at best {share:.0%} of the data sheet's bandwidth"


def _compiled_alone(found: dict[str, Any]) -> str:
    changes = []
    for name in MODELS:
        eager, alone = (
            row_of(found["compiled"], model=name, way=way).get("ms")
            for way in ("eager", "compiled")
        )
        if alone is None or alone <= eager:
            return ""
        changes.append(f"{alone:.1f} instead of {eager:.1f} ms")
    return f" Compiled without a graph they get slower ({' and '.join(changes)})."


def _rounding(found: dict[str, Any]) -> str:
    rows = found["compiled"]
    replayed = max(r["difference"] for r in rows if r["way"] == f"eager, {GRAPH}")
    others = [r["difference"] for r in rows if "compiled" in r["way"]]
    if replayed > 0 or not others:
        return ""
    return (
        " Replaying changes no logit; compiling changes the rounding, by up to "
        f"{max(others):.1%} of the largest logit."
    )


def _lengths(found: dict[str, Any]) -> str | None:
    said = []
    for name, label in DECODERS.items():
        one, eight = (row_of(found.get("decodes", []), decoder=name, batch=n) for n in (1, 8))
        if not one or not eight or "first_ms" in one or one["ms"] <= eight["ms"]:
            return None
        if one["tokens_per_iteration"] != eight["tokens_per_iteration"]:
            return None  # then their lengths are not the same
        said.append(f"{one['ms']:.0f} against {eight['ms']:.0f} ms ({label})")
    return (
        "**The rows at batch 1 are not the speed of a decoder.** Every iteration takes longer "
        f"there than at batch 8, where it does more: {'; '.join(said)}. The rows at batch 1 were "
        "timed first, and each of their lengths for the first time; those at batch 8 repeat them."
        f"{_inside_attention(found)}"
    )


def _inside_attention(found: dict[str, Any]) -> str:
    """How much of a profiled iteration the host was in attention's own code."""
    profiled = row_of(found.get("kernels", []), batch=1)
    calls = [c for c in profiled.get("by_host_call", []) if "attention_forward" in c["name"]]
    if not calls or calls[0]["ms"] > 0.1 * profiled["profiled_ms"]:
        return ""
    return (
        " A profile of other such iterations does not say why: of "
        f"{profiled['profiled_ms']:.0f} ms, with the profiler's own start and end, the host spends "
        f"{calls[0]['ms']:.1f} in the code of attention, the call whose lengths are new."
    )


def _break_even(found: dict[str, Any]) -> str | None:
    part = found.get("seven_b", {})
    tokens = part.get("tokens_per_iteration_to_beat_autoregressive")
    if tokens is None:
        return None
    ms = part["milliseconds"]
    return (
        f"**To beat the autoregressive model** of its size with a KV cache, APD has to accept "
        f"{tokens:.1f} tokens an iteration: {ms['apd']:.1f} against {ms['autoregressive']:.1f} ms, "
        f"medians of {found['settings']['rounds']} rounds over the same lengths. Neither runs as a "
        "graph."
    )


def _batches(found: dict[str, Any]) -> str | None:
    one, eight = (row_of(found.get("kernels", []), batch=batch) for batch in (1, 8))
    whole = row_of(found.get("decodes", []), decoder="apd", batch=8)
    if not (one and eight and whole) or eight["kernels"] <= 2 * one["kernels"]:
        return None
    return (
        "**A batch launches more.** Its sequences share the products, but attention, cache and "
        f"choices are launched one sequence after another: {eight['kernels']:.0f} kernels an "
        f"iteration at batch 8, {one['kernels']:.0f} at batch 1. They take "
        f"{eight['kernel_ms']:.1f} and {one['kernel_ms']:.1f} ms, and an iteration at batch 8 "
        f"{whole['ms']:.1f} ms on the clock."
    )


def _nucleus(found: dict[str, Any]) -> str | None:
    steps = {row["step"]: row["ms"] for row in found.get("outside", [])}
    short = steps.get("of it, threshold from a shortlist")
    bisected, ordered = (steps.get(f"instead, threshold by {w}") for w in ("bisection", "sorting"))
    if short is None or bisected is None or ordered is None or short >= min(bisected, ordered):
        return None
    return (
        f"**The nucleus** is found in a shortlist in {short:.2f} ms, by sorting in {ordered:.2f}, "
        f"by bisection in {bisected:.2f}."
    )


def _tokens(found: dict[str, Any]) -> str | None:
    rows = found.get("determinism", [])
    if not rows:
        return None
    said = []
    measured = list(dict.fromkeys(row["precision"] for row in rows))
    for precision in measured:
        chosen = [row for row in rows if row["precision"] == precision]
        said.append(f"{precision}, in a batch of {chosen[0]['batch']}: {_sum(chosen, 'batched')}")
        if all("on_cpu" in row for row in chosen):
            said.append(f"{precision}, decoded on a CPU: {_sum(chosen, 'on_cpu')}")
    missing = [precision for precision in PRECISIONS if precision not in measured]
    state = found["parts"]["determinism"]["state"]
    gap = f" Nothing is known of {' and '.join(missing)}: the part {state}." if missing else ""
    names = " and ".join(DECODERS[name] for name in dict.fromkeys(r["decoder"] for r in rows))
    return f"**Tokens of the small pair that differ** ({names}): {'; '.join(said)}.{gap}"


def _sum(rows: Sequence[dict[str, Any]], against: str) -> str:
    differ = sum(row[against]["tokens_behind_a_difference"] for row in rows)
    return f"{differ} of {sum(row[against]['tokens'] for row in rows)}"


FINDINGS: tuple[Callable[[dict[str, Any]], str | None], ...] = (
    _passes_wait,
    _graphs,
    _lengths,
    _break_even,
    _batches,
    _nucleus,
    _tokens,
)
