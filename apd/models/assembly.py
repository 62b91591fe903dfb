"""From tensors to a model and back: none missing, none left over, every shape right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from apd.errors import ApdError

M = TypeVar("M", bound=PreTrainedModel)


def check_tensors(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], source: Path) -> None:
    """Both name the same tensors with the same shapes.

    Raises:
        ApdError: naming the first tensors that differ.
    """
    missing, unexpected = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    check_names(missing, unexpected, source)
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            refuse_shape(name, found[name].shape, tensor.shape, source)


def check_names(missing: list[str], unexpected: list[str], source: Path) -> None:
    """No tensor is missing, none unexpected; ApdError otherwise."""
    for problem, names in (("lacks", missing), ("has unexpected", unexpected)):
        if names:
            raise ApdError(
                f"{source} {problem} {len(names)} tensor(s), {names[0]} first; use a checkpoint "
                "whose files belong to its config.json"
            )


def refuse_shape(name: str, found: Any, wanted: Any, source: Path) -> None:
    """Raise the ApdError for a tensor of the wrong shape."""
    raise ApdError(
        f"{source}: {name} has shape {tuple(found)}, config.json implies {tuple(wanted)}; use a "
        "checkpoint whose files belong together"
    )


def build_model(
    model_class: type[M], config: PreTrainedConfig, tensors: Mapping[str, Tensor], source: Path
) -> M:
    """A model of ``model_class`` whose parameters are exactly ``tensors``, in evaluation mode.

    The module is laid out without memory first, so no weight is initialised in vain or held twice.
    An output layer that is stored is used as it is stored, whatever the configuration says; one
    that is not stored, or equals the embedding, is the embedding where the configuration ties them.

    Args:
        tensors: by the module's own parameter names, all on one device.
        source: the checkpoint, for error messages.

    Raises:
        ApdError: tensors are missing, unexpected or of the wrong shape, or the configuration
            describes no model.
    """
    model = lay_out(model_class, config, source)
    wanted, found = model.state_dict(), dict(tensors)
    ((output, embedding),) = tied_names(model).items()
    if config.tie_word_embeddings:
        config.tie_word_embeddings = tie(found, output, embedding)
    if config.tie_word_embeddings:
        wanted.pop(output)
    check_tensors(found, wanted, source)
    model.load_state_dict(found, strict=False, assign=True)
    if config.tie_word_embeddings:
        model.get_output_embeddings().weight = model.get_input_embeddings().weight
    try:
        restore_rotary(model, config)
    except Exception as error:
        raise no_model(source, error) from None
    return model.eval()


def lay_out(model_class: type[M], config: PreTrainedConfig, source: Path) -> M:
    """The module without memory. Raises ApdError if the configuration describes none."""
    try:
        with torch.device("meta"):
            return model_class(config)
    except Exception as error:  # whatever a value leads to
        raise no_model(source, error) from None


def no_model(source: Path, error: Exception) -> ApdError:
    """What to say of a configuration that no network can be made of."""
    reason = " ".join(str(error).split())
    return ApdError(
        f"{source}: config.json describes no model ({type(error).__name__}: {reason}); download "
        "the checkpoint again"
    )


def tied_names(model: PreTrainedModel) -> dict[str, str]:
    """The output layer's parameter and the embedding's, by transformers' own account."""
    return dict(model._tied_weights_keys or {})


def tie(found: dict[str, Tensor], output: str, embedding: str) -> bool:
    """Whether what is stored is one matrix; then it is kept once, as the embedding."""
    if output in found and embedding not in found:
        found[embedding] = found.pop(output)
    stored = found.get(output)
    if stored is None:
        return True
    if stored.shape == found[embedding].shape and torch.equal(stored, found[embedding]):
        del found[output]
        return True
    return False


def restore_rotary(model: PreTrainedModel, config: PreTrainedConfig) -> None:
    """Angles are no parameters: work them out anew where the layout had no memory for them."""
    parts: Any = model
    if hasattr(parts, "model"):
        device = parts.model.embed_tokens.weight.device
        parts.model.rotary_emb = type(parts.model.rotary_emb)(config=config).to(device)


def parameters_to_store(model: PreTrainedModel) -> dict[str, Tensor]:
    """The parameters by name, without the output layer where it is the embedding's transpose."""
    tensors = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        for output in tied_names(model):
            tensors.pop(output)
    return tensors
