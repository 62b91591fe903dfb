"""Keys and values behind the frontier: what changes, what never does, and the window's error."""

import numpy as np
import pytest
import torch
from tiny_checkpoints import MASK, random_ids, tiny_dream, tiny_llada, tiny_qwen, tiny_tokenizer

from apd.analysis import (
    keys_and_values,
    kv_staleness,
    kv_staleness_by_origin,
    relative_change,
    window_divergence,
)
from apd.coupling import total_variation
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.verifier import CausalVerifier

PROMPT, ANSWER = random_ids(5, seed=1), random_ids(6, seed=2)
CANVAS = 9  # positions behind the prompt
MEASURES = ("key_step", "value_step", "key_drift", "value_drift")


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(request.param(), tiny_tokenizer(), frozenset({0}))


def canvas(frontier: int) -> torch.Tensor:
    """The text with everything from the frontier on masked."""
    tokens = torch.cat([PROMPT, ANSWER, torch.full((CANVAS - len(ANSWER),), MASK)])
    tokens[frontier:] = MASK
    return tokens


def measure(dllm: MaskedDiffusionLM, **changes: int):
    return kv_staleness(dllm, PROMPT, ANSWER, max_new_tokens=CANVAS, **changes)


def test_keys_and_values_are_what_the_first_layer_projects(dllm):
    tokens = canvas(7)
    keys, values = keys_and_values(dllm, tokens)
    layer = dllm.model.model.layers[0]
    embedded = layer.input_layernorm(dllm.model.model.embed_tokens(tokens))
    torch.testing.assert_close(values[0, 0], layer.self_attn.v_proj(embedded))
    rotated = layer.self_attn.k_proj(embedded)  # a rotation keeps the length of a key
    torch.testing.assert_close(keys[0, 0].norm(dim=-1), rotated.norm(dim=-1))
    assert not torch.allclose(keys[0, 0, 1:], rotated[1:])


def test_relative_change():
    old, new = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]]), torch.zeros(3, 2)
    new[0], new[1] = torch.tensor([0.0, 4.0]), torch.tensor([1.0, 0.0])
    assert relative_change(old, new).tolist() == [0.75, 0.0, 0.0]


def test_a_causal_model_never_revises_a_key(dllm):
    verifier = CausalVerifier(tiny_qwen(), tiny_tokenizer(), frozenset({0}))
    text = random_ids(12, seed=3)
    for short, whole in zip(
        keys_and_values(verifier, text[:8]), keys_and_values(verifier, text), strict=True
    ):
        torch.testing.assert_close(short, whole[:, :, :8])
    short, whole = (keys_and_values(dllm, tokens)[1] for tokens in (text[:8], text))
    assert (short - whole[:, :, :8])[1:].abs().max() > 1e-3


def test_means_are_those_of_passes_made_one_at_a_time(dllm):
    found = measure(dllm)
    passes = {t: keys_and_values(dllm, canvas(t)) for t in range(5, 12)}
    for which, (step, drift) in enumerate(
        [(found.key_step, found.key_drift), (found.value_step, found.value_drift)]
    ):
        for layer, distance in [(0, 2), (1, 1), (1, 4), (1, 9)]:
            steps, drifts = [], []
            for t in range(5, 11):
                if t - distance < 0:
                    continue
                old, new, last = (passes[f][which][layer, 0, t - distance] for f in (t, t + 1, 11))
                steps.append(float((new - old).norm() / new.norm()))
                drifts.append(float((last - old).norm() / last.norm()))
            assert step[layer, distance - 1] == pytest.approx(np.mean(steps), abs=1e-5)
            assert drift[layer, distance - 1] == pytest.approx(np.mean(drifts), abs=1e-5)


def test_counts(dllm):
    np.testing.assert_array_equal(measure(dllm).count, [6, 6, 6, 6, 6, 5, 4, 3, 2, 1])
    answer_only = measure(dllm, first_position=5)
    np.testing.assert_array_equal(answer_only.count, [5, 4, 3, 2, 1, 0, 0, 0, 0, 0])
    assert np.isnan(answer_only.key_step[:, 5:]).all()
    np.testing.assert_array_equal(measure(dllm, tokens_per_step=2).count[:5], [3] * 5)
    np.testing.assert_array_equal(measure(dllm, max_distance=3).distances, [1, 2, 3])


def test_prompt_and_answer_apart_make_up_the_whole(dllm):
    prompt, answer = kv_staleness_by_origin(dllm, PROMPT, ANSWER, max_new_tokens=CANVAS)
    together, alone = measure(dllm), measure(dllm, first_position=5)
    np.testing.assert_array_equal(prompt.count + answer.count, together.count)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(answer, name), getattr(alone, name))
        parts = [np.nan_to_num(getattr(x, name)) * x.count for x in (prompt, answer)]
        np.testing.assert_allclose(sum(parts) / together.count, getattr(together, name))


def test_the_first_layer_sees_only_the_token_itself(dllm):
    found = measure(dllm)
    for name in MEASURES:
        assert np.abs(getattr(found, name)[0]).max() < 1e-5
        assert getattr(found, name)[1].min() > 1e-4


def test_batching_changes_nothing(dllm):
    one, many = measure(dllm, batch_size=1), measure(dllm, batch_size=4)
    for name in MEASURES:
        np.testing.assert_allclose(getattr(one, name), getattr(many, name), atol=1e-5)


def test_the_last_step_is_all_the_drift_there_is(dllm):
    one_step = kv_staleness(dllm, PROMPT, ANSWER[:1], max_new_tokens=CANVAS)
    np.testing.assert_allclose(one_step.key_step, one_step.key_drift, atol=1e-6)
    np.testing.assert_allclose(one_step.value_step, one_step.value_drift, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens_per_step": 0},
        {"tokens_per_step": 7},
        {"max_distance": 0},
        {"first_position": 6},
        {"max_new_tokens": 5},
    ],
)
def test_numbers_out_of_range(dllm, changes):
    with pytest.raises(ValueError, match="is not allowed"):
        kv_staleness(dllm, PROMPT, ANSWER, **{"max_new_tokens": CANVAS, **changes})


def test_a_window_over_everything_diverges_nowhere(dllm):
    found = window_divergence(dllm, PROMPT, ANSWER, [50, 15], max_new_tokens=CANVAS, horizon=3)
    assert found.shape == (2, 6, 3)
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_divergence_of_a_short_window_is_that_of_its_passes(dllm):
    (found,) = window_divergence(dllm, PROMPT, ANSWER, [1], max_new_tokens=CANVAS, horizon=9)
    assert found[0].max() < 1e-6  # the first pass recomputes everything
    assert found[1:, 0].max() > 1e-3
    assert np.isnan(found[1, 8]) and not np.isnan(found[1, 7])
    windowed, forbidden = dllm.window(1), forbidden_tokens(dllm)
    for done in range(3):
        start, stop = 5 + done, len(canvas(5))
        laws = [
            tempered_log_probs(window.logits(canvas(start), start, stop), 1.0, forbidden).exp()
            for window in (windowed, dllm.window(None))
        ]
        expected = total_variation(*laws)
        np.testing.assert_allclose(found[done, : len(expected)], expected, atol=1e-9)


@pytest.mark.parametrize(
    "changes",
    [{"horizon": 0}, {"tokens_per_step": 0}, {"temperature": 0.0}, {"max_new_tokens": 5}],
)
def test_divergence_refuses_numbers_out_of_range(dllm, changes):
    with pytest.raises(ValueError, match="is not allowed"):
        window_divergence(dllm, PROMPT, ANSWER, [1], **{"max_new_tokens": CANVAS, **changes})
