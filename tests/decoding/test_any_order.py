"""Any-order decoding: schedules, scores, and every order against a naive version."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import HashDiffusion, consistent_pair, toy_prompt

from apd.counter_rng import counter_uniform
from apd.coupling import gumbel_noise
from apd.decoding import AnyOrderConfig, Noise, Order, any_order
from apd.decoding.unmasking import (
    Schedule,
    above_threshold,
    most_certain,
    positions_per_step,
    positions_per_step_of_dream,
)

torch.set_num_threads(1)
ORDERS = get_args(Order)
Step = list[tuple[int, int]]  # (position, token) pairs committed at once


def naive_any_order(dllm: HashDiffusion, prompt: list[int], config: AnyOrderConfig) -> list[Step]:
    """What every step commits; one position at a time, V = 8, mask 7."""
    x, P = prompt + [7] * config.max_new_tokens, len(prompt)
    steps: list[Step] = []
    length = config.block_length or config.max_new_tokens
    per_block = (config.num_steps or config.max_new_tokens) * length // config.max_new_tokens
    times = torch.linspace(1, 1e-3, per_block + 1)  # Dream's
    for block in range(P, len(x), length):
        for step in range(per_block):
            t, s = times[step], times[step + 1]
            last = step == per_block - 1
            masked = [i for i in range(block, block + length) if x[i] == 7]
            if not masked:
                break
            logits = dllm.canvas_logits(torch.tensor(x))[:, :7].double()
            scored = []
            for i in masked:
                draw = 4 * len(steps) if config.noise == "fresh" else 0
                p = (logits[i] / (config.temperature or 1.0)).softmax(-1)
                likelier = (p[None, :] * (p[None, :] > p[:, None])).sum(-1)
                p = p.where(likelier < config.top_p, 0.0)
                p = p / p.sum()
                g = gumbel_noise(config.seed, torch.tensor([i]), torch.arange(7), draw)[0]
                token = int((p.log() + (g if config.temperature else 0)).argmax())
                top = p.sort(descending=True).values
                u = counter_uniform(config.seed, torch.tensor([i]), torch.tensor([0]), draw + 3)
                score = {
                    "random": u.item(),
                    "confidence": p[token].item(),
                    "low_confidence": logits[i].softmax(-1)[token].item(),
                    "margin": (top[0] - top[1]).item(),
                    "entropy": sum(q.item() * q.log().item() for q in p if q > 0),
                }[config.order]
                scored.append((score, i, token))
            scored.sort(key=lambda entry: (-round(entry[0], 12), entry[1]))
            count = length // per_block + (step < length % per_block)
            if config.schedule == "dream":
                count = len(masked) if last else int(torch.tensor(float(len(masked))) * (1 - s / t))
            if config.threshold is not None:
                count = max(1, sum(score > config.threshold for score, _, _ in scored))
            if config.schedule == "dream" and config.order == "random":
                left = s / t if config.noise == "fresh" else s
                count = len(masked) if last else sum(score >= left for score, _, _ in scored)
            chosen = sorted((i, token) for _, i, token in scored[:count])
            for i, token in chosen:
                x[i] = token
            steps.append(chosen)
    return steps


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(ORDERS),
    st.sampled_from([(None, None), (6, None), (5, None), (None, 4), (6, 4), (3, 4), (12, 6)]),
    st.sampled_from(["fresh", "position"]),
    st.sampled_from([0.0, 0.7, 1.5]),
    st.sampled_from([0.6, 1.0]),
    st.sampled_from([None, 0.0, 0.5, 0.9]),
    st.sampled_from(get_args(Schedule)),
    st.integers(0, 10**6),
)
def test_equals_the_naive_version(
    order: Order,
    steps_and_block: tuple[int | None, int | None],
    noise: Noise,
    temperature: float,
    top_p: float,
    threshold: float | None,
    schedule: Schedule,
    key: int,
) -> None:
    num_steps, block_length = steps_and_block
    if order in ("random", "entropy") or num_steps is not None or schedule == "dream":
        threshold = None
    config = AnyOrderConfig(
        order=order,
        num_steps=num_steps,
        schedule=schedule,
        block_length=block_length,
        threshold=threshold,
        noise=noise,
        temperature=temperature,
        top_p=top_p,
        seed=key,
        max_new_tokens=12,
    )
    dllm, _ = consistent_pair(key)
    prompt = toy_prompt(key)
    result = any_order(dllm, prompt, config)
    steps = naive_any_order(dllm, prompt.tolist(), config)
    committed = [list(zip(i.positions, i.accepted, strict=True)) for i in result.iterations]
    assert committed == steps
    canvas = dict(pair for step in steps for pair in step)
    text = [canvas[i] for i in sorted(canvas)]
    length = text.index(0) + 1 if 0 in text else 12
    assert list(result.tokens) == text[:length]
    assert (result.finished, result.generated_tokens) == (0 in text, length)
    assert result.generated_tokens_reference == len(canvas) == 12
    assert result.dllm_forwards == len(steps)


@pytest.mark.parametrize("order", ORDERS)
def test_steps_share_the_positions_evenly(order: Order) -> None:
    dllm, _ = consistent_pair(0)
    config = AnyOrderConfig(order=order, num_steps=5, max_new_tokens=12)
    result = any_order(dllm, toy_prompt(0), config)
    assert [len(i.accepted) for i in result.iterations] == [3, 3, 2, 2, 2]


def test_blocks_are_finished_one_after_the_other() -> None:
    dllm, _ = consistent_pair(0)
    prompt = toy_prompt(0)
    config = AnyOrderConfig(order="low_confidence", block_length=4, max_new_tokens=12)
    result = any_order(dllm, prompt, config)
    blocks = [(i.positions[0] - len(prompt)) // 4 for i in result.iterations]
    assert blocks == [0] * 4 + [1] * 4 + [2] * 4


def test_random_order_is_random_and_model_orders_are_not_left_to_right() -> None:
    dllm, _ = consistent_pair(0)
    visited = {}
    for order in ORDERS:
        for seed in range(2):
            config = AnyOrderConfig(order=order, seed=seed, temperature=0.0, max_new_tokens=12)
            result = any_order(dllm, toy_prompt(0), config)
            visited[order, seed] = [i.positions[0] for i in result.iterations]
            assert visited[order, seed] != sorted(visited[order, seed])
    assert visited["random", 0] != visited["random", 1]
    assert visited["confidence", 0] == visited["confidence", 1]


def test_a_low_threshold_fills_everything_at_once_and_a_high_one_a_token_at_a_time() -> None:
    dllm, _ = consistent_pair(0)
    for threshold, steps in ((0.0, 1), (1.0, 12)):
        config = AnyOrderConfig(threshold=threshold, temperature=1.0, max_new_tokens=12)
        assert len(any_order(dllm, toy_prompt(0), config).iterations) == steps


def test_selection() -> None:
    scores = torch.tensor([0.2, 0.9, 0.5, 0.9])
    assert most_certain(scores, 1).tolist() == [1]
    assert most_certain(scores, 3).tolist() == [1, 2, 3]
    assert above_threshold(scores, 0.4).tolist() == [1, 2, 3]
    assert above_threshold(scores, 0.95).tolist() == [1]
    assert positions_per_step(7, 3) == [3, 2, 2]


@pytest.mark.parametrize(
    ("positions", "steps", "expected"),
    [
        (256, 256, [0, *[1] * 254, 2]),
        (256, 128, [1, *[2] * 126, 3]),
        (12, 5, [2, 2, 2, 2, 4]),
        (7, 1, [7]),
    ],
)
def test_dream_fills_fewer_at_first_and_the_rest_at_last(
    positions: int, steps: int, expected: list[int]
) -> None:
    assert positions_per_step_of_dream(positions, steps) == expected
    assert sum(positions_per_step(positions, steps)) == sum(expected) == positions


@pytest.mark.parametrize("noise", ["fresh", "position"])
def test_each_position_of_dreams_random_order_has_its_own_time(noise: Noise) -> None:
    """All steps are as likely for a position: the share filled by step 3 of 6 is a half."""
    dllm, _ = consistent_pair(0)
    early, counts = 0, set()
    for seed in range(60):
        config = AnyOrderConfig(order="random", schedule="dream", num_steps=6, seed=seed,
                                noise=noise, max_new_tokens=12)  # fmt: skip
        result = any_order(dllm, toy_prompt(0), config)
        early += sum(len(i.accepted) for i in result.iterations if i.index < 3)
        counts.add(tuple(len(i.accepted) for i in result.iterations))
    assert len(counts) > 30
    assert abs(early / 720 - 0.5) < 4 * (0.25 / 720) ** 0.5


def test_dreams_schedule_goes_with_no_threshold() -> None:
    with pytest.raises(ValueError, match="None when schedule is 'dream'"):
        AnyOrderConfig(threshold=0.5, schedule="dream")
