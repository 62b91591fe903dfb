"""Algorithm 1 against a naive version of itself, its equivalences, and its guarantee."""

from dataclasses import replace
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_apd import naive_apd
from torch import Tensor
from toy_models import (
    ContraryAutoregressive,
    HashDiffusion,
    MarkovAutoregressive,
    MarkovDiffusion,
    consistent_pair,
    toy_prompt,
)

from apd.coupling import agreement_distribution
from apd.decoding import (
    Acceptance,
    AdaptiveConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    Noise,
    adaptive,
    autoregressive,
    left_to_right,
)

torch.set_num_threads(1)
RULES = get_args(Acceptance)
PLAIN = AdaptiveConfig(temperature=1.0, top_p=1.0, noise="position", max_new_tokens=12)
configs = st.builds(
    AdaptiveConfig,
    mixture_weight=st.sampled_from([0.0, 0.3, 0.7, 0.9, 1.0]),
    acceptance=st.sampled_from(RULES),
    noise=st.sampled_from(["fresh", "position"]),
    temperature=st.sampled_from([0.0, 0.2, 0.7, 1.0, 2.0]),
    top_p=st.sampled_from([0.5, 0.9, 0.95, 1.0]),
    max_lookahead=st.sampled_from([None, 1, 2, 5, 12, 100]),
    seed=st.integers(0, 10**9),
    max_new_tokens=st.integers(1, 12),
)


@settings(max_examples=250, deadline=None)
@given(
    configs,
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.5, 2.0]),
    st.sampled_from([0.3, 1.0]),
    st.booleans(),
)
def test_equals_the_naive_version(
    config: AdaptiveConfig, key: int, error: float, bond: float, feels_length: bool
) -> None:
    pair = consistent_pair(key, error=error, bond=bond, feels_length=feels_length)
    prompt = toy_prompt(key)
    result = adaptive(*pair, prompt, config)
    tokens, counts = naive_apd(*pair, prompt, config)
    assert list(result.tokens) == tokens
    assert [len(iteration.accepted) for iteration in result.iterations] == counts


@settings(max_examples=60, deadline=None)
@given(configs, st.integers(0, 10**6), st.sampled_from([5, 7, 11]))
def test_equals_the_naive_version_when_vocabularies_differ(
    config: AdaptiveConfig, key: int, verifier_size: int
) -> None:
    dllm, verifier = consistent_pair(key, error=0.5)
    verifier.vocab_size, verifier.shared_size = verifier_size, 8
    verifier.never_sampled, verifier.mask_token_id = (3,), None
    result = adaptive(dllm, verifier, toy_prompt(key), config)
    tokens, counts = naive_apd(dllm, verifier, toy_prompt(key), config)
    assert list(result.tokens) == tokens
    assert [len(iteration.accepted) for iteration in result.iterations] == counts
    emitted = {token for i in result.iterations for token in (*i.draft, *(i.target or ()))}
    assert emitted <= set(range(min(7, verifier_size))) - {3}


@settings(max_examples=60, deadline=None)
@given(configs, st.integers(0, 10**6))
def test_trace_is_consistent(config: AdaptiveConfig, key: int) -> None:
    prompt = toy_prompt(key)
    result = adaptive(*consistent_pair(key, error=1.0), prompt, config)
    frontier, n = len(prompt), len(prompt) + config.max_new_tokens
    for index, step in enumerate(result.iterations):
        m = n - frontier if config.max_lookahead is None else config.max_lookahead
        a = len(step.accepted)
        assert (step.index, step.start) == (index, frontier)
        assert step.target is not None
        assert a <= len(step.draft) == len(step.target) <= min(m, n - frontier)
        assert step.positions == tuple(range(frontier, frontier + a))
        assert step.accepted == step.draft[:a]
        assert step.draft[1:a] == step.target[1:a]
        if a < len(step.draft):
            assert step.draft[a] != step.target[a]
        elif a < min(m, n - frontier):  # everything looked at was accepted, so all was looked at
            raise AssertionError(f"stopped after {a} accepted tokens without a disagreement")
        frontier += a
    assert result.dllm_forwards == len(result.iterations) <= result.verifier_forwards
    assert result.finished or frontier == n


@pytest.mark.parametrize("acceptance", ["gumbel", "maximal"])
@pytest.mark.parametrize("noise", ["fresh", "position"])
@pytest.mark.parametrize("lookahead", [None, 5])
def test_weight_one_accepts_whole_lookaheads(
    acceptance: Acceptance, noise: Noise, lookahead: int | None
) -> None:
    config = replace(
        PLAIN, mixture_weight=1.0, acceptance=acceptance, noise=noise, max_lookahead=lookahead
    )
    for key in range(20):
        result = adaptive(*consistent_pair(key, error=5.0, ends=()), toy_prompt(key), config)
        expected = [12] if lookahead is None else [5, 5, 2]
        assert [len(i.accepted) for i in result.iterations] == expected


@pytest.mark.parametrize("acceptance", ["greedy", "independent"])
def test_weight_one_does_not_accept_everything_under_other_rules(acceptance: Acceptance) -> None:
    config = replace(PLAIN, mixture_weight=1.0, acceptance=acceptance)
    results = [adaptive(*consistent_pair(k, ends=()), toy_prompt(k), config) for k in range(10)]
    assert any(len(result.iterations) > 1 for result in results)


def tokens_of_adaptive(key: int, config: AdaptiveConfig, **pair: Any) -> tuple[int, ...]:
    return adaptive(*consistent_pair(key, **pair), toy_prompt(key), config).tokens


@pytest.mark.parametrize("noise", ["fresh", "position"])
@pytest.mark.parametrize("acceptance", RULES)
def test_lookahead_of_one_is_one_token_per_step(acceptance: Acceptance, noise: Noise) -> None:
    for key in range(20):
        dllm, verifier = consistent_pair(key, error=0.5, feels_length=True)
        config = replace(PLAIN, max_lookahead=1, acceptance=acceptance, noise=noise, top_p=0.9)
        step = LeftToRightConfig(
            max_lookahead=1, noise=noise, temperature=1.0, top_p=0.9, max_new_tokens=12
        )
        one_by_one = left_to_right(dllm, toy_prompt(key), step)
        assert adaptive(dllm, verifier, toy_prompt(key), config).tokens == one_by_one.tokens


@pytest.mark.parametrize("noise", ["fresh", "position"])
@pytest.mark.parametrize("lookahead", [None, 4])
def test_a_target_that_never_agrees_gives_one_token_per_step(
    noise: Noise, lookahead: int | None
) -> None:
    config = replace(PLAIN, mixture_weight=0.0, noise=noise, max_lookahead=lookahead)
    step = LeftToRightConfig(
        max_lookahead=lookahead, noise=noise, temperature=1.0, top_p=1.0, max_new_tokens=12
    )
    for key in range(20):
        dllm, _ = consistent_pair(key, feels_length=True)
        contrary = ContraryAutoregressive(8, never_sampled=(7,))
        result = adaptive(dllm, contrary, toy_prompt(key), config)
        assert all(len(i.accepted) == 1 for i in result.iterations)
        assert result.tokens == left_to_right(dllm, toy_prompt(key), step).tokens


@settings(max_examples=60, deadline=None)
@given(configs, st.integers(0, 10**6))
def test_long_lookahead_is_no_limit_and_a_short_one_is(config: AdaptiveConfig, key: int) -> None:
    unlimited = replace(config, max_lookahead=None)
    for lookahead in (config.max_new_tokens, 1000):
        limited = replace(config, max_lookahead=lookahead)
        assert tokens_of_adaptive(key, limited) == tokens_of_adaptive(key, unlimited)


def test_short_lookahead_changes_models_that_feel_the_length() -> None:
    short = replace(PLAIN, max_lookahead=2)
    pairs = [
        [tokens_of_adaptive(key, config, feels_length=True) for config in (PLAIN, short)]
        for key in range(10)
    ]
    assert any(unlimited != limited for unlimited, limited in pairs)


@settings(max_examples=60, deadline=None)
@given(configs, st.integers(0, 10**6))
def test_long_window_recomputes_everything(config: AdaptiveConfig, key: int) -> None:
    longest = replace(config, kv_window=5 + config.max_new_tokens)
    assert tokens_of_adaptive(key, longest) == tokens_of_adaptive(key, config)


@pytest.mark.parametrize("kv_window", [1, 3, 6])
def test_window_recomputes_the_last_w_and_all_new_tokens(kv_window: int) -> None:
    config = replace(PLAIN, kv_window=kv_window, max_lookahead=4)
    for key in range(10):
        dllm, verifier = consistent_pair(key, ends=())
        prompt = toy_prompt(key)
        result = adaptive(dllm, verifier, prompt, config)
        n, passes = len(prompt) + 12, dllm.windows[0].passes
        assert passes[0] == (0, len(prompt), len(prompt) + 4)
        for before, step, (first, start, stop) in zip(
            result.iterations, result.iterations[1:], passes[1:], strict=False
        ):
            assert start == step.start
            assert first == max(0, start - kv_window - len(before.accepted) + 1)
            assert stop == min(start + 4, n)


def test_short_window_changes_tokens() -> None:
    stale = replace(PLAIN, kv_window=1)
    assert any(tokens_of_adaptive(k, stale) != tokens_of_adaptive(k, PLAIN) for k in range(10))


@pytest.mark.parametrize("lookahead", [None, 3])
def test_temperature_zero_is_greedy_whatever_rule_and_noise(lookahead: int | None) -> None:
    for key in range(15):
        runs = [
            adaptive(*consistent_pair(key, error=0.5), toy_prompt(key), config)
            for rule in RULES
            for config in (
                replace(
                    PLAIN,
                    acceptance=rule,
                    temperature=0.0,
                    max_lookahead=lookahead,
                    noise="fresh" if rule == "greedy" else "position",
                    seed=RULES.index(rule),
                    top_p=0.8 if rule == "maximal" else 1.0,
                ),
            )
        ]
        traces = {tuple((i.draft, i.target, i.accepted) for i in run.iterations) for run in runs}
        assert len(traces) == 1


def test_temperature_zero_drafts_and_targets_are_argmaxes() -> None:
    dllm, verifier = consistent_pair(3, error=0.5)
    prompt = toy_prompt(3)
    config = replace(PLAIN, temperature=0.0, mixture_weight=0.6)
    first = adaptive(dllm, verifier, prompt, config).iterations[0]
    masks = torch.full((12,), dllm.mask_token_id)
    l_d = dllm.canvas_logits(torch.cat((prompt, masks)))[len(prompt) :, :7]
    assert first.draft == tuple(l_d.argmax(-1).tolist())
    drafted = torch.cat((prompt, torch.tensor(first.draft)))
    l_ar = verifier.scorer().logits(drafted, len(prompt), len(drafted))[:, :7]
    assert first.target == tuple((0.6 * l_d + 0.4 * l_ar).argmax(-1).tolist())


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 10**9),
    st.sampled_from([0.2, 1.0, 2.0]),
    st.sampled_from([None, 1, 3, 8]),
)
def test_perfect_verifier_at_weight_zero_samples_from_p_ar(
    key: int, seed: int, temperature: float, lookahead: int | None
) -> None:
    dllm, verifier = consistent_pair(key)
    prompt = toy_prompt(key)
    shared: dict[str, Any] = {
        "seed": seed,
        "temperature": temperature,
        "top_p": 1.0,
        "max_new_tokens": 12,
    }
    config = AdaptiveConfig(mixture_weight=0.0, noise="position", max_lookahead=lookahead, **shared)
    sampled = autoregressive(verifier, prompt, AutoregressiveConfig(**shared))
    one_by_one = left_to_right(dllm, prompt, LeftToRightConfig(**shared))
    decoded = adaptive(dllm, verifier, prompt, config)
    assert decoded.tokens == sampled.tokens == one_by_one.tokens
    assert decoded.finished == sampled.finished


@pytest.mark.parametrize("change", [{"noise": "fresh"}, {"acceptance": "independent"}])
def test_the_guarantee_needs_position_noise_and_sharing(change: dict[str, Any]) -> None:
    broken, parallel = 0, 0
    for key in range(30):
        dllm, verifier = consistent_pair(key, ends=())
        config = replace(PLAIN, mixture_weight=0.0, **change)
        one_by_one = LeftToRightConfig(
            noise=config.noise, temperature=1.0, top_p=1.0, max_new_tokens=12
        )
        decoded = adaptive(dllm, verifier, toy_prompt(key), config)
        broken += decoded.tokens != left_to_right(dllm, toy_prompt(key), one_by_one).tokens
        parallel += len(decoded.iterations) < 12
    assert broken
    assert parallel


def second_tokens(noise: Noise, transition: Tensor, seeds: int) -> float:
    """Frequency of the second of two tokens being equal to the first, over many seeds."""
    dllm = MarkovDiffusion(4, frozenset(), transition=transition)
    verifier = MarkovAutoregressive(4, frozenset(), never_sampled=(3,), transition=transition)
    config = AdaptiveConfig(
        mixture_weight=0.0, noise=noise, temperature=1.0, top_p=1.0, max_new_tokens=2
    )
    runs = (
        adaptive(dllm, verifier, torch.tensor([2]), replace(config, seed=seed)).tokens
        for seed in range(seeds)
    )
    return sum(first == second for first, second in runs) / seeds


def test_fresh_noise_is_biased_by_the_amount_the_coupling_predicts() -> None:
    transition = torch.tensor([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.5, 0.5, 0.0]])
    draft_law, target_law = torch.tensor([0.5, 0.5]), torch.tensor([0.9, 0.1])
    same, other = agreement_distribution(draft_law, target_law).tolist()
    biased = same + (1 - same - other) * 0.9  # accepted, or rejected and drawn anew
    assert biased == pytest.approx(0.86)
    fresh = second_tokens("fresh", transition, 1500)
    by_position = second_tokens("position", transition, 400)
    assert abs(fresh - biased) < 4 * (0.86 * 0.14 / 1500) ** 0.5 < abs(fresh - 0.9)
    assert abs(by_position - 0.9) < 4 * (0.9 * 0.1 / 400) ** 0.5


def test_markov_marginals_are_exact() -> None:
    transition = torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
    dllm = MarkovDiffusion(4, frozenset(), transition=transition)
    joint = torch.einsum("a,ab,bc->abc", transition[1], transition, transition)
    p = dllm.canvas_logits(torch.tensor([1, 3, 3, 2]))[1:3, :3].softmax(-1)
    given_last = joint[:, :, 2] / joint[:, :, 2].sum()
    torch.testing.assert_close(p[0], given_last.sum(1))
    torch.testing.assert_close(p[1], given_last.sum(0))


def test_toy_dllm_reads_right_context_and_its_verifier_does_not() -> None:
    dllm, verifier = consistent_pair(0)
    canvas = torch.tensor([1, 7, 7, 2])
    changed = torch.tensor([1, 7, 7, 3])
    assert (dllm.canvas_logits(canvas)[1] != dllm.canvas_logits(changed)[1]).any()
    scores = [verifier.scorer().logits(torch.tensor([1, 4, 4, v]), 1, 4) for v in (2, 3)]
    assert torch.equal(*scores)
    masked = torch.tensor([1, 2, 7, 7])
    frontier = HashDiffusion(key=0).canvas_logits(masked)[2]
    assert torch.equal(frontier, verifier.scorer().logits(masked, 2, 3)[0])
