"""Forbidden ids, temperature and nucleus."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import ToyModel

from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs

torch.set_num_threads(1)
NOTHING = torch.zeros(4, dtype=torch.bool)


def test_forbidden_ids_are_those_any_model_forbids_or_lacks() -> None:
    dllm = ToyModel(8, never_sampled=(7,))
    small = ToyModel(6, never_sampled=(1,))
    large = ToyModel(12, never_sampled=(2, 10))
    assert forbidden_tokens(dllm).nonzero().flatten().tolist() == [7]
    assert forbidden_tokens(dllm, small).nonzero().flatten().tolist() == [1, 6, 7]
    assert forbidden_tokens(dllm, large).nonzero().flatten().tolist() == [2, 7]


def test_temperature_and_forbidden_ids() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0, 9.0]])
    forbidden = torch.tensor([False, False, False, True])
    p = tempered_log_probs(logits, 0.5, forbidden).exp()
    expected = torch.tensor([[2.0, 4.0, 6.0]], dtype=torch.float64).softmax(-1)
    torch.testing.assert_close(p[:, :3], expected)
    assert p[0, 3] == 0
    assert p.dtype == torch.float64
    cold = tempered_log_probs(logits, 0.0, forbidden)
    assert torch.equal(cold, tempered_log_probs(logits, 1.0, forbidden))


@pytest.mark.parametrize("size", [3, 6])
def test_logits_are_cut_or_padded_to_the_vocabulary(size: int) -> None:
    log_probs = tempered_log_probs(torch.zeros(2, size), 1.0, NOTHING)
    kept = min(size, 4)
    assert log_probs.shape == (2, 4)
    torch.testing.assert_close(log_probs[:, :kept].exp(), torch.full((2, kept), 1 / kept).double())


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.3, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (0.99, 4), (1.0, 4)]
)
def test_nucleus_is_the_smallest_set_that_reaches_the_mass(top_p: float, kept: int) -> None:
    p = torch.tensor([0.05, 0.5, 0.15, 0.3], dtype=torch.float64)
    rank = torch.tensor([3, 0, 2, 1])
    filtered = nucleus(p.log(), top_p)
    assert torch.equal(filtered.isfinite(), rank < kept)
    assert torch.equal(filtered[rank < kept], p.log()[rank < kept])


def test_nucleus_keeps_ties_and_at_least_one_token() -> None:
    tied = torch.tensor([0.4, 0.3, 0.3], dtype=torch.float64).log()
    assert nucleus(tied, 0.6).isfinite().all()
    assert nucleus(tied, 1e-9).isfinite().tolist() == [True, False, False]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0, 5.0]), st.floats(0.01, 0.999))
def test_nucleus_of_large_vocabularies_sorts_as_far_as_it_must(
    seed: int, spread: float, top_p: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(3, 700, generator=generator, dtype=torch.float64)
    log_probs = (logits * spread).log_softmax(-1)
    for row, filtered in zip(log_probs, nucleus(log_probs, top_p), strict=True):
        mass, expected = 0.0, set()
        for token in row.argsort(descending=True).tolist():
            if mass >= top_p:
                break
            expected.add(token)
            mass += row[token].exp().item()
        assert set(filtered.isfinite().nonzero().flatten().tolist()) == expected
