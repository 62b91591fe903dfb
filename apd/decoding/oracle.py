"""The dLLM as its own verifier: p_AR itself, at one pass of the large model for every position.

No decoder would use it, since it costs what it should save. It is the yardstick: with position
noise, R = 0 and top-p 1, APD under this verifier writes the left-to-right text token for token,
and its tokens per iteration are the most that any verifier can give without changing the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.config import Noise
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM, JointRequest
from apd.decoding.recorder import DecodeRecorder


@dataclass(frozen=True, kw_only=True)
class OracleConfig(AdaptiveConfig):
    """Settings of APD with the dLLM as its own verifier; as defaults those that change no text.

    The settings are those of `AdaptiveConfig`.
    """

    mixture_weight: float = 0.0
    noise: Noise = "position"
    top_p: float = 1.0


@dataclass(frozen=True, eq=False)
class OracleVerifier:
    """An autoregressive model made of a dLLM: row i is p_D(x_i | x_<i), everything behind masked.

    Attributes:
        dllm: the model that drafts as well.
    """

    dllm: DiffusionLM

    @property
    def vocab_size(self) -> int:
        """V, the dLLM's."""
        return self.dllm.vocab_size

    @property
    def end_token_ids(self) -> frozenset[int]:
        """The dLLM's."""
        return self.dllm.end_token_ids

    @property
    def forbidden_token_ids(self) -> Tensor:
        """(F,) long, the dLLM's."""
        return self.dllm.forbidden_token_ids

    @property
    def device(self) -> torch.device:
        """The dLLM's."""
        return self.dllm.device

    def detokenize(self, token_ids: Sequence[int]) -> str:
        """Text of the tokens, special tokens skipped."""
        return self.dllm.detokenize(token_ids)

    def scorer(self) -> OracleScorer:
        """A view for one decode; it keeps nothing between calls."""
        return OracleScorer(self)

    def joints(self, requests: Sequence[JointRequest]) -> list[Tensor]:
        """(stop - start, V) float32 for each request, from one canvas a position."""
        canvases = [
            CanvasRequest(self.dllm, self._read_to(request.tokens, i), range(i, i + 1))
            for request in requests
            for i in range(request.start, request.stop)
        ]
        rows = torch.cat(self.dllm.canvases(canvases))  # (positions of all requests, V)
        return list(rows.split([request.stop - request.start for request in requests]))

    def _read_to(self, tokens: Tensor, position: int) -> Tensor:
        """The canvas with everything from `position` on masked, (L,)."""
        canvas = tokens.clone()
        canvas[position:] = self.dllm.mask_token_id
        return canvas


@dataclass(frozen=True, eq=False)
class OracleScorer:
    """One decode's view of an `OracleVerifier`."""

    verifier: OracleVerifier

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        """Logits of p_AR for positions start..stop-1 given the draft: (stop - start, V) float32."""
        return self.verifier.joints([JointRequest(self.verifier, self, tokens, start, stop)])[0]


def oracle_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: OracleConfig, run: DecodeRecorder
) -> Steps:
    """The loop of Algorithm 1 with the oracle. A pass of the verifier is one for each position."""
    return adaptive_steps(dllm, OracleVerifier(dllm), prompt_ids, config, run)
