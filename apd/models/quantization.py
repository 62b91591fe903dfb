"""Weights in eight or four bits through bitsandbytes: less memory, other rounding."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from apd.errors import ApdError

Precision = Literal["int8", "int4"]


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
    ]
    for parent, name, layer in linear:
        setattr(parent, name, quantized(layer, quantize).to(device))
    model.to(device)


def quantized(layer: nn.Module, quantize: Precision) -> nn.Module:
    """The layer with weights in so many bits; int4 is NF4, int8 one scale a row."""
    from bitsandbytes.nn import Int8Params, Linear4bit, Linear8bitLt, Params4bit

    weight: Any = layer.weight
    matrix: Tensor = weight.detach().t().contiguous() if isinstance(layer, Conv1D) else weight.data
    outputs, inputs = matrix.shape
    options: dict[str, Any] = {"bias": layer.bias is not None, "device": "meta"}
    made: Any
    if quantize == "int4":
        options |= {"compute_dtype": matrix.dtype, "quant_type": "nf4"}
        made = Linear4bit(inputs, outputs, **options)
        made.weight = Params4bit(matrix, requires_grad=False, quant_type="nf4")
    else:
        made = Linear8bitLt(inputs, outputs, has_fp16_weights=False, threshold=0.0, **options)
        made.weight = Int8Params(matrix, requires_grad=False, has_fp16_weights=False)
    made.bias = layer.bias
    return made
