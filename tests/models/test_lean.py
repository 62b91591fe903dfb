"""The lean inference pass: equal to transformers' own, however it is packed or cached."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoints import random_ids, tiny_dream, tiny_llada, tiny_qwen

from apd.models.lean import LeanDecoder
from apd.models.rotation import RotaryTable
from apd.models.segments import Rows, Segment
from apd.models.transformer import run_layers

BUILDERS = {"dream": (tiny_dream, False), "llada": (tiny_llada, False), "qwen": (tiny_qwen, True)}


def build(name: str) -> tuple[torch.nn.Module, LeanDecoder]:
    """A tiny model's decoder, and the lean pass through an equal one."""
    builder, causal = BUILDERS[name]
    return builder().model, LeanDecoder(builder(), causal=causal)


def outputs(lean: LeanDecoder, tokens: torch.Tensor) -> torch.Tensor:
    (computed,) = lean.run([Segment(tokens, 0, lean.new_cache())])
    return lean.outputs([Rows(computed, 0, len(tokens))])


@pytest.mark.parametrize("name", BUILDERS)
@torch.no_grad()
def test_equals_transformers_layers(name):
    decoder, lean = build(name)
    tokens = random_ids(14)
    causal = torch.ones(14, 14, dtype=torch.bool).tril()[None, None]
    mask = causal if BUILDERS[name][1] else None
    expected = run_layers(decoder, tokens[None], mask)[0]
    torch.testing.assert_close(outputs(lean, tokens), expected, atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("name", BUILDERS)
@torch.no_grad()
def test_fused_weights_are_shared_with_the_model_and_change_nothing_in_it(name):
    builder, causal = BUILDERS[name]
    plain, fused = builder(), builder()
    lean = LeanDecoder(fused, causal=causal)
    attention = fused.model.layers[0].self_attn
    assert attention.q_proj.weight.data_ptr() == lean.layers[0].qkv.weight.data_ptr()
    for (key, before), after in zip(
        plain.state_dict().items(), fused.state_dict().values(), strict=True
    ):
        assert torch.equal(before, after), key


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(sorted(BUILDERS)),
    st.lists(st.integers(1, 20), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
@torch.no_grad()
def test_packing_sequences_of_any_lengths_changes_nothing(name, lengths, random):
    _, lean = build(name)
    tokens = [random_ids(n, seed=random.randint(0, 99)) for n in lengths]
    packed = lean.run([Segment(ids, 0, lean.new_cache()) for ids in tokens])
    spans = [sorted(random.sample(range(n + 1), 2)) for n in lengths]
    rows = [Rows(p, i, j) for p, (i, j) in zip(packed, spans, strict=True)]
    together = lean.outputs(rows).split([j - i for i, j in spans])
    for ids, (i, j), part in zip(tokens, spans, together, strict=True):
        torch.testing.assert_close(part, outputs(lean, ids)[i:j], atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("name", BUILDERS)
@torch.no_grad()
def test_outputs_asked_for_in_parts_are_those_asked_for_at_once(name):
    _, lean = build(name)
    (computed,) = lean.run([Segment(random_ids(13), 0, lean.new_cache())])
    whole = lean.outputs([Rows(computed, 0, 13)])
    parts = [lean.outputs([Rows(computed, i, j)]) for i, j in ((0, 1), (1, 6), (6, 13))]
    torch.testing.assert_close(torch.cat(parts), whole, atol=2e-5, rtol=2e-5)


def test_a_text_longer_than_the_table_of_angles():
    model = tiny_qwen().model
    table = RotaryTable(model.rotary_emb, model.embed_tokens.weight)
    cos, sin = table.at([range(700, 703)])
    expected_cos, expected_sin = model.rotary_emb(torch.zeros(1), torch.arange(700, 703)[None])
    assert torch.equal(cos[:, 0], expected_cos[0])
    assert torch.equal(sin[:, 0].abs(), expected_sin[0].abs())


def test_angles_that_depend_on_the_length_are_refused():
    rotary = tiny_qwen().model.rotary_emb
    rotary.rope_type = "dynamic"
    with pytest.raises(ValueError, match="rope_type='dynamic'"):
        RotaryTable(rotary, torch.zeros(0))


@torch.no_grad()
def test_compiled_passes_are_equal():
    _, lean = build("dream")
    tokens = [random_ids(n) for n in (9, 14)]
    expected = [outputs(lean, ids) for ids in tokens]
    lean.block()
    lean.compile(backend="aot_eager")  # the graphs, without waiting for a C++ compiler
    assert all(matrix.blocked is None for layer in lean.layers for matrix in layer.matrices)
    for ids, before in zip(tokens, expected, strict=True):
        torch.testing.assert_close(outputs(lean, ids), before, atol=2e-5, rtol=2e-5)
