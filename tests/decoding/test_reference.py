"""The reference code's deviations: none is Algorithm 1, each is what its description says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_reference import UnknownToken, naive_reference
from tiny_data import tiny_data_directory
from toy_models import ScriptedAutoregressive, ScriptedDiffusion, consistent_pair, toy_prompt

from apd.cli.main import main
from apd.decoding import Acceptance, AdaptiveConfig, DecodeResult, Noise, adaptive
from apd.decoding.reference import DEVIATIONS, ReferenceConfig, reference
from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.runs.table import read_results

torch.set_num_threads(1)
SAMPLING: dict[str, Any] = {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 12}
PLAIN = ReferenceConfig(mixture_weight=0.5, max_lookahead=5, **SAMPLING)
common: dict[str, st.SearchStrategy[Any]] = {
    "mixture_weight": st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    "temperature": st.sampled_from([0.0, 0.2, 0.7, 1.0, 1.5]),
    "top_p": st.sampled_from([0.5, 0.95, 1.0]),
    "max_lookahead": st.sampled_from([None, 1, 2, 5]),
    "seed": st.integers(0, 10**9),
    "max_new_tokens": st.integers(1, 12),
}
switches = st.sampled_from(
    [(), *((name,) for name in DEVIATIONS), DEVIATIONS, DEVIATIONS[:2], DEVIATIONS[1:]]
)


def on(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, True)


def decoded(key: int, config: ReferenceConfig, **pair: Any) -> DecodeResult:
    return reference(*consistent_pair(key, error=0.5, **pair), toy_prompt(key), config)


def trace_of(result: DecodeResult) -> list[tuple[list[int], list[int], list[int]]]:
    return [(list(i.draft), list(i.target or ()), list(i.accepted)) for i in result.iterations]


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(common),
    st.sampled_from(get_args(Acceptance)),
    st.sampled_from(get_args(Noise)),
    st.sampled_from([None, 1, 3]),
    st.integers(0, 10**6),
)
def test_without_deviations_it_is_algorithm_1_token_for_token(
    options: dict[str, Any], acceptance: Acceptance, noise: Noise, window: int | None, key: int
) -> None:
    options = options | {"acceptance": acceptance, "noise": noise, "kv_window": window}
    pair, prompt = consistent_pair(key, error=0.5), toy_prompt(key)
    ours = reference(*pair, prompt, ReferenceConfig(**options))
    theirs = adaptive(*pair, prompt, AdaptiveConfig(**options))
    assert ours.tokens == theirs.tokens
    assert [i.accepted for i in ours.iterations] == [i.accepted for i in theirs.iterations]
    assert ours.generated_tokens_reference == theirs.generated_tokens_reference


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries(common), switches, st.integers(0, 10**6), st.booleans())
def test_each_deviation_and_all_of_them_equal_the_naive_version(
    options: dict[str, Any], names: tuple[str, ...], key: int, feels_length: bool
) -> None:
    pair = consistent_pair(key, error=0.5, ends=(0, 2), feels_length=feels_length)
    prompt, config = toy_prompt(key), ReferenceConfig(**options, **on(*names))
    result, naive = reference(*pair, prompt, config), naive_reference(*pair, prompt, config, names)
    expected = list(zip(naive.drafts, naive.targets, naive.accepted, strict=True))
    assert trace_of(result) == expected
    committed = [token for tokens in naive.accepted for token in tokens]
    assert result.generated_tokens_reference == len(committed)
    end = next((i + 1 for i, token in enumerate(committed) if token in (0, 2)), len(committed))
    assert list(result.tokens) == committed[:end]


@settings(max_examples=120, deadline=None)
@given(
    st.fixed_dictionaries(common), st.booleans(), st.integers(0, 10**6), st.sampled_from([5, 7, 11])
)
def test_vocabularies_that_differ_are_cut_where_they_are_mixed(
    options: dict[str, Any], everything: bool, key: int, verifier_size: int
) -> None:
    dllm, verifier = consistent_pair(key, error=0.5)
    verifier.vocab_size, verifier.shared_size = verifier_size, 8
    verifier.never_sampled, verifier.mask_token_id = (3,), None
    names = DEVIATIONS if everything else ("cut_vocabulary",)
    prompt = toy_prompt(key).clamp(max=4)
    config = ReferenceConfig(**options, **on(*names))
    try:
        naive = naive_reference(dllm, verifier, prompt, config, names)
    except UnknownToken:
        with pytest.raises(ApdError, match="but the verifier knows 5 ids"):
            reference(dllm, verifier, prompt, config)
        return
    result = reference(dllm, verifier, prompt, config)
    assert trace_of(result) == list(zip(naive.drafts, naive.targets, naive.accepted, strict=True))


def test_the_cut_lets_ids_through_that_algorithm_1_excludes() -> None:
    config = replace(PLAIN, cut_vocabulary=True)
    seen: dict[bool, set[int]] = {True: set(), False: set()}
    for key in range(30):
        dllm, verifier = consistent_pair(key)
        verifier.never_sampled = (3,)
        for cut in seen:
            chosen = replace(config, cut_vocabulary=cut)
            seen[cut] |= set(reference(dllm, verifier, toy_prompt(key), chosen).tokens)
    assert 3 in seen[True] and 3 not in seen[False]


@pytest.mark.parametrize("lookahead", [1, 2, 5])
@pytest.mark.parametrize("others", [(), DEVIATIONS[:-1]])
def test_a_stale_verifier_changes_no_token(lookahead: int, others: tuple[str, ...]) -> None:
    config = replace(PLAIN, max_lookahead=lookahead, **on(*others))
    targets_differ = 0
    for key in range(40):
        now = trace_of(decoded(key, config))
        stale = trace_of(decoded(key, replace(config, stale_verifier=True)))
        assert [(d, a) for d, _, a in now] == [(d, a) for d, _, a in stale]
        assert [t[1:] for _, t, _ in now] == [t[1:] for _, t, _ in stale]
        targets_differ += now != stale
    assert targets_differ


@pytest.mark.parametrize("name", sorted(set(DEVIATIONS) - {"stale_verifier", "cut_vocabulary"}))
def test_the_other_deviations_change_decodes(name: str) -> None:
    changed = [
        trace_of(decoded(key, PLAIN, ends=(0, 2)))
        != trace_of(decoded(key, replace(PLAIN, **on(name)), ends=(0, 2)))
        for key in range(30)
    ]
    assert any(changed)


def test_two_of_them_are_settings_of_apd() -> None:
    plain = {"mixture_weight": 0.5, **SAMPLING}
    for name, setting in (
        ("greedy_target", {"acceptance": "greedy", "noise": "position"}),
        ("fresh_noise", {"noise": "fresh"}),
    ):
        for key in range(20):
            theirs = decoded(key, ReferenceConfig(**plain, **on(name)))
            pair = consistent_pair(key, error=0.5)
            ours = adaptive(*pair, toy_prompt(key), AdaptiveConfig(**plain, **setting))
            assert theirs.tokens == ours.tokens


def test_the_squared_temperature_is_a_draft_at_that_temperature() -> None:
    """At M = 1 every token is drafted: T with the switch is T^2 without it, where top-p is 1."""
    plain = replace(PLAIN, max_lookahead=1, top_p=1.0)
    squared = replace(plain, temperature=0.5, squared_temperature=True)
    for key in range(20):
        cooler = replace(plain, temperature=0.25)
        assert decoded(key, squared).tokens == decoded(key, cooler).tokens
    assert any(
        decoded(key, squared).tokens != decoded(key, replace(plain, temperature=0.5)).tokens
        for key in range(20)
    )


@pytest.mark.parametrize(
    ("lookahead", "ours", "theirs"), [(None, (10, 1), (10, 1)), (4, (8, 2), (8, 2)),
                                      (3, (6, 2), (9, 3)), (1, (6, 6), (7, 7))]
)  # fmt: skip
def test_the_reference_counts_past_an_end_of_turn(
    lookahead: int | None, ours: tuple[int, int], theirs: tuple[int, int]
) -> None:
    script = (1, 2, 3, 4, 5, 4, 3, 6, 0, 0, 0, 0)  # prompt 1 2, text, end of turn 6, padding 0
    ends = frozenset({0, 6})
    dllm = ScriptedDiffusion(8, ends, script=script)
    verifier = ScriptedAutoregressive(8, ends, script=script)
    options: dict[str, Any] = {"max_new_tokens": 10, "max_lookahead": lookahead}
    for counts, expected in ((False, ours), (True, theirs)):
        config = ReferenceConfig(count_padding=counts, **options)
        result = reference(dllm, verifier, torch.tensor(script[:2]), config)
        assert result.tokens == (3, 4, 5, 4, 3, 6)
        assert (result.generated_tokens, result.finished) == (6, True)
        assert (result.generated_tokens_reference, len(result.iterations)) == expected


def test_a_batch_is_its_single_decodes() -> None:
    row, config = decoder("reference"), replace(PLAIN, **on(*DEVIATIONS))
    pair, prompts = consistent_pair(4, error=0.5), [toy_prompt(key) for key in range(4)]
    together = row.decode_batch(pair, prompts, config, seeds=[0, 1, 2, 3])
    for seed, (prompt, result) in enumerate(zip(prompts, together, strict=True)):
        assert result.tokens == row.decode(pair, prompt, replace(config, seed=seed)).tokens


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_switch_is_on_or_off(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}='yes' is not allowed: it must be true or false"):
        ReferenceConfig(**{name: "yes"})


def test_the_command_line_and_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = [f"--{name.replace('_', '-')}" for name in DEVIATIONS]
    words = ["eval", "--algorithm", "reference", "--limit", "2", "--max-new-tokens", "8", "--json"]
    with tiny_data_directory(tmp_path / "data"):
        assert main([*words, *flags, "--output", str(tmp_path / "out")]) == 0
        path = Path(json.loads(capsys.readouterr().out)["table"])
        table, _ = read_results(path.parent, path.stem)
        assert table[list(DEVIATIONS)].all(axis=None)
        assert main(["eval", "--algorithm", "reference", "--noise", "fresh"]) == 2
        assert "--noise does not apply to algorithm reference" in capsys.readouterr().err
