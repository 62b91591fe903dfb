"""Weights in eight or four bits through bitsandbytes: less memory, other rounding."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from apd.errors import ApdError

Precision = Literal["int8", "int4"]
BLOCK = 64  # four-bit weights share a scale in blocks of this many


def check_precision(quantize: str | None) -> None:
    """It is a kind of weights that can be made, and the library for it is there.

    Raises:
        ApdError: it is not.
    """
    if quantize is None:
        return
    if quantize not in get_args(Precision):
        raise ApdError(f"quantize={quantize!r} is unknown; use {' or '.join(get_args(Precision))}")
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise ApdError(
            f"quantize={quantize!r} needs bitsandbytes; install it with "
            "`pip install 'apd[quantize]'`"
        ) from None


def quantize_weights(model: Any, quantize: Precision, device: torch.device | str) -> None:
    """Quantise every linear layer but the output layer, and move the model to ``device``.

    One layer at a time goes there and is quantised: the device never holds more than the quantised
    model and one layer. Norms, embedding and output layer keep their precision.
    """
    head = model.get_output_embeddings()
    linear = [
        (parent, name, layer)
        for parent in model.modules()
        for name, layer in parent.named_children()
        if isinstance(layer, nn.Linear | Conv1D) and layer is not head
        # On a CPU bitsandbytes 0.50 multiplies wrongly where a block would cross rows.
        if quantize == "int8" or matrix_of(layer).shape[1] % BLOCK == 0
    ]
    for parent, name, layer in linear:
        setattr(parent, name, quantized(layer, quantize).to(device))
    model.to(device)


def quantized(layer: Any, quantize: Precision) -> nn.Module:
    """The layer with weights in so many bits; int4 is NF4, int8 one scale a row."""
    import bitsandbytes

    parts: Any = bitsandbytes.nn

    matrix = matrix_of(layer)
    outputs, inputs = matrix.shape
    options: dict[str, Any] = {"bias": layer.bias is not None, "device": "meta"}
    made: Any
    if quantize == "int4":
        options |= {"compute_dtype": matrix.dtype, "quant_type": "nf4"}
        made = parts.Linear4bit(inputs, outputs, **options)
        made.weight = parts.Params4bit(matrix, requires_grad=False, quant_type="nf4")
    else:
        made = parts.Linear8bitLt(inputs, outputs, has_fp16_weights=False, threshold=0.0, **options)
        made.weight = parts.Int8Params(matrix, requires_grad=False, has_fp16_weights=False)
    made.bias = layer.bias
    return made


def matrix_of(layer: Any) -> Tensor:
    """(outputs, inputs) of a linear layer; GPT-2 stores it the other way round."""
    weight: Tensor = layer.weight.detach()
    return weight.t().contiguous() if isinstance(layer, Conv1D) else weight
