"""Pairs by name: what is registered, what loads, and what must agree."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from one_line_errors import error_of
from public_layouts import write_cached, write_reduced_pair
from tiny_checkpoints import (
    MASK,
    ROWS,
    TOKENS,
    random_ids,
    tiny_tokenizer,
    write_dream,
    write_mini_models,
    write_qwen,
)

from apd.decoding import AdaptiveConfig, AnyOrderConfig, adaptive, adaptive_batch, any_order
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, JointScorer, MarginalWindow
from apd.errors import ApdError
from apd.models import PAIRS, describe_pairs, load_ar, load_pair
from apd.models.locations import download_checkpoint
from apd.models.registry import explain_pair, unregistered


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
    return write_mini_models(tmp_path / "models")


def retokenize(directory: Path, old: str, new: str) -> None:
    """Rename a token in tokenizer.json."""
    path = directory / "tokenizer.json"
    path.write_text(path.read_text().replace(f'"{old}"', f'"{new}"'))


def test_registered_pairs():
    assert list(PAIRS) == [
        *("mini", "mini-llada", "diffugpt-s", "diffugpt-m"),
        *("qwen3-0.6b", "qwen2.5-coder-0.5b", "open-dcoder-0.5b"),
        *("dream-7b", "dream-coder-7b", "diffucoder-7b", "llada-8b", "llada-1.5"),
    ]
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
    with_verifier = load_pair("mini-llada", verifier="mini-qwen-small")
    assert with_verifier.verifier is not None


def test_paths_and_precision_can_be_chosen(models: Path, tmp_path: Path):
    pair = load_pair(
        "mini",
        dllm=write_dream(tmp_path / "mine", seed=9),
        verifier=str(models / "mini-qwen-large"),
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


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_explained(name: str):
    row = explain_pair(name)
    assert all(row.values())
    spec = PAIRS[name]
    assert spec.weights_gb < spec.memory_gb
    assert ("demo" in row["run"]) == (spec.verifier is not None)
    if spec.verifier is None:
        assert "adaptive parallel decoding" in row["cannot show"]
    elif spec.parameters[0] < 2 * spec.parameters[1]:
        assert "speed" in row["cannot show"]


@pytest.mark.parametrize("place", ["{}", "/disk/{}", "/disk/{}/"])
def test_a_registered_dllm_is_known_wherever_it_lies(place: str):
    name = PAIRS["open-dcoder-0.5b"].dllm
    spec = unregistered(place.format(name if place == "{}" else name.rsplit("/", 1)[-1]))
    assert (spec.mask_token, spec.shifted) == ("<M>", True)
    assert spec.verifier == "Qwen/Qwen2.5-Coder-0.5B"
    assert unregistered(name, "mine").verifier == "mine"
    assert unregistered("/disk/unheard-of").shifted is None


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def status(name: str) -> str:
    return {row["pair"]: row["status"] for row in describe_pairs()}[name]


def test_ready_means_that_weights_and_tokenizer_are_there_too(hub: Path):
    name = PAIRS["llada-1.5"].dllm
    assert status("llada-1.5") == f"downloads {name} when loaded"
    snapshot = write_cached(hub, name)
    assert status("llada-1.5") == "ready"
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        (snapshot / file).rename(snapshot / "elsewhere")
        assert status("llada-1.5") == f"downloads {name} when loaded"
        (snapshot / "elsewhere").rename(snapshot / file)
    assert status("llada-1.5") == "ready"
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (snapshot / "model.safetensors").rename(snapshot / "one.safetensors")
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(index))
    assert status("llada-1.5") == f"downloads {name} when loaded"


def test_a_checkpoint_in_the_hub_cache_loads_through_its_links(hub: Path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    name = PAIRS["qwen3-0.6b"].dllm
    write_cached(hub, name)
    assert load_pair(dllm=name, verifier=write_cached(hub, "Qwen/Qwen3-0.6B")).verifier is not None


def test_a_read_only_checkpoint_loads(models: Path):
    directory = models / "mini-dream"
    for path in directory.iterdir():
        path.chmod(0o444)
    directory.chmod(0o555)
    try:
        load_pair("mini")
    finally:
        directory.chmod(0o755)


@pytest.mark.parametrize("free", [3 * 2**30, 10])
def test_a_download_is_measured_against_the_disk_first(hub: Path, monkeypatch, free: int):
    """No network here: the hub's answers are written down, three files of a gibibyte each."""
    asked = []

    def snapshot_download(name: str, dry_run: bool = False, **_: object):
        asked.append(dry_run)
        file = SimpleNamespace(file_size=2**30, will_download=True)
        here = SimpleNamespace(file_size=2**40, will_download=False)
        return [file, file, file, here] if dry_run else str(hub)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    if free > 10:
        assert download_checkpoint("org/model") == hub
        assert asked == [True, False]
    else:
        with pytest.raises(ApdError, match=r"needs 3.0 GiB on disk, 0.0 free .* set HF_HOME"):
            download_checkpoint("org/model")
        assert asked == [True]


def refused(kind: type[Exception]) -> Exception:
    """An error as the hub's client raises it, without the response that it also carries."""
    return kind.__new__(kind)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refused(GatedRepoError), "accepted its terms; accept them"),
        (refused(RepositoryNotFoundError), "has no public model 'owner/model'; check the name"),
        (
            OSError("it says no\nat length"),
            "cannot be fetched from the Hugging Face hub (it says no)",
        ),
        (EOFError("peer closed the connection"), "(peer closed the connection)"),
        (TypeError("string indices must be integers"), "(string indices must be integers)"),
        (KeyError(), "(KeyError)"),
    ],
)
def test_whatever_goes_wrong_on_the_way_is_one_line(hub, monkeypatch, error, words: str):
    def snapshot_download(name: str, **_: object):
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert words in error_of(download_checkpoint, "owner/model")


@pytest.mark.parametrize("name", [n for n, s in PAIRS.items() if "/" in s.dllm and s.verifier])
def test_every_registered_pair_decodes_and_a_batch_is_its_singles(tmp_path: Path, name: str):
    """Tiny random checkpoints in the pair's layouts, loaded by path without the pair's name."""
    written = write_reduced_pair(tmp_path, name)
    pair = load_pair(dllm=written["dllm"], verifier=written["verifier"], device="cpu")
    prompts = [random_ids(n, seed=n) for n in (5, 9)]
    config = AdaptiveConfig(mixture_weight=0.5, kv_window=4, max_lookahead=8, max_new_tokens=12)
    alone = [adaptive(pair.dllm, pair.verifier, ids, config) for ids in prompts]
    together = adaptive_batch(pair.dllm, pair.verifier, prompts, config)
    assert [r.tokens for r in together] == [r.tokens for r in alone]
    assert all(len(r.tokens) == 12 or r.finished for r in alone)
    steps = AnyOrderConfig(num_steps=4, max_new_tokens=12)
    assert any_order(pair.dllm, prompts[0], steps).tokens
