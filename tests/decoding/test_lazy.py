"""Verifying in chunks, and reading noise only where it matters, never change a token."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import consistent_pair, toy_prompt

from apd.coupling import (
    LARGEST_GUMBEL,
    SMALLEST_GUMBEL,
    gumbel_max,
    gumbel_max_among_likely,
    gumbel_noise,
)
from apd.decoding import AdaptiveConfig, adaptive
from apd.decoding.chunks import VerificationPace
from apd.decoding.warpers import (
    _least_likely_kept,
    _least_likely_kept_by_bisection,
    _least_likely_kept_of_shortlist,
)

CHUNKS = st.one_of(st.none(), st.integers(1, 20))


@settings(max_examples=60, deadline=None)
@given(
    key=st.integers(0, 1000),
    chunk=CHUNKS,
    weight=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    kv_window=st.sampled_from([None, 1, 4]),
    lookahead=st.sampled_from([None, 1, 5]),
    acceptance=st.sampled_from(["gumbel", "greedy", "independent", "maximal"]),
    noise=st.sampled_from(["fresh", "position"]),
    temperature=st.sampled_from([0.0, 0.2, 1.0]),
    top_p=st.sampled_from([0.8, 1.0]),
)
def test_any_chunk_size_gives_the_tokens_of_the_whole_lookahead(
    key, chunk, weight, kv_window, lookahead, acceptance, noise, temperature, top_p
):
    settings = {
        "mixture_weight": weight,
        "kv_window": kv_window,
        "max_lookahead": lookahead,
        "acceptance": acceptance,
        "noise": noise,
        "temperature": temperature,
        "top_p": top_p,
        "seed": key,
        "max_new_tokens": 16,
    }
    dllm, verifier = consistent_pair(key, error=0.5, ends=(0,))
    prompt = toy_prompt(key)
    whole = adaptive(dllm, verifier, prompt, AdaptiveConfig(verify_chunk=16, **settings))
    parts = adaptive(dllm, verifier, prompt, AdaptiveConfig(verify_chunk=chunk, **settings))
    assert parts.tokens == whole.tokens
    assert [i.accepted for i in parts.iterations] == [i.accepted for i in whole.iterations]
    for part, full in zip(parts.iterations, whole.iterations, strict=True):
        assert part.draft == full.draft[: len(part.draft)]
        assert part.target == full.target[: len(part.target)]


def test_nothing_behind_the_first_disagreement_is_verified():
    dllm, verifier = consistent_pair(3, error=2.0)
    config = AdaptiveConfig(verify_chunk=2, max_new_tokens=16, temperature=1.0)
    result = adaptive(dllm, verifier, toy_prompt(3), config)
    for iteration in result.iterations:
        accepted = len(iteration.accepted)
        assert accepted <= len(iteration.draft) <= accepted + 2
    passes = sum(-(-len(i.draft) // 2) for i in result.iterations)
    assert result.verifier_forwards == passes
    assert result.dllm_forwards == len(result.iterations)


def test_chunks_cover_the_lookahead_and_follow_acceptance():
    pace = VerificationPace(None)
    cut = list(pace.chunks(10, 100))
    assert [p for chunk in cut for p in chunk] == list(range(10, 100))
    before = len(cut[0])
    for _ in range(20):
        pace.note(1)
    assert len(next(pace.chunks(0, 100))) < before
    for _ in range(20):
        pace.note(30)
    assert len(next(pace.chunks(0, 100))) > 30
    assert [len(c) for c in VerificationPace(3).chunks(0, 8)] == [3, 3, 2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 60.0), st.integers(1, 300))
def test_noise_for_likely_tokens_finds_the_same_winner(seed, spread, vocab_size):
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(5, vocab_size, generator=generator, dtype=torch.float64)
    logits[torch.rand(logits.shape, generator=generator) < 0.2] = -torch.inf
    logits[:, 0] = 0.0
    positions = torch.arange(5)
    dense = gumbel_noise(seed, positions, torch.arange(vocab_size))
    asked = []

    def noise_at(rows: torch.Tensor, token_ids: torch.Tensor) -> torch.Tensor:
        asked.append(len(token_ids))
        return dense[rows, token_ids]

    found = gumbel_max_among_likely(logits, noise_at)
    assert torch.equal(found, gumbel_max(logits, dense))
    reach = LARGEST_GUMBEL - SMALLEST_GUMBEL
    assert asked == [int((logits >= logits.amax(-1, keepdim=True) - reach).sum())]


def test_likely_tokens_that_are_equally_good_give_the_smallest_id():
    logits = torch.tensor([[-torch.inf] * 3, [-1.0, 2.0, 2.0]], dtype=torch.float64)
    found = gumbel_max_among_likely(logits, lambda rows, token_ids: torch.zeros(len(rows)))
    assert found.tolist() == logits.argmax(-1).tolist() == [0, 1]


def test_the_smallest_and_the_largest_noise():
    ends = torch.tensor([2.0**-53, 1 - 2.0**-53], dtype=torch.float64)
    smallest, largest = -(-ends.log()).log()
    assert -3.7 < SMALLEST_GUMBEL <= smallest
    assert largest <= LARGEST_GUMBEL < 36.8


@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("shortlist", [8, 1024])
def test_an_accelerator_finds_the_nucleus_that_sorting_finds(top_p, shortlist, monkeypatch):
    monkeypatch.setattr("apd.decoding.warpers.SHORTLIST", shortlist)
    generator = torch.Generator().manual_seed(0)
    for scale in (0.1, 1.0, 5.0, 40.0):
        logits = scale * torch.randn(20, 500, generator=generator, dtype=torch.float64)
        logits[:, :50] = -torch.inf
        log_probs = logits.log_softmax(-1)
        sorted_out = _least_likely_kept(log_probs, top_p)
        assert torch.equal(_least_likely_kept_by_bisection(log_probs, top_p), sorted_out)
        assert torch.equal(_least_likely_kept_of_shortlist(log_probs, top_p), sorted_out)
