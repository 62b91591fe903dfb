"""Weights in eight and four bits: what they save, and what they cost in agreement."""

from pathlib import Path

import pytest
import torch
from one_line_errors import error_of
from public_layouts import write_reduced
from tiny_checkpoints import random_ids, write_dream
from transformers.pytorch_utils import Conv1D

from apd.models import load_pair
from apd.models.capacity import weight_bytes
from apd.models.diffusion import load_diffusion
from apd.models.plain import PlainDecoder
from apd.models.quantization import check_precision

bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra `quantize`")

BITS = {"int8": 8, "int4": 4}
ERRORS = {"int8": (0.001, 0.01), "int4": (0.05, 0.15)}  # of a weight, relative to all of them


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize(
    "name", ["Dream-org/Dream-v0-Instruct-7B", "diffusionfamily/diffugpt-m", "GSAI-ML/LLaDA-1.5"]
)
def test_linear_layers_are_quantised_and_little_else_changes(tmp_path: Path, name: str, kind: str):
    directory = write_reduced(tmp_path, name, width=128)
    whole = load_diffusion(directory, dtype=torch.float32)
    small = load_diffusion(directory, dtype=torch.float32, quantize=kind)
    assert isinstance(small.inference, PlainDecoder)
    stored = [p for p in small.model.parameters() if not p.is_floating_point()]
    matrices = 4 if "diffugpt" in name else 7
    assert len(stored) == 2 * matrices
    numbers = sum(p.numel() for n, p in whole.model.named_parameters() if is_linear(n, p))
    assert sum(p.nbytes for p in stored) == numbers * BITS[kind] // 8
    assert weight_bytes(directory, torch.float32, kind) == sum(
        p.nbytes for p in small.model.parameters()
    ) + (0 if "diffugpt" not in name else small.model.lm_head.weight.nbytes)  # stored twice
    ids = random_ids(12)
    before = whole.canvas_logits(ids)
    for name, layer in whole.model.named_modules():
        if is_linear(name, getattr(layer, "weight", torch.zeros(0))):
            replace(layer, small.model.get_submodule(name), *ERRORS[kind])
    logits = small.canvas_logits(ids)
    whole.inference = PlainDecoder(whole.model, causal=False)
    assert not torch.allclose(logits, before, atol=1e-3)
    torch.testing.assert_close(logits, whole.canvas_logits(ids), atol=1e-2, rtol=1e-2)


@torch.no_grad()
def replace(layer: torch.nn.Module, quantised: torch.nn.Module, low: float, high: float) -> None:
    """Give a layer the weights that its quantised version multiplies with."""
    inputs = quantised.in_features
    bias = 0 if quantised.bias is None else quantised.bias
    weight = (quantised(torch.eye(inputs)) - bias).T
    weight = weight.T if isinstance(layer, Conv1D) else weight
    assert low < (weight - layer.weight).norm() / layer.weight.norm() < high
    layer.weight.copy_(weight)


def is_linear(name: str, parameter: torch.nn.Parameter) -> bool:
    outside = ("embed_tokens", "wte", "wpe", "lm_head")
    return parameter.ndim == 2 and not any(part in name for part in outside)


def test_four_bits_leave_layers_whose_blocks_would_cross_rows(tmp_path: Path):
    lm = load_diffusion(write_dream(tmp_path), dtype=torch.float32, quantize="int4")
    whole = load_diffusion(tmp_path, dtype=torch.float32)
    assert all(p.is_floating_point() for p in lm.model.parameters())
    ids = random_ids(12)
    torch.testing.assert_close(
        lm.canvas_logits(ids), whole.canvas_logits(ids), atol=1e-5, rtol=1e-5
    )


def test_a_pair_can_draft_with_quantised_weights(tmp_path: Path):
    pair = load_pair(dllm=write_dream(tmp_path), quantize="int8")
    assert pair.dllm.window(2).logits(random_ids(9), 3, 9).isfinite().all()


def test_kinds_that_are_not_there(monkeypatch: pytest.MonkeyPatch):
    assert "quantize='int2' is unknown; use int8 or int4" in error_of(check_precision, "int2")
    monkeypatch.setitem(__import__("sys").modules, "bitsandbytes", None)
    assert "pip install 'apd[quantize]'" in error_of(check_precision, "int8")
