"""Which of the two inference passes a model gets: the lean one where its architecture allows it."""

from __future__ import annotations

from typing import Any

from transformers import LlamaModel, Qwen2Model, Qwen3Model

from apd.models.lean import LeanDecoder
from apd.models.plain import PlainDecoder
from apd.models.rotation import DEPENDS_ON_LENGTH
from apd.models.segments import InferencePass

LEAN_LAYOUTS = (Qwen2Model, Qwen3Model, LlamaModel)


def inference_pass(model: Any, *, causal: bool) -> InferencePass:
    """The lean pass through ``model`` if it can be taken, else transformers' own."""
    if why_not_lean(model) is None:
        return LeanDecoder(model, causal=causal)
    return PlainDecoder(model, causal=causal)


def why_not_lean(model: Any) -> str | None:
    """What the lean pass does not compute but ``model`` has; None if it computes all of it."""
    decoder: Any = getattr(model, "model", None)
    config = model.config
    if type(decoder) not in LEAN_LAYOUTS:
        return f"model_type {config.model_type!r}"
    if config.hidden_act != "silu":
        return f"hidden_act {config.hidden_act!r}"
    rope_type = decoder.rotary_emb.rope_type
    if rope_type in DEPENDS_ON_LENGTH:
        return f"rope_type {rope_type!r}, whose angles depend on the length of the text"
    if 2 * len(decoder.rotary_emb.inv_freq) != decoder.layers[0].self_attn.head_dim:
        return "a rotary embedding of part of each head"
    if set(getattr(config, "layer_types", None) or ["full_attention"]) != {"full_attention"}:
        return "layers with sliding windows"
    if not all(parameter.is_floating_point() for parameter in model.parameters()):
        return "quantised weights"
    plain = ("o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
    for name, module in model.named_modules():
        if name.rpartition(".")[2] in plain and module.bias is not None:
            return f"a bias in {name}"
    return None
