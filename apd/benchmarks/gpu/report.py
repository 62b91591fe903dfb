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
        "kernels": kernels_table,
        "determinism": determinism_table,
        "compiled": compiled_table,
    }
    if "compiled_whole" in found:
        found = found | {"compiled": [*found.get("compiled", []), found["compiled_whole"]]}
    parts = [table(found[name]) for name, table in tables.items() if found.get(name)]
    return "\n\n".join([*parts, caption(found)])


def caption(found: dict[str, Any]) -> str:
    """The card, the software, what is not complete and what was measured in another way."""
    session = found["provenance"]
    incomplete = [
        f"{n} {p['state']}" for n, p in found["parts"].items() if p["state"] != "complete"
    ]
    notes = "".join(f" {n}: {p['note']}." for n, p in found["parts"].items() if "note" in p)
    return (
        f"{found['card']}, torch {session['packages']['torch']}, {session['started'][:10]}; "
        f"{found['label']}." + "".join(f" Not complete: {line}." for line in incomplete) + notes
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
    return markdown(shown, 1)


def decodes_table(rows: Sequence[dict[str, Any]]) -> str:
    """Milliseconds of an iteration of the whole batch, and what it takes to beat the AR model."""
    shown = [["decoder", "batch", "ms / iteration", "dLLM", "verifier", "outside passes"]]
    shown[0] += ["tokens/s", "tokens to beat the AR model"]
    twice = all("first_ms" in row for row in rows)
    if twice:
        shown[0].append("ms, lengths new")
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
                *([f"{row['first_ms']:.1f}"] if twice else []),
            ]
        )
    return markdown(shown, 1)


def outside_table(rows: Sequence[dict[str, Any]]) -> str:
    """Steps outside of the passes."""
    shown = [["step", "ms", "host, ms", "in every iteration"]]
    for row in rows:
        used = "yes" if row["used"] else "no"
        shown.append([row["step"], f"{row['ms']:.3f}", f"{row['host_ms']:.3f}", used])
    return markdown(shown, 1)


def kernels_table(rows: Sequence[dict[str, Any]]) -> str:
    """What the GPU does in an iteration of APD."""
    shown = [["batch", "kernels / iteration", "their ms", "ms on the clock, with the profiler"]]
    for row in rows:
        times = (f"{row['kernel_ms']:.1f}", f"{row['profiled_ms']:.0f}")
        shown.append([str(row["batch"]), f"{row['kernels']:.0f}", *times])
    return markdown(shown, 0)


def determinism_table(rows: Sequence[dict[str, Any]]) -> str:
    """Texts that differ from the decode alone."""
    shown = [["precision", "decoder", "differ when repeated", "differ in a batch of 8", "tokens"]]
    shown[0].append("tokens, on a CPU")
    for row in rows:
        again, batched = row["repeated"], row["batched"]
        shown.append(
            [
                row["precision"],
                DECODERS[row["decoder"]],
                f"{again['texts_differ']} of {again['texts']}",
                f"{batched['texts_differ']} of {batched['texts']}",
                _tokens(batched),
                _tokens(row["on_cpu"]) if "on_cpu" in row else "–",
            ]
        )
    return markdown(shown, 2)


def _tokens(counts: dict[str, int]) -> str:
    return f"{counts['tokens_behind_a_difference']} of {counts['tokens']}"


def compiled_table(rows: Sequence[dict[str, Any]]) -> str:
    """Ways to run a pass."""
    shown = [["pass through", "positions", "way", "ms", "host, ms", "before the first, s"]]
    for row in rows:
        times = (f"{row['ms']:.2f}", f"{row['host_ms']:.2f}", f"{row['first_s']:.1f}")
        shown.append([MODELS[row["model"]], str(row["positions"]), row["way"], *times])
    return markdown(shown, 3)


def row_of(rows: Sequence[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The first row with these values, an empty one if there is none."""
    return next((r for r in rows if all(r.get(k) == v for k, v in wanted.items())), {})


def markdown(rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    """A table whose first row is its heading; columns from `numbers_from` on are right-aligned."""
    heading, *others = rows
    rule = ["---" if i < numbers_from else "--:" for i in range(len(heading))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *others))
