"""The published configurations, as their ``config.json`` has them, give the published models."""

from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from apd.models.dream import DreamConfig, DreamForMaskedDiffusion
from apd.models.llada import LladaConfig, LladaForMaskedDiffusion
from apd.models.llada_format import read_llada_config, to_llada_name, write_llada_config
from apd.models.qwen2_format import read_qwen2_config, write_qwen2_config

SOURCE = Path("published")
DREAM_7B = {
    "architectures": ["DreamModel"],
    "attention_dropout": 0.0,
    "auto_map": {"AutoModel": "modeling_dream.DreamModel"},
    "bos_token_id": 151643,
    "eos_token_id": 151643,
    "hidden_act": "silu",
    "hidden_size": 3584,
    "initializer_range": 0.02,
    "intermediate_size": 18944,
    "mask_token_id": 151666,
    "max_position_embeddings": 131072,
    "max_window_layers": 28,
    "model_type": "Dream",
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "pad_token_id": 151643,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_mrope": False,
    "use_sliding_window": False,
    "vocab_size": 152064,
}
QWEN_HALF_B = {
    **DREAM_7B,
    "architectures": ["Qwen2ForCausalLM"],
    "hidden_size": 896,
    "intermediate_size": 4864,
    "model_type": "qwen2",
    "num_attention_heads": 14,
    "num_hidden_layers": 24,
    "num_key_value_heads": 2,
    "sliding_window": 32768,
    "tie_word_embeddings": True,
    "vocab_size": 151936,
}
LLADA_8B = {
    "activation_type": "silu",
    "alibi": False,
    "block_type": "llama",
    "d_model": 4096,
    "embedding_size": 126464,
    "eos_token_id": 126081,
    "include_bias": False,
    "include_qkv_bias": False,
    "layer_norm_type": "rms",
    "mask_token_id": 126336,
    "max_sequence_length": 4096,
    "mlp_hidden_size": 12288,
    "model_type": "llada",
    "n_heads": 32,
    "n_kv_heads": 32,
    "n_layers": 32,
    "pad_token_id": 126081,
    "rms_norm_eps": 1e-05,
    "rope": True,
    "rope_theta": 500000.0,
    "vocab_size": 126464,
    "weight_tying": False,
}


def parameter_count(model_class, config) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in model_class(config).parameters())


def test_dream_7b():
    config = read_qwen2_config(DreamConfig, DREAM_7B, SOURCE)
    assert config.mask_token_id == 151666
    assert config.rope_parameters == {"rope_type": "default", "rope_theta": 1e6}
    assert parameter_count(DreamForMaskedDiffusion, config) == 7_615_616_512
    written = write_qwen2_config(config, architecture="DreamModel")
    absent = {"auto_map", "torch_dtype", "use_mrope"}
    assert {name: written[name] for name in DREAM_7B.keys() - absent} == {
        name: DREAM_7B[name] for name in DREAM_7B.keys() - absent
    }


def test_qwen_half_b():
    config = read_qwen2_config(Qwen2Config, QWEN_HALF_B, SOURCE)
    assert set(config.layer_types) == {"full_attention"}
    assert parameter_count(Qwen2ForCausalLM, config) == 494_032_768


def test_llada_8b():
    config = read_llada_config(LladaConfig, LLADA_8B, SOURCE)
    assert config.mask_token_id == 126336
    assert parameter_count(LladaForMaskedDiffusion, config) == 8_015_581_184
    assert LLADA_8B.items() <= write_llada_config(config).items()
    with torch.device("meta"):
        tensors = LladaForMaskedDiffusion(config).state_dict()
    names = {to_llada_name(name): tuple(tensor.shape) for name, tensor in tensors.items()}
    assert len(names) == 32 * 9 + 3
    assert names["model.transformer.blocks.31.ff_proj.weight"] == (12288, 4096)
    assert names["model.transformer.ff_out.weight"] == (126464, 4096)
