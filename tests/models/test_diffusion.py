"""Dream and LLaDA: direction of attention, the shift, padding, and the published formats."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tiny_checkpoints import (
    MASK,
    ROWS,
    TOKENS,
    random_ids,
    tiny_dream,
    tiny_llada,
    tiny_tokenizer,
    write_dream,
    write_llada,
)
from transformers import Qwen2Config, Qwen2ForCausalLM

from apd.models.bidirectional import BidirectionalLM
from apd.models.diffusion import MaskedDiffusionLM, load_diffusion
from apd.models.dream import save_dream_checkpoint
from apd.models.families import load_bidirectional
from apd.models.llada_format import to_llada_name, to_llama_name

MODELS = {"dream": tiny_dream, "llada": tiny_llada}


ROUNDING = {"atol": 1e-4, "rtol": 1e-4}  # two implementations of the same pass


def wrap(model: BidirectionalLM) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(model, tiny_tokenizer(), frozenset({TOKENS - 2}))


@pytest.fixture(params=MODELS)
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return wrap(MODELS[request.param]())


def test_logits_are_deterministic(dllm):
    tokens = random_ids(12)
    assert torch.equal(dllm.canvas_logits(tokens), dllm.canvas_logits(tokens))


def test_a_token_on_the_right_changes_logits_on_the_left(dllm):
    tokens = random_ids(12)
    changed = tokens.clone()
    changed[-1] = (changed[-1] + 1) % TOKENS
    difference = (dllm.canvas_logits(tokens) - dllm.canvas_logits(changed)).abs().amax(-1)
    assert (difference[:-1] > 1e-4).all()


def test_dream_logits_for_a_position_come_from_the_output_before_it():
    model = tiny_dream()
    tokens = random_ids(9)
    outputs = model(tokens[None]).logits[0]
    logits = wrap(model).canvas_logits(tokens)
    torch.testing.assert_close(logits[1:], outputs[:-1], **ROUNDING)
    torch.testing.assert_close(logits[0], outputs[0], **ROUNDING)
    torch.testing.assert_close(wrap(model).window(None).logits(tokens, 4, 9), logits[4:])


def test_llada_logits_for_a_position_are_its_own_output():
    model = tiny_llada()
    tokens = random_ids(9)
    torch.testing.assert_close(
        wrap(model).canvas_logits(tokens), model(tokens[None]).logits[0], **ROUNDING
    )
    torch.testing.assert_close(
        wrap(model).window(None).logits(tokens, 3, 9), model(tokens[None]).logits[0, 3:]
    )


def test_positions_beyond_stop_do_not_exist(dllm):
    tokens = random_ids(12)
    short = dllm.window(None).logits(tokens[:8], 3, 8)
    assert torch.equal(dllm.window(None).logits(tokens, 3, 8), short)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("left", [False, True])
def test_padding_is_seen_by_nobody(dllm, left, attention):
    dllm.model.set_attn_implementation(attention)
    real, padded = random_ids(7), random_ids(3, seed=1)
    ids = torch.cat([padded, real] if left else [real, padded])[None]
    mask = torch.zeros(1, 10, dtype=torch.bool)
    mask[0, 3:] = left
    mask[0, :7] |= not left
    mask[0, :3] &= not left
    positions = torch.arange(10)[None] - (3 if left else 0)
    hidden = dllm.model.hidden_states(ids, mask, positions.clamp(min=0))[0][mask[0]]
    alone = dllm.model.hidden_states(real[None])[0]
    torch.testing.assert_close(hidden, alone, atol=1e-5, rtol=1e-4)


def test_the_padding_tokens_embedding_is_trained(dllm):
    pad = dllm.model.config.pad_token_id
    ids = torch.tensor([[1, pad, 2]])
    dllm.model.lm_head(dllm.model.hidden_states(ids)).square().sum().backward()
    assert dllm.model.model.embed_tokens.weight.grad[pad].abs().sum() > 0


def test_trains_under_bf16_autocast(dllm):
    ids = random_ids(8)[None]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = dllm.model(ids, padding_mask=torch.ones(1, 8)).logits
        F.cross_entropy(logits.float()[0], ids[0]).backward()
    assert all(p.grad is not None for p in dllm.model.parameters())


def test_forbidden_ids_are_the_mask_and_the_rows_without_a_token(dllm):
    assert dllm.vocab_size == ROWS
    assert dllm.mask_token_id == MASK
    assert dllm.forbidden_token_ids.tolist() == [MASK, *range(TOKENS, ROWS)]
    assert dllm.detokenize([*tiny_tokenizer()("the 42")["input_ids"], MASK]) == "the 42"


def test_a_canvas_out_of_range_is_refused(dllm):
    with pytest.raises(ValueError, match="length of the canvas"):
        dllm.window(None).logits(random_ids(5), 3, 6)
    with pytest.raises(ValueError, match="start=4"):
        dllm.window(None).logits(random_ids(5), 4, 4)


def test_dream_tensor_names_and_shapes_are_the_published_ones(tmp_path: Path):
    stored = load_file(write_dream(tmp_path) / "model.safetensors")
    expected = {
        "model.embed_tokens.weight": (ROWS, 32),
        "model.norm.weight": (32,),
        "lm_head.weight": (ROWS, 32),
    }
    for n in range(2):
        layer = f"model.layers.{n}."
        expected |= {layer + "input_layernorm.weight": (32,)}
        expected |= {layer + "post_attention_layernorm.weight": (32,)}
        for name, width in (("q", 32), ("k", 16), ("v", 16)):
            expected[f"{layer}self_attn.{name}_proj.weight"] = (width, 32)
            expected[f"{layer}self_attn.{name}_proj.bias"] = (width,)
        expected[layer + "self_attn.o_proj.weight"] = (32, 32)
        expected[layer + "mlp.gate_proj.weight"] = (48, 32)
        expected[layer + "mlp.up_proj.weight"] = (48, 32)
        expected[layer + "mlp.down_proj.weight"] = (32, 48)
    assert {name: tuple(tensor.shape) for name, tensor in stored.items()} == expected


def test_dream_config_has_the_published_fields(tmp_path: Path):
    config = json.loads((write_dream(tmp_path) / "config.json").read_text())
    assert config["model_type"] == "Dream"
    assert config["architectures"] == ["DreamModel"]
    assert config["mask_token_id"] == MASK
    assert config["rope_theta"] == 10_000.0
    assert config["rope_scaling"] is None
    assert "rope_parameters" not in config
    assert config["torch_dtype"] == "float32"


def test_a_saved_dream_loads_strictly_as_a_plain_qwen2(tmp_path: Path):
    model = tiny_dream()
    save_dream_checkpoint(model, tmp_path)
    published = json.loads((tmp_path / "config.json").read_text())
    plain = Qwen2ForCausalLM(Qwen2Config.from_dict({**published, "model_type": "qwen2"})).eval()
    plain.load_state_dict(load_file(tmp_path / "model.safetensors"), strict=True)
    for layer in plain.model.layers:
        layer.self_attn.is_causal = False
    tokens = random_ids(10)[None]
    outputs = plain(tokens, attention_mask={"full_attention": None}, use_cache=False).logits
    assert torch.equal(outputs, model(tokens).logits)


def test_dream_survives_a_round_trip(tmp_path: Path):
    model, tokens = tiny_dream(), random_ids(10)[None]
    save_dream_checkpoint(model, tmp_path)
    assert torch.equal(load_bidirectional(tmp_path)(tokens).logits, model(tokens).logits)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_are_stored_and_loaded_in_the_precision_asked_for(tmp_path: Path, dtype):
    save_dream_checkpoint(tiny_dream(), tmp_path, dtype)
    assert load_file(tmp_path / "model.safetensors")["lm_head.weight"].dtype == dtype
    assert load_bidirectional(tmp_path).lm_head.weight.dtype == dtype
    assert load_bidirectional(tmp_path, dtype=torch.float32).dtype == torch.float32


def test_llada_tensor_names_and_shapes_are_the_published_ones(tmp_path: Path):
    stored = load_file(write_llada(tmp_path) / "model.safetensors")
    expected = {
        "model.transformer.wte.weight": (ROWS, 32),
        "model.transformer.ln_f.weight": (32,),
        "model.transformer.ff_out.weight": (ROWS, 32),
    }
    for n in range(2):
        for name in ("attn_norm", "ff_norm"):
            expected[f"model.transformer.blocks.{n}.{name}.weight"] = (32,)
        for name in ("q_proj", "k_proj", "v_proj", "attn_out"):
            expected[f"model.transformer.blocks.{n}.{name}.weight"] = (32, 32)
        for name in ("ff_proj", "up_proj"):
            expected[f"model.transformer.blocks.{n}.{name}.weight"] = (48, 32)
        expected[f"model.transformer.blocks.{n}.ff_out.weight"] = (32, 48)
    assert {name: tuple(tensor.shape) for name, tensor in stored.items()} == expected


def test_llada_names_translate_both_ways():
    for name in tiny_llada().state_dict():
        assert to_llama_name(to_llada_name(name)) == name
    assert to_llama_name("model.transformer.blocks.0.q_proj.lora") != "q_proj.lora"
    assert to_llama_name("something.else") == "something.else"


def test_llada_config_has_the_published_fields(tmp_path: Path):
    config = json.loads((write_llada(tmp_path) / "config.json").read_text())
    published = {
        "model_type": "llada",
        "architectures": ["LLaDAModelLM"],
        "d_model": 32,
        "n_layers": 2,
        "n_heads": 4,
        "n_kv_heads": 4,
        "mlp_hidden_size": 48,
        "embedding_size": ROWS,
        "max_sequence_length": 256,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0,
        "weight_tying": False,
        "mask_token_id": MASK,
        "block_type": "llama",
        "include_bias": False,
    }
    assert published.items() <= config.items()
    assert "hidden_size" not in config


BLOCK_TENSORS = ("attn_norm", "q_proj", "k_proj", "v_proj", "attn_out")
BLOCK_TENSORS += ("ff_norm", "ff_proj", "up_proj", "ff_out")


def llada_by_hand(tensors: dict[str, torch.Tensor], config: dict, ids: torch.Tensor):
    """LLaDA's forward pass written out from its published names: (T,) ids -> (T, V) logits."""
    heads, width = config["n_heads"], config["d_model"] // config["n_heads"]

    def normalise(x, weight):
        return x / (x.square().mean(-1, keepdim=True) + config["rms_norm_eps"]).sqrt() * weight

    def rotate(x):  # (T, heads, width): rotate dimension pairs (i, i + width / 2) by position
        turns = config["rope_theta"] ** -(torch.arange(0, width, 2) / width)
        angle = torch.arange(len(ids))[:, None, None] * turns
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

    x = tensors["model.transformer.wte.weight"][ids]
    for n in range(config["n_layers"]):
        block = {
            name: tensors[f"model.transformer.blocks.{n}.{name}.weight"]
            for name in [
                "attn_norm",
                "ff_norm",
                "q_proj",
                "k_proj",
                "v_proj",
                "attn_out",
                "ff_proj",
                "up_proj",
                "ff_out",
            ]
        }
        y = normalise(x, block["attn_norm"])
        q, k, v = ((y @ block[f"{p}_proj"].T).view(len(ids), heads, width) for p in "qkv")
        scores = torch.einsum("qhd,khd->hqk", rotate(q), rotate(k)) / width**0.5
        attended = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).flatten(1)
        x = x + attended @ block["attn_out"].T
        y = normalise(x, block["ff_norm"])
        x = x + (F.silu(y @ block["ff_proj"].T) * (y @ block["up_proj"].T)) @ block["ff_out"].T
    x = normalise(x, tensors["model.transformer.ln_f.weight"])
    return x @ tensors["model.transformer.ff_out.weight"].T


def test_llada_file_means_what_its_published_names_say(tmp_path: Path):
    write_llada(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    tokens = random_ids(11)
    by_hand = llada_by_hand(tensors, config, tokens)
    loaded = load_bidirectional(tmp_path)(tokens[None]).logits[0]
    torch.testing.assert_close(loaded, by_hand, atol=2e-4, rtol=1e-4)
    assert by_hand.abs().mean() > 0.1


def test_a_diffusion_model_is_told_by_its_model_type(tmp_path: Path):
    assert load_diffusion(write_dream(tmp_path / "a")).model.prediction_offset == 1
    assert load_diffusion(write_llada(tmp_path / "b")).model.prediction_offset == 0
