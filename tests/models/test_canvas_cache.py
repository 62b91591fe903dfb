"""Fast-dLLM's caches: which keys and values a pass computes, and which it reads."""

import pytest
import torch
from concatenated_cache import Concatenated
from tiny_checkpoints import MASK, random_ids, shape, tiny_dream, tiny_llada, tiny_tokenizer

from apd.decoding import CanvasRequest
from apd.decoding.fast_dllm import FastDLLMConfig
from apd.decoding.protocols import ShadowRequest
from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.dream import DreamConfig, DreamForMaskedDiffusion
from apd.models.kv_cache import KeyValueCache
from apd.models.llada import LladaConfig, LladaForMaskedDiffusion
from apd.models.plain import PlainDecoder

BLOCK, LENGTH = range(8, 13), 18


def wrap(model) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(model, tiny_tokenizer(), frozenset({0}))


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return wrap(request.param())


def one_layer(family: str) -> MaskedDiffusionLM:
    """A model whose keys and values depend on a position's own token alone."""
    torch.manual_seed(7)
    fields = shape(mask_token_id=MASK, num_hidden_layers=1)
    if family == "dream":
        return wrap(DreamForMaskedDiffusion(DreamConfig(**fields)).eval())
    fields |= {"bos_token_id": None, "num_key_value_heads": 4}
    return wrap(LladaForMaskedDiffusion(LladaConfig(**fields)).eval())


def canvas(*filled: int) -> torch.Tensor:
    """8 tokens of prompt, then masks but for these positions."""
    tokens = random_ids(LENGTH, seed=5)
    masked = [i for i in range(BLOCK.start, LENGTH) if i not in filled]
    tokens[masked] = MASK
    return tokens


def ask(dllm, tokens, cache=None, recomputed=None) -> torch.Tensor:
    return dllm.canvases([CanvasRequest(dllm, tokens, BLOCK, cache, recomputed)])[0]


@pytest.mark.parametrize("part", [range(8, LENGTH), BLOCK], ids=["prefix", "dual"])
def test_a_pass_that_nothing_has_changed_for_repeats_the_last(dllm, part) -> None:
    cache, tokens = dllm.canvas_cache(), canvas(9)
    whole = ask(dllm, tokens, cache)
    torch.testing.assert_close(whole, ask(dllm, tokens), atol=0, rtol=0)
    for _ in range(2):
        torch.testing.assert_close(ask(dllm, tokens, cache, part), whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("part", [range(8, LENGTH), BLOCK], ids=["prefix", "dual"])
def test_stale_keys_approximate_and_a_whole_pass_renews_them(dllm, part) -> None:
    cache, before, after = dllm.canvas_cache(), canvas(9), canvas(9, 10, 12)
    ask(dllm, before, cache)
    right = ask(dllm, after)
    assert not torch.allclose(ask(dllm, after, cache, part), right, atol=1e-3)
    torch.testing.assert_close(ask(dllm, after, cache), right, atol=0, rtol=0)
    torch.testing.assert_close(ask(dllm, after, cache, part), right, atol=1e-4, rtol=1e-4)


def test_a_prefix_cache_is_the_obvious_one(dllm) -> None:
    cache, offset = dllm.canvas_cache(), dllm.model.prediction_offset
    first = BLOCK.start - offset
    obvious = Concatenated()
    for tokens, recomputed in ((canvas(9), None), (canvas(9, 10), range(8, LENGTH))):
        start = 0 if recomputed is None else first
        obvious.kept = start
        hidden = dllm.model.hidden_states(
            tokens[None, start:], position_ids=torch.arange(start, LENGTH)[None], cache=obvious
        )[0]
        rows = hidden[BLOCK.start - offset - start : BLOCK.stop - offset - start]
        expected = dllm.model.lm_head(rows)
        found = ask(dllm, tokens, cache, recomputed)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_dual_cache_computes_the_block_alone(dllm, monkeypatch) -> None:
    cache = dllm.canvas_cache()
    ask(dllm, canvas(9), cache)
    kept = cache._stored.clone()
    spans, run = [], dllm.inference.run
    monkeypatch.setattr(
        dllm.inference, "run", lambda s: spans.append((s[0].first, len(s[0].tokens))) or run(s)
    )
    ask(dllm, canvas(9, 10), cache, BLOCK)
    first = BLOCK.start - dllm.model.prediction_offset
    assert spans == [(first, BLOCK.stop - first)]
    changed = (cache._stored != kept).any(dim=(0, 1, 2, 4))  # by position
    assert not changed[:first].any() and not changed[BLOCK.stop : LENGTH].any()
    assert changed[10]


@pytest.mark.parametrize("family", ["dream", "llada"])
@pytest.mark.parametrize("kept", ["prefix", "dual"])
def test_with_one_layer_no_key_is_stale_and_every_cache_decodes_the_same(family, kept) -> None:
    dllm, prompt = one_layer(family), random_ids(6, seed=1)
    settings = {"threshold": 0.3, "block_length": 5, "max_new_tokens": 14, "temperature": 0.0}
    row = decoder("fast_dllm")
    traces = []
    for cache in ("none", kept):
        result = row.decode([dllm], prompt, FastDLLMConfig(cache=cache, **settings))
        traces.append([(i.positions, i.accepted) for i in result.iterations])
    assert traces[0] == traces[1]
    assert len(traces[0]) > 3


@pytest.mark.parametrize("kept", ["none", "prefix", "dual"])
def test_a_batch_decodes_what_single_decodes_would(dllm, kept) -> None:
    prompts = [random_ids(length, seed=length) for length in (3, 6, 9)]
    config = FastDLLMConfig(cache=kept, threshold=0.3, block_length=5, max_new_tokens=12)
    row = decoder("fast_dllm")
    together = row.decode_batch([dllm], prompts, config)
    alone = [row.decode([dllm], prompt, config) for prompt in prompts]
    assert [r.tokens for r in together] == [r.tokens for r in alone]
    assert [len(r.iterations) for r in together] == [len(r.iterations) for r in alone]


def test_rows_that_are_not_recomputed_are_refused(dllm) -> None:
    cache = dllm.canvas_cache()
    ask(dllm, canvas(), cache)
    with pytest.raises(ValueError, match=r"rows 8\.\.12 are not among the recomputed positions 10"):
        ask(dllm, canvas(), cache, range(10, 14))


def test_what_was_never_computed_cannot_be_in_sight() -> None:
    cache = KeyValueCache(layers=1, heads=1, head_dim=2, like=torch.zeros(0))
    cache.open(0, 6)
    cache.open(2, 4, 6)
    assert (cache.start, cache.stop, cache.end) == (2, 4, 6)
    with pytest.raises(ValueError, match="end=7: only 6 positions have been computed"):
        cache.open(2, 4, 7)


def test_through_transformers_own_pass_there_is_a_prefix_cache_and_nothing_else(dllm) -> None:
    tokens, after = canvas(9), canvas(9, 10)
    lean_cache = dllm.canvas_cache()
    ask(dllm, tokens, lean_cache)
    expected = ask(dllm, after, lean_cache, range(8, LENGTH))
    dllm.inference = PlainDecoder(dllm.model, causal=False)
    cache = dllm.canvas_cache()
    ask(dllm, tokens, cache)
    found = ask(dllm, after, cache, range(8, LENGTH))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(ApdError, match="keeps no keys behind a block: use cache=prefix or"):
        ask(dllm, after, cache, BLOCK)
    with pytest.raises(ApdError, match="has no shadow of a block: use another decoder than wino"):
        dllm.shadowed([ShadowRequest(dllm, tokens, BLOCK)])
    dllm.inference.keeps_keys = False
    with pytest.raises(ApdError, match="keeps no keys and values between passes: use cache=none"):
        dllm.canvas_cache()
