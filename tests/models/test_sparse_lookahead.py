"""A lookahead that goes on in steps: which positions the dLLM sees, and as which."""

import pytest
import torch
from tiny_checkpoints import MASK, random_ids, tiny_dream, tiny_llada, tiny_tokenizer

from apd.decoding.protocols import MarginalRequest
from apd.errors import ApdError
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.marginal_passes import MarginalPasses
from apd.models.plain import PlainDecoder
from apd.models.transformer import run_layers

LENGTH = 18
# A decode with a lookahead of 4: (frontier t, end of the lookahead).
PASSES = [(6, 10), (7, 11), (10, 14), (11, 15), (13, 17), (17, 18)]


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(request.param(), tiny_tokenizer(), frozenset({0}))


def canvas(frontier: int) -> torch.Tensor:
    tokens = random_ids(LENGTH, seed=5)
    tokens[frontier:] = MASK
    return tokens


def ask(window: MarginalPasses, start: int, stop: int, beyond: range | None) -> torch.Tensor:
    dllm = window._dllm
    rows = range(start, stop)
    return dllm.marginals(
        [MarginalRequest(dllm, window, canvas(start), start, stop, rows, beyond)]
    )[0]


@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_masks_beyond_are_seen_where_they_stand(dllm, stride: int) -> None:
    for start, stop in PASSES:
        beyond = range(stop - 1 + stride, LENGTH, stride)
        found = ask(dllm.window(None), start, stop, beyond)
        positions = torch.tensor([*range(stop), *beyond])
        n = len(positions)
        sight = torch.ones(1, 1, n, n, dtype=torch.bool)
        tokens = canvas(start)[positions]
        with torch.no_grad():
            hidden = run_layers(dllm.model.model, tokens[None], sight, positions[None])[0]
            offset = dllm.model.prediction_offset
            expected = dllm.model.lm_head(hidden[start - offset : stop - offset])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kv_window", [None, 1, 5])
def test_every_mask_beyond_is_no_lookahead_at_all(dllm, kv_window: int | None) -> None:
    sparse, whole = dllm.window(kv_window), dllm.window(kv_window)
    for start, stop in PASSES:
        found = ask(sparse, start, stop, range(stop, LENGTH))
        expected = ask(whole, start, LENGTH, None)[: stop - start]
        assert torch.equal(found, expected)


def test_in_a_batch_each_sees_its_own(dllm) -> None:
    beyonds = [range(12, LENGTH, 3), None, range(14, LENGTH, 2)]
    requests = [
        MarginalRequest(dllm, dllm.window(None), canvas(6), 6, 10, range(6, 10), beyond)
        for beyond in beyonds
    ]
    together = dllm.marginals(requests)
    for found, beyond in zip(together, beyonds, strict=True):
        alone = ask(dllm.window(None), 6, 10, beyond)
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_a_pass_over_consecutive_positions_refuses_in_one_line() -> None:
    dllm = MaskedDiffusionLM(tiny_dream(), tiny_tokenizer(), frozenset({0}))
    dllm.inference = PlainDecoder(dllm.model, causal=False)
    with pytest.raises(ApdError, match="consecutive positions only: use sparse_lookahead=0"):
        ask(dllm.window(None), 6, 10, range(12, LENGTH, 3))
