"""Models of any shape with random weights, to time shapes that no checkpoint here has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from apd.benchmarks.models import BenchModels
from apd.costmodel import ARCHITECTURES, Architecture
from apd.models.assembly import build_model
from apd.models.diffusion import MaskedDiffusionLM
from apd.models.dream import DreamConfig, DreamForMaskedDiffusion
from apd.models.verifier import CausalVerifier

M = TypeVar("M", bound=PreTrainedModel)


@dataclass(frozen=True)
class Shapes:
    """A dLLM and a verifier by their shapes; both get the verifier's vocabulary."""

    dllm: Architecture
    verifier: Architecture


SEVEN_B = Shapes(ARCHITECTURES["Dream 7B"], ARCHITECTURES["Qwen2.5 0.5B"])


def tiny_shapes(vocabulary: int = 512) -> Shapes:
    """Shapes that any machine runs in milliseconds, to try the code path out."""
    small = Architecture(
        hidden=32,
        layers=2,
        heads=4,
        kv_heads=2,
        head_dim=8,
        mlp=64,
        vocabulary=vocabulary,
        tied=False,
        source="made up",
    )
    return Shapes(small, small)


def random_models(shapes: Shapes, device: torch.device, dtype: torch.dtype) -> BenchModels:
    """A pair with random weights. It never ends a text: it has no end tokens."""
    vocabulary = shapes.verifier.vocabulary
    tokenizer = numbered_tokenizer(vocabulary)
    dream = DreamConfig(**config_values(shapes.dllm, vocabulary), mask_token_id=vocabulary - 1)
    dllm = random_weights(DreamForMaskedDiffusion, dream, device, dtype)
    verifier = random_causal(shapes.verifier, vocabulary, device, dtype)
    return BenchModels(
        MaskedDiffusionLM(dllm, tokenizer, frozenset()),
        CausalVerifier(verifier, tokenizer, frozenset()),
    )


def random_autoregressive(
    shape: Architecture, device: torch.device, dtype: torch.dtype
) -> CausalVerifier:
    """An autoregressive model with random weights and no end token."""
    model = random_causal(shape, shape.vocabulary, device, dtype)
    return CausalVerifier(model, numbered_tokenizer(shape.vocabulary), frozenset())


def random_causal(
    shape: Architecture, vocabulary: int, device: torch.device, dtype: torch.dtype
) -> Qwen2ForCausalLM:
    """A Qwen2 model of this shape."""
    config = Qwen2Config(**config_values(shape, vocabulary))
    return random_weights(Qwen2ForCausalLM, config, device, dtype)


def random_weights(
    model_class: type[M], config: Qwen2Config, device: torch.device, dtype: torch.dtype
) -> M:
    """A model whose weights are small normal numbers and whose norms are 1."""
    with torch.device("meta"):
        wanted = model_class(config).state_dict()
    if config.tie_word_embeddings:
        wanted.pop("lm_head.weight")
    tensors = {}
    for name, like in wanted.items():
        tensor = torch.ones(like.shape, device=device, dtype=dtype)
        tensors[name] = tensor if "norm" in name else tensor.normal_(0, 0.02)
    return build_model(model_class, config, tensors, Path("random weights"))


def config_values(shape: Architecture, vocabulary: int) -> dict[str, Any]:
    """A shape as Qwen2's configuration has it."""
    return {
        "vocab_size": vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "intermediate_size": shape.mlp,
        "tie_word_embeddings": shape.tied,
        "max_position_embeddings": 4096,
    }


def numbered_tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """A tokenizer whose words are the numbers 0, 1, ... themselves."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = {str(token): token for token in range(vocabulary)}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words, unk_token="0")))
