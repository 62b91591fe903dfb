"""The configuration file that Qwen2, Qwen3 and Dream share, in its published field names.

transformers 5 keeps the rotary base inside ``rope_parameters``; published files, and every other
implementation, have ``rope_theta`` and ``rope_scaling`` at the top level.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from transformers import PreTrainedConfig, Qwen2Config, Qwen3Config

from apd.errors import ApdError
from apd.models.checkpoint import parse_config, require_fields

REQUIRED_FIELDS = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "rms_norm_eps",
    "tie_word_embeddings",
    "max_position_embeddings",
)
OPTIONAL_FIELDS = (
    "hidden_act",
    "attention_dropout",
    "initializer_range",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "mask_token_id",
)

C = TypeVar("C", bound=Qwen2Config | Qwen3Config)


def read_qwen2_config(config_class: type[C], published: Mapping[str, Any], source: Path) -> C:
    """A configuration from the content of ``config.json``; architecture fields have no defaults.

    Raises:
        ApdError: a field is missing or has an impossible value, or layers use sliding windows.
    """
    require_fields(published, required_fields(config_class), source)
    if not has_rotary_base(published):
        raise ApdError(f"{source}: config.json lacks rope_theta; download the checkpoint again")
    config = parse_config(config_class, published, source)
    if set(config.layer_types or ["full_attention"]) != {"full_attention"}:
        raise ApdError(
            f"{source}: sliding-window attention is not supported; use a checkpoint whose "
            "config.json has use_sliding_window false"
        )
    return config


def required_fields(config_class: type[PreTrainedConfig]) -> tuple[str, ...]:
    """Fields that make up the architecture; Qwen3's heads have a width of their own."""
    return (
        (*REQUIRED_FIELDS, "head_dim")
        if issubclass(config_class, Qwen3Config)
        else (REQUIRED_FIELDS)
    )


def has_rotary_base(published: Mapping[str, Any]) -> bool:
    """Whether the file names the rotary base, at the top level (4.x) or inside (5.x)."""
    inner = [published.get(name) or {} for name in ("rope_parameters", "rope_scaling")]
    places = [published, *(part for part in inner if isinstance(part, dict))]
    return any(place.get("rope_theta") is not None for place in places)


def write_qwen2_config(config: Qwen2Config | Qwen3Config, architecture: str) -> dict[str, Any]:
    """The content of ``config.json`` with ``architectures: [architecture]``."""
    scaling = dict(config.rope_parameters or {})
    theta = scaling.pop("rope_theta")
    fields = {
        name: getattr(config, name)
        for name in (*required_fields(type(config)), *OPTIONAL_FIELDS)
        if hasattr(config, name)
    }
    return {
        **fields,
        "architectures": [architecture],
        "model_type": config.model_type,
        "rope_theta": theta,
        "rope_scaling": None if scaling == {"rope_type": "default"} else scaling,
        "max_window_layers": config.num_hidden_layers,
        "sliding_window": None,
        "use_sliding_window": False,
        "use_cache": True,
    }
