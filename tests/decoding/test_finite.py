"""Logits that are no numbers stop a decode with one line, whichever decoder asked for them."""

import re
from collections.abc import Callable

import pytest
import torch
from one_line_errors import error_of
from tiny_checkpoints import END_OF_TEXT, random_ids, tiny_dream, tiny_qwen, tiny_tokenizer

from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    adaptive,
    adaptive_batch,
    any_order,
    autoregressive,
    left_to_right,
)
from apd.decoding.finite import FiniteLogits
from apd.decoding.protocols import CanvasRequest
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.verifier import CausalVerifier

PROMPT = random_ids(5)
ENDS = frozenset({END_OF_TEXT})


def drafter(damage: float | None = None) -> MaskedDiffusionLM:
    lm = MaskedDiffusionLM(tiny_dream(), tiny_tokenizer(), ENDS, name="my-dream")
    if damage is not None:
        lm.model.lm_head.weight.data[3, 0] = damage
    return lm


def reader(damage: float | None = None) -> CausalVerifier:
    lm = CausalVerifier(tiny_qwen(tied=False), tiny_tokenizer(), ENDS, name="my-qwen")
    if damage is not None:
        lm.model.lm_head.weight.data[3, 0] = damage
    return lm


SHORT = {"max_new_tokens": 8}
DECODERS: dict[str, Callable[[float, float], object]] = {
    "apd": lambda x, T: adaptive(
        drafter(x), reader(), PROMPT, AdaptiveConfig(temperature=T, **SHORT)
    ),
    "apd's verifier": lambda x, T: adaptive(
        drafter(), reader(x), PROMPT, AdaptiveConfig(temperature=T, **SHORT)
    ),
    "batch": lambda x, T: adaptive_batch(
        drafter(), reader(x), [PROMPT, PROMPT], AdaptiveConfig(temperature=T, **SHORT)
    ),
    "left to right": lambda x, T: left_to_right(
        drafter(x), PROMPT, LeftToRightConfig(temperature=T, **SHORT)
    ),
    "any order": lambda x, T: any_order(drafter(x), PROMPT, AnyOrderConfig(temperature=T, **SHORT)),
    "autoregressive": lambda x, T: autoregressive(
        reader(x), PROMPT, AutoregressiveConfig(temperature=T, **SHORT)
    ),
}


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("damage", [float("nan"), float("inf")])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_damaged_row_is_told(decoder: str, damage: float, temperature: float):
    message = error_of(DECODERS[decoder], damage, temperature)
    name = "my-qwen" if decoder in ("apd's verifier", "batch", "autoregressive") else "my-dream"
    assert re.match(rf"{name} gives logits from \S+ to \S+ for position 5: its weights", message)
    assert "load it as bfloat16 or float32 (--dtype)" in message


class WrittenDown:
    """A law that may rule a token out."""

    name = "m"


def test_a_law_may_rule_a_token_out_but_not_all():
    requests = [
        CanvasRequest(WrittenDown(), PROMPT, range(7, 9)),
        CanvasRequest(WrittenDown(), PROMPT, range(4, 5)),
    ]
    logits = [torch.tensor([[0.0, -torch.inf], [-torch.inf, 1.0]]), torch.zeros(1, 2)]
    FiniteLogits().note(WrittenDown(), requests, logits)
    message = error_of(FiniteLogits().note, drafter(), requests, logits)
    assert message.startswith("my-dream gives logits from -inf to 0 for position 7")
    logits[1].fill_(-torch.inf)
    message = error_of(FiniteLogits().note, WrittenDown(), requests, logits)
    assert message.startswith("m gives logits from -inf to -inf for position 4")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_looked_at_one_pass_later():
    finite = FiniteLogits()
    logits = [torch.full((1, 4), torch.nan, device="cuda")]
    finite.note(WrittenDown(), [CanvasRequest(WrittenDown(), PROMPT, range(1))], logits)
    assert "position 0" in error_of(finite.check)
