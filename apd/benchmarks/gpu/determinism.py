"""Whether a text decoded in a batch is the text decoded alone, on the GPU, in each precision.

Products of another size are rounded otherwise, and bfloat16 rounds coarsely enough for that to
change a token now and then. Noise is a function of seed, position and token, so nothing else can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from apd.benchmarks.models import word_problems
from apd.benchmarks.settings import BenchSettings
from apd.decoding import adaptive, adaptive_batch, left_to_right, left_to_right_batch
from apd.decoding.result import DecodeResult
from apd.models import Pair, load_pair

BATCH = 8
PRECISIONS = ("float32", "bfloat16")


def measure_determinism(
    device: str,
    settings: BenchSettings,
    precisions: Sequence[str] | None = None,
    report: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
) -> list[dict[str, Any]]:
    """Decode problems of `mini_gsm` alone, again, and in batches of BATCH, and compare tokens.

    Returns:
        A row for each precision and decoder: problems and tokens that differ from the decode
        alone, when it is repeated and when it is batched; and the tokens themselves.
    """
    rows: list[dict[str, Any]] = []
    for precision in precisions or PRECISIONS:
        pair = load_pair(settings.pair, device=device, dtype=precision)
        prompts = word_problems(pair, settings.problems)
        for name, (alone, together) in decoders(pair, settings).items():
            texts = [alone(prompt).tokens for prompt in prompts]
            again = [alone(prompt).tokens for prompt in prompts[:BATCH]]
            groups = [prompts[i : i + BATCH] for i in range(0, len(prompts), BATCH)]
            batched = [result.tokens for group in groups for result in together(group)]
            rows.append({"precision": precision, "decoder": name, "batch": BATCH})
            rows[-1] |= {"repeated": differences(texts[:BATCH], again)}
            rows[-1] |= {"batched": differences(texts, batched)}
            rows[-1] |= {"tokens": [list(text) for text in texts]}
            report(rows)
    return rows


def decoders(
    pair: Pair, settings: BenchSettings
) -> dict[str, tuple[Callable[[Tensor], DecodeResult], Callable[..., list[DecodeResult]]]]:
    """Alone and together, by name."""
    dllm, verifier = pair.dllm, pair.verifier
    assert verifier is not None  # the mini pair has one
    apd, one = settings.adaptive(), settings.one_token()
    return {
        "apd": (
            lambda prompt: adaptive(dllm, verifier, prompt, apd),
            lambda prompts: adaptive_batch(dllm, verifier, prompts, apd),
        ),
        "one_token": (
            lambda prompt: left_to_right(dllm, prompt, one),
            lambda prompts: left_to_right_batch(dllm, prompts, one),
        ),
    }


def differences(texts: Sequence[Sequence[int]], others: Sequence[Sequence[int]]) -> dict[str, int]:
    """How many texts and tokens differ; behind the first difference every token counts as one."""
    texts_differ = tokens_differ = tokens = 0
    for text, other in zip(texts, others, strict=True):
        pairs = list(zip(text, other, strict=False))
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
        longest = max(len(text), len(other))
        texts_differ += same < longest
        tokens_differ += longest - same
        tokens += longest
    return {
        "texts": len(texts),
        "texts_differ": texts_differ,
        "tokens": tokens,
        "tokens_behind_a_difference": tokens_differ,
    }
