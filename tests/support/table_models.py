"""Models that are tables of an enumerable language, and the comparison of samples with a law.

The prompt is one token outside the language, id V; the mask is V + 1; both are never sampled.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from apd.decoding import CanvasRequest, DecodeResult, JointRequest, MarginalRequest
from apd.decoding.protocols import ShadowRequest
from apd.exact import EnumerableLanguage, Table, chain_conditionals


class TableModel:
    """What a dLLM and an autoregressive model share."""

    end_token_ids: frozenset[int] = frozenset()
    device = torch.device("cpu")

    def __init__(self, size: int) -> None:
        self.size = size
        self.vocab_size = size + 2
        self.forbidden_token_ids = torch.tensor([size, size + 1])

    def detokenize(self, token_ids: Sequence[int]) -> str:
        return " ".join(map(str, token_ids))


def padded(probabilities: Any) -> Tensor:
    """(..., V) probabilities -> (..., V + 2) logits; the extra ids tempt the decoder."""
    logits = torch.log(torch.tensor(np.asarray(probabilities)))
    return torch.nn.functional.pad(logits, (0, 2), value=9.0).float()


class TableDiffusionLM(TableModel):
    def __init__(self, language: EnumerableLanguage) -> None:
        super().__init__(language.vocab_size)
        self.language = language
        self.mask_token_id = self.size + 1

    def window(self, kv_window: int | None) -> "TableDiffusionLM":
        return self

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        known = tokens[1:start].tolist()
        rows = self.language.marginals([*known, *[None] * (self.language.length - len(known))])
        return padded(rows[start - 1 : stop - 1])

    def marginals(self, requests: Sequence[MarginalRequest]) -> list[Tensor]:
        whole = [self.logits(r.tokens, r.start, r.stop) for r in requests]
        return [
            logits[r.rows.start - r.start : r.rows.stop - r.start]
            for logits, r in zip(whole, requests, strict=True)
        ]

    def canvases(self, requests: Sequence[CanvasRequest]) -> list[Tensor]:
        return [self.canvas_logits(r.tokens)[r.rows.start : r.rows.stop] for r in requests]

    def canvas_logits(self, tokens: Tensor) -> Tensor:
        observed = [None if t == self.mask_token_id else t for t in tokens[1:].tolist()]
        rows = self.language.marginals(observed)
        return padded(np.concatenate((rows[:1], rows)))  # a row for the prompt, which nobody reads

    def shadowed(self, requests: Sequence[ShadowRequest]) -> list[Tensor]:
        return [torch.cat([self._seen(r), self._hidden(r)]) for r in requests]

    def _seen(self, request: ShadowRequest) -> Tensor:
        return self.canvas_logits(request.tokens)[request.rows.start : request.rows.stop]

    def _hidden(self, request: ShadowRequest) -> Tensor:
        """Each row from the canvas with a mask in its place."""
        rows = []
        for position in request.rows:
            tokens = request.tokens.clone()
            tokens[position] = self.mask_token_id
            rows.append(self.canvas_logits(tokens)[position])
        return torch.stack(rows)


class TableVerifier(TableModel):
    def __init__(self, joint: Table) -> None:
        super().__init__(joint.shape[0])
        self.tables = chain_conditionals(joint)

    def scorer(self) -> "TableVerifier":
        return self

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        contexts = [tuple(tokens[1:i].tolist()) for i in range(start, stop)]
        return padded([self.tables[len(context)][context] for context in contexts])

    def joints(self, requests: Sequence[JointRequest]) -> list[Tensor]:
        return [self.logits(r.tokens, r.start, r.stop) for r in requests]


def frequencies(decode: Callable[[int], DecodeResult], runs: int, shape: tuple[int, ...]) -> Table:
    """How often each text came out under seeds 0..runs-1."""
    counts = np.zeros(shape)
    for seed in range(runs):
        counts[decode(seed).tokens] += 1
    return counts / runs


def assert_sampled_from(law: Table, observed: Table, runs: int) -> None:
    """Every frequency is within 4.5 standard errors of its probability."""
    error = np.sqrt(law * (1 - law) / runs)
    assert np.all(np.abs(observed - law) < 4.5 * error + 1e-9)
