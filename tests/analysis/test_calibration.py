"""Calibration of the marginals by distance from the frontier."""

import numpy as np
import pytest
import torch
from tiny_checkpoints import MASK, random_ids, tiny_dream, tiny_llada, tiny_tokenizer

from apd.analysis import (
    MarginalRecord,
    calibration_error,
    joined,
    record_marginals,
    reliability,
)
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.models.diffusion import MaskedDiffusionLM

PROMPT, ANSWER = random_ids(5, seed=1), random_ids(6, seed=2)
CANVAS = 9


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(request.param(), tiny_tokenizer(), frozenset({3, 40}))


def test_a_record_is_what_the_masked_canvas_says_of_the_answer(dllm):
    record = record_marginals(dllm, PROMPT, ANSWER, [2, 5], max_new_tokens=CANVAS)
    assert record.distance.tolist() == [0, 1, 2, 3, 0]
    canvas = torch.cat([PROMPT, ANSWER[:2], torch.full((CANVAS - 2,), MASK)])
    law = tempered_log_probs(dllm.canvas_logits(canvas), 1.0, forbidden_tokens(dllm))[7:11]
    best, token = law.max(-1)
    np.testing.assert_allclose(record.confidence[:4], best.exp(), rtol=1e-5)
    assert record.correct[:4].tolist() == (token == ANSWER[2:]).tolist()
    np.testing.assert_allclose(record.nll[:4], -law[range(4), ANSWER[2:]], rtol=1e-5)


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.91, 0.55, 0.52])
    correct = np.array([True, False, True, False])
    high = abs((0.95 + 0.91) / 2 - 0.5) * 2 / 4
    middle = abs((0.55 + 0.52) / 2 - 0.5) * 2 / 4
    assert calibration_error(confidence, correct) == pytest.approx(high + middle)
    assert calibration_error(np.ones(3), np.ones(3, bool)) == 0.0


def test_a_calibrated_source_has_a_small_error_and_an_overconfident_one_has_not():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 1.0, 20_000)
    correct = rng.random(20_000) < confidence
    assert calibration_error(confidence, correct) < 0.02
    sharper = confidence**0.25
    assert calibration_error(sharper, correct) > 0.2


def test_ranges_of_distance_are_apart_and_empty_ones_left_out():
    near = MarginalRecord(np.array([0, 1]), np.array([0.9, 0.9]), np.ones(2, bool), np.zeros(2))
    far = MarginalRecord(np.array([9]), np.array([0.6]), np.zeros(1, bool), np.ones(1))
    rows = reliability(joined([near, far]), [0, 4, 8, 16])
    assert [row.distances for row in rows] == [(0, 4), (8, 16)]
    assert [row.count for row in rows] == [2, 1]
    assert rows[0].calibration_error == pytest.approx(0.1)
    assert (rows[1].accuracy, rows[1].nll, rows[1].confidence) == (0.0, 1.0, 0.6)


@pytest.mark.parametrize(
    ("frontier", "canvas", "temperature"), [(6, 9, 1.0), (0, 5, 1.0), (0, 9, 0.0)]
)
def test_numbers_out_of_range(dllm, frontier, canvas, temperature):
    with pytest.raises(ValueError, match="is not allowed"):
        record_marginals(
            dllm, PROMPT, ANSWER, [frontier], max_new_tokens=canvas, temperature=temperature
        )
