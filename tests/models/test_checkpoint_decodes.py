"""Every registered checkpoint decodes, and a batch decodes what its prompts decode alone.

Tiny random checkpoints in the published layouts.
"""

from pathlib import Path

import pytest
import torch
from public_layouts import write_reduced
from tiny_checkpoints import random_ids

from apd.decoding import (
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    any_order,
    autoregressive,
    left_to_right,
)
from apd.decoding.batch import any_order_batch, autoregressive_batch, left_to_right_batch
from apd.models.diffusion import load_diffusion
from apd.models.registry import PAIRS
from apd.models.verifier import load_verifier

DRAFTERS = {spec.dllm: spec for spec in PAIRS.values() if not spec.mini}
READERS = {n for s in PAIRS.values() if not s.mini for n in (s.verifier, *s.baselines) if n}
PROMPTS = [random_ids(length, seed=length) for length in (5, 9, 14)]
DECODERS = {  # of a dLLM: one by one, several at once, within a window, in any order
    "left to right": (left_to_right, left_to_right_batch, LeftToRightConfig(max_new_tokens=12)),
    "window": (
        left_to_right,
        left_to_right_batch,
        LeftToRightConfig(tokens_per_step=2, kv_window=3, max_lookahead=8, max_new_tokens=12),
    ),
    "any order": (any_order, any_order_batch, AnyOrderConfig(num_steps=4, max_new_tokens=12)),
}


def decodes(directory: Path, name: str, *, together: bool) -> list[list[list[int]]]:
    """Tokens of every prompt, by each decoder that the checkpoint is for."""
    write_reduced(directory, name)
    if name in READERS:
        model = load_verifier(directory, "cpu", torch.float32)
        ways = [(autoregressive, autoregressive_batch, AutoregressiveConfig(max_new_tokens=12))]
    else:
        spec = DRAFTERS[name]
        given = {"mask_token": spec.mask_token, "shifted": spec.shifted}
        model, ways = load_diffusion(directory, "cpu", torch.float32, **given), DECODERS.values()
    return [
        [r.tokens for r in (batch(model, PROMPTS, config) if together else
                            [one(model, prompt, config) for prompt in PROMPTS])]
        for one, batch, config in ways
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*DRAFTERS, *sorted(READERS)])
def test_it_decodes(tmp_path: Path, name: str) -> None:
    for tokens in decodes(tmp_path, name, together=False):
        assert all(1 <= len(answer) <= 12 for answer in tokens)
        assert len({tuple(answer) for answer in tokens}) > 1  # the prompts are read


@pytest.mark.parametrize("name", [*DRAFTERS, *sorted(READERS)])
def test_a_batch_is_its_singles(tmp_path: Path, name: str) -> None:
    alone = decodes(tmp_path / "alone", name, together=False)
    assert decodes(tmp_path / "together", name, together=True) == alone
