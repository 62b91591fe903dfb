"""Logits that are no numbers: said in one line, instead of decoded into empty or random text."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from apd.decoding.protocols import (
    CanvasRequest,
    JointRequest,
    MarginalRequest,
    PackedRequest,
    ShadowRequest,
    TextModel,
)
from apd.errors import ApdError

Request = MarginalRequest | CanvasRequest | PackedRequest | ShadowRequest | JointRequest


class Extremes(NamedTuple):
    """The least and the largest logit of every row of a pass, (rows,) each."""

    model: TextModel
    requests: list[Request]
    least: Tensor
    largest: Tensor


class FiniteLogits:
    """Watches the passes of one run for rows of logits that no law can be made of.

    A row fails that holds a nan or +inf, or nothing but -inf. A single -inf is a token without
    probability, which a distribution written down may have; a network (`all_finite`) may not. The
    check is one more reading of logits that are read many times anyway. A GPU is not waited for:
    its rows are looked at when the next pass begins, by when their tokens have arrived.
    """

    def __init__(self) -> None:
        self._noted: list[Extremes] = []

    def note(self, model: TextModel, requests: Sequence[Request], logits: Sequence[Tensor]) -> None:
        """Take down a pass.

        Args:
            model: it was made by; `name` is for the message, `all_finite` marks a network.
            requests, logits: what was asked for, and (rows, V) answers.

        Raises:
            ApdError: on a CPU, if a row fails; for other devices see `check`.
        """
        is_network = getattr(model, "all_finite", False)
        on_cpu = logits[0].device.type == "cpu"
        # a sum is a single reading, and finite only if every term is; if it is not, look at rows
        if is_network and on_cpu and all(math.isfinite(answer.sum()) for answer in logits):
            return
        largest = torch.cat([answer.amax(-1) for answer in logits])
        # twice one extreme: `aminmax` reads its rows far more slowly than two reductions do
        least = torch.cat([answer.amin(-1) for answer in logits]) if is_network else largest
        self._noted.append(Extremes(model, list(requests), least, largest))
        if on_cpu:
            self.check()

    def check(self) -> None:
        """Look at the passes taken down since the last time.

        Raises:
            ApdError: naming model and position of the first row that fails.
        """
        noted, self._noted = self._noted, []
        for extremes in noted:
            failing = ~(extremes.least.isfinite() & extremes.largest.isfinite())
            if bool(failing.any()):
                raise self._error(extremes, int(failing.nonzero()[0]))

    def _error(self, extremes: Extremes, row: int) -> ApdError:
        positions = [i for request in extremes.requests for i in rows_of(request)]
        least, largest = extremes.least[row].item(), extremes.largest[row].item()
        return ApdError(
            f"{getattr(extremes.model, 'name', type(extremes.model).__name__)} gives logits from "
            f"{least:.4g} to {largest:.4g} for position {positions[row]}: its weights are damaged, "
            "or overflow in their precision; load it as bfloat16 or float32 (--dtype), or "
            "download it again"
        )


def rows_of(request: Request) -> Sequence[int]:
    """The positions that a request asks logits for, in the order of its rows."""
    if isinstance(request, PackedRequest):
        return [i for part in request.parts for i in part.rows]
    return [*request.rows, *request.rows] if isinstance(request, ShadowRequest) else request.rows
