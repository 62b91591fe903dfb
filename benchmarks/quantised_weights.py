"""What eight and four bits cost in agreement: the mini pair's dLLM beside its quantised self.

    python benchmarks/quantised_weights.py [problems]

Prints a row for each kind of weights: bytes of the dLLM, share of masked positions with the same
most likely token, mean total variation of their laws, answers that are the same token for token,
right answers, tokens per iteration. Needs the extra `quantize`.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

from apd.models import load_pair
from apd.tasks.registry import load_task

MASKS = 48  # positions shown to the dLLM behind each prompt


def measure(quantize: Any, problems: int) -> dict[str, list[Any]]:
    """Laws at the first masked positions, answers, verdicts and iterations of every problem."""
    pair, task = load_pair("mini", device="cpu", quantize=quantize), load_task("mini_gsm")
    found: dict[str, list[Any]] = {"laws": [], "tokens": [], "right": [], "iterations": []}
    for problem, prompt in enumerate(task.prompts(pair, problems)):
        canvas = torch.cat([prompt, torch.full((MASKS,), pair.dllm.mask_token_id)])
        found["laws"].append(pair.dllm.canvas_logits(canvas)[len(prompt) :].softmax(-1))
        result = pair.decode(
            prompt, mixture_weight=0.7, noise="position", max_new_tokens=96, seed=problem
        )
        found["tokens"].append(result.tokens)
        found["right"].append(task.verdicts(task.rows[problem], result.text)["accuracy"])
        found["iterations"].append(len(result.iterations))
    network: Any = pair.dllm.model
    found["bytes"] = [sum(p.nbytes for p in network.parameters())]
    return found


def main(problems: int) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    whole = measure(None, problems)
    for quantize in (None, "int8", "int4"):
        own = whole if quantize is None else measure(quantize, problems)
        pairs = list(zip(whole["laws"], own["laws"], strict=True))
        agree = torch.cat([a.argmax(-1) == b.argmax(-1) for a, b in pairs]).float().mean()
        variation = torch.cat([(a - b).abs().sum(-1) / 2 for a, b in pairs]).mean()
        same = sum(a == b for a, b in zip(whole["tokens"], own["tokens"], strict=True))
        tokens = sum(map(len, own["tokens"])) / sum(own["iterations"])
        print(
            f"{quantize or 'float32'}: {own['bytes'][0]} bytes, agree {agree:.3f}, total variation "
            f"{variation:.3f}, same {same}, right {sum(own['right'])} of {problems}, "
            f"{tokens:.2f} tokens an iteration"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
