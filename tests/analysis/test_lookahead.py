"""End probabilities as a function of the lookahead."""

import numpy as np
import pytest
import torch
from tiny_checkpoints import MASK, random_ids, tiny_dream, tiny_llada, tiny_tokenizer

from apd.analysis import end_hazard, end_probability, end_profile, expected_length
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.models.diffusion import MaskedDiffusionLM

ENDS = frozenset({3, 40})
PROMPT, ANSWER = random_ids(5, seed=1), random_ids(6, seed=2)
CANVAS = 9


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(request.param(), tiny_tokenizer(), ENDS)


@pytest.mark.parametrize(("lookahead", "shown"), [(None, 7), (1, 1), (4, 4), (7, 7), (20, 7)])
def test_a_profile_is_that_of_the_cut_canvas(dllm, lookahead, shown):
    found = end_profile(dllm, PROMPT, ANSWER[:2], lookahead, max_new_tokens=CANVAS, temperature=2.0)
    canvas = torch.cat([PROMPT, ANSWER[:2], torch.full((shown,), MASK)])
    law = tempered_log_probs(dllm.canvas_logits(canvas), 2.0, forbidden_tokens(dllm)).exp()
    np.testing.assert_allclose(found, law[7:, [3, 40]].sum(-1), rtol=1e-5)


def test_lookaheads_side_by_side(dllm):
    table = end_probability(dllm, PROMPT, ANSWER[:2], [2, None], max_new_tokens=CANVAS)
    assert table.shape == (2, 7)
    assert np.isnan(table[0, 2:]).all() and not np.isnan(table[1]).any()
    alone = end_profile(dllm, PROMPT, ANSWER[:2], 2, max_new_tokens=CANVAS)
    np.testing.assert_array_equal(table[0, :2], alone)


def test_the_hazard_is_the_profile_at_the_frontier(dllm):
    hazard = end_hazard(dllm, PROMPT, ANSWER, [3, CANVAS, None], max_new_tokens=CANVAS)
    assert hazard.shape == (3, 6)
    np.testing.assert_array_equal(hazard[1], hazard[2])  # M at full length is no limit
    for decoded in range(6):
        profile = end_profile(dllm, PROMPT, ANSWER[:decoded], 3, max_new_tokens=CANVAS)
        assert hazard[0, decoded] == profile[0]


def test_expected_length_against_its_definition():
    hazard = np.array([0.1, 0.5, 0.2, 1.0])
    chances = [0.1, 0.9 * 0.5, 0.9 * 0.5 * 0.2, 0.9 * 0.5 * 0.8]
    assert expected_length(hazard) == pytest.approx(np.dot([1, 2, 3, 4], chances))
    both = expected_length(np.stack([hazard, np.zeros(4)]))
    np.testing.assert_allclose(both, [expected_length(hazard), 4])


@pytest.mark.parametrize(
    ("decoded", "lookahead", "temperature"), [(9, 3, 1.0), (2, 0, 1.0), (2, 3, 0.0)]
)
def test_numbers_out_of_range(dllm, decoded, lookahead, temperature):
    with pytest.raises(ValueError, match="is not allowed"):
        end_profile(
            dllm,
            PROMPT,
            random_ids(decoded),
            lookahead,
            max_new_tokens=CANVAS,
            temperature=temperature,
        )
