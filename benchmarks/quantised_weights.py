"""What eight and four bits cost in agreement: the mini pair's dLLM beside its quantised self.

    python benchmarks/quantised_weights.py && python tools/write_tables.py

writes data/quantised_weights.json, with its provenance, and the table that the page on choosing
models shows of it. Needs the extra `quantize`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from apd.models import load_pair
from apd.models.locations import mini_directory
from apd.paths import data_dir
from apd.runs.provenance import describe_session, hash_checkpoint, now
from apd.tasks import load_task

MODELS = ("mini-dream", "mini-qwen-small")
TASK = "mini_gsm"
WEIGHTS = ("float32", "int8", "int4")
MASKS = 48  # positions shown to the dLLM behind each prompt
SETTINGS: dict[str, Any] = {
    "mixture_weight": 0.7,
    "temperature": 0.2,
    "noise": "position",
    "max_new_tokens": 96,
}


def measure(weights: str, problems: int) -> dict[str, Any]:
    """Laws at the first masked positions, and the decode, of every problem."""
    quantize: Any = None if weights == "float32" else weights
    pair, task = load_pair("mini", device="cpu", quantize=quantize), load_task(TASK)
    found: dict[str, Any] = {"laws": [], "tokens": [], "right": [], "iterations": 0}
    for problem, prompt in enumerate(task.prompts(pair, problems)):
        canvas = torch.cat([prompt, torch.full((MASKS,), pair.dllm.mask_token_id)])
        found["laws"].append(pair.dllm.canvas_logits(canvas)[len(prompt) :].softmax(-1))
        result = pair.decode(prompt, seed=problem, **SETTINGS)
        found["tokens"].append(result.tokens)
        found["right"].append(task.verdicts(task.rows[problem], result.text)["accuracy"])
        found["iterations"] += len(result.iterations)
    network: Any = pair.dllm.model
    found["bytes"] = sum(p.nbytes for p in network.parameters())
    return found


def compare(whole: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """One kind of weights beside the whole ones."""
    laws = list(zip(whole["laws"], own["laws"], strict=True))
    agree = torch.cat([a.argmax(-1) == b.argmax(-1) for a, b in laws]).double().mean()
    variation = torch.cat([(a - b).abs().sum(-1) / 2 for a, b in laws]).double().mean()
    same = [a == b for a, b in zip(whole["tokens"], own["tokens"], strict=True)]
    return {
        "bytes": own["bytes"],
        "same_most_likely": round(float(agree), 6),
        "total_variation": round(float(variation), 6),
        "same_tokens": same,
        "right": own["right"],
        "tokens_per_iteration": round(sum(map(len, own["tokens"])) / own["iterations"], 6),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--problems", type=int, default=40, help="problems decoded (40)")
    parser.add_argument("--output", type=Path, default=data_dir() / "quantised_weights.json")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    session = describe_session("cpu")
    found = {weights: measure(weights, arguments.problems) for weights in WEIGHTS}
    content = {
        "task": TASK,
        "masks": MASKS,
        "settings": SETTINGS,
        "weights": {name: compare(found["float32"], own) for name, own in found.items()},
        "models": [hash_checkpoint(name, mini_directory(name)).as_dict() for name in MODELS],
        "provenance": session | {"ended": now()},
    }
    text = json.dumps(content, indent=1)
    arguments.output.write_text(f"{text}\n", encoding="utf-8")
    print(arguments.output)


if __name__ == "__main__":
    main()
