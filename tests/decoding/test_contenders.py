"""Laws among the contenders draw the tokens that laws over the whole vocabulary draw."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import ToyModel, consistent_pair, toy_prompt

from apd.decoding import AdaptiveConfig, adaptive
from apd.decoding import contenders as module
from apd.decoding.config import SamplingConfig
from apd.decoding.contenders import COLDEST, REACH, Contenders
from apd.decoding.noise import IterationNoise
from apd.decoding.warpers import (
    forbidden_tokens,
    log_weights,
    nucleus,
    tempered_log_probs,
    tempered_logits,
)
from apd.mixture import mixture_logits

V, SMALL = 300, 280
MODELS = ToyModel(V, never_sampled=(7, 11)), ToyModel(SMALL, never_sampled=(1,))


def random_logits(seed: int, spread: float, size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(6, size, generator=generator)
    logits[:, 7] = 10 * spread  # forbidden, and more likely than any other
    return logits


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([1e-3, 1.0, 5.0, 1e4]),
    temperature=st.sampled_from([0.0, 1e-6, 0.05, 0.2, 1.0, 3.0]),
    weight=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    top_p=st.sampled_from([0.5, 0.95, 1.0]),
    block=st.sampled_from([1, 2 * SMALL, 10**6]),
)
def test_the_draws_are_those_of_the_whole_laws(seed, spread, temperature, weight, top_p, block):
    marginal = random_logits(seed, spread, V)
    joint = random_logits(seed + 1, spread, SMALL)
    config = SamplingConfig(temperature=temperature, seed=seed)
    noise = IterationNoise(config, V, torch.arange(6), 0)
    forbidden = forbidden_tokens(*MODELS)
    log_marginal = tempered_log_probs(marginal, temperature, forbidden)
    log_joint = tempered_logits(joint, temperature, forbidden)
    draft = noise.draw_shared(nucleus(log_marginal, top_p))
    target = noise.draw_shared(mixture_logits(log_marginal, log_joint, weight))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        contenders = Contenders(MODELS, temperature)
        marginal, joint = contenders.known(marginal), contenders.known(joint)
        drawn = contenders.between((1.0, marginal))
        mixed = contenders.between((weight, marginal), (1 - weight, joint))
    law = log_weights(marginal, temperature, drawn).log_softmax(-1)
    assert torch.equal(noise.among(drawn).draw_shared(nucleus(law, top_p)), draft)
    weights = (log_weights(logits, temperature, mixed) for logits in (marginal, joint))
    law = mixture_logits(*weights, weight)
    assert torch.equal(noise.among(mixed).draw_shared(law), target)
    assert not forbidden[drawn].any() and not forbidden[mixed].any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_logits_of_any_precision_and_width_are_taken(dtype):
    contenders = Contenders(MODELS, 0.2)
    wide, narrow = torch.ones(2, V, dtype=dtype), torch.ones(2, 100, dtype=dtype)
    for logits in (wide, narrow):
        known = contenders.known(logits)
        assert known.shape == (2, SMALL)
        assert known.dtype == (dtype if dtype == torch.float64 else torch.float32)
        assert (known[:, :100] == 1).all()
    assert contenders.known(narrow)[:, 100:].eq(-torch.inf).all()
    assert contenders.between((1.0, contenders.known(narrow))).tolist() == [
        i for i in range(100) if i not in (1, 7, 11)
    ]


def test_what_is_out_of_reach_is_left_out():
    logits = torch.zeros(2, V)
    logits[0, 5], logits[1, 6] = 100.0, 100.0
    logits[0, 20] = 100.0 - 0.19 * REACH
    logits[0, 21] = 100.0 - 0.21 * REACH
    assert Contenders(MODELS, 0.2).between((1.0, logits[:, :SMALL])).tolist() == [5, 6, 20]
    assert Contenders(MODELS, 0.0).between((1.0, logits[:, :SMALL])).tolist() == [5, 6]


def test_all_that_may_be_sampled_contend_where_most_do_or_laws_are_compared_whole():
    allowed = (~forbidden_tokens(*MODELS)).nonzero().flatten().tolist()
    alike, apart = torch.zeros(2, V), 1e3 * torch.arange(V).float().expand(2, V)
    assert Contenders(MODELS, 1.0).between((1.0, alike[:, :SMALL])).tolist() == allowed
    assert len(Contenders(MODELS, 1.0).between((1.0, apart[:, :SMALL]))) == 1
    whole = Contenders(MODELS, 1.0, all_allowed=True)
    assert whole.between((1.0, apart[:, :SMALL])).tolist() == allowed


def test_an_expert_without_weight_does_not_count_with_its_zeros_either():
    marginal, joint = torch.full((1, SMALL), -torch.inf), torch.zeros(1, SMALL)
    marginal[:, 3], joint[:, 4] = 0.0, 100.0
    contenders = Contenders(MODELS, COLDEST)
    assert contenders.between((0.0, marginal), (1.0, joint)).tolist() == [4]
    assert contenders.between((1.0, marginal), (0.0, joint)).tolist() == [3]


@pytest.mark.parametrize("acceptance", ["gumbel", "greedy", "independent", "maximal"])
@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0])
def test_where_all_contend_as_on_an_accelerator_the_tokens_are_the_same(
    acceptance, temperature, monkeypatch
):
    dllm, verifier = consistent_pair(5, error=0.5)
    config = AdaptiveConfig(acceptance=acceptance, temperature=temperature, max_new_tokens=16)
    few = adaptive(dllm, verifier, toy_prompt(5), config)
    monkeypatch.setattr(Contenders, "between", lambda self, *parts: self._allowed)
    whole = adaptive(dllm, verifier, toy_prompt(5), config)
    assert few.tokens == whole.tokens
    assert [i.target for i in few.iterations] == [i.target for i in whole.iterations]


def test_noise_among_some_tokens_is_theirs_among_all():
    positions, ids = torch.arange(4, 9), torch.tensor([1, 5, 200])
    noise = IterationNoise(SamplingConfig(seed=3), V, positions, 2)
    among = noise.among(ids)
    assert torch.equal(among.shared, noise.shared[:, ids])
    assert torch.equal(among.target, noise.target[:, ids])
    assert torch.equal(among.accept, noise.accept)
    assert among.among(ids) is among
    law = torch.randn(5, len(ids), generator=torch.Generator().manual_seed(0)).double()
    assert torch.equal(among.draw_shared(law), ids[(law + noise.shared[:, ids]).argmax(-1)])
    assert torch.equal(among.draw_target(law), ids[(law + noise.target[:, ids]).argmax(-1)])
    assert torch.equal(among.likeliest(law), ids[law.argmax(-1)])
