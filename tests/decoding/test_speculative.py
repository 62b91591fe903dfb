"""Speculative decoding: exactly the large model's law, and its very text where noise is shared."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from table_models import TableDiffusionLM, TableVerifier, assert_sampled_from, frequencies
from toy_models import (
    ScriptedAutoregressive,
    ScriptedDiffusion,
    consistent_pair,
    toy_prompt,
)

from apd.decoding import AutoregressiveConfig, autoregressive
from apd.decoding.registry import decoder
from apd.decoding.speculative import SpeculativeConfig
from apd.decoding.speculative_dllm import DiffusionSpeculativeConfig
from apd.exact import (
    EnumerableLanguage,
    autoregressive_drafts,
    marginal_drafts,
    random_joint,
    speculative_law,
)

torch.set_num_threads(1)
CONFIGS = {"speculative": SpeculativeConfig, "speculative_dllm": DiffusionSpeculativeConfig}
DRAFTERS = tuple(CONFIGS)
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 3}
TARGET = random_joint(2, 3, seed=10)
LANGUAGE = EnumerableLanguage(random_joint(2, 3, seed=9), perturbation=0.5)


def decode(drafter, models, prompt, config):
    return decoder(drafter).decode(models, prompt, config)


def table_models(drafter):
    if drafter == "speculative":
        return [TableVerifier(TARGET), TableVerifier(random_joint(2, 3, seed=11))]
    return [TableVerifier(TARGET), TableDiffusionLM(LANGUAGE)]


def drafts_of(drafter):
    if drafter == "speculative":
        return autoregressive_drafts(random_joint(2, 3, seed=11))
    return marginal_drafts(LANGUAGE)


def toy_models(drafter, key, error=0.7):
    dllm, small = consistent_pair(key)
    _, large = consistent_pair(key, error=error)
    return [large, small if drafter == "speculative" else dllm]


# The law


@pytest.mark.parametrize("drafter", DRAFTERS)
@pytest.mark.parametrize("acceptance", ["maximal", "gumbel"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_enumerated_law_is_the_large_models(drafter, acceptance, length) -> None:
    law = speculative_law(TARGET, drafts_of(drafter), draft_length=length, acceptance=acceptance)
    np.testing.assert_allclose(law.table, TARGET, atol=1e-12)
    assert law.iterations.sum() == pytest.approx(1, abs=1e-12)


def test_a_longer_draft_and_the_maximal_coupling_take_fewer_passes() -> None:
    target, drafts = random_joint(3, 3, seed=5), autoregressive_drafts(random_joint(3, 3, seed=6))
    passes = {
        (rule, k): speculative_law(
            target, drafts, draft_length=k, acceptance=rule
        ).expected_iterations
        for rule in ("maximal", "gumbel")
        for k in (1, 2)
    }
    for k in (1, 2):
        assert passes["maximal", k] < passes["gumbel", k] < 3
    assert passes["maximal", 2] < passes["maximal", 1]
    perfect = speculative_law(target, autoregressive_drafts(target), draft_length=2)
    np.testing.assert_allclose(perfect.iterations, [0, 1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("drafter", DRAFTERS)
@pytest.mark.parametrize(
    ("acceptance", "noise", "length"),
    [("maximal", "position", 2), ("maximal", "fresh", 3), ("gumbel", "fresh", 1)],
)
def test_the_decoder_samples_from_it(drafter, acceptance, noise, length) -> None:
    models, runs = table_models(drafter), 300
    config = CONFIGS[drafter](draft_length=length, acceptance=acceptance, noise=noise, **SAMPLING)
    iterations = []

    def one(seed):
        result = decode(drafter, models, torch.tensor([2]), replace(config, seed=seed))
        iterations.append(len(result.iterations))
        return result

    law = speculative_law(TARGET, drafts_of(drafter), draft_length=length, acceptance=acceptance)
    assert_sampled_from(TARGET, frequencies(one, runs, TARGET.shape), runs)
    counted = np.bincount(iterations, minlength=4) / runs
    assert_sampled_from(law.iterations, counted, runs)


# The text


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(DRAFTERS),
    st.sampled_from([(0.0, "maximal"), (0.0, "gumbel"), (0.7, "gumbel"), (1.5, "gumbel")]),
    st.sampled_from([0.6, 1.0]),
    st.sampled_from([1, 2, 5, 20]),
    st.sampled_from([0.0, 0.7, 3.0]),
    st.integers(0, 10**6),
)
def test_greedy_or_with_shared_noise_it_is_the_large_models_own_text(
    drafter, sampling, top_p, length, error, key
) -> None:
    temperature, acceptance = sampling
    models, prompt = toy_models(drafter, key, error), toy_prompt(key)
    shared = {"temperature": temperature, "top_p": top_p, "seed": key, "max_new_tokens": 12}
    config = CONFIGS[drafter](draft_length=length, acceptance=acceptance, **shared)
    fast = decode(drafter, models, prompt, config)
    slow = autoregressive(models[0], prompt, AutoregressiveConfig(**shared))
    assert fast.tokens == slow.tokens
    assert fast.finished == slow.finished
    assert len(fast.iterations) <= len(slow.iterations)
    assert fast.verifier_forwards == len(fast.iterations)


@pytest.mark.parametrize("drafter", DRAFTERS)
def test_a_perfect_drafter_is_kept_as_a_whole_with_one_token_more(drafter) -> None:
    script = (1, 2, *(1 + i % 6 for i in range(12)))
    large = ScriptedAutoregressive(8, frozenset({0}), script=script)
    small = ScriptedAutoregressive(8, frozenset({0}), script=script)
    dllm = ScriptedDiffusion(8, frozenset({0}), script=script)
    models = [large, small if drafter == "speculative" else dllm]
    config = CONFIGS[drafter](draft_length=4, temperature=1.0, max_new_tokens=12)
    result = decode(drafter, models, torch.tensor([1, 2]), config)
    assert [len(i.accepted) for i in result.iterations] == [5, 5, 2]
    assert [len(i.draft) for i in result.iterations] == [4, 4, 2]
    assert result.dllm_forwards == (10 if drafter == "speculative" else 3)
    assert result.verifier_forwards == 3
    assert result.tokens == script[2:]


@pytest.mark.parametrize("drafter", DRAFTERS)
@pytest.mark.parametrize("acceptance", ["maximal", "gumbel"])
def test_a_drafter_that_is_always_wrong_costs_passes_alone(drafter, acceptance) -> None:
    large = ScriptedAutoregressive(8, frozenset({0}), script=(1, 2, 3, 4, 5, 0, 1, 1))
    wrong = (1, 2, 4, 5, 6, 1, 2, 2)
    small = ScriptedAutoregressive(8, frozenset({0}), script=wrong)
    dllm = ScriptedDiffusion(8, frozenset({0}), script=wrong)
    config = CONFIGS[drafter](
        draft_length=3, acceptance=acceptance, temperature=1.0, max_new_tokens=6
    )
    models = [large, small if drafter == "speculative" else dllm]
    result = decode(drafter, models, torch.tensor([1, 2]), config)
    assert result.tokens == (3, 4, 5, 0)
    assert [len(i.accepted) for i in result.iterations] == [1] * 4


def test_a_model_that_drafts_for_itself_is_counted_in_both_roles() -> None:
    _, model = consistent_pair(4, ends=())
    config = SpeculativeConfig(draft_length=3, temperature=1.0, max_new_tokens=12)
    prompts = [toy_prompt(1), toy_prompt(2), toy_prompt(4)]
    for result in decoder("speculative").decode_batch([model, model], prompts, config):
        assert [len(i.accepted) for i in result.iterations] == [4, 4, 4]
        assert (result.dllm_forwards, result.verifier_forwards) == (9, 3)


def test_tokens_that_the_drafter_lacks_can_still_be_written() -> None:
    large = ScriptedAutoregressive(9, frozenset({0}), script=(1, 2, 8, 8, 0, 1))
    small = ScriptedAutoregressive(7, frozenset({0}), script=(1, 2, 5, 5, 0, 1))
    result = decode(
        "speculative", [large, small], torch.tensor([1, 2]), SpeculativeConfig(max_new_tokens=4)
    )
    assert result.tokens == (8, 8, 0)


@pytest.mark.parametrize("drafter", DRAFTERS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draft_length": 0}, "draft_length=0 is not allowed: it must be an integer >= 1"),
        ({"acceptance": "greedy"}, "acceptance='greedy' is not allowed: it must be one of maximal"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(drafter, wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        CONFIGS[drafter](**wrong)
    assert "\n" not in str(caught.value)


def test_a_draft_is_no_longer_than_the_lookahead() -> None:
    with pytest.raises(ValueError, match="draft_length=9 is not allowed: it must be at most max_l"):
        DiffusionSpeculativeConfig(draft_length=9, max_lookahead=8)
    config = DiffusionSpeculativeConfig(
        draft_length=4, max_lookahead=4, kv_window=2, temperature=0.0, max_new_tokens=12
    )
    models, prompt = toy_models("speculative_dllm", 2), toy_prompt(2)
    slow = autoregressive(
        models[0], prompt, AutoregressiveConfig(temperature=0.0, max_new_tokens=12)
    )
    assert decode("speculative_dllm", models, prompt, config).tokens == slow.tokens
