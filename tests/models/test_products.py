"""Products with blocked weights: the same numbers, wherever they are used."""

import pytest
import torch
from tiny_checkpoints import random_ids, tiny_dream, tiny_llada, tiny_qwen
from torch.nn import functional as F

from apd.models import load_ar, load_pair, products
from apd.models.lean import LeanDecoder
from apd.models.products import Matrix, add_times, can_block, times
from apd.models.segments import Rows, Segment

needs_onednn = pytest.mark.skipif(not can_block(torch.zeros(1)), reason="needs oneDNN on x86")


@needs_onednn
@pytest.mark.parametrize("rows", [1, 2, 7, 64])
@pytest.mark.parametrize("biased", [True, False])
def test_products_with_blocked_weights_are_equal(rows, biased):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(300, 200, generator=generator)
    bias = torch.randn(300, generator=generator) if biased else None
    inputs = torch.randn(rows, 200, generator=generator)
    start = torch.randn(rows, 300, generator=generator)
    matrix = Matrix(weight).in_blocks()
    assert matrix.blocked is not None and matrix.weight is not matrix.blocked
    expected = F.linear(inputs, weight, bias)
    torch.testing.assert_close(times(inputs, matrix, bias), expected, atol=1e-4, rtol=1e-4)
    expected = start + F.linear(inputs, weight)
    torch.testing.assert_close(add_times(start, inputs, matrix), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_only_float32_is_blocked(dtype):
    matrix = Matrix(torch.randn(8, 4).to(dtype))
    assert matrix.in_blocks() is matrix


@needs_onednn
@pytest.mark.parametrize("builder", [tiny_dream, tiny_llada, tiny_qwen])
@torch.no_grad()
def test_a_pass_with_blocked_weights_is_equal(builder, monkeypatch):
    monkeypatch.setattr(products, "WORTH_A_CALL", 0)  # also for products as small as these
    lean, tokens = LeanDecoder(builder(), causal=builder is tiny_qwen), random_ids(14)

    def logits() -> torch.Tensor:
        (computed,) = lean.run([Segment(tokens, 0, lean.new_cache())])
        return lean.logits([Rows(computed, 0, len(tokens))])

    expected = logits()
    lean.block()
    assert lean.head.blocked is not None
    assert all(matrix.blocked is not None for layer in lean.layers for matrix in layer.matrices)
    torch.testing.assert_close(logits(), expected, atol=2e-5, rtol=2e-5)


def test_models_too_large_to_be_copied_stay_as_they_are():
    lean = LeanDecoder(tiny_qwen(), causal=True)
    weights = [matrix.weight for layer in lean.layers for matrix in layer.matrices]
    size = sum(weight.nbytes for weight in [*weights, lean.head.weight])
    lean.block(limit=size - 1)
    assert lean.head.blocked is None and lean.last_queries.blocked is None
    lean.block(limit=size)
    assert (lean.head.blocked is not None) == can_block(torch.zeros(1))


@needs_onednn
def test_loaded_models_are_blocked():
    pair = load_pair("mini", device="cpu", dtype="float32")
    for model in (pair.dllm, pair.verifier, load_ar("mini-qwen-small", device="cpu")):
        assert model.inference.head.blocked is not None
