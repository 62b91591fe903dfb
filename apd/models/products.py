"""Products with weight matrices, by whichever of torch's two libraries is faster at the size.

On a CPU torch hands float32 products to MKL. oneDNN, which comes with torch too, takes weights laid
out in blocks once and for all, and then uses the whole width of the vector units also where MKL
does not (AMD's). `apd bench` times products of both kinds. Below half a million multiplications the
calls of oneDNN cost more than they save, and a single row is a product of a matrix and a vector,
which is as fast in MKL.
"""

from __future__ import annotations

import platform
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

WORTH_A_CALL = 2**19  # multiplications from which oneDNN is the faster one
TYPICAL_ROWS = 64  # oneDNN chooses its blocks with a number of rows in view


class Matrix(NamedTuple):
    """A weight matrix, and the same in oneDNN's layout where products by oneDNN are wanted.

    The blocked one is a copy, which does not follow later changes of the weight.
    """

    weight: Tensor  # (outputs, inputs)
    blocked: Tensor | None = None

    def in_blocks(self) -> Matrix:
        """With a blocked copy, if ``can_block`` its weight."""
        if not can_block(self.weight):
            return self
        weight = self.weight.detach()
        return Matrix(weight, torch.ops.mkldnn._reorder_linear_weight(weight, TYPICAL_ROWS))

    def without_blocks(self) -> Matrix:
        """The weight alone."""
        return Matrix(self.weight)


def can_block(weight: Tensor) -> bool:
    """Whether there is a oneDNN for it: float32 on an x86 CPU, in a torch built with oneDNN."""
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and platform.machine().lower() in ("x86_64", "amd64")
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def times(rows: Tensor, matrix: Matrix, bias: Tensor | None = None) -> Tensor:
    """rows @ weight.T + bias. (N, inputs) -> (N, outputs)."""
    if _worth_blocks(rows, matrix):
        return _by_blocks(rows, matrix, bias)
    return F.linear(rows, matrix.weight, bias)


def add_times(start: Tensor, rows: Tensor, matrix: Matrix) -> Tensor:
    """start + rows @ weight.T. (N, outputs), (N, inputs) -> (N, outputs)."""
    if _worth_blocks(rows, matrix):
        return start + _by_blocks(rows, matrix, None)
    return torch.addmm(start, rows, matrix.weight.t())


def _worth_blocks(rows: Tensor, matrix: Matrix) -> bool:
    return matrix.blocked is not None and len(rows) * matrix.weight.numel() >= WORTH_A_CALL


def _by_blocks(rows: Tensor, matrix: Matrix, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(rows, matrix.blocked, bias, "none", [], "")
