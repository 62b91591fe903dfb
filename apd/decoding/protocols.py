"""What decoding asks of models: marginals from a dLLM, joint scores from an autoregressive model.

Axes: L positions of the canvas (prompt, decoded tokens, masks), V the dLLM's vocabulary, V' the
autoregressive model's. A request is one decode's and names the model that it is put to; requests of
a kind to one model are answered together. Logits are float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor

Role = Literal["dllm", "verifier"]  # under which a pass is counted and timed


class MarginalWindow(Protocol):
    """One decode's view of a dLLM; it owns the decode's keys and values."""

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        """Marginal logits l_D for positions start..stop-1, given tokens[:stop], in one pass.

        Args:
            tokens: (L,) long, the whole canvas; positions >= stop do not exist for this pass.
            start: the frontier t; everything before it is decoded. It grows from call to call, so
                the number of tokens accepted since the last call is known to the window.
            stop: one past the last masked position of the lookahead.

        Returns:
            (stop - start, V) float32, row i - start for position i (any shift undone).
        """
        ...


class JointScorer(Protocol):
    """One decode's view of an autoregressive model; it owns a key/value cache with rollback."""

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        """Joint logits l_AR for positions start..stop-1 in one causal pass.

        Args:
            tokens: (L,) long, the whole canvas; tokens[start:stop-1] is the draft to score, and
                nothing from stop - 1 on is read. Tokens before `start` that were read by an
                earlier call have not changed since: their keys and values are reused.
            start: first position scored, >= 1.
            stop: one past the last position scored.

        Returns:
            (stop - start, V') float32; row i - start is l_AR(. | tokens[:i]).
        """
        ...


class CanvasCache(Protocol):
    """Keys and values of one decode's canvas, kept between passes by the model that made it."""


@dataclass(frozen=True, eq=False)
class MarginalRequest:
    """Marginal logits that a decode asks for: some rows of `window.logits(tokens, start, stop)`.

    Attributes:
        model: who answers.
        window, tokens, start, stop: the pass.
        rows: the positions wanted, consecutive, within start..stop-1. Rows that begin at `start`
            open a new pass; later rows belong to the pass under way, which is not run again.
        beyond: masked positions from `stop` on that the pass sees too, in even steps; no row is
            asked of them. None ends the canvas at `stop`.
    """

    model: DiffusionLM
    window: MarginalWindow
    tokens: Tensor
    start: int
    stop: int
    rows: range
    beyond: range | None = None
    role: ClassVar[Role] = "dllm"

    @property
    def opens_pass(self) -> bool:
        """Whether this is the first request of its pass."""
        return self.rows.start == self.start

    @staticmethod
    def answer(requests: Sequence[MarginalRequest]) -> list[Tensor]:
        """(len(rows), V) for each of several requests to one model."""
        return requests[0].model.marginals(requests)


@dataclass(frozen=True, eq=False)
class JointRequest:
    """Joint logits that a decode asks for: `scorer.logits(tokens, start, stop)`.

    Attributes:
        model: who answers.
        scorer, tokens, start, stop: the pass.
        role: a model that drafts for another is counted and timed where drafts are, as "dllm".
    """

    model: AutoregressiveLM
    scorer: JointScorer
    tokens: Tensor
    start: int
    stop: int
    role: Role = "verifier"
    opens_pass: ClassVar[bool] = True

    @property
    def rows(self) -> range:
        """The positions wanted."""
        return range(self.start, self.stop)

    @staticmethod
    def answer(requests: Sequence[JointRequest]) -> list[Tensor]:
        """(stop - start, V') for each of several requests to one model."""
        return requests[0].model.joints(requests)


@dataclass(frozen=True, eq=False)
class CanvasRequest:
    """Logits for positions `rows` of a canvas with masks anywhere: rows of `canvas_logits`.

    Attributes:
        model: who answers.
        tokens: (L,) long, the canvas.
        rows: positions wanted.
        cache: from `DiffusionLM.canvas_cache`: receives the keys and values of this decode.
        recomputed: positions whose keys and values are computed; those of all others are read from
            the cache, as the last pass that computed them left them. None computes the whole
            canvas.
    """

    model: DiffusionLM
    tokens: Tensor
    rows: range
    cache: CanvasCache | None = None
    recomputed: range | None = None
    role: ClassVar[Role] = "dllm"
    opens_pass: ClassVar[bool] = True

    @staticmethod
    def answer(requests: Sequence[CanvasRequest]) -> list[Tensor]:
        """(len(rows), V) for each of several requests to one model."""
        return requests[0].model.canvases(requests)


@dataclass(frozen=True, eq=False)
class PackedRequest:
    """Several requests of one decode to one model, computed together: rows one after another.

    Attributes:
        parts: canvases of a dLLM, or drafts that an autoregressive model is to score by scorers of
            their own.
    """

    parts: tuple[CanvasRequest, ...] | tuple[JointRequest, ...]
    opens_pass: ClassVar[bool] = True

    @property
    def model(self) -> DiffusionLM | AutoregressiveLM:
        """Who answers: the model of all of them."""
        return self.parts[0].model

    @property
    def role(self) -> Role:
        """Under which the pass is counted: that of all of them."""
        return self.parts[0].role

    @staticmethod
    def answer(requests: Sequence[PackedRequest]) -> list[Tensor]:
        """(rows of all its parts, V) for each of several requests to one model."""
        parts = [part for request in requests for part in request.parts]
        logits = parts[0].answer(parts)  # type: ignore[arg-type]
        rows = [sum(len(part.rows) for part in request.parts) for request in requests]
        return list(torch.cat(logits).split(rows))


@dataclass(frozen=True, eq=False)
class ShadowRequest:
    """Logits for a block of a canvas, and what they are where a position's own token is hidden.

    Attributes:
        model: who answers.
        tokens: (L,) long, the canvas.
        rows: positions of the block.
    """

    model: DiffusionLM
    tokens: Tensor
    rows: range
    role: ClassVar[Role] = "dllm"
    opens_pass: ClassVar[bool] = True

    @staticmethod
    def answer(requests: Sequence[ShadowRequest]) -> list[Tensor]:
        """(2 len(rows), V) for each: of the canvas as it is, then with each token hidden."""
        return requests[0].model.shadowed(requests)


class TextModel(Protocol):
    """What both kinds of model know about tokens."""

    @property
    def vocab_size(self) -> int:
        """Rows of the output layer: V for a dLLM, V' for an autoregressive model."""
        ...

    @property
    def end_token_ids(self) -> frozenset[int]:
        """End of sequence and end of turn: generation ends at the first of them."""
        ...

    @property
    def forbidden_token_ids(self) -> Tensor:
        """(F,) long: ids that are never sampled; padding rows and, for a dLLM, the mask token."""
        ...

    @property
    def device(self) -> torch.device:
        """Where token ids go in and logits come out."""
        ...

    def detokenize(self, token_ids: Sequence[int]) -> str:
        """Text of the tokens, special tokens skipped."""
        ...


class DiffusionLM(TextModel, Protocol):
    """A masked diffusion language model, p_D."""

    @property
    def mask_token_id(self) -> int:
        """The token that stands for an undecoded position."""
        ...

    @property
    def end_of_text_ids(self) -> frozenset[int]:
        """End of sequence alone, without end of turn; the padding of a finished text."""
        ...

    def window(self, kv_window: int | None) -> MarginalWindow:
        """A fresh view for one decode that recomputes the last W = `kv_window` decoded tokens."""
        ...

    def marginals(self, requests: Sequence[MarginalRequest]) -> list[Tensor]:
        """Answer requests of different windows together: (len(rows), V) float32 for each."""
        ...

    def canvas_logits(self, tokens: Tensor) -> Tensor:
        """(L,) long -> (L, V) float32: row i holds the logits for position i (shift undone)."""
        ...

    def canvases(self, requests: Sequence[CanvasRequest]) -> list[Tensor]:
        """Answer requests together: (len(rows), V) float32 for each."""
        ...

    def shadowed(self, requests: Sequence[ShadowRequest]) -> list[Tensor]:
        """Answer requests together: (2 len(rows), V) float32 for each."""
        ...

    def canvas_cache(self) -> CanvasCache:
        """An empty cache for one decode's canvas."""
        ...


class AutoregressiveLM(TextModel, Protocol):
    """A causal language model: p̂_AR as a verifier, or a baseline that decodes on its own."""

    def scorer(self) -> JointScorer:
        """A fresh view for one decode."""
        ...

    def joints(self, requests: Sequence[JointRequest]) -> list[Tensor]:
        """Answer requests of different scorers together: (stop - start, V') float32 for each."""
        ...
