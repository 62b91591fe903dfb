"""Which tokens a draw is between: laws need to be worked out for these alone."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from apd.coupling import LARGEST_GUMBEL, SMALLEST_GUMBEL
from apd.decoding.protocols import TextModel
from apd.decoding.warpers import forbidden_tokens
from apd.mixture import align_vocabulary

REACH = LARGEST_GUMBEL - SMALLEST_GUMBEL + 1.0
"""Nats below the most likely token from which on noise lifts no token to the top, and one more."""

COLDEST = 0.05
"""A lower temperature rules no more tokens out, lest the rounding of logits matter."""

BLOCK = 2**18
"""Logits that are looked at together, as many as stay in a core's cache."""


class Contenders:
    """Finds the tokens that can be drawn from some laws.

    A token further than `REACH` nats below the most likely one is never drawn. At T = 0.2 that
    leaves a small part of a vocabulary, in all rows of a chunk together; the others have less than
    V exp(-41) of the mass, which float64 does not resolve.

    On a CPU, raw logits are looked at in the models' own precision, and everything after that
    (softmax, nucleus, mixture, noise) is done for the contenders. An accelerator would have to be
    waited for: there, all tokens that may be sampled contend.

    Args:
        models: those whose logits make the laws; the first one's vocabulary, V, names the tokens.
        temperature: T >= 0.
        all_allowed: whether all tokens contend that may be sampled, on a CPU, too: for rules that
            compare whole laws instead of drawing from them.
    """

    def __init__(
        self, models: Sequence[TextModel], temperature: float, *, all_allowed: bool = False
    ) -> None:
        forbidden = forbidden_tokens(*models)
        self._allowed = (~forbidden).nonzero().squeeze(-1)
        self._all = all_allowed or forbidden.device.type != "cpu"
        self._reach = REACH * max(temperature, COLDEST)
        self._known = min(model.vocab_size for model in models)
        self._forbidden = forbidden[: self._known].nonzero().squeeze(-1)

    def known(self, logits: Tensor) -> Tensor:
        """Raw logits of the tokens that all of the models know: float32 or float64, on one device.

        (N, V') -> (N, K), K the smallest vocabulary; what a model gives no logits for gets -inf.
        """
        logits = logits.to(self._allowed.device)[:, : self._known]
        if logits.shape[1] < self._known:
            logits = align_vocabulary(logits, self._known)
        return logits if logits.dtype in (torch.float32, torch.float64) else logits.float()

    def between(self, *parts: tuple[float, Tensor]) -> Tensor:
        """The tokens that can be drawn from softmax(l / T) in at least one row.

        Args:
            parts: weights and (N, K) raw logits (`known`), whose weighted sum is l.

        Returns:
            (C,) long, ascending.
        """
        if self._all:
            return self._allowed
        (weight, logits), *others = [part for part in parts if part[0]]
        contending = np.zeros(self._known, dtype=bool)
        height = max(1, BLOCK // self._known)
        for first in range(0, len(logits), height):
            rows = slice(first, first + height)
            block = weight * logits[rows]
            for other_weight, other in others:
                block.add_(other[rows], alpha=other_weight)
            scores = block.index_fill_(1, self._forbidden, -torch.inf).numpy()
            least = scores.max(axis=1, keepdims=True) - self._reach
            contending |= (scores >= least).any(axis=0)
        token_ids = np.flatnonzero(contending)
        return torch.from_numpy(token_ids) if 2 * len(token_ids) < self._known else self._allowed
