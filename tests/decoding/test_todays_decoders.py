"""What holds for every decoder of today alike: batches, ends, temperature 0, stopping early."""

import json

import pytest
import torch
from tiny_data import tiny_data_directory
from toy_models import consistent_pair, toy_prompt

from apd.cli.main import main
from apd.decoding.registry import decoder

torch.set_num_threads(1)
NAMES = (
    "fast_dllm",
    "fast_dllm_factor",
    "eb_sampler",
    "klass",
    "wino",
    "self_speculative",
    "speculative",
    "speculative_dllm",
    "poe_bridge",
)
KEEPING = {  # settings under which toys keep several tokens
    "fast_dllm": {"threshold": 0.4},
    "eb_sampler": {"gamma": 1.5},
    "klass": {"threshold": 0.3, "kl_threshold": 0.5},
    "wino": {"threshold": 0.3, "verify_threshold": 0.3},
}


def models_of(name, key, ends=(0,)):
    dllm, small = consistent_pair(key, ends=ends)
    _, large = consistent_pair(key, error=0.5, ends=ends)
    own = {"dllm": dllm, "verifier": small, "baseline": large}
    return [own[kind] for kind in decoder(name).models]


def config_of(name, **settings):
    row = decoder(name)
    chosen = {"temperature": 1.0, "max_new_tokens": 12, **KEEPING.get(name, {}), **settings}
    return row.settings(**chosen, **row.fixed)


def trace(result):
    return result.tokens, [(i.draft, i.target, i.accepted, i.positions) for i in result.iterations]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", range(4))
def test_a_batch_decodes_each_as_alone(name, key) -> None:
    models, config = models_of(name, key), config_of(name)
    prompts, seeds = [toy_prompt(key + i) for i in range(4)], [7, 8, 9, 10]
    together = decoder(name).decode_batch(models, prompts, config, seeds)
    for prompt, seed, result in zip(prompts, seeds, together, strict=True):
        alone = decoder(name).decode(models, prompt, config_of(name, seed=seed))
        assert trace(result) == trace(alone)
        assert result.dllm_forwards == alone.dllm_forwards
        assert result.verifier_forwards == alone.verifier_forwards


@pytest.mark.parametrize("name", NAMES)
def test_temperature_zero_needs_no_seed_and_fills_the_canvas(name) -> None:
    for key in range(4):
        models, prompt = models_of(name, key, ends=()), toy_prompt(key)
        results = [
            decoder(name).decode(models, prompt, config_of(name, temperature=0.0, seed=seed))
            for seed in (0, 1)
        ]
        assert trace(results[0]) == trace(results[1])
        assert results[0].generated_tokens == 12
        assert not results[0].finished
        assert all(iteration.accepted for iteration in results[0].iterations)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_ends_with_its_first_end_token(name) -> None:
    ended = 0
    for key in range(6):
        models, prompt = models_of(name, key, ends=(0, 1)), toy_prompt(key)
        result = decoder(name).decode(models, prompt, config_of(name, seed=key))
        assert result.finished == (result.tokens[-1] in (0, 1))
        assert not {0, 1} & set(result.tokens[:-1])
        ended += result.finished
    assert ended > 2


@pytest.mark.parametrize("name", NAMES)
def test_forbidden_tokens_are_never_written(name) -> None:
    models = models_of(name, 3, ends=())
    for model in models:
        model.never_sampled = (*model.never_sampled, 2, 5)
    for seed in range(5):
        result = decoder(name).decode(models, toy_prompt(1), config_of(name, seed=seed))
        assert not {2, 5, 7} & set(result.tokens)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_that_is_left_holds_what_there_is(name) -> None:
    models, prompt, config = models_of(name, 2, ends=()), toy_prompt(2), config_of(name)
    whole = decoder(name).decode(models, prompt, config)
    stream = decoder(name).stream(models, prompt, config)
    for _, iteration in zip(range(2), stream, strict=False):
        assert iteration.accepted
    so_far = stream.result
    assert so_far.tokens == whole.tokens[: len(so_far.tokens)]
    assert len(so_far.iterations) == min(2, len(whole.iterations))


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_runs_it(name, tmp_path, capsys) -> None:
    with tiny_data_directory(tmp_path / "data"):
        words = ["eval", "--algorithm", name, "--limit", "2", "--max-new-tokens", "6"]
        words += ["--device", "cpu", "--output", str(tmp_path), "--json"]
        assert main(words) == 0
        found = json.loads(capsys.readouterr().out)
    assert found["problems"] == 2
    metrics = found["metrics"]
    assert metrics["dllm_forwards"]["mean"] > 0
    assert (metrics["verifier_forwards"]["mean"] > 0) == ("baseline" in decoder(name).models)
