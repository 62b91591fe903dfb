"""The dLLM as its own verifier: the left-to-right text, in fewer iterations."""

import pytest
import torch
from toy_models import HashDiffusion

from apd.decoding import AdaptiveConfig, LeftToRightConfig, adaptive, left_to_right
from apd.decoding.oracle import OracleVerifier
from apd.models.pairs import load_pair

QUESTIONS = (
    "Uma is 8 years older than Jose, who is 5. How old is Uma in 2 years?",
    "Tom saves 8 dollars every week for a camera. It costs 47 dollars and Tom already has 15. "
    "How many weeks will it take?",
)


def same_text_in_fewer_iterations(dllm, prompt, settings):
    parallel = AdaptiveConfig(mixture_weight=0.0, noise="position", **settings)
    serial = LeftToRightConfig(noise="position", **settings)
    fast = adaptive(dllm, OracleVerifier(dllm), prompt, parallel)
    slow = left_to_right(dllm, prompt, serial)
    assert fast.tokens == slow.tokens
    return fast, slow


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("seed", range(5))
def test_toys_write_the_left_to_right_text(temperature, seed):
    dllm = HashDiffusion(sharpness=4.0, bond=0.6)
    settings = {"temperature": temperature, "top_p": 1.0, "max_new_tokens": 24, "seed": seed}
    fast, slow = same_text_in_fewer_iterations(dllm, torch.tensor([1, 2, 3]), settings)
    assert len(fast.iterations) <= len(slow.iterations)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_trained_dllm_writes_its_left_to_right_text(question):
    pair = load_pair("mini")
    prompt = pair.encode_chat(question)
    settings = {"temperature": 0.2, "top_p": 1.0, "max_new_tokens": 64, "seed": 3}
    fast, slow = same_text_in_fewer_iterations(pair.dllm, prompt, settings)
    assert len(fast.iterations) < len(slow.iterations) / 2
