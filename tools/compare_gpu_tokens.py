"""Decode on this CPU what a GPU has decoded, and count the tokens that differ.

    python tools/compare_gpu_tokens.py data/gpu/CARD.json

`apd bench --gpu` stores the tokens of every text that it decoded alone. Here the same problems are
decoded with the same weights in float32 on the CPU; rows of that precision get `on_cpu`, with the
counts of `apd.benchmarks.gpu.determinism.differences`, and the file gets the CPU's provenance.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apd.benchmarks.gpu.determinism import decoders, differences
from apd.benchmarks.models import word_problems
from apd.benchmarks.run import model_files, store_as
from apd.benchmarks.settings import BenchSettings
from apd.errors import ApdError
from apd.models import load_pair
from apd.runs.provenance import describe_session, now


def compare(found: dict[str, Any]) -> dict[str, Any]:
    """The run, with `on_cpu` in its float32 rows and in its provenance.

    Raises:
        ApdError: it has no float32 tokens, or this checkout's models are others.
    """
    settings = BenchSettings(**found["settings"])
    rows = [row for row in found.get("determinism", []) if row["precision"] == "float32"]
    if not rows:
        raise ApdError("no tokens in float32 are stored: let `apd bench --gpu` reach determinism")
    if model_files(settings.pair) != found["provenance"]["models"]:
        raise ApdError(
            f"the stored tokens are of another {settings.pair} pair than the one here: "
            "use the checkout that its provenance names, or measure the card again"
        )
    session = describe_session("cpu")
    pair = load_pair(settings.pair, device="cpu", dtype="float32")
    prompts = word_problems(pair, settings.problems)
    for row in rows:
        alone, _ = decoders(pair, settings)[row["decoder"]]
        texts = [alone(prompt).tokens for prompt in prompts[: len(row["tokens"])]]
        row["on_cpu"] = differences(texts, row["tokens"])
    found["provenance"]["on_cpu"] = session | {"finished": now()}
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ApdError(f"cannot read {path}: {error.strerror}; name data/gpu/CARD.json") from None
    except ValueError as error:
        raise ApdError(f"{path} is damaged ({error}): measure the card again") from None
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Compare and store."""
    parser = argparse.ArgumentParser(description="Compare a GPU's stored tokens with this CPU's.")
    parser.add_argument("file", type=Path, help="data/gpu/CARD.json")
    path = parser.parse_args(argv).file
    try:
        found = compare(_read(path))
        store_as(found, path)
    except ApdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for row in found["determinism"]:
        if "on_cpu" in row:
            print(row["decoder"], row["on_cpu"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
