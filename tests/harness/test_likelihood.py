"""Log likelihoods against enumeration: chain rules, the diffusion bound, batching."""

import math
from itertools import permutations, product
from pathlib import Path

import pytest
import torch
from tiny_checkpoints import random_ids, write_dream, write_llada, write_qwen
from toy_models import (
    HashDiffusion,
    MarkovAutoregressive,
    MarkovDiffusion,
    consistent_pair,
    toy_prompt,
)

from apd.decoding import LeftToRightConfig, left_to_right
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.harness.diffusion_bound import diffusion_bound
from apd.harness.likelihood import (
    Passage,
    causal_log_likelihood,
    is_greedy_left_to_right,
    left_to_right_log_likelihood,
)
from apd.models.diffusion import load_diffusion
from apd.models.verifier import load_verifier

CONTEXT = (3, 5)


def passage(*tokens: int) -> Passage:
    return Passage(CONTEXT, tokens)


def chain_in_order(dllm: HashDiffusion, text: Passage, order: tuple[int, ...]) -> float:
    """log of the chain rule in one order of unmasking, one `canvas_logits` a step."""
    canvas = text.tokens()
    start = len(text.context)
    canvas[start:] = dllm.mask_token_id
    total = 0.0
    for i in order:
        law = tempered_log_probs(dllm.canvas_logits(canvas), 1.0, forbidden_tokens(dllm))
        total += float(law[start + i, text.continuation[i]])
        canvas[start + i] = text.continuation[i]
    return total


def markov_chain(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(7, 7, generator=generator).softmax(-1)


def test_all_three_scores_of_a_consistent_model_are_its_joint_law() -> None:
    chain = markov_chain()
    dllm, causal = MarkovDiffusion(transition=chain), MarkovAutoregressive(7, transition=chain)
    text = passage(1, 6, 2, 2)
    steps = zip((5, 1, 6, 2), (1, 6, 2, 2), strict=True)
    joint = sum(math.log(float(chain[a, b])) for a, b in steps)
    assert causal_log_likelihood(causal, [text])[0].value == pytest.approx(joint, abs=1e-5)
    assert left_to_right_log_likelihood(dllm, [text])[0].value == pytest.approx(joint, abs=1e-5)
    bound = diffusion_bound(dllm, [text])[0]
    assert bound.value == pytest.approx(joint, abs=1e-5)
    assert bound.stderr == 0


def test_left_to_right_equals_the_causal_model_with_the_same_conditionals() -> None:
    dllm, causal = consistent_pair(key=4)
    texts = [passage(1), passage(4, 4, 2), passage(), passage(2, 1, 6, 3, 0)]
    ours = left_to_right_log_likelihood(dllm, texts, batch_size=3)
    theirs = causal_log_likelihood(causal, texts, batch_size=2)
    for own, other in zip(ours, theirs, strict=True):
        assert own.value == pytest.approx(other.value, abs=1e-6)
        assert own.greedy == other.greedy


@pytest.mark.parametrize("settings", [{}, {"max_lookahead": 1}, {"canvas_length": 5}])
def test_left_to_right_is_a_law_over_texts_of_one_length(settings: dict[str, int]) -> None:
    dllm = HashDiffusion(6, key=2, feels_length=True)
    texts = [passage(*tokens) for tokens in product(range(6), repeat=3)]
    scores = left_to_right_log_likelihood(dllm, texts, batch_size=999, **settings)
    assert sum(math.exp(score.value) for score in scores) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("max_lookahead", [None, 1, 3])
def test_left_to_right_reads_the_canvas_that_decoding_reads(max_lookahead: int | None) -> None:
    dllm = HashDiffusion(8, key=7, feels_length=True)
    text, length = passage(1, 6, 2), 5
    canvas = torch.cat((text.tokens()[:2], torch.full((length,), dllm.mask_token_id)))
    window, expected = dllm.window(None), 0.0
    for i, token in enumerate(text.continuation):
        t = 2 + i
        stop = len(canvas) if max_lookahead is None else min(t + max_lookahead, len(canvas))
        law = tempered_log_probs(window.logits(canvas, t, stop), 1.0, forbidden_tokens(dllm))
        expected += float(law[0, token])
        canvas[t] = token
    score = left_to_right_log_likelihood(
        dllm, [text], max_lookahead=max_lookahead, canvas_length=length
    )[0]
    assert score.value == pytest.approx(expected, abs=1e-6)


def test_the_bound_is_the_mean_over_all_orders() -> None:
    dllm = HashDiffusion(8, key=3)
    text = passage(1, 6, 2, 4)
    orders = [chain_in_order(dllm, text, order) for order in permutations(range(4))]
    mean = sum(orders) / len(orders)
    assert diffusion_bound(dllm, [text], samples=15)[0].value == pytest.approx(mean, abs=1e-6)
    assert max(orders) - min(orders) > 0.1  # the orders do differ, so the mean says something


def test_the_monte_carlo_bound_agrees_within_its_standard_error() -> None:
    dllm = HashDiffusion(8, key=3)
    text = passage(1, 6, 2, 4)
    exact = diffusion_bound(dllm, [text], samples=15)[0]
    sampled = diffusion_bound(dllm, [text], samples=14, seed=0)[0]
    assert sampled.stderr > 0
    long = Passage(CONTEXT, (1, 6, 2, 4) * 3)
    few = diffusion_bound(dllm, [long], samples=4000, seed=1)[0]
    every = diffusion_bound(dllm, [long], samples=4095)[0]
    assert every.stderr == 0 < few.stderr
    assert abs(few.value - every.value) < 4 * few.stderr
    assert abs(sampled.value - exact.value) < 5 * sampled.stderr


def test_random_sets_depend_on_seed_and_context_only() -> None:
    dllm = HashDiffusion(8, key=3)
    text, other = passage(*[1, 2, 3] * 3), passage(*[4, 2, 6] * 3)
    alone = diffusion_bound(dllm, [text], samples=8, seed=5)[0]
    together = diffusion_bound(dllm, [other, text], samples=8, seed=5, batch_size=3)[1]
    assert together == alone
    assert diffusion_bound(dllm, [text], samples=8, seed=6)[0] != alone


def test_greedy_means_that_left_to_right_decoding_writes_it() -> None:
    dllm = HashDiffusion(8, key=9, end_token_ids=frozenset())
    prompt = toy_prompt(1)
    config = LeftToRightConfig(temperature=0, max_new_tokens=5)
    tokens = left_to_right(dllm, prompt, config).tokens
    written = Passage(tuple(prompt.tolist()), tokens)
    changed = Passage(written.context, (*tokens[:-1], (tokens[-1] + 1) % 7))
    for text, greedy in ((written, True), (changed, False)):
        assert left_to_right_log_likelihood(dllm, [text])[0].greedy is greedy
        assert is_greedy_left_to_right(dllm, text) is greedy
    assert diffusion_bound(dllm, [written])[0].greedy is None


def test_a_token_that_is_never_sampled_has_probability_zero() -> None:
    dllm = HashDiffusion(8)
    score = left_to_right_log_likelihood(dllm, [passage(1, dllm.mask_token_id)])[0]
    assert score.value == -math.inf
    assert not score.greedy


@pytest.mark.parametrize("write", [write_dream, write_llada])
def test_batches_of_real_models_score_as_single_passes(write, tmp_path: Path) -> None:
    dllm = load_diffusion(write(tmp_path), dtype=torch.float32)
    ids = random_ids(20).tolist()
    texts = [Passage(tuple(ids[:p]), tuple(ids[p : p + n])) for p, n in ((1, 4), (6, 2), (3, 9))]
    score, expected = left_to_right_log_likelihood, []
    for text in texts:
        order = tuple(range(len(text.continuation)))
        expected.append(chain_in_order(dllm, text, order))  # type: ignore[arg-type]
    for size in (1, 4, 64):
        values = [s.value for s in score(dllm, texts, batch_size=size)]
        assert values == pytest.approx(expected, abs=1e-3)
    orders = [chain_in_order(dllm, texts[1], order) for order in ((0, 1), (1, 0))]  # type: ignore[arg-type]
    bound = diffusion_bound(dllm, texts[1:2])[0].value
    assert bound == pytest.approx(sum(orders) / 2, abs=1e-3)


def test_the_causal_score_is_that_of_transformers(tmp_path: Path) -> None:
    model = load_verifier(write_qwen(tmp_path), dtype=torch.float32)
    ids = random_ids(12)
    texts = [Passage(tuple(ids[:3].tolist()), tuple(ids[3:].tolist())), Passage((7,), (8, 9))]
    scores = causal_log_likelihood(model, texts)
    for text, score in zip(texts, scores, strict=True):
        tokens = text.tokens()
        with torch.no_grad():
            law = model.model(tokens[None]).logits[0].double()
        law[:, model.forbidden_token_ids] = -torch.inf
        steps = law.log_softmax(-1)[:-1].gather(-1, tokens[1:, None]).squeeze(-1)
        expected = float(steps[len(text.context) - 1 :].sum())
        assert score.value == pytest.approx(expected, abs=1e-3)


def test_bad_settings_name_value_and_remedy() -> None:
    dllm = HashDiffusion(8)
    with pytest.raises(ValueError, match="end-of-text"):
        Passage((), (1,))
    with pytest.raises(ValueError, match="max_lookahead=0"):
        left_to_right_log_likelihood(dllm, [passage(1)], max_lookahead=0)
    with pytest.raises(ValueError, match="canvas_length=1"):
        left_to_right_log_likelihood(dllm, [passage(1, 2)], canvas_length=1)
    with pytest.raises(ValueError, match="samples=1"):
        diffusion_bound(dllm, [passage(1)], samples=1)
    with pytest.raises(ValueError, match="batch_size=0"):
        diffusion_bound(dllm, [passage(1)], batch_size=0)
