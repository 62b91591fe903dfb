"""What the page that decodes takes, as `tools/measure_page.py` has stored it."""

from __future__ import annotations

import json
from typing import Any

from apd.errors import ApdError
from apd.paths import data_dir

BUSY = 1.5  # load average from which on seconds are those of a busy machine


def page_costs() -> dict[str, str]:
    """Weight, seconds and memory of the page, in words, in the order in which a reader meets them.

    Raises:
        ApdError: nothing was measured.
    """
    path = data_dir() / "live.json"
    if not path.is_file():
        raise ApdError(f"{path} is missing: run `python tools/measure_page.py` on a built book")
    measured: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    memory = measured["memory_mb"]
    here, python = measured["tokens_per_s"], measured["python_tokens_per_s"]
    return {
        "the page, explorer drawn": _megabytes(measured["page_bytes"]),
        "models and runtime, once asked for": _megabytes(measured["download_bytes"]),
        "until they are ready": f"{measured['load_s']:.1f} s",
        "until the first token of a decode": f"{1000 * measured['first_token_s']:.0f} ms",
        "speed": f"{here:.0f} tokens/s, in Python {python:.0f} ({here / python:.2f} of it)",
        "memory of the page": f"{memory['page']} MB, with the models {memory['loaded']} MB, "
        f"after {measured['repeats']} decodes {memory['decoded']} MB",
    }


def measured_where() -> str:
    """Browser, machine and time of the measurement, in a sentence."""
    measured = json.loads((data_dir() / "live.json").read_text(encoding="utf-8"))
    machine, started = measured["provenance"]["machine"], measured["provenance"]["started"]
    load = measured["load_average"]
    beside = f", beside other work (load {load:g})" if load > BUSY else ""
    return (
        f"{measured['browser']}, one thread of {machine['cpu']} with {machine['cores']} cores, "
        f"{started[:10]}{beside}"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
