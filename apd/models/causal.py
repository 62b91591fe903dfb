"""Verifiers and baselines: whatever transformers' causal language models load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils import logging

from apd.errors import ApdError
from apd.models.assembly import check_names, refuse_shape
from apd.models.checkpoint import check_rotary
from apd.models.files import read_json, weight_files


def read_causal_config(directory: Path) -> PreTrainedConfig:
    """The configuration as transformers reads it.

    Raises:
        ApdError: it is unreadable, or not that of a causal language model.
    """
    model_type = read_json(directory / "config.json").get("model_type")
    if not isinstance(model_type, str) or model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise ApdError(
            f"{directory} has model_type {model_type!r}, but a causal language model that "
            "transformers knows is needed here; pass another directory or hub name"
        )
    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True)
    except Exception as error:  # transformers raises whatever a value leads to
        raise unusable(directory, error) from None
    check_rotary(config, directory)
    return config


def load_causal(
    directory: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Any:
    """A causal language model in evaluation mode; ``dtype`` None keeps the stored one.

    Tensors go to the device one by one. No pickle is read and no code from the checkpoint is run.

    Raises:
        ApdError: files are missing or corrupt, or do not belong together.
    """
    config = read_causal_config(directory)
    weight_files(directory)
    try:
        with quiet():
            made: Any = AutoModelForCausalLM.from_pretrained(
                directory,
                config=config,
                dtype=dtype or "auto",
                device_map={"": str(device)},
                local_files_only=True,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except SafetensorError as error:
        raise ApdError(
            f"{directory}: the weights are corrupt or truncated ({error}); download or copy them "
            "again"
        ) from None
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:  # transformers raises whatever a value leads to
        raise unusable(directory, error) from None
    model, loaded = made
    check_names(sorted(loaded["missing_keys"]), sorted(loaded["unexpected_keys"]), directory)
    for name, found, wanted in sorted(loaded["mismatched_keys"]):
        refuse_shape(name, found, wanted, directory)
    return model.eval()


def unusable(directory: Path, error: Exception) -> ApdError:
    """What to say when transformers cannot make a model of a checkpoint."""
    reason = " ".join(str(error).split())[:300]
    return ApdError(
        f"{directory}: config.json is not usable ({reason}); download the checkpoint again"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars and reports: what matters is said in one line here."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
