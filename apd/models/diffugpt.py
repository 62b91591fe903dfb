"""DiffuGPT: GPT-2 without its causal mask, predicting one position to the right.

The published files come from a wrapper that takes GPT-2 apart: ``embed_tokens`` is its word
embedding, ``denoise_model`` the rest, and ``lm_head`` the embedding again, stored or not. Their
``config.json`` is that of the GPT-2 they began from, so the number of rows is read from the tensor:
DiffuGPT-m has one more than GPT-2, for its mask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel

from apd.models.bidirectional import BidirectionalLM, nothing_masked
from apd.models.checkpoint import parse_config, require_fields
from apd.models.files import tensor_shapes
from apd.models.transformer import additive

REQUIRED_FIELDS = ("n_embd", "n_layer", "n_head", "n_positions", "layer_norm_epsilon")
EMBEDDING = "embed_tokens.weight"
# Causal masks and their filling value, which early transformers stored among the weights.
MASKS = re.compile(r"denoise_model\.h\.\d+\.attn\.(bias|masked_bias)")


class DiffuGptConfig(GPT2Config):
    """GPT-2's configuration with the id of the mask token."""

    mask_token_id: int | None = None


class DiffuGptForMaskedDiffusion(BidirectionalLM, GPT2LMHeadModel):
    """Bidirectional GPT-2. ``logits[:, i]`` predicts the token at i + ``prediction_offset``."""

    config_class = DiffuGptConfig
    prediction_offset = 1

    def hidden_states(
        self,
        input_ids: Tensor,
        padding_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Any = None,
    ) -> Tensor:
        """As `BidirectionalLM.hidden_states`; the cache is one of transformers' own."""
        past = cache.get_seq_length() if isinstance(cache, DynamicCache) else 0
        T, weight = input_ids.shape[1], self.lm_head.weight
        if padding_mask is None:
            mask = nothing_masked(T, past + T, weight)
        else:
            seen = padding_mask.bool()[:, None, None, :].expand(-1, 1, T, -1)
            mask = additive(seen, weight.dtype)
        return self.transformer(
            input_ids=input_ids,
            attention_mask=mask,
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state


def read_diffugpt_config(published: Mapping[str, Any], directory: Path) -> DiffuGptConfig:
    """GPT-2's configuration, the vocabulary's size being that of the stored embedding.

    Raises:
        ApdError: a field is missing or unusable.
    """
    require_fields(published, REQUIRED_FIELDS, directory)
    shapes = tensor_shapes(directory)
    stored = shapes.get(EMBEDDING) or shapes.get("lm_head.weight")
    rows = {} if stored is None else {"vocab_size": stored[0]}
    return parse_config(DiffuGptConfig, {**published, **rows}, directory)


def from_diffugpt_name(name: str) -> str | None:
    """``denoise_model.h.3.ln_1.weight`` -> ``transformer.h.3.ln_1.weight``; None for a mask."""
    if MASKS.fullmatch(name):
        return None
    if name == EMBEDDING:
        return "transformer.wte.weight"
    return re.sub(r"^denoise_model\.", "transformer.", name)
