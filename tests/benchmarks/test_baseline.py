"""The plain baseline and the package's decoder produce the same tokens, iteration by iteration."""

import pytest
import torch

from apd import AdaptiveConfig, adaptive, load_pair
from apd.benchmarks.baseline import load_baseline
from apd.decoding.warpers import forbidden_tokens

QUESTIONS = (
    "Tom has 3 apples and buys 4 more. How many apples does Tom have?",
    "What is (7 + 5) * 3?",
)
baseline = load_baseline()


@pytest.fixture(scope="module")
def pair():
    torch.set_num_threads(1)
    return load_pair("mini", device="cpu", dtype="float32")


def decode_plainly(pair, prompt, config, **options):
    return baseline.baseline_adaptive(
        pair.dllm.model,
        pair.verifier.model,
        prompt,
        config,
        forbidden=forbidden_tokens(pair.dllm, pair.verifier),
        end_token_ids=pair.dllm.end_token_ids,
        **options,
    )


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "settings",
    [
        {"kv_window": 16, "max_lookahead": 24},
        {"kv_window": 16, "max_lookahead": 24, "noise": "position", "seed": 3},
        {"kv_window": 2, "max_lookahead": 5, "mixture_weight": 0.3, "temperature": 1.0},
        {"kv_window": None, "max_lookahead": None, "max_new_tokens": 24},
        {"kv_window": 4, "max_lookahead": None, "mixture_weight": 1.0, "max_new_tokens": 20},
        {"kv_window": None, "max_lookahead": 8, "mixture_weight": 0.0, "top_p": 1.0},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
def test_tokens_and_acceptances_are_those_of_the_package(pair, question, settings):
    config = AdaptiveConfig(**{"max_new_tokens": 40, **settings})
    prompt = pair.encode_chat(question)
    ours = adaptive(pair.dllm, pair.verifier, prompt, config)
    plain = decode_plainly(pair, prompt, config)
    assert plain.tokens == ours.tokens
    assert plain.accepted == tuple(len(iteration.accepted) for iteration in ours.iterations)
    assert plain.throughput == pytest.approx(len(ours.tokens) / sum(plain.seconds))


def test_it_stops_after_the_iterations_asked_for(pair):
    config = AdaptiveConfig(kv_window=4, max_lookahead=6, max_new_tokens=40)
    prompt = pair.encode_chat(QUESTIONS[0])
    whole = decode_plainly(pair, prompt, config)
    part = decode_plainly(pair, prompt, config, max_iterations=2)
    assert len(whole.accepted) > 2
    assert part.accepted == whole.accepted[:2]
    assert len(part.seconds) == 2
    assert part.tokens == whole.tokens[: sum(part.accepted)]


def test_the_cache_grows_by_appending_and_shrinks_by_cropping():
    cache = baseline.ConcatenatedCache()
    states = torch.arange(24.0).view(1, 2, 6, 2)
    cache.update(states[:, :, :4], -states[:, :, :4], 0)
    cache.crop(3)
    keys, values = cache.update(states[:, :, 3:], -states[:, :, 3:], 0)
    assert torch.equal(keys, states) and torch.equal(values, -states)
    assert baseline.len_of(cache) == 6


def test_top_p_by_sorting_is_the_smallest_sufficient_set():
    probs = torch.tensor([[0.1, 0.5, 0.05, 0.35], [0.25, 0.25, 0.25, 0.25]]).double()
    kept = baseline.keep_top_p(probs.log(), 0.8).exp()
    assert torch.equal(kept[0] > 0, torch.tensor([False, True, False, True]))
    assert int((kept[1] > 0).sum()) == 4
    assert torch.equal(baseline.keep_top_p(probs.log(), 1.0), probs.log())
