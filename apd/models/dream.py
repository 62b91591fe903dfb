"""Dream: Qwen2's architecture, attending in both directions, predicting one position to the right.

Dream was continued from an autoregressive Qwen2.5 and kept its shifted prediction: the output at
position i is the prediction for the token at position i + 1, whether that token is masked or not.
So to fill a mask at position i, read the output at position i - 1.

Checkpoints keep Qwen2's tensor names; only ``model_type`` and ``mask_token_id`` are new.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from apd.models.assembly import parameters_to_store
from apd.models.bidirectional import BidirectionalLM
from apd.models.checkpoint import write_checkpoint
from apd.models.qwen2_format import write_qwen2_config


class DreamConfig(Qwen2Config):
    """Qwen2's configuration with the id of the mask token.

    Pass every value: the defaults are those of transformers' Qwen2, not those of a checkpoint.
    """

    model_type = "Dream"
    mask_token_id: int | None = None


class DreamForMaskedDiffusion(BidirectionalLM, Qwen2ForCausalLM):
    """Masked diffusion transformer with Dream's tensor names and shifted prediction.

    ``logits[:, i]`` predicts the token at position ``i + prediction_offset``.
    """

    config_class = DreamConfig
    prediction_offset = 1


def save_dream_checkpoint(
    model: DreamForMaskedDiffusion, directory: Path, dtype: torch.dtype | None = None
) -> None:
    """Write configuration and weights in the published format, weights as ``dtype``."""
    config = write_qwen2_config(model.config, architecture="DreamModel")
    write_checkpoint(directory, config, parameters_to_store(model), dtype)
