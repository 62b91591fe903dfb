"""The rotary embedding of every shape of ``config.json`` that transformers 4 and 5 write.

What is loaded is compared with what transformers itself makes of the same file.
"""

import json
from pathlib import Path

import pytest
import torch
from one_line_errors import error_of
from public_layouts import write_reduced
from tiny_checkpoints import edit_json, random_ids
from transformers import AutoConfig, AutoModelForCausalLM

from apd.models.families import load_bidirectional
from apd.models.lean import LeanDecoder
from apd.models.plain import PlainDecoder
from apd.models.verifier import load_verifier

YARN = {"factor": 4.0, "original_max_position_embeddings": 64}
SHAPES = {
    "4.x": {"rope_theta": 500_000.0, "rope_scaling": None},
    "4.x, integer": {"rope_theta": 500_000},
    "4.x linear": {"rope_theta": 500_000.0, "rope_scaling": {"type": "linear", "factor": 2.0}},
    "4.x yarn": {"rope_theta": 500_000.0, "rope_scaling": {"rope_type": "yarn", **YARN}},
    "5.x": {"rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0}},
    "5.x yarn": {"rope_parameters": {"rope_type": "yarn", "rope_theta": 500_000.0, **YARN}},
    "both, base outside": {"rope_theta": 500_000.0, "rope_parameters": {"rope_type": "default"}},
    "both, yarn": {"rope_theta": 500_000.0, "rope_parameters": {"rope_type": "yarn", **YARN}},
    "both, base twice": {
        "rope_theta": 10_000.0,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0},
    },
    "no kind": {"rope_parameters": {"rope_theta": 500_000.0}},
}
ROTARY = {"rope_theta": None, "rope_scaling": None, "rope_parameters": None}
NAMES = ("Dream-org/Dream-v0-Instruct-7B", "dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1")
STOCK = {"Dream": "qwen2", "a2d-qwen3": "qwen3"}


def as_transformers_reads_it(directory: Path) -> torch.nn.Module:
    """The same files under the name of the stock architecture."""
    model_type = json.loads((directory / "config.json").read_text())["model_type"]
    edit_json(directory / "config.json", model_type=STOCK.get(model_type, model_type))
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_dllm_turns_as_transformers_does(tmp_path: Path, name: str, shape: str):
    edit_json(write_reduced(tmp_path, name) / "config.json", **ROTARY | SHAPES[shape])
    ours = load_bidirectional(tmp_path)
    theirs = as_transformers_reads_it(tmp_path)
    rotary = ours.model.rotary_emb
    assert torch.equal(rotary.inv_freq, theirs.model.rotary_emb.inv_freq)
    assert rotary.attention_scaling == theirs.model.rotary_emb.attention_scaling
    base = 500_000.0 ** -(torch.arange(0, 2 * len(rotary.inv_freq), 2) / 2 / len(rotary.inv_freq))
    if "yarn" not in shape and "linear" not in shape:
        torch.testing.assert_close(rotary.inv_freq, base)
    ids = random_ids(12)[None]
    for layer in theirs.model.layers:
        layer.self_attn.is_causal = False
    expected = theirs(ids, attention_mask=torch.zeros(1, 1, 12, 12)).logits
    torch.testing.assert_close(ours(ids).logits, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_verifier_turns_as_transformers_does(tmp_path: Path, shape: str):
    directory = write_reduced(tmp_path, "Qwen/Qwen2.5-0.5B")
    edit_json(directory / "config.json", **ROTARY | SHAPES[shape])
    verifier = load_verifier(directory, dtype=torch.float32)
    assert isinstance(verifier.inference, LeanDecoder)
    ids = random_ids(12)
    expected = as_transformers_reads_it(directory)(ids[None]).logits[0]
    logits = verifier.scorer().logits(ids, 1, 13)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [s for s in SHAPES if "rope_theta" in SHAPES[s]])
def test_llada_turns_as_llama_does(tmp_path: Path, shape: str):
    directory = write_reduced(tmp_path, "GSAI-ML/LLaDA-8B-Instruct")
    edit_json(directory / "config.json", **ROTARY | SHAPES[shape])
    ours = load_bidirectional(directory)
    llama = AutoConfig.for_model("llama", hidden_size=32, num_attention_heads=4, **SHAPES[shape])
    expected = type(ours.model.rotary_emb)(llama)
    assert torch.equal(ours.model.rotary_emb.inv_freq, expected.inv_freq)


def test_angles_that_depend_on_the_length_take_the_plain_pass(tmp_path: Path):
    directory = write_reduced(tmp_path, "Qwen/Qwen2.5-0.5B")
    scaling = {"rope_type": "dynamic", "factor": 2.0}
    edit_json(directory / "config.json", rope_scaling=scaling)
    assert isinstance(load_verifier(directory).inference, PlainDecoder)


@pytest.mark.parametrize("name", ["Qwen/Qwen2.5-0.5B", *NAMES, "GSAI-ML/LLaDA-1.5"])
def test_unknown_kinds_are_refused(tmp_path: Path, name: str):
    directory = write_reduced(tmp_path, name)
    edit_json(directory / "config.json", rope_scaling={"rope_type": "spiral", "factor": 2.0})
    load = load_verifier if name.startswith("Qwen") else load_bidirectional
    assert "rope_type 'spiral', which transformers does not know" in error_of(load, directory)
