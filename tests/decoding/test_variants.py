"""Attempts to improve APD: off they are Algorithm 1, on they do what they say."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from table_models import TableDiffusionLM, TableVerifier, assert_sampled_from, frequencies
from toy_models import consistent_pair, toy_prompt

from apd.decoding import (
    Acceptance,
    AdaptiveConfig,
    DecodeResult,
    LeftToRightConfig,
    Noise,
    adaptive,
    left_to_right,
)
from apd.decoding.registry import decoder
from apd.decoding.variants import WITHIN, VariantConfig, target_law
from apd.exact import (
    EnumerableLanguage,
    adaptive_law,
    corrected_law,
    random_joint,
    variant_target,
)

torch.set_num_threads(1)
ROW = decoder("apd_variant")
ON: dict[str, dict[str, Any]] = {
    "verifier_temperature": {"verifier_temperature": 0.5},
    "entropy_decay": {"entropy_decay": 0.7},
    "distance_decay": {"distance_decay": 0.4},
    "exaggeration": {"exaggeration": 1.5},
    "corrections": {"corrections": 1},
    "more corrections": {"corrections": 3},
    "uncertain_first": {"uncertain_first": 2},
    "all": {
        "verifier_temperature": 0.7,
        "entropy_decay": 0.5,
        "distance_decay": 0.1,
        "exaggeration": 0.2,
        "corrections": 2,
        "uncertain_first": 1,
    },
}
common: dict[str, st.SearchStrategy[Any]] = {
    "mixture_weight": st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    "acceptance": st.sampled_from(get_args(Acceptance)),
    "noise": st.sampled_from(get_args(Noise)),
    "temperature": st.sampled_from([0.0, 0.2, 0.7, 1.5]),
    "top_p": st.sampled_from([0.5, 0.95, 1.0]),
    "max_lookahead": st.sampled_from([None, 1, 2, 5]),
    "seed": st.integers(0, 10**9),
    "max_new_tokens": st.integers(1, 20),
}


def decoded(key: int, config: VariantConfig, **pair: Any) -> DecodeResult:
    return ROW.decode(consistent_pair(key, **pair), toy_prompt(key), config)


def trace_of(result: DecodeResult) -> list[tuple[Any, ...]]:
    return [(i.draft, i.target, i.accepted) for i in result.iterations]


@settings(max_examples=80, deadline=None)
@given(st.fixed_dictionaries(common), st.sampled_from([None, 1, 3]), st.integers(0, 10**6))
def test_with_nothing_on_it_is_algorithm_1(
    options: dict[str, Any], window: int | None, key: int
) -> None:
    options = options | {"kv_window": window}
    ours = decoded(key, VariantConfig(**options), error=0.5)
    pair = consistent_pair(key, error=0.5)
    theirs = adaptive(*pair, toy_prompt(key), AdaptiveConfig(**options))
    assert trace_of(ours) == trace_of(theirs)
    assert ours.dllm_forwards == theirs.dllm_forwards
    assert ours.verifier_forwards == theirs.verifier_forwards


@settings(max_examples=120, deadline=None)
@given(
    st.fixed_dictionaries(common),
    st.sampled_from(sorted(ON)),
    st.one_of(st.none(), st.integers(1, 20)),
    st.integers(0, 10**6),
)
def test_any_chunk_size_gives_the_tokens_of_the_whole_lookahead(
    options: dict[str, Any], name: str, chunk: int | None, key: int
) -> None:
    whole = VariantConfig(**options, **ON[name], verify_chunk=20)
    ours = decoded(key, replace(whole, verify_chunk=chunk), error=0.5)
    theirs = decoded(key, whole, error=0.5)
    assert ours.tokens == theirs.tokens
    accepted = [[i.accepted for i in result.iterations] for result in (ours, theirs)]
    assert accepted[0] == accepted[1]


@pytest.mark.parametrize("name", sorted(ON))
def test_a_batch_is_its_single_decodes(name: str) -> None:
    config = VariantConfig(mixture_weight=0.5, temperature=0.7, max_new_tokens=12, **ON[name])
    pair, prompts = consistent_pair(4, error=0.5), [toy_prompt(key) for key in range(4)]
    together = ROW.decode_batch(pair, prompts, config, seeds=[0, 1, 2, 3])
    for seed, (prompt, result) in enumerate(zip(prompts, together, strict=True)):
        alone = ROW.decode(pair, prompt, replace(config, seed=seed))
        assert trace_of(result) == trace_of(alone)


@pytest.mark.parametrize("name", sorted(ON))
def test_each_changes_decodes(name: str) -> None:
    plain = VariantConfig(mixture_weight=0.5, temperature=1.0, max_new_tokens=12)
    assert any(
        trace_of(decoded(key, plain, error=0.5))
        != trace_of(decoded(key, replace(plain, **ON[name]), error=0.5))
        for key in range(20)
    )


@pytest.mark.parametrize("rule", get_args(Acceptance))
@pytest.mark.parametrize("name", sorted(ON))
def test_the_trace_says_what_was_committed(name: str, rule: Acceptance) -> None:
    config = VariantConfig(mixture_weight=0.3, acceptance=rule, max_new_tokens=12, **ON[name])
    for key in range(10):
        result = decoded(key, config, error=1.0)
        for step in result.iterations:
            assert step.target is not None and len(step.draft) == len(step.target)
            replaced = 0
            pairs = zip(step.accepted, step.draft, step.target, strict=False)
            for position, (token, draft, target) in enumerate(pairs):
                assert token in (draft, target)
                replaced += token != draft
                assert position == 0 or token == target
            assert replaced <= config.corrections


SERIAL: dict[str, Any] = {"noise": "position", "top_p": 1.0, "max_new_tokens": 20}


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("name", ["exaggeration", "corrections", "more corrections",
                                  "uncertain_first"])  # fmt: skip
def test_with_a_perfect_verifier_they_write_the_left_to_right_text(
    name: str, temperature: float
) -> None:
    saved = 0
    for key in range(25):
        serial = LeftToRightConfig(temperature=temperature, seed=key, **SERIAL)
        config = VariantConfig(
            mixture_weight=0.0, temperature=temperature, seed=key, **SERIAL, **ON[name]
        )
        pair = consistent_pair(key, bond=0.3)
        slow = left_to_right(pair[0], toy_prompt(key), serial)
        fast = ROW.decode(pair, toy_prompt(key), config)
        assert fast.tokens == slow.tokens
        saved += len(slow.iterations) - len(fast.iterations)
    assert saved > 0


def test_exaggerated_corrections_do_not() -> None:
    config = VariantConfig(mixture_weight=0.0, temperature=1.0, **SERIAL, exaggeration=1.0,
                           corrections=1)  # fmt: skip
    serial = LeftToRightConfig(temperature=1.0, **SERIAL)
    assert any(
        decoded(key, config, bond=0.3).tokens
        != left_to_right(consistent_pair(key, bond=0.3)[0], toy_prompt(key), serial).tokens
        for key in range(25)
    )


def test_what_is_fixed_first_is_bounded_and_costs_two_passes() -> None:
    config = VariantConfig(uncertain_first=3, max_new_tokens=60, mixture_weight=1.0, temperature=1)
    result = decoded(3, config, ends=())
    several = [step for step in result.iterations if len(step.draft) > 1]
    assert max(len(step.draft) for step in several) == WITHIN
    assert result.dllm_forwards == len(result.iterations) + len(several)
    assert result.verifier_forwards == result.dllm_forwards


def test_a_sparse_lookahead_goes_on_in_steps_to_the_end_of_the_canvas() -> None:
    config = VariantConfig(max_lookahead=8, sparse_lookahead=4)
    assert list(config.beyond(18, 32) or ()) == [21, 25, 29]
    assert list(config.beyond(30, 32) or ()) == []
    assert replace(config, sparse_lookahead=0).beyond(18, 32) is None
    with pytest.raises(ValueError, match=r"sparse_lookahead=4 .* 0 with uncertain_first=2; "):
        replace(config, uncertain_first=2)


def test_a_forbidden_token_never_is_a_correction() -> None:
    for name in ("corrections", "all"):
        dllm, verifier = consistent_pair(3, error=1.0)
        verifier.never_sampled = (*verifier.never_sampled, 2)
        config = VariantConfig(mixture_weight=0.2, temperature=2.0, **ON[name])
        assert 2 not in ROW.decode((dllm, verifier), toy_prompt(1), config).tokens


# The laws


@pytest.mark.parametrize("name", sorted(ON))
@pytest.mark.parametrize("weight", [0.0, 0.6, 1.0])
def test_the_target_is_that_of_the_exact_law(name: str, weight: float) -> None:
    config = VariantConfig(mixture_weight=weight, **ON[name])
    rng = np.random.default_rng(7)
    draft, score = rng.dirichlet(np.ones(5), size=(2, 6))
    distance = torch.arange(6)
    ours = target_law(torch.tensor(draft).log(), torch.tensor(score).log() + 3, distance, config)
    names = ("verifier_temperature", "entropy_decay", "distance_decay", "exaggeration")
    exact = variant_target(weight, **{k: v for k, v in ON[name].items() if k in names})
    expected = [exact(u, w, i) for i, (u, w) in enumerate(zip(draft, score, strict=True))]
    np.testing.assert_allclose(ours.softmax(-1), expected, atol=1e-12)


def test_a_token_that_the_draft_excludes_has_a_law_under_exaggeration_too() -> None:
    config = VariantConfig(mixture_weight=0.0, exaggeration=0.5)
    never = torch.tensor([[0.0, -torch.inf, -torch.inf]], dtype=torch.float64)
    score = torch.tensor([[-1.0, -1.0, -torch.inf]], dtype=torch.float64)
    law = target_law(never, score, torch.arange(1), config).softmax(-1)
    assert law.isfinite().all() and law[0, 2] == 0


SIZE, LENGTH, RUNS = 2, 3, 700
TABLES = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=9), perturbation=0.5)
VERIFIER = random_joint(SIZE, LENGTH, seed=10)


def sampled(**options: Any) -> Any:
    models = TableDiffusionLM(TABLES), TableVerifier(VERIFIER)
    common = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": LENGTH, "mixture_weight": 0.3}
    return frequencies(
        lambda seed: ROW.decode(
            models, torch.tensor([SIZE]), VariantConfig(seed=seed, **common, **options)
        ),
        RUNS,
        VERIFIER.shape,
    )


@pytest.mark.parametrize("noise", get_args(Noise))
@pytest.mark.parametrize("acceptance", ["gumbel", "independent", "maximal"])
def test_corrections_follow_their_exact_law(acceptance: Acceptance, noise: Noise) -> None:
    law = corrected_law(TABLES, VERIFIER, variant_target(0.3), corrections=1, acceptance=acceptance)
    found = sampled(corrections=1, acceptance=acceptance, noise=noise)
    assert_sampled_from(law.table, found, RUNS)


def test_targets_of_its_own_follow_their_exact_law() -> None:
    own = {"verifier_temperature": 0.5, "distance_decay": 0.4, "exaggeration": 0.3}
    law = adaptive_law(TABLES, VERIFIER, mixture_weight=0.3, target=variant_target(0.3, **own))
    assert_sampled_from(law.table, sampled(**own), RUNS)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("verifier_temperature", 0.0, "a finite number > 0"),
        ("verifier_temperature", float("inf"), "a finite number > 0"),
        ("entropy_decay", -1.0, "a finite number >= 0"),
        ("distance_decay", float("nan"), "a finite number >= 0"),
        ("exaggeration", -0.1, "a finite number >= 0"),
        ("corrections", 1.5, "an integer >= 0"),
        ("uncertain_first", -1, "an integer >= 0"),
        ("sparse_lookahead", 2.5, "an integer >= 0"),
        ("sparse_lookahead", 2, "0 with max_lookahead=None"),
    ],
)
def test_bad_settings_get_one_clear_line(name: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"{name}=.* is not allowed: it must be {allowed}; "):
        VariantConfig(**{name: value})
