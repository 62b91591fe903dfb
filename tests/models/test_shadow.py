"""WINO's shadow of a block: one pass with a mask, and what it hides."""

import pytest
import torch
from tiny_checkpoints import MASK, random_ids, shape, tiny_dream, tiny_llada, tiny_tokenizer

from apd.decoding.protocols import ShadowRequest
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.llada import LladaConfig, LladaForMaskedDiffusion
from apd.models.transformer import run_layers

BLOCK, LENGTH = range(8, 13), 18


def wrap(model) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(model, tiny_tokenizer(), frozenset({0}))


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return wrap(request.param())


def canvas(seed: int = 5, *masked: int) -> torch.Tensor:
    tokens = random_ids(LENGTH, seed=seed)
    tokens[[*masked, *range(BLOCK.stop, LENGTH)]] = MASK
    return tokens


def ask(dllm, tokens, rows=BLOCK) -> tuple[torch.Tensor, torch.Tensor]:
    logits = dllm.shadowed([ShadowRequest(dllm, tokens, rows)])[0]
    return logits[: len(rows)], logits[len(rows) :]


def in_one_pass(dllm, tokens) -> torch.Tensor:
    """The shadow's logits from canvas and shadow side by side, with everything in the mask."""
    B, n, offset = len(BLOCK), LENGTH, dllm.model.prediction_offset
    repeated = tokens[7:12] if offset else torch.full((B,), MASK)
    sight = torch.zeros(n + B, n + B, dtype=torch.bool)
    sight[:n, :n] = sight[n:, :n] = True
    for k in range(B):
        sight[n + k, BLOCK.start + k] = False
        if offset:
            sight[n + k, n + k] = True
            sight[n + k, BLOCK.start + k - 1] = False
        else:
            sight[n + k, n:] = True
    positions = torch.cat((torch.arange(n), torch.arange(8 - offset, 13 - offset)))
    hidden = run_layers(
        dllm.model.model, torch.cat((tokens, repeated))[None], sight[None, None], positions[None]
    )
    return dllm.model.lm_head(hidden[0, n:])


def test_it_is_one_pass_over_canvas_and_shadow(dllm) -> None:
    tokens = canvas(5, 9, 11)
    seen, hidden = ask(dllm, tokens)
    torch.testing.assert_close(seen, dllm.canvas_logits(tokens)[8:13], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(hidden, in_one_pass(dllm, tokens), atol=1e-4, rtol=1e-4)


def test_several_requests_are_answered_as_one_by_one(dllm) -> None:
    requests = [
        ShadowRequest(dllm, canvas(5, 9), BLOCK),
        ShadowRequest(dllm, canvas(6, 8, 10)[:15], range(7, 10)),
    ]
    for request, logits in zip(requests, dllm.shadowed(requests), strict=True):
        alone = torch.cat(ask(dllm, request.tokens, request.rows))
        torch.testing.assert_close(logits, alone, atol=1e-4, rtol=1e-4)


def test_with_one_layer_a_shadow_of_one_position_is_the_canvas_with_a_mask_there() -> None:
    torch.manual_seed(7)
    fields = shape(mask_token_id=MASK, num_hidden_layers=1, bos_token_id=None)
    config = LladaConfig(**{**fields, "num_key_value_heads": 4})
    dllm = wrap(LladaForMaskedDiffusion(config).eval())
    tokens, without = canvas(5, 11), canvas(5, 9, 11)
    _, hidden = ask(dllm, tokens, range(9, 10))
    expected = dllm.canvas_logits(without)[9:10]
    torch.testing.assert_close(hidden, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(dllm.canvas_logits(tokens)[9:10], expected, atol=1e-2)
