"""The verifier: causal, and its cache with rollback never changes what it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tiny_checkpoints import (
    END_OF_TEXT,
    MASK,
    TOKENS,
    random_ids,
    tiny_dream,
    tiny_qwen,
    tiny_tokenizer,
    write_qwen,
)

from apd.decoding.poe_bridge import PoEBridgeConfig
from apd.decoding.registry import decoder
from apd.models.causal import load_causal
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.verifier import CausalVerifier, load_verifier

MODEL = tiny_qwen(seed=1)


def verifier() -> CausalVerifier:
    return CausalVerifier(MODEL, tiny_tokenizer(), frozenset({END_OF_TEXT}))


def recomputed(tokens: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """The same rows from transformers' own causal forward pass over the whole prefix."""
    with torch.no_grad():
        return MODEL(tokens[None, : stop - 1], use_cache=False).logits[0, start - 1 :]


def test_logits_are_deterministic():
    tokens = random_ids(12)
    first, second = (verifier().scorer().logits(tokens, 3, 12) for _ in range(2))
    assert torch.equal(first, second)


def test_a_token_on_the_right_changes_nothing_on_the_left():
    tokens = random_ids(12)
    changed = tokens.clone()
    changed[8] = (changed[8] + 1) % TOKENS
    difference = (
        (verifier().scorer().logits(tokens, 1, 13) - verifier().scorer().logits(changed, 1, 13))
        .abs()
        .amax(-1)
    )  # row i - 1 scores position i and has seen tokens[:i]
    assert (difference[:8] == 0).all()
    assert (difference[8:] > 1e-4).all()


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_scores_after_any_rollbacks_equal_a_full_recomputation(data):
    scorer, tokens, start = verifier().scorer(), random_ids(24), 6
    while start < 24:
        stop = data.draw(st.integers(start + 1, 25))
        tokens[start:] = random_ids(24 - start, seed=data.draw(st.integers(0, 99)))  # a new draft
        logits = scorer.logits(tokens, start, stop)
        assert logits.dtype == torch.float32
        torch.testing.assert_close(logits, recomputed(tokens, start, stop), atol=1e-4, rtol=1e-4)
        start += data.draw(st.integers(1, stop - start))  # accept part of it


def test_each_token_is_read_once(monkeypatch):
    model, computed = verifier(), []
    run = model.inference.run
    monkeypatch.setattr(
        model.inference,
        "run",
        lambda segments: computed.append(len(segments[0].tokens)) or run(segments),
    )
    scorer, tokens = model.scorer(), random_ids(12)
    scorer.logits(tokens, 6, 12)  # reads tokens 0..10
    scorer.logits(tokens, 9, 12)  # the same draft: tokens 8..10 give rows 9..11
    changed = tokens.clone()
    changed[8:] = random_ids(4, seed=3)
    scorer.logits(changed, 8, 9)  # only the output at 7 is wanted
    assert computed == [11, 3, 1]


def test_one_token_at_a_time_is_autoregressive_decoding():
    scorer, tokens = verifier().scorer(), random_ids(5)
    for _ in range(6):
        row = scorer.logits(tokens, len(tokens), len(tokens) + 1)
        expected = recomputed(tokens, len(tokens), len(tokens) + 1)
        torch.testing.assert_close(row, expected, atol=1e-4, rtol=1e-4)
        tokens = torch.cat([tokens, row.argmax(-1)])


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (3, 3), (3, 8)])
def test_positions_out_of_range_are_refused(start, stop):
    with pytest.raises(ValueError, match=f"start={start}, stop={stop}"):
        verifier().scorer().logits(random_ids(6), start, stop)


def test_tied_embeddings_are_stored_once(tmp_path: Path):
    stored = load_file(write_qwen(tmp_path, tied=True) / "model.safetensors")
    assert "lm_head.weight" not in stored
    assert "model.layers.0.self_attn.q_proj.bias" in stored
    model = load_causal(tmp_path)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    tokens = random_ids(8)[None]
    assert torch.equal(model(tokens).logits, tiny_qwen(0)(tokens).logits)


def test_config_has_the_published_fields(tmp_path: Path):
    config = json.loads((write_qwen(tmp_path) / "config.json").read_text())
    assert config["model_type"] == "qwen2"
    assert config["architectures"] == ["Qwen2ForCausalLM"]
    assert config["rope_theta"] == 10_000.0
    assert config["tie_word_embeddings"] is True
    assert "mask_token_id" not in config


def test_loads_from_a_directory(tmp_path: Path):
    loaded = load_verifier(write_qwen(tmp_path, rows=TOKENS + 2))
    assert loaded.vocab_size == TOKENS + 2
    assert loaded.forbidden_token_ids.tolist() == [MASK, TOKENS, TOKENS + 1]
    assert loaded.end_token_ids == {END_OF_TEXT, END_OF_TEXT + 2}  # and <|im_end|>
    assert loaded.device == torch.device("cpu")


def test_candidates_of_poe_bridge_score_what_was_committed():
    """Scorers that were not chosen hold other tokens, and go on before these."""

    class Forgetful(CausalVerifier):
        def joints(self, requests):
            fresh = [replace(request, scorer=self.scorer(), start=1) for request in requests]
            whole = super().joints(fresh)
            return [logits[r.start - 1 :] for logits, r in zip(whole, requests, strict=True)]

    dllm = MaskedDiffusionLM(tiny_dream(), tiny_tokenizer(), frozenset())
    parts = MODEL, tiny_tokenizer(), frozenset()
    several = 0
    for seed in range(6):
        config = PoEBridgeConfig(
            temperature=1.0, verify_window=3, max_new_tokens=14, seed=seed, mixture_weight=0.7
        )
        results = [
            decoder("poe_bridge").decode([dllm, large], random_ids(5, seed), config)
            for large in (CausalVerifier(*parts), Forgetful(*parts))
        ]
        assert results[0].tokens == results[1].tokens
        several += len(results[0].iterations)
    assert several > 12
