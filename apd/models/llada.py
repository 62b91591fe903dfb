"""LLaDA: Llama's architecture, attending in both directions, predicting each position in place.

LLaDA was trained from scratch as a masked diffusion model, so nothing is shifted: the output at
position i is the prediction for position i. Its checkpoints have names of their own for the
configuration and the tensors; they are translated on the way in and out, so a file written here is
one that any LLaDA implementation reads, and the reverse.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from apd.models.assembly import parameters_to_store
from apd.models.bidirectional import BidirectionalLM
from apd.models.checkpoint import write_checkpoint
from apd.models.llada_format import to_llada_name, write_llada_config


class LladaConfig(LlamaConfig):
    """Llama's configuration with the id of the mask token.

    Pass every value: the defaults are those of transformers' Llama, not those of a checkpoint.
    """

    model_type = "llada"
    mask_token_id: int | None = None


class LladaForMaskedDiffusion(BidirectionalLM, LlamaForCausalLM):
    """Masked diffusion transformer without a shift.

    ``logits[:, i]`` predicts the token at position ``i + prediction_offset``, here i itself.
    """

    config_class = LladaConfig
    prediction_offset = 0


def save_llada_checkpoint(
    model: LladaForMaskedDiffusion, directory: Path, dtype: torch.dtype | None = None
) -> None:
    """Write configuration and weights in the published format, weights as ``dtype``."""
    tensors = parameters_to_store(model)
    published = {to_llada_name(name): tensor for name, tensor in tensors.items()}
    write_checkpoint(directory, write_llada_config(model.config), published, dtype)
