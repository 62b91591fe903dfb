"""Qwen2 and Qwen3 made bidirectional and trained on as masked diffusion models ("A2D").

Tensor names are Qwen's, nothing is shifted. The files hold an output layer of their own although
their configuration calls it tied; what is stored is what is used.
"""

from __future__ import annotations

from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from apd.models.bidirectional import BidirectionalLM


class A2DQwen2Config(Qwen2Config):
    """Qwen2's configuration under the name that converted checkpoints have."""

    model_type = "a2d-qwen2"
    mask_token_id: int | None = None


class A2DQwen3Config(Qwen3Config):
    """Qwen3's configuration under the name that converted checkpoints have."""

    model_type = "a2d-qwen3"
    mask_token_id: int | None = None


class Qwen2ForMaskedDiffusion(BidirectionalLM, Qwen2ForCausalLM):
    """Bidirectional Qwen2: ``a2d-qwen2``, and stock ``qwen2`` files trained on as a dLLM."""

    config_class = A2DQwen2Config
    prediction_offset = 0


class Qwen3ForMaskedDiffusion(BidirectionalLM, Qwen3ForCausalLM):
    """Bidirectional Qwen3: ``a2d-qwen3``."""

    config_class = A2DQwen3Config
    prediction_offset = 0
