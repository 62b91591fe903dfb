"""PoE-Bridge: the bridge's law with one candidate, the large model's where it is promised."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from table_models import TableDiffusionLM, TableVerifier, assert_sampled_from, frequencies
from toy_models import ScriptedAutoregressive, ScriptedDiffusion, consistent_pair, toy_prompt

from apd.decoding import AutoregressiveConfig, DecodeResult, autoregressive
from apd.decoding.poe_bridge import PoEBridgeConfig
from apd.decoding.registry import decoder
from apd.exact import (
    EnumerableLanguage,
    SpeculativeLaw,
    marginal_drafts,
    random_joint,
    speculative_law,
    total_variation,
)

torch.set_num_threads(1)
ROW = decoder("poe_bridge")
TARGET = random_joint(2, 3, seed=10)
LANGUAGE = EnumerableLanguage(random_joint(2, 3, seed=9), perturbation=0.5)
TABLES = [TableDiffusionLM(LANGUAGE), TableVerifier(TARGET)]
AT_ONE = {"temperature": 1.0, "high_temperature": 1.0, "top_p": 1.0, "max_new_tokens": 3}


def bridge_law(mixture_weight: float) -> SpeculativeLaw:
    """With one candidate; windows of any length are one draft of the whole canvas."""
    drafts = marginal_drafts(LANGUAGE)
    return speculative_law(TARGET, drafts, draft_length=3, mixture_weight=mixture_weight)


def sampled(runs: int, **settings: Any) -> tuple[Any, list[DecodeResult]]:
    results = []

    def one(seed: int) -> DecodeResult:
        config = PoEBridgeConfig(**AT_ONE | settings, seed=seed)
        results.append(ROW.decode(TABLES, torch.tensor([2]), config))
        return results[-1]

    return frequencies(one, runs, TARGET.shape), results


def test_the_law_of_the_bridge_lies_between_both_models() -> None:
    distance = [total_variation(bridge_law(R).table, TARGET) for R in (0.0, 0.3, 0.7, 1.0)]
    assert distance[0] < 1e-12
    assert np.all(np.diff(distance) > 0.01)
    passes = [bridge_law(R).expected_iterations for R in (0.0, 0.3, 0.7, 1.0)]
    assert np.all(np.diff(passes) < -0.01) and passes[-1] == pytest.approx(1)


@pytest.mark.parametrize("noise", ["fresh", "position"])
@pytest.mark.parametrize(("mixture_weight", "window"), [(0.3, 3), (0.3, 2), (0.7, 1)])
def test_one_candidate_samples_from_it(noise: str, mixture_weight: float, window: int) -> None:
    runs, law = 500, bridge_law(mixture_weight)
    settings = {"candidates": 1, "verify_window": window, "noise": noise}
    found, results = sampled(runs, mixture_weight=mixture_weight, **settings)
    assert_sampled_from(law.table, found, runs)
    counted = np.bincount([len(r.iterations) for r in results], minlength=4) / runs
    assert_sampled_from(law.iterations, counted, runs)


@pytest.mark.parametrize("window", [1, 2, 3])
def test_without_the_dllms_share_resampled_candidates_are_the_large_models(window: int) -> None:
    settings = {"mixture_weight": 0.0, "candidates": 3, "choice": "resample"}
    found, _ = sampled(500, verify_window=window, **settings)
    assert_sampled_from(TARGET, found, 500)


def test_more_resampled_candidates_come_closer_and_the_likeliest_does_not() -> None:
    runs = 1500
    settings = {"mixture_weight": 0.7, "verify_window": 3}
    one = total_variation(bridge_law(0.7).table, TARGET)
    many, _ = sampled(runs, candidates=12, choice="resample", **settings)
    likeliest, _ = sampled(runs, candidates=12, **settings)
    error = np.sqrt(TARGET.size / runs) / 2  # of a distance between law and sample, about
    assert total_variation(many, TARGET) < one - error
    assert total_variation(likeliest, TARGET) > one


@pytest.mark.parametrize("window", [1, 4, 32])
def test_at_temperature_0_without_the_dllms_share_it_is_the_large_models_text(window: int) -> None:
    shared = {"temperature": 0.0, "max_new_tokens": 12}
    for key in range(15):
        dllm, _ = consistent_pair(key)
        _, large = consistent_pair(key, error=0.7)
        config = PoEBridgeConfig(mixture_weight=0.0, verify_window=window, **shared)
        ours = ROW.decode([dllm, large], toy_prompt(key), config)
        theirs = autoregressive(large, toy_prompt(key), AutoregressiveConfig(**shared))
        assert ours.tokens == theirs.tokens
        assert len(ours.iterations) <= len(theirs.iterations)


def test_windows_go_on_under_one_pass_of_the_dllm_while_all_is_kept() -> None:
    script = (1, 2, *(1 + i % 6 for i in range(12)))
    dllm = ScriptedDiffusion(8, frozenset({0}), script=script)
    large = ScriptedAutoregressive(8, frozenset({0}), script=script)
    config = PoEBridgeConfig(verify_window=4, temperature=0.2, max_new_tokens=10, candidates=3)
    result = ROW.decode([dllm, large], torch.tensor([1, 2]), config)
    assert result.tokens == script[2:12]
    assert result.dllm_forwards == len(result.iterations) == 1
    assert result.verifier_forwards == 3  # windows of 4, 4 and 2, all candidates in one pass
    behind = replace(config, max_lookahead=6)
    result = ROW.decode([dllm, large], torch.tensor([1, 2]), behind)
    assert (result.dllm_forwards, result.verifier_forwards) == (2, 3)


def test_temperatures_rise_from_the_first_candidate_to_the_last() -> None:
    assert PoEBridgeConfig().temperatures == pytest.approx([0.2, 0.2 + 0.5 / 3, 0.2 + 1 / 3, 0.7])
    assert PoEBridgeConfig(temperature=1.0).temperatures == [1.0] * 4
    assert PoEBridgeConfig(candidates=1).temperatures == [0.2]
    assert PoEBridgeConfig(temperature=0.0).temperatures == [0.0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mixture_weight": 1.2}, "mixture_weight=1.2 is not allowed: it must be in .0, 1.; "),
        ({"candidates": 0}, "candidates=0 is not allowed: it must be an integer >= 1; "),
        ({"verify_window": 0}, "verify_window=0 is not allowed: it must be an integer >= 1; "),
        ({"high_temperature": 0.1}, "high_temperature=0.1 is not allowed: .* None or >= T=0.2; "),
        ({"choice": "best"}, "choice='best' is not allowed: it must be one of likeliest, resample"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        PoEBridgeConfig(**wrong)
    assert "\n" not in str(caught.value)
