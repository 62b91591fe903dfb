"""`torch.autocast` around a call changes no token and no score, and breaks nothing."""

from collections.abc import Iterator

import pytest
import torch
from tiny_data import tiny_data_directory

from apd import load_pair
from apd.decoding.configuration import Configuration
from apd.decoding.registry import decoders
from apd.harness.diffusion_bound import diffusion_bound
from apd.harness.likelihood import Passage, causal_log_likelihood, left_to_right_log_likelihood
from apd.models.pairs import Pair
from apd.runs.decode import decode, decode_problems


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with tiny_data_directory(tmp_path_factory.mktemp("data")):
        yield load_pair("mini", device="cpu", baselines=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("row", decoders(), ids=lambda row: row.name)
def test_every_decoder_decodes_the_same_under_autocast(pair: Pair, row, dtype) -> None:
    model = "mini-qwen-large" if row.on_baseline else "dllm"
    settings = row.settings(**{"max_new_tokens": 12, "temperature": 0.5, **dict(row.fixed)})
    configuration = Configuration(row.name, row.name, model, settings)
    prompt = pair.encode_chat("What is 2 + 3?")
    alone = decode(pair, configuration, prompt, 1).tokens
    together = [r.tokens for r in decode_problems(pair, configuration, [prompt, prompt], [1, 2])]
    with torch.autocast("cpu", dtype=dtype):
        assert decode(pair, configuration, prompt, 1).tokens == alone
        found = decode_problems(pair, configuration, [prompt, prompt], [1, 2])
    assert [r.tokens for r in found] == together
    assert not torch.is_autocast_enabled("cpu")


def test_every_score_is_the_same_under_autocast(pair: Pair) -> None:
    passages = [Passage((1, 2, 3), (4, 5, 6)), Passage((7,), (8, 9))]

    def scores() -> list[float]:
        found = causal_log_likelihood(pair.baselines["mini-qwen-large"], passages)
        found += left_to_right_log_likelihood(pair.dllm, passages)
        found += diffusion_bound(pair.dllm, passages, samples=4, seed=0)
        return [score.value for score in found]

    expected = scores()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert scores() == expected
