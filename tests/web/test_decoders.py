"""The page's decoders choose Python's tokens, to the last one, for the same settings."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from live_decoding import camel, decode_in_node, missing, settings_of

from apd.models.pairs import Pair
from apd.widgets.live import some_problems

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

RULES = ("gumbel", "greedy", "independent", "maximal")


def adaptive_settings() -> list[dict[str, Any]]:
    """Every rule with both noises, R from 0 to 1, W and M small, usual and unlimited."""
    kinds = list(itertools.product(RULES, ("fresh", "position")))
    weights, windows, lookaheads = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0), (1, 16, None), (3, 8, 15, None)
    temperatures, nuclei = (0.2, 0.0, 0.7, 1.0), (0.95, 0.8, 1.0)
    return [
        {
            "acceptance": kinds[i % 8][0],
            "noise": kinds[i % 8][1],
            "mixture_weight": weights[i % 6],
            "kv_window": windows[i % 3],
            "max_lookahead": lookaheads[(i // 2) % 4],
            "temperature": temperatures[(i // 3) % 4],
            "top_p": nuclei[(i // 5) % 3],
            "seed": 1000003 * i,
            "max_new_tokens": 48,
        }
        for i in range(24)
    ]


def other_settings() -> list[tuple[str, dict[str, Any]]]:
    """Fixed K, confidence threshold, autoregressive."""
    common = {"max_new_tokens": 32}
    fixed = [
        ("left_to_right", {"tokens_per_step": k, "kv_window": w, "max_lookahead": m, "seed": k})
        for k, w, m in ((1, 16, 8), (2, 4, None), (3, None, 12), (4, 16, 4), (8, 1, 15), (1, 2, 1))
    ]
    thresholds = [
        ("confidence", {"threshold": p, "temperature": t, "block_length": b, "noise": noise})
        for p, t, b, noise in (
            (0.9, 0.2, None, "fresh"),
            (0.5, 1.0, 8, "position"),
            (0.7, 0.0, 16, "fresh"),
            (0.99, 0.5, None, "position"),
        )
    ]
    baselines = [
        ("autoregressive", {"temperature": t, "top_p": p, "seed": s})
        for s, (t, p) in enumerate(((0.2, 0.95), (0.0, 1.0), (1.0, 0.9), (0.6, 1.0)))
    ]
    small = [
        ("autoregressive", {"model": "mini-qwen-small", "temperature": 0.5, "seed": s})
        for s in (7, 8)
    ]
    return [(name, common | own) for name, own in (*fixed, *thresholds, *baselines, *small)]


def compared(pair: Pair, folder: Path, runs: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """(Python's result, the page's) for each run of a problem of its own."""
    prompts = [problem["text"] for problem in some_problems(len(runs))]
    results = [
        pair.decode(prompt, name, **own) for prompt, (name, own) in zip(prompts, runs, strict=True)
    ]
    cases = [
        {
            "decoder": "threshold" if name == "confidence" else name,
            "prompt": prompt,
            "config": settings_of(result.config) | {camel("model"): own.get("model")},
        }
        for prompt, (name, own), result in zip(prompts, runs, results, strict=True)
    ]
    for case in cases:
        if case["config"]["model"] is None:
            del case["config"]["model"]
    return list(zip(results, decode_in_node(cases, folder), strict=True))


def check(result: Any, answer: dict[str, Any]) -> None:
    """Tokens, text, and every iteration are the same."""
    assert answer["tokens"] == list(result.tokens)
    assert answer["text"] == result.text
    assert len(answer["ids"]) == result.prompt_length
    assert answer["passes"] == result.dllm_forwards + result.verifier_forwards
    for mine, theirs in zip(answer["iterations"], result.iterations, strict=True):
        assert mine["accepted"] == list(theirs.accepted)
        assert mine["positions"] == list(theirs.positions)
        assert mine["draft"] == list(theirs.draft)
        assert mine["target"] == (None if theirs.target is None else list(theirs.target))


def test_adaptive_decodes_are_python_s(mini_pair: Pair, exported: Path, tmp_path: Path) -> None:
    runs = [("apd", own) for own in adaptive_settings()]
    for result, answer in compared(mini_pair, tmp_path, runs):
        check(result, answer)


def test_the_other_decoders_are_python_s(mini_pair: Pair, exported: Path, tmp_path: Path) -> None:
    for result, answer in compared(mini_pair, tmp_path, other_settings()):
        check(result, answer)
