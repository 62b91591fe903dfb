"""The families of masked diffusion models: one row each, told apart by ``model_type``.

A family is a transformers class made bidirectional, a reader of its ``config.json``, and what its
tensors are called. Stock types (`qwen2` and the like) are here because dLLMs are published under
them; nothing in such a file says which way its outputs are shifted, so that has to be said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedConfig

from apd.errors import ApdError
from apd.models.a2d import (
    A2DQwen2Config,
    A2DQwen3Config,
    Qwen2ForMaskedDiffusion,
    Qwen3ForMaskedDiffusion,
)
from apd.models.assembly import build_model
from apd.models.checkpoint import read_tensors
from apd.models.diffugpt import (
    DiffuGptForMaskedDiffusion,
    from_diffugpt_name,
    read_diffugpt_config,
)
from apd.models.dream import DreamConfig, DreamForMaskedDiffusion
from apd.models.files import read_json
from apd.models.llada import LladaConfig, LladaForMaskedDiffusion
from apd.models.llada_format import read_llada_config, to_llama_name
from apd.models.qwen2_format import read_qwen2_config


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of checkpoint that is a dLLM.

    Attributes:
        model_type: as ``config.json`` has it.
        model_class: the network.
        read_config: from the content of ``config.json`` and the directory.
        shifted: whether output i predicts position i + 1; None where it depends on the checkpoint.
        to_parameter: stored tensor name -> the network's parameter; None for what is no weight.
    """

    model_type: str
    model_class: type[Any]
    read_config: Callable[[Mapping[str, Any], Path], PreTrainedConfig]
    shifted: bool | None
    to_parameter: Callable[[str], str | None] = field(default_factory=lambda: str)


def _reader(config_class: Any) -> Callable[[Mapping[str, Any], Path], PreTrainedConfig]:
    return partial(read_qwen2_config, config_class)


FAMILIES: Mapping[str, Family] = {
    family.model_type: family
    for family in (
        Family(
            model_type="Dream",
            model_class=DreamForMaskedDiffusion,
            read_config=_reader(DreamConfig),
            shifted=True,
        ),
        Family(
            model_type="llada",
            model_class=LladaForMaskedDiffusion,
            read_config=partial(read_llada_config, LladaConfig),
            shifted=False,
            to_parameter=to_llama_name,
        ),
        Family(
            model_type="a2d-qwen2",
            model_class=Qwen2ForMaskedDiffusion,
            read_config=_reader(A2DQwen2Config),
            shifted=False,
        ),
        Family(
            model_type="a2d-qwen3",
            model_class=Qwen3ForMaskedDiffusion,
            read_config=_reader(A2DQwen3Config),
            shifted=False,
        ),
        Family(
            model_type="gpt2",  # DiffuGPT, by the names of its tensors
            model_class=DiffuGptForMaskedDiffusion,
            read_config=read_diffugpt_config,
            shifted=True,
            to_parameter=from_diffugpt_name,
        ),
        Family(
            model_type="qwen2",  # open-dcoder, for one
            model_class=Qwen2ForMaskedDiffusion,
            read_config=_reader(A2DQwen2Config),
            shifted=None,
        ),
        Family(
            model_type="qwen3",
            model_class=Qwen3ForMaskedDiffusion,
            read_config=_reader(A2DQwen3Config),
            shifted=None,
        ),
    )
}


def family_of(directory: Path) -> Family:
    """The family of a checkpoint.

    Raises:
        ApdError: ``config.json`` is unreadable or of none.
    """
    model_type = read_json(directory / "config.json").get("model_type")
    family = FAMILIES.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        raise ApdError(
            f"{directory} has model_type {model_type!r}, but a diffusion model is needed here "
            f"({', '.join(FAMILIES)}); pass another directory or hub name"
        )
    return family


def is_shifted(family: Family, asked: bool | None, directory: Path) -> bool:
    """Whether output i predicts position i + 1: as asked, else as the family has it.

    Raises:
        ApdError: neither says.
    """
    shifted = family.shifted if asked is None else asked
    if shifted is None:
        raise ApdError(
            f"{directory} has model_type {family.model_type!r}, but a diffusion model is needed "
            "here; pass another directory or hub name, or, if it is one, say whether its output i "
            "predicts position i + 1 (--shifted) or i (--no-shifted)"
        )
    return shifted


def load_bidirectional(
    directory: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    shifted: bool | None = None,
) -> Any:
    """The network of a checkpoint of any family; ``dtype`` None keeps the stored one.

    Args:
        shifted: whether output i predicts position i + 1; None leaves it to the family.

    Raises:
        ApdError: files are missing or corrupt, or of no family.
    """
    family = family_of(directory)
    offset = int(is_shifted(family, shifted, directory))
    config = family.read_config(read_json(directory / "config.json"), directory)
    stored = read_tensors(directory, device, dtype)
    model = build_model(family.model_class, config, parameters(family, stored), directory)
    model.prediction_offset = offset
    return model


def parameters(family: Family, stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Stored tensors by the names of the network's parameters."""
    named = ((family.to_parameter(name), tensor) for name, tensor in stored.items())
    return {name: tensor for name, tensor in named if name is not None}
