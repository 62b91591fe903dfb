"""Iterations that are worth a look, and the laws behind them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from toy_models import consistent_pair

from apd.analysis import laws_of, worked_iterations
from apd.coupling import gumbel_max
from apd.decoding import AdaptiveConfig, adaptive
from apd.decoding.noise import IterationNoise

PROMPT = torch.tensor([1, 2, 3])
CONFIG = AdaptiveConfig(mixture_weight=0.7, temperature=1.0, max_new_tokens=24, noise="position")


def toy():
    dllm, verifier = consistent_pair(5, error=0.6)
    return SimpleNamespace(name="toy", dllm=dllm, verifier=verifier)


def iteration(index: int, accepted: int, draft: list[int], target: list[int]):
    return SimpleNamespace(
        index=index, accepted=tuple(draft[:accepted]), draft=tuple(draft), target=tuple(target)
    )


def test_the_longest_and_the_shortest_of_those_that_part_at_words() -> None:
    texts = {0: "a", 1: " b", 2: ".", 3: "4", 4: "\n", 5: "b"}
    dllm = SimpleNamespace(detokenize=lambda ids: texts[ids[0]])
    pair = SimpleNamespace(dllm=dllm)
    steps = [
        iteration(0, 4, [0, 0, 0, 0, 2], [0, 0, 0, 0, 0]),  # parts at a full stop
        iteration(1, 2, [0, 0, 3], [0, 0, 1]),
        iteration(2, 3, [0, 0, 0, 1], [0, 0, 0, 5]),  # the same word
        iteration(3, 1, [0, 3], [0, 0]),
        iteration(4, 5, [0] * 5, [0] * 5),  # does not part
        iteration(5, 2, [0, 0, 0], [0, 0, 3]),
    ]
    longest, shortest = worked_iterations(pair, SimpleNamespace(iterations=steps))
    assert (longest.index, shortest.index) == (1, 3)


def test_without_any_all_iterations_count() -> None:
    pair = SimpleNamespace(dllm=SimpleNamespace(detokenize=lambda ids: "."))
    steps = [iteration(0, 1, [0, 1], [0, 2]), iteration(1, 2, [0, 0], [0, 0])]
    longest, shortest = worked_iterations(pair, SimpleNamespace(iterations=steps))
    assert (longest.index, shortest.index) == (1, 0)


@pytest.mark.parametrize("index", [0, 2])
def test_the_laws_are_those_that_chose_the_targets(index: int) -> None:
    pair = toy()
    result = adaptive(pair.dllm, pair.verifier, PROMPT, CONFIG)
    step = result.iterations[index]
    marginal, joint, target = laws_of(pair, PROMPT, result, step)
    positions = torch.arange(step.start, step.start + len(target))
    noise = IterationNoise(CONFIG, pair.dllm.vocab_size, positions, index).shared
    assert tuple(gumbel_max(target, noise).tolist()) == step.target[: len(target)]
    assert marginal.shape == joint.shape == target.shape
