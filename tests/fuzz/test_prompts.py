"""Prompts of every script: decoded by every way in, and never taken for control tokens."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from fuzz_cases import TEXT, cases, run_command, same_or_refused
from hypothesis import strategies as st

from apd import AdaptiveConfig, adaptive, load_pair
from apd.models.pairs import Pair


@pytest.fixture(scope="module")
def pair(data: Path) -> Pair:
    return load_pair("mini", device="cpu")


@cases("prompts", 120, TEXT)
def test_a_prompt_is_encoded_as_text(pair: Pair, prompt: str) -> None:
    ids = pair.encode_chat(prompt)
    again = pair.encode_chat(prompt)
    assert torch.equal(ids, again)
    special = set(pair.tokenizer.all_special_ids)
    count = sum(int(i) in special for i in ids)
    assert count == sum(int(i) in special for i in pair.encode_chat("plain"))
    text = pair.tokenizer.decode(ids.tolist())
    assert prompt in text or pair.tokenizer.decode(pair.tokenizer(prompt)["input_ids"]) in text


@cases("prompts, decoded", 40, TEXT)
def test_a_prompt_is_decoded(pair: Pair, prompt: str) -> None:
    config = AdaptiveConfig(mixture_weight=0.5, max_new_tokens=3)
    ids = pair.encode_chat(prompt)
    assert pair.verifier is not None
    result = adaptive(pair.dllm, pair.verifier, ids, config)
    assert 1 <= len(result.tokens) <= 3
    assert isinstance(result.text, str)


@cases("prompts with lone surrogates", 30, st.text(alphabet="ab\ud800\udfff", min_size=1))
def test_a_lone_surrogate_is_one_line(pair: Pair, prompt: str) -> None:
    found = same_or_refused(lambda: pair.encode_chat(prompt))
    assert (found is None) == any("\ud800" <= character <= "\udfff" for character in prompt)


@cases("prompts on the command line", 30, TEXT, TEXT)
def test_a_prompt_on_the_command_line(data: Path, prompt: str, system: str) -> None:
    words: list[Any] = ["demo", f"--prompt={prompt}", f"--system={system}", "--no-baseline"]
    status, out, _ = run_command([*words, "--max-new-tokens", "3", "--json"])
    assert status == 0
    assert json.loads(out)["prompt"] == prompt
