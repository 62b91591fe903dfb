"""The plain pass: causal models of any family, through transformers' own forward.

A verifier's drafts, rollbacks and batches have to give what one forward over the whole text gives.
"""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoints import END_OF_TEXT, TOKENS, random_ids, tiny_dream, tiny_tokenizer
from transformers import AutoConfig, AutoModelForCausalLM

from apd.decoding import AutoregressiveConfig, autoregressive
from apd.decoding.batch import autoregressive_batch
from apd.models.bidirectional import BidirectionalLM
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.lean import LeanDecoder
from apd.models.plain import PlainDecoder
from apd.models.verifier import CausalVerifier, load_verifier

SMALL = {
    "vocab_size": TOKENS,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
    "bos_token_id": END_OF_TEXT,
    "eos_token_id": END_OF_TEXT,
    "pad_token_id": END_OF_TEXT,
}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
FAMILIES: dict[str, dict[str, object]] = {
    "llama": {"mlp_bias": True},
    "mistral": {"sliding_window": 6, "head_dim": 8},
    "gemma2": {"sliding_window": 6, "head_dim": 8, "query_pre_attn_scalar": 8},
    "gemma3_text": {"sliding_window": 6, "head_dim": 8, "query_pre_attn_scalar": 8},
    "phi3": {},
    "olmo2": {},
    "granite": {"logits_scaling": 4.0},
    "cohere": {"logit_scale": 0.5},
    "qwen2": {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
    "gpt2": GPT,
    "gpt_neox": {},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {"n_layer": 2, "n_head": 4},
    "falcon": {"new_decoder_architecture": False},
    "mamba": {"state_size": 4, "expand": 2},
}


def network(model_type: str) -> torch.nn.Module:
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **{**SMALL, **FAMILIES[model_type]})
    model = AutoModelForCausalLM.from_config(config).eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1 and "conv" not in name:
            torch.nn.init.normal_(parameter, 0, 0.3)
    return model


@pytest.fixture(scope="module", params=FAMILIES)
def verifier(request: pytest.FixtureRequest) -> CausalVerifier:
    return CausalVerifier(network(request.param), tiny_tokenizer(), frozenset({END_OF_TEXT}))


def whole(verifier: CausalVerifier, tokens: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return verifier.model(tokens[None], use_cache=False).logits[0].float()


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_scores_after_any_rollbacks_equal_a_full_recomputation(verifier, data):
    assert isinstance(verifier.inference, PlainDecoder)
    scorer, tokens, start = verifier.scorer(), random_ids(24), 6
    while start < 24:
        stop = data.draw(st.integers(start + 1, 25))
        tokens[start:] = random_ids(24 - start, seed=data.draw(st.integers(0, 99)))
        logits = scorer.logits(tokens, start, stop)
        assert logits.dtype == torch.float32
        expected = whole(verifier, tokens[: stop - 1])[start - 1 :]
        torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
        start += data.draw(st.integers(1, stop - start))


def test_a_batch_is_its_singles(verifier):
    config = AutoregressiveConfig(max_new_tokens=6)
    prompts = [random_ids(n, seed=n) for n in (3, 8, 5)]
    together = autoregressive_batch(verifier, prompts, config)
    alone = [autoregressive(verifier, ids, config) for ids in prompts]
    assert [r.tokens for r in together] == [r.tokens for r in alone]


def test_a_model_with_a_state_is_read_anew_each_time():
    mamba = CausalVerifier(network("mamba"), tiny_tokenizer(), frozenset({END_OF_TEXT}))
    assert not mamba.inference.keeps_keys
    scorer = mamba.scorer()
    scorer.logits(random_ids(9), 3, 9)
    assert scorer.cache.stop == 0


@pytest.mark.parametrize("model_type", FAMILIES)
def test_what_transformers_saves_loads(tmp_path: Path, model_type: str):
    model = network(model_type)
    model.save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    loaded = load_verifier(tmp_path, dtype=torch.float32)
    assert loaded.vocab_size == TOKENS
    ids = random_ids(9)
    torch.testing.assert_close(
        whole(loaded, ids), whole(CausalVerifier(model, tiny_tokenizer(), frozenset()), ids)
    )


@pytest.mark.parametrize("model_type", ["llama", "qwen2", "qwen3"])
def test_plain_layouts_take_the_lean_pass(model_type: str):
    config = AutoConfig.for_model(model_type, **SMALL, head_dim=8)
    model = AutoModelForCausalLM.from_config(config).eval()
    lm = CausalVerifier(model, tiny_tokenizer(), frozenset({END_OF_TEXT}))
    ids = random_ids(14)
    expected = whole(lm, ids)
    assert isinstance(lm.inference, LeanDecoder)
    torch.testing.assert_close(lm.scorer().logits(ids, 1, 15), expected, atol=1e-5, rtol=1e-5)


def test_rows_that_were_not_computed_are_refused():
    lm = CausalVerifier(network("gpt2"), tiny_tokenizer(), frozenset({END_OF_TEXT}))
    segment = lm.scorer().open(random_ids(9), 5, 9)
    (computed,) = lm.inference.run([segment])
    from apd.models.segments import Rows

    with pytest.raises(ValueError, match="row 3 was not computed; ask for rows from 4 on"):
        lm.inference.logits([Rows(computed, 3, 5)])


class Stateful(PlainDecoder):
    """A pass that keeps nothing."""

    def __init__(self, model: BidirectionalLM) -> None:
        super().__init__(model, causal=False)
        self.keeps_keys = False


def test_a_dllm_without_a_cache_recomputes_everything_and_says_what_w_would_need():
    lm = MaskedDiffusionLM(tiny_dream(), tiny_tokenizer(), frozenset({END_OF_TEXT}), name="mine")
    expected = [lm.window(None).logits(random_ids(12), start, 12) for start in (5, 8)]
    lm.inference = Stateful(lm.model)
    window = lm.window(None)
    for start, logits in zip((5, 8), expected, strict=True):
        torch.testing.assert_close(
            window.logits(random_ids(12), start, 12), logits, atol=1e-5, rtol=1e-5
        )
    with pytest.raises(ValueError, match=r"kv_window=3 cannot be had: mine keeps no keys"):
        lm.window(3)
