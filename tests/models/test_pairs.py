"""Pairs by name: what is registered, what loads, and what must agree."""

from pathlib import Path

import pytest
import torch
from tiny_checkpoints import (
    MASK,
    ROWS,
    TOKENS,
    tiny_tokenizer,
    write_dream,
    write_mini_models,
    write_qwen,
)

from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, JointScorer, MarginalWindow
from apd.errors import ApdError
from apd.models import PAIRS, describe_pairs, load_ar, load_pair
from apd.models.registry import PairSpec


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
    return write_mini_models(tmp_path / "models")


def retokenize(directory: Path, old: str, new: str) -> None:
    """Rename a token in tokenizer.json."""
    path = directory / "tokenizer.json"
    path.write_text(path.read_text().replace(f'"{old}"', f'"{new}"'))


def test_registered_pairs():
    assert list(PAIRS) == ["mini", "mini-llada", "dream-7b", "llada-8b"]
    assert PAIRS["dream-7b"].dllm == "Dream-org/Dream-v0-Instruct-7B"
    assert PAIRS["dream-7b"].verifier == "Qwen/Qwen2.5-0.5B"
    assert PAIRS["llada-8b"].verifier is None


def test_the_description_says_what_each_needs(models: Path):
    rows = {row["pair"]: row for row in describe_pairs()}
    assert rows["mini"]["status"] == "ready"
    assert rows["mini"]["verifier"] == "mini-qwen-small"
    assert rows["llada-8b"]["verifier"] == "none"
    assert "24 GB GPU" in rows["dream-7b"]["runs on"]
    assert rows["dream-7b"]["weights"] == "16.2 GB bfloat16"
    (models / "mini-qwen-small" / "model.safetensors").unlink()
    rows = {row["pair"]: row for row in describe_pairs()}
    assert rows["mini"]["status"] == "mini-qwen-small missing: run `apd train-mini`"


def test_load_mini(models: Path):
    pair = load_pair("mini", device="cpu", baselines=True)
    assert pair.dllm.mask_token_id == MASK
    assert pair.dllm.end_token_ids == {TOKENS - 4, TOKENS - 2}
    assert list(pair.baselines) == ["mini-qwen-large", "mini-qwen-small"]
    assert pair.baselines["mini-qwen-small"] is pair.verifier
    assert pair.tokenizer is pair.dllm.tokenizer
    assert pair.dllm.model.dtype == torch.float32


def test_load_mini_llada_has_no_verifier_but_accepts_one(models: Path):
    assert load_pair("mini-llada").verifier is None
    assert load_pair("mini-llada").dllm.model.prediction_offset == 0
    with_verifier = load_pair("mini-llada", verifier_path="mini-qwen-small")
    assert with_verifier.verifier is not None


def test_paths_and_precision_can_be_chosen(models: Path, tmp_path: Path):
    pair = load_pair(
        "mini",
        dllm_path=write_dream(tmp_path / "mine", seed=9),
        verifier_path=str(models / "mini-qwen-large"),
        dtype="bfloat16",
    )
    assert pair.dllm.model.dtype == torch.bfloat16
    assert pair.dllm.window(1).logits(torch.arange(5), 2, 5).dtype == torch.float32
    assert pair.verifier is not None
    assert pair.verifier.scorer().logits(torch.arange(5), 2, 5).dtype == torch.float32


def test_models_satisfy_what_decoding_asks_of_them(models: Path):
    pair = load_pair("mini")
    dllm: DiffusionLM = pair.dllm
    verifier: AutoregressiveLM = load_ar("mini-qwen-small")
    window: MarginalWindow = dllm.window(None)
    scorer: JointScorer = verifier.scorer()
    tokens = pair.encode_chat("How many?")
    marginal = window.logits(tokens, len(tokens) - 2, len(tokens))
    joint = scorer.logits(tokens, len(tokens) - 2, len(tokens))
    assert marginal.shape == (2, dllm.vocab_size) == (2, ROWS)
    assert joint.shape == (2, verifier.vocab_size) == (2, TOKENS)
    assert dllm.device == verifier.device == tokens.device


def test_the_chat_template_opens_the_assistants_turn(models: Path):
    pair = load_pair("mini")
    ids = pair.encode_chat("the 42")
    assert ids.dtype == torch.long
    assert pair.tokenizer.decode(ids) == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nthe 42<|im_end|>\n<|im_start|>assistant\n"
    )
    assert "system" not in pair.tokenizer.decode(pair.encode_chat("x", system=None))


def test_no_chat_template(models: Path):
    (models / "mini-dream" / "chat_template.jinja").unlink()
    with pytest.raises(ApdError, match="has no chat template"):
        load_pair("mini").encode_chat("x")


def test_unknown_pair():
    with pytest.raises(ApdError, match=r"unknown pair 'maxi'; choose one of mini, mini-llada"):
        load_pair("maxi")


def test_tokenizers_that_disagree(models: Path):
    retokenize(models / "mini-qwen-small", "!", "unheard-of")
    with pytest.raises(ApdError, match=r"tokenizers of .* disagree: id 0 is '!' for the dLLM"):
        load_pair("mini")


def test_special_tokens_may_be_unknown_to_the_verifier_and_are_then_forbidden(models: Path):
    small = models / "mini-qwen-small"
    write_qwen(small, rows=TOKENS)
    tiny_tokenizer(special_tokens=("<|endoftext|>", "<|im_start|>")).save_pretrained(small)
    forbidden = load_pair("mini").dllm.forbidden_token_ids.tolist()
    assert forbidden == [TOKENS - 2, MASK, *range(TOKENS, ROWS)]


def test_special_tokens_may_not_differ(models: Path):
    retokenize(models / "mini-qwen-small", "<|im_end|>", "<|im_stop|>")
    with pytest.raises(ApdError, match="disagree"):
        load_pair("mini")


def test_no_such_device(models: Path):
    with pytest.raises(ApdError, match="device 'warp' is not available here; use cpu"):
        load_pair("mini", device="warp")


def test_no_such_precision(models: Path):
    with pytest.raises(ValueError, match="dtype='int8' is unknown; use float32"):
        load_pair("mini", dtype="int8")


def test_the_registry_needs_no_torch():
    import subprocess
    import sys

    code = "import apd.models.registry, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_registered_pairs_are_complete():
    for spec in PAIRS.values():
        assert isinstance(spec, PairSpec)
        assert spec.weights_gb < spec.memory_gb
