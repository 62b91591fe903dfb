"""The same promises, kept by the trained models that come with the repository."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tiny_checkpoints import random_ids

from apd.models.diffusion import load_diffusion
from apd.models.verifier import load_verifier

MODELS = Path(__file__).resolve().parents[2] / "data" / "models"
DIFFUSION = [MODELS / "mini-dream", MODELS / "mini-llada"]
CAUSAL = [MODELS / "mini-qwen-large", MODELS / "mini-qwen-small"]


def changed_at(tokens: torch.Tensor, position: int) -> torch.Tensor:
    changed = tokens.clone()
    changed[position] = 300 if tokens[position] != 300 else 301
    return changed


@pytest.mark.parametrize("directory", DIFFUSION, ids=lambda path: path.name)
def test_masked_positions_use_the_context_on_their_right(directory: Path):
    dllm = load_diffusion(directory, dtype=torch.float32)
    tokens = random_ids(32)
    tokens[10:20] = dllm.mask_token_id
    logits = dllm.canvas_logits(tokens)
    assert torch.equal(logits, dllm.canvas_logits(tokens))
    difference = (logits - dllm.canvas_logits(changed_at(tokens, 25))).abs().amax(-1)
    assert (difference[10:20] > 1e-4).all()


@pytest.mark.parametrize("directory", DIFFUSION, ids=lambda path: path.name)
def test_a_full_kv_window_changes_no_bit(directory: Path):
    dllm = load_diffusion(directory, dtype=torch.float32)
    windows = dllm.window(64), dllm.window(None)
    for start in (8, 9, 14, 20):
        tokens = random_ids(32)
        tokens[start:] = dllm.mask_token_id
        windowed, full = (window.logits(tokens, start, 32) for window in windows)
        assert torch.equal(windowed, full)


@pytest.mark.parametrize("directory", CAUSAL, ids=lambda path: path.name)
def test_the_verifier_does_not_look_right_and_its_cache_changes_nothing(directory: Path):
    verifier = load_verifier(directory, dtype=torch.float32)
    tokens = random_ids(32)
    logits = verifier.scorer().logits(tokens, 1, 33)
    other = verifier.scorer().logits(changed_at(tokens, 25), 1, 33)
    difference = (logits - other).abs().amax(-1)
    assert (difference[:25] == 0).all()
    assert (difference[25:] > 1e-4).all()
    scorer = verifier.scorer()
    scorer.logits(changed_at(tokens, 14), 10, 32)
    torch.testing.assert_close(scorer.logits(tokens, 12, 33), logits[11:], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("directory", DIFFUSION + CAUSAL, ids=lambda path: path.name)
def test_tensor_names_are_the_published_ones(directory: Path):
    model_type = json.loads((directory / "config.json").read_text())["model_type"]
    prefixes = {
        "Dream": ("model.embed_tokens.", "model.layers.", "model.norm.", "lm_head."),
        "qwen2": ("model.embed_tokens.", "model.layers.", "model.norm.", "lm_head."),
        "llada": tuple(f"model.transformer.{m}." for m in ("wte", "blocks", "ln_f", "ff_out")),
    }[model_type]
    with safe_open(directory / "model.safetensors", framework="pt") as file:
        assert all(name.startswith(prefixes) for name in file.keys())  # noqa: SIM118
