"""What can only be told on a CUDA GPU; skipped where there is none."""

import pytest
import torch

from apd.benchmarks.gpu.compiled import captured
from apd.benchmarks.gpu.passes import PassSize, one_pass
from apd.coupling import gumbel_noise
from apd.decoding import (
    AdaptiveConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    adaptive,
    adaptive_batch,
    autoregressive,
    left_to_right,
    left_to_right_batch,
)
from apd.decoding.stopwatch import start_stopwatch
from apd.decoding.warpers import nucleus
from apd.models import load_pair

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

SHORT = 24


@pytest.fixture(scope="module")
def pairs():
    return {d: load_pair("mini", device=d, dtype="float32") for d in ("cpu", "cuda")}


@pytest.fixture(scope="module")
def prompts(pairs):
    questions = ("Tom has 3 apples and buys 4 more. How many apples does Tom have?", "What is 2+2?")
    return [pairs["cpu"].encode_chat(question) for question in questions]


@pytest.mark.parametrize("acceptance", ["gumbel", "greedy", "independent", "maximal"])
@pytest.mark.parametrize("window", [None, 4])
def test_apd_decodes_the_tokens_that_a_cpu_decodes(pairs, prompts, acceptance, window):
    config = AdaptiveConfig(
        acceptance=acceptance, kv_window=window, max_lookahead=16, max_new_tokens=SHORT
    )
    on_cpu, on_gpu = (
        [adaptive(pair.dllm, pair.verifier, prompt, config).tokens for prompt in prompts]
        for pair in pairs.values()
    )
    assert on_gpu == on_cpu


def test_one_token_at_a_time_decodes_the_tokens_that_a_cpu_decodes(pairs, prompts):
    config = LeftToRightConfig(max_new_tokens=SHORT, tokens_per_step=2)
    on_cpu, on_gpu = (left_to_right(p.dllm, prompts[0], config).tokens for p in pairs.values())
    assert on_gpu == on_cpu
    plain = AutoregressiveConfig(max_new_tokens=SHORT)
    on_cpu, on_gpu = (autoregressive(p.verifier, prompts[0], plain).tokens for p in pairs.values())
    assert on_gpu == on_cpu


def test_a_batch_decodes_what_each_prompt_decodes_alone(pairs, prompts):
    dllm, verifier = pairs["cuda"].dllm, pairs["cuda"].verifier
    apd, single = AdaptiveConfig(max_new_tokens=SHORT), LeftToRightConfig(max_new_tokens=SHORT)
    together = [result.tokens for result in adaptive_batch(dllm, verifier, prompts, apd)]
    assert together == [adaptive(dllm, verifier, prompt, apd).tokens for prompt in prompts]
    together = [result.tokens for result in left_to_right_batch(dllm, prompts, single)]
    assert together == [left_to_right(dllm, prompt, single).tokens for prompt in prompts]


def test_times_of_passes_add_up_to_less_than_the_decode(pairs, prompts):
    pair = pairs["cuda"]
    result = adaptive(pair.dllm, pair.verifier, prompts[0], AdaptiveConfig(max_new_tokens=SHORT))
    assert result.dllm_s > 0 and result.verifier_s > 0
    assert result.dllm_s + result.verifier_s < result.wall_s


def test_the_stopwatch_sees_work_that_the_host_does_not_wait_for():
    device = torch.device("cuda")
    stop = start_stopwatch(device)
    torch.cuda._sleep(20_000_000)  # cycles: some ten milliseconds
    assert 0.002 < stop()() < 1


@pytest.mark.parametrize("top_p", [0.1, 0.95, 0.999])
@pytest.mark.parametrize("scale", [0.1, 5.0, 40.0])
def test_the_nucleus_is_that_of_a_cpu(scale, top_p):
    logits = scale * torch.randn(20, 5000, dtype=torch.float64)
    log_probs = logits.log_softmax(-1)
    kept = nucleus(log_probs.cuda(), top_p).cpu()
    assert torch.equal(kept.isinf(), nucleus(log_probs, top_p).isinf())


def test_noise_is_that_of_a_cpu_up_to_the_rounding_of_logarithms():
    positions, tokens = torch.arange(50), torch.arange(2000)
    on_gpu = gumbel_noise(3, positions.cuda(), tokens.cuda())
    torch.testing.assert_close(
        on_gpu.cpu(), gumbel_noise(3, positions, tokens), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["dllm", "verifier"])
def test_a_pass_is_that_of_a_cpu_and_can_be_replayed_as_a_graph(pairs, name, dtype):
    size, tolerance = PassSize(9, 5), {"float32": 1e-4, "bfloat16": 0.05}[dtype]
    on_cpu = one_pass(getattr(pairs["cpu"], name), size)()
    call = one_pass(getattr(load_pair("mini", device="cuda", dtype=dtype), name), size)
    scale = on_cpu.abs().max()
    assert (call().cpu() - on_cpu).abs().max() < tolerance * scale
    replay = captured(call)
    assert (replay().cpu() - on_cpu).abs().max() < tolerance * scale
    assert (replay().cpu() - on_cpu).abs().max() < tolerance * scale
