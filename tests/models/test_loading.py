"""Checkpoints that load, and the one-line error of each that does not."""

import json
from pathlib import Path

import pytest
import torch
from one_line_errors import error_of
from safetensors.torch import load_file, save_file
from tiny_checkpoints import (
    SPECIAL_TOKENS,
    TOKENS,
    VOCABULARY,
    edit_json,
    random_ids,
    tiny_dream,
    tiny_qwen,
    tiny_tokenizer,
    write_dream,
    write_llada,
    write_qwen,
)

from apd.models.causal import load_causal
from apd.models.diffusion import load_diffusion
from apd.models.families import load_bidirectional
from apd.models.locations import find_checkpoint
from apd.models.verifier import load_verifier
from apd.models.vocabulary import end_token_ids, load_tokenizer


def load_open_dcoder(directory: Path) -> torch.nn.Module:
    """A stock Qwen2 file, used in both directions."""
    return load_bidirectional(directory, shifted=True)


def shard(directory: Path) -> None:
    """Split the weights over two files with an index, as large checkpoints are."""
    tensors = load_file(directory / "model.safetensors")
    names = sorted(tensors)
    files = {name: f"model-{1 + i % 2:05d}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(files.values()):
        part = {name: tensors[name] for name in names if files[name] == file}
        save_file(part, directory / file, metadata={"format": "pt"})
    (directory / "model.safetensors").unlink()
    index = {"metadata": {"total_size": 0}, "weight_map": files}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("write", "load"),
    [
        (write_dream, load_bidirectional),
        (write_llada, load_bidirectional),
        (write_qwen, load_causal),
    ],
)
def test_sharded_weights_load_like_whole_ones(tmp_path: Path, write, load):
    whole = load(write(tmp_path)).state_dict()
    shard(tmp_path)
    sharded = load(tmp_path).state_dict()
    assert all(torch.equal(sharded[name], tensor) for name, tensor in whole.items())


def test_the_rotary_base_is_read_from_the_file(tmp_path: Path):
    write_dream(tmp_path)
    before = load_bidirectional(tmp_path)(random_ids(9)[None]).logits
    edit_json(tmp_path / "config.json", rope_theta=123.0)
    model = load_bidirectional(tmp_path)
    assert model.config.rope_parameters["rope_theta"] == 123.0
    assert not torch.allclose(model(random_ids(9)[None]).logits, before)


def test_a_file_written_by_transformers_itself_loads(tmp_path: Path):
    model = tiny_qwen()
    model.save_pretrained(tmp_path)
    tokens = random_ids(9)[None]
    assert torch.equal(load_causal(tmp_path)(tokens).logits, model(tokens).logits)


def test_dreams_published_tokenizer_files_load_without_its_code(tmp_path: Path):
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|beginoftext|>", "<|mask|>")
    write_dream(tmp_path)
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (tmp_path / file).unlink()
    merges = ["t h", "th e", "Ġ the", "Ġ a"]
    (tmp_path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    (tmp_path / "vocab.json").write_text(json.dumps(VOCABULARY))
    added = {
        str(len(VOCABULARY) + i): {
            "content": token,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "single_word": False,
            "special": True,
        }
        for i, token in enumerate(special)
    }
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "DreamTokenizer",
                "auto_map": {"AutoTokenizer": ["tokenization_dream.DreamTokenizer", None]},
                "added_tokens_decoder": added,
                "bos_token": "<|beginoftext|>",
                "eos_token": "<|endoftext|>",
                "pad_token": "<|endoftext|>",
                "mask_token": "<|mask|>",
            }
        )
    )
    tokenizer = load_tokenizer(tmp_path)
    assert {t: tokenizer.get_vocab()[t] for t in special} == {
        t: len(VOCABULARY) + i for i, t in enumerate(special)
    }
    assert tokenizer("<|im_start|>the 42<|im_end|>")["input_ids"] == [
        len(VOCABULARY) + 1,
        *(VOCABULARY[t] for t in ("the", "Ġ", "4", "2")),
        len(VOCABULARY) + 2,
    ]


def test_end_tokens_are_gathered_from_all_files(tmp_path: Path):
    write_dream(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 6]}))
    end_of_text, turn_end = len(VOCABULARY), len(VOCABULARY) + 2
    assert end_token_ids(tmp_path, 7, tiny_tokenizer()) == {5, 6, 7, end_of_text, turn_end}


def test_missing_files(tmp_path: Path):
    write_dream(tmp_path)
    assert "config.json is missing" in error_of(load_diffusion, tmp_path / "nothing")
    (tmp_path / "tokenizer.json").rename(tmp_path / "elsewhere")
    assert "tokenizer.json" in error_of(load_diffusion, tmp_path)
    (tmp_path / "elsewhere").rename(tmp_path / "tokenizer.json")
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    assert "holds neither model.safetensors nor" in error_of(load_diffusion, tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path):
    shard(write_dream(tmp_path))
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    assert "model-00002-of-00002.safetensors is missing" in error_of(load_diffusion, tmp_path)


@pytest.mark.parametrize("kept", [0, 4, 400, -1])
def test_truncated_weights(tmp_path: Path, kept: int):
    weights = write_dream(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    message = error_of(load_diffusion, tmp_path)
    assert "model.safetensors is corrupt or truncated" in message


def test_corrupt_weights(tmp_path: Path):
    weights = write_dream(tmp_path) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[:64] = b"\xff" * 64
    weights.write_bytes(content)
    assert "corrupt or truncated" in error_of(load_diffusion, tmp_path)
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "git lfs pull" in error_of(load_diffusion, tmp_path)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_corrupt_text_files(tmp_path: Path, file: str):
    write_dream(tmp_path)
    (tmp_path / file).write_text('{"model_type": "Dre')
    assert "download" in error_of(load_diffusion, tmp_path)


def test_tensors_that_do_not_belong(tmp_path: Path):
    weights = write_dream(tmp_path) / "model.safetensors"
    tensors = load_file(weights)
    save_file({**tensors, "model.extra": torch.zeros(1)}, weights)
    assert "has unexpected 1 tensor(s), model.extra" in error_of(load_diffusion, tmp_path)
    tensors.pop("model.norm.weight")
    save_file(tensors, weights)
    assert "lacks 1 tensor(s), model.norm.weight" in error_of(load_diffusion, tmp_path)
    save_file({**tensors, "model.norm.weight": torch.zeros(31)}, weights)
    message = error_of(load_diffusion, tmp_path)
    assert "model.norm.weight has shape (31,), config.json implies (32,)" in message


@pytest.mark.parametrize("load", [load_causal, load_open_dcoder])
def test_an_output_layer_is_used_as_it_is_stored(tmp_path: Path, load):
    """Tied in the configuration: absent, repeated, or, as in `a2d-*` files, another one."""
    weights = write_qwen(tmp_path, tied=True) / "model.safetensors"
    tensors = load_file(weights)
    embedding = tensors["model.embed_tokens.weight"]
    ids = random_ids(8)[None]
    tied = load(tmp_path)(ids).logits
    save_file({**tensors, "lm_head.weight": embedding.clone()}, weights)
    repeated = load(tmp_path)
    assert torch.equal(repeated(ids).logits, tied)
    assert repeated.lm_head.weight is repeated.model.embed_tokens.weight
    save_file({**tensors, "lm_head.weight": 2 * embedding}, weights)
    separate = load(tmp_path)
    assert torch.equal(separate.lm_head.weight, 2 * separate.model.embed_tokens.weight)
    torch.testing.assert_close(separate(ids).logits, 2 * tied)


def test_wrong_model_type(tmp_path: Path):
    write_qwen(tmp_path / "qwen")
    write_dream(tmp_path / "dream")
    assert "model_type 'qwen2', but a diffusion model" in error_of(
        load_diffusion, tmp_path / "qwen"
    )
    assert "model_type 'Dream', but a causal language model" in error_of(
        load_verifier, tmp_path / "dream"
    )
    edit_json(tmp_path / "dream" / "config.json", model_type=["Dream"])
    assert "model_type ['Dream'], but" in error_of(load_bidirectional, tmp_path / "dream")
    assert "model_type ['Dream'], but" in error_of(load_verifier, tmp_path / "dream")


@pytest.mark.parametrize("field", ["hidden_size", "rope_theta", "rms_norm_eps"])
def test_dream_needs_every_field_of_its_architecture(tmp_path: Path, field: str):
    edit_json(write_dream(tmp_path) / "config.json", **{field: None})
    assert f"config.json lacks {field}" in error_of(load_diffusion, tmp_path)


@pytest.mark.parametrize("field", ["d_model", "rope_theta", "weight_tying"])
def test_llada_needs_every_field_of_its_architecture(tmp_path: Path, field: str):
    edit_json(write_llada(tmp_path) / "config.json", **{field: None})
    assert f"config.json lacks {field}" in error_of(load_diffusion, tmp_path)


def test_unusable_configurations(tmp_path: Path):
    write_dream(tmp_path / "dream")
    edit_json(tmp_path / "dream" / "config.json", hidden_size="wide")
    assert "config.json is not usable" in error_of(load_diffusion, tmp_path / "dream")
    windowed = {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1}
    edit_json(tmp_path / "dream" / "config.json", hidden_size=32, **windowed)
    assert "sliding-window" in error_of(load_diffusion, tmp_path / "dream")
    edit_json(write_llada(tmp_path / "llada") / "config.json", alibi=True)
    assert "alibi=True, only False" in error_of(load_diffusion, tmp_path / "llada")


def test_no_end_token(tmp_path: Path):
    tokenizer = tiny_tokenizer(special_tokens=("<|pad|>", "<|mask|>"))
    tokenizer.eos_token = None
    assert "names no end token" in error_of(end_token_ids, tmp_path, None, tokenizer)


def test_names_that_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
    assert "run `apd train-mini`" in error_of(find_checkpoint, "mini-dream")
    assert "does not exist" in error_of(find_checkpoint, "nowhere")
    assert "does not exist" in error_of(find_checkpoint, tmp_path / "nowhere" / "at" / "all")


def test_a_hub_name_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    message = error_of(find_checkpoint, "Qwen/Qwen2.5-0.5B")
    assert "connect to the network, or pass a directory" in message


def test_an_existing_directory_wins_over_a_hub_name(tmp_path: Path, monkeypatch):
    write_dream(tmp_path / "org" / "model")
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("org/model") == Path("org/model")
    assert load_diffusion(find_checkpoint("org/model")).vocab_size == tiny_dream().vocab_size


def test_special_tokens_are_where_the_tests_think_they_are():
    vocabulary = tiny_tokenizer().get_vocab()
    assert [vocabulary[token] for token in SPECIAL_TOKENS] == list(range(TOKENS - 4, TOKENS))
