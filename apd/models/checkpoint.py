"""Checkpoint directories: ``config.json`` and safetensors, as files.

Only safetensors are read, never pickles, and no code from a checkpoint is run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from apd.errors import ApdError
from apd.models.files import WEIGHTS, read_json, remedy, weight_files

ROPE_KINDS = {"default", *ROPE_INIT_FUNCTIONS}

C = TypeVar("C", bound=PreTrainedConfig)


def read_config(directory: Path, model_type: str) -> dict[str, Any]:
    """``config.json``, checked to be of the wanted ``model_type``.

    Raises:
        ApdError: the file is unreadable or describes another kind of model.
    """
    config = read_json(directory / "config.json")
    found = config.get("model_type")
    if found != model_type:
        raise ApdError(
            f"{directory} has model_type {found!r}, but a {model_type!r} checkpoint is needed "
            "here; pass another directory or hub name"
        )
    return config


def require_fields(published: Mapping[str, Any], names: Sequence[str], source: Path) -> None:
    """All fields are there: an architecture has no defaults.

    Raises:
        ApdError: naming those that are not.
    """
    absent = [name for name in names if published.get(name) is None]
    if absent:
        raise ApdError(
            f"{source}: config.json lacks {', '.join(absent)}; download the checkpoint again"
        )


def parse_config(config_class: type[C], published: Mapping[str, Any], source: Path) -> C:
    """The content of ``config.json`` as transformers itself reads it, in any of its versions.

    Raises:
        ApdError: transformers refuses a value.
    """
    try:
        config = config_class.from_dict(dict(published))
    except Exception as error:  # transformers raises whatever a value leads to
        reason = " ".join(str(error).split())
        raise ApdError(
            f"{source}: config.json is not usable ({reason}); download the checkpoint again"
        ) from None
    check_rotary(config, source)
    return config


def check_rotary(config: PreTrainedConfig, source: Path) -> None:
    """The rotary embedding is of a kind that transformers knows.

    Raises:
        ApdError: it is not.
    """
    parameters = getattr(config, "rope_parameters", None) or {}
    nested = [value for value in parameters.values() if isinstance(value, dict)]
    for rotary in nested or [parameters]:
        kind = rotary.get("rope_type", "default")
        if kind not in ROPE_KINDS:
            raise ApdError(
                f"{source}: config.json has rope_type {kind!r}, which transformers does not know "
                f"({', '.join(sorted(ROPE_KINDS))}); use a newer transformers, or another "
                "checkpoint"
            )


def read_tensors(
    directory: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """All tensors of a checkpoint by name, on ``device``, in ``dtype`` (None: as stored).

    They go to the device one by one, a file at a time: the host never holds more than one file
    beside what stays there.

    Raises:
        ApdError: a file is missing, corrupt or truncated.
    """
    tensors: dict[str, Tensor] = {}
    for path in weight_files(directory):
        try:
            with safe_open(path, framework="pt", device=str(device)) as file:
                for name in file.keys():  # noqa: SIM118
                    tensors[name] = file.get_tensor(name).to(dtype)
        except (SafetensorError, OSError, ValueError) as error:
            raise ApdError(f"{path} is corrupt or truncated ({error}); {remedy(path)}") from None
    return tensors


def write_checkpoint(
    directory: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype | None = None,
) -> None:
    """Write ``config.json``, ``generation_config.json`` and ``model.safetensors``.

    Args:
        dtype: what to store floating point tensors as; None keeps each tensor's own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stored = {
        name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in tensors.items()
    }
    partial = directory / f".{WEIGHTS}.partial"
    save_file(stored, partial, metadata={"format": "pt"})
    os.replace(partial, directory / WEIGHTS)
    precision = str(next(iter(stored.values())).dtype).removeprefix("torch.")
    ids = ("bos_token_id", "eos_token_id", "pad_token_id", "mask_token_id")
    generation = {name: config[name] for name in ids if config.get(name) is not None}
    write_json(directory / "config.json", {**config, "torch_dtype": precision})
    write_json(directory / "generation_config.json", generation)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object with sorted keys, replacing the file in one step."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)
