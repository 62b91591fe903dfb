"""A benchmark run as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from apd.benchmarks.tuning import Tuning

from apd.statistics.report import machine_name

RATIOS = {
    "apd_over_baseline": "APD over the plain baseline, tokens/s",
    "iteration_over_baseline_real_vocabulary": "baseline's iteration over APD's, real vocabulary",
    "apd_over_one_token": "APD over K = 1, tokens/s",
    "apd_over_autoregressive": "APD over the large autoregressive model, tokens/s",
    "forward_share": "share of wall time in forward passes",
    "forward_over_products": "forward passes of an iteration over their bare products",
}
DECODERS = {
    "apd": "APD",
    "one_token": "K = 1",
    "autoregressive": "the large autoregressive model",
}
SWEEPS = {
    "sequence_length": "time per iteration ~ length^x, W and M set",
    "sequence_length_without_window": "time per iteration ~ length^x, W not set",
    "kv_window": "time per iteration ~ W^x",
    "max_lookahead": "time per iteration ~ M^x",
    "vocabulary": "time per iteration ~ V^x",
}


def summary_table(found: dict[str, Any]) -> Table:
    """Ratios with their quartiles, then exponents with their standard errors."""
    from rich.table import Table

    table = Table(title=_title(found))
    table.add_column("measured")
    table.add_column("median", justify="right")
    table.add_column("quartiles", justify="right")
    for name, label in RATIOS.items():
        if name in found:
            part = found[name]
            remark = f" ({part['label']})" if "label" in part else ""
            table.add_row(label + remark, f"{part['median']:.2f}", _quartiles(part))
            if "blocked" in part:
                blocked = part["blocked"]
                label = "the same over products of blocked weights"
                table.add_row(label, f"{blocked['median']:.2f}", _quartiles(blocked))
    _add_engines(table, found["engines"])
    for name, label in SWEEPS.items():
        sweep = found["scaling"][name]
        table.add_row(label, f"x = {sweep['exponent']:.2f}", f"± {sweep['exponent_stderr']:.2f}")
    growth = found["scaling"]["growth"]
    text = f"± {growth['slope_stderr']:.1%}"
    table.add_row(
        "growth of an iteration per 100 tokens, W and M set", f"{growth['slope']:+.1%}", text
    )
    _add_seven_b(table, found["seven_b"])
    return table


def _title(found: dict[str, Any]) -> str:
    settings = found["settings"]
    machine = machine_name(found["provenance"]["machine"])
    kind = "quick run" if settings["quick"] else "full run"
    return (
        f"{found['pair']}: R = {settings['mixture_weight']}, W = {settings['kv_window']}, "
        f"M = {settings['max_lookahead']}; {kind} on {machine}"
    )


def _add_engines(table: Table, part: dict[str, Any]) -> None:
    if "skipped" in part:
        table.add_row("ONNX Runtime over torch", "–", "not run")
        return
    for name, label in DECODERS.items():
        if name in part["decoders"]:
            row = part["decoders"][name]
            label = f"ONNX Runtime over torch, tokens/s: {label}"
            table.add_row(label, f"{row['median']:.2f}", _quartiles(row))
    blocked = part["forward_over_products"]["blocked"]
    label = "ONNX Runtime: passes over products of blocked weights"
    table.add_row(label, f"{blocked['median']:.2f}", _quartiles(blocked))


def _add_seven_b(table: Table, part: dict[str, Any]) -> None:
    if "skipped" in part:
        table.add_row("shapes of Dream-7B, random weights", "–", "no CUDA GPU")
        return
    for name, label in (
        ("iteration_over_baseline", "baseline's iteration over APD's"),
        ("iteration_over_one_token", "iteration of K = 1 over APD's"),
        ("forward_share", "share of APD's time in forward passes"),
    ):
        row = part[name]
        table.add_row(f"{label} ({part['label']})", f"{row['median']:.2f}", _quartiles(row))


def _quartiles(part: dict[str, Any]) -> str:
    return f"{part['low']:.2f} – {part['high']:.2f}"


def tuning_tables(found: Tuning) -> list[Table]:
    """What is fastest here, and what W and M would do."""
    from rich.table import Table

    best = found.best
    chunk = best.verify_chunk or "as accepted"
    fastest = f"fastest: {best.engine}, threads {best.threads}, chunk {chunk}"
    choices = Table(title="Without changing a token", caption=fastest)
    choices.add_column("choice")
    choices.add_column("tokens/s over the first", justify="right")
    choices.add_column("quartiles", justify="right")
    for name, part in found.choices.items():
        choices.add_row(name, f"{part.median:.2f}", f"{part.low:.2f} – {part.high:.2f}")
    others = Table(title="W and M change texts: choose them by accuracy")
    for heading in ("W", "M", "tokens/s", "tokens/iteration"):
        others.add_column(heading, justify="right")
    for (W, M), (speed, length) in found.settings_that_change_texts.items():
        others.add_row(str(W), str(M), f"{speed:.0f}", f"{length:.2f}")
    return [choices, others]
