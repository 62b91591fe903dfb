"""A run on a GPU as tables in Markdown, for the terminal and for the book alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MODELS = {"dllm": "Dream-7B's shape", "verifier": "Qwen2.5-0.5B's shape"}
DECODERS = {
    "autoregressive": "autoregressive, with its KV cache",
    "apd": "APD",
    "one_token": "left to right, K = 1",
}


def gpu_tables(found: dict[str, Any]) -> str:
    """Every part that was measured, one table after another."""
    tables = {
        "passes": passes_table,
        "decodes": decodes_table,
        "outside": outside_table,
        "determinism": determinism_table,
        "compiled": compiled_table,
    }
    if "compiled_whole" in found:
        found = found | {"compiled": [*found.get("compiled", []), found["compiled_whole"]]}
    parts = [table(found[name]) for name, table in tables.items() if found.get(name)]
    return "\n\n".join([*parts, caption(found)])


def caption(found: dict[str, Any]) -> str:
    """The card, the software and what is not complete."""
    session = found["provenance"]
    incomplete = [
        f"{n} {p['state']}" for n, p in found["parts"].items() if p["state"] != "complete"
    ]
    return (
        f"{found['card']}, torch {session['packages']['torch']}, {session['started'][:10]}; "
        f"{found['label']}." + "".join(f" Not complete: {line}." for line in incomplete)
    )


def passes_table(rows: Sequence[dict[str, Any]]) -> str:
    """Milliseconds of passes, and shares of what the data sheet promises."""
    shown = [["pass through", "positions", "ms", "host, ms", "of the bandwidth", "of the FLOP/s"]]
    for row in rows:
        shares = (row["share_of_sheet_bandwidth"], row["share_of_sheet_flops"])
        shown.append(
            [
                MODELS[row["model"]],
                str(row["positions"]),
                f"{row['ms']:.2f}",
                f"{row['host_ms']:.2f}",
                *("–" if share is None else f"{share:.0%}" for share in shares),
            ]
        )
    return _markdown(shown, 1)


def decodes_table(rows: Sequence[dict[str, Any]]) -> str:
    """Milliseconds of an iteration of the whole batch, and what it takes to beat the AR model."""
    shown = [["decoder", "batch", "ms / iteration", "dLLM", "verifier", "outside passes"]]
    shown[0] += ["tokens/s", "tokens to beat the AR model"]
    for row in rows:
        large = row["decoder"] == "autoregressive"
        dllm, other = row["dllm_ms"], row["verifier_ms"]
        shown.append(
            [
                DECODERS[row["decoder"]],
                str(row["batch"]),
                f"{row['ms']:.1f}",
                f"{other if large else dllm:.1f}",
                f"{other:.1f}" if row["decoder"] == "apd" else "–",
                f"{row['outside_ms']:.1f}",
                f"{row['tokens_per_s']:.0f}",
                "–" if large else f"{row['over_autoregressive']:.2f}",
            ]
        )
    return _markdown(shown, 1)


def outside_table(rows: Sequence[dict[str, Any]]) -> str:
    """Steps outside of the passes."""
    shown = [["step", "ms", "host, ms", "in every iteration"]]
    for row in rows:
        used = "yes" if row["used"] else "no"
        shown.append([row["step"], f"{row['ms']:.3f}", f"{row['host_ms']:.3f}", used])
    return _markdown(shown, 1)


def determinism_table(rows: Sequence[dict[str, Any]]) -> str:
    """Texts that differ from the decode alone."""
    shown = [["precision", "decoder", "differ when repeated", "differ in a batch of 8", "tokens"]]
    for row in rows:
        again, batched = row["repeated"], row["batched"]
        shown.append(
            [
                row["precision"],
                DECODERS[row["decoder"]],
                f"{again['texts_differ']} of {again['texts']}",
                f"{batched['texts_differ']} of {batched['texts']}",
                f"{batched['tokens_behind_a_difference']} of {batched['tokens']}",
            ]
        )
    return _markdown(shown, 2)


def compiled_table(rows: Sequence[dict[str, Any]]) -> str:
    """Ways to run a pass."""
    shown = [["pass through", "positions", "way", "ms", "host, ms", "before the first, s"]]
    for row in rows:
        times = (f"{row['ms']:.2f}", f"{row['host_ms']:.2f}", f"{row['first_s']:.1f}")
        shown.append([MODELS[row["model"]], str(row["positions"]), row["way"], *times])
    return _markdown(shown, 3)


def _markdown(rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    heading, *others = rows
    rule = ["---" if i < numbers_from else "--:" for i in range(len(heading))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *others))
