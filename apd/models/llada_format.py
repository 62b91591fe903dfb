"""LLaDA's names for Llama's configuration fields and tensors, in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from transformers import LlamaConfig

from apd.errors import ApdError
from apd.models.checkpoint import parse_config, require_fields

C = TypeVar("C", bound=LlamaConfig)

# Llama's configuration field -> LLaDA's.
REQUIRED_FIELDS = {
    "hidden_size": "d_model",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "mlp_hidden_size",
    "max_position_embeddings": "max_sequence_length",
    "rms_norm_eps": "rms_norm_eps",
    "tie_word_embeddings": "weight_tying",
    "eos_token_id": "eos_token_id",
}
OPTIONAL_FIELDS = {
    "mask_token_id": "mask_token_id",
    "num_key_value_heads": "n_kv_heads",
    "pad_token_id": "pad_token_id",
    "bos_token_id": "bos_token_id",
    "initializer_range": "init_std",
}

ROTARY_FIELDS = ("rope_theta", "rope_scaling", "rope_parameters")  # the same in both

# Choices of LLaDA's configuration under which its blocks are Llama's.
LLAMA_CHOICES: dict[str, Any] = {
    "block_type": "llama",
    "activation_type": "silu",
    "layer_norm_type": "rms",
    "rope": True,
    "alibi": False,
    "include_bias": False,
    "include_qkv_bias": False,
    "attention_layer_norm": False,
    "input_emb_norm": False,
    "scale_logits": False,
    "clip_qkv": None,
}

# Llama's module name -> LLaDA's.
TOP_MODULES = {
    "model.embed_tokens": "model.transformer.wte",
    "model.norm": "model.transformer.ln_f",
    "lm_head": "model.transformer.ff_out",
}
BLOCK_MODULES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "q_proj",
    "self_attn.k_proj": "k_proj",
    "self_attn.v_proj": "v_proj",
    "self_attn.o_proj": "attn_out",
    "post_attention_layernorm": "ff_norm",
    "mlp.gate_proj": "ff_proj",
    "mlp.up_proj": "up_proj",
    "mlp.down_proj": "ff_out",
}
LLAMA_BLOCK = re.compile(r"model\.layers\.(\d+)\.(.+)")
LLADA_BLOCK = re.compile(r"model\.transformer\.blocks\.(\d+)\.(.+)")


def read_llada_config(config_class: type[C], published: Mapping[str, Any], source: Path) -> C:
    """Llama's configuration from the content of a LLaDA ``config.json``.

    Raises:
        ApdError: a field is missing, or asks for blocks other than Llama's.
    """
    for field, choice in LLAMA_CHOICES.items():
        if published.get(field, choice) != choice:
            raise ApdError(
                f"{source}: config.json has {field}={published[field]!r}, only {choice!r} is "
                "supported; use a checkpoint with the architecture of LLaDA-8B"
            )
    require_fields(published, (*REQUIRED_FIELDS.values(), "rope_theta"), source)
    required = {ours: published[theirs] for ours, theirs in REQUIRED_FIELDS.items()}
    rows = published.get("embedding_size") or published.get("vocab_size")
    if rows is None:
        raise ApdError(f"{source}: config.json lacks vocab_size; download the checkpoint again")
    optional = {ours: published.get(theirs) for ours, theirs in OPTIONAL_FIELDS.items()}
    given = {name: value for name, value in optional.items() if value is not None}
    given |= {name: published[name] for name in ROTARY_FIELDS if published.get(name) is not None}
    fields = {"bos_token_id": None, "vocab_size": rows, **required, **given}
    return parse_config(config_class, fields, source)


def write_llada_config(config: LlamaConfig) -> dict[str, Any]:
    """The content of a LLaDA ``config.json``."""
    fields = {**REQUIRED_FIELDS, **OPTIONAL_FIELDS}
    return {
        **{theirs: getattr(config, ours) for ours, theirs in fields.items()},
        **LLAMA_CHOICES,
        "architectures": ["LLaDAModelLM"],
        "model_type": "llada",
        "vocab_size": config.vocab_size,
        "embedding_size": config.vocab_size,
        "rope_theta": (config.rope_parameters or {})["rope_theta"],
        "rope_full_precision": True,
        "mlp_ratio": config.intermediate_size / config.hidden_size,
        "layer_norm_with_affine": True,
        "attention_layer_norm_with_affine": True,
        "bias_for_layer_norm": False,
        "multi_query_attention": None,
        "block_group_size": 1,
        "attention_dropout": 0.0,
        "residual_dropout": 0.0,
        "embedding_dropout": 0.0,
        "flash_attention": False,
        "use_cache": False,
    }


def to_llada_name(llama_name: str) -> str:
    """``model.layers.3.mlp.up_proj.weight`` -> ``model.transformer.blocks.3.up_proj.weight``."""
    module, _, kind = llama_name.rpartition(".")
    block = LLAMA_BLOCK.fullmatch(module)
    if block is None:
        return f"{TOP_MODULES[module]}.{kind}"
    return f"model.transformer.blocks.{block[1]}.{BLOCK_MODULES[block[2]]}.{kind}"


def to_llama_name(llada_name: str) -> str:
    """The inverse of ``to_llada_name``; a name that LLaDA does not have is returned unchanged."""
    module, _, kind = llada_name.rpartition(".")
    block = LLADA_BLOCK.fullmatch(module)
    if block is None:
        ours = {theirs: ours for ours, theirs in TOP_MODULES.items()}.get(module)
        return llada_name if ours is None else f"{ours}.{kind}"
    ours = {theirs: ours for ours, theirs in BLOCK_MODULES.items()}.get(block[2])
    return llada_name if ours is None else f"model.layers.{block[1]}.{ours}.{kind}"
