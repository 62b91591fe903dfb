"""Qwen2 read left to right: the verifier's joint p̂_AR, and the autoregressive baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

from apd.decoding.protocols import JointRequest, JointScorer
from apd.models.assembly import build_model, parameters_to_store
from apd.models.checkpoint import (
    read_config,
    read_tensors,
    write_checkpoint,
)
from apd.models.lean import LeanDecoder, Rows, Segment
from apd.models.qwen2_format import read_qwen2_config, write_qwen2_config
from apd.models.vocabulary import end_token_ids, load_tokenizer, unsampled_ids


class QwenVerifier:
    """A causal language model with its tokenizer.

    Attributes:
        vocab_size: V', rows of the output layer.
        end_token_ids: end of sequence and end of turn.
        forbidden_token_ids: (F,) long, never to be sampled: rows that are no token, and the mask.
    """

    def __init__(
        self,
        model: Qwen2ForCausalLM,
        tokenizer: PreTrainedTokenizerBase,
        end_token_ids: frozenset[int],
    ) -> None:
        self.model = model.eval()
        self.lean = LeanDecoder(model, causal=True)
        self.tokenizer = tokenizer
        self.vocab_size: int = model.config.vocab_size
        self.end_token_ids = end_token_ids
        forbidden = unsampled_ids(self.vocab_size, tokenizer, mask_token_id=None)
        self.forbidden_token_ids = torch.tensor(
            sorted(i for i in forbidden if i < self.vocab_size),
            dtype=torch.long,
            device=self.device,
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are; token ids are moved there."""
        return self.model.lm_head.weight.device

    def detokenize(self, token_ids: Sequence[int]) -> str:
        """Text of the tokens, special tokens skipped."""
        return str(self.tokenizer.decode(list(token_ids), skip_special_tokens=True))

    def scorer(self) -> CausalScorer:
        """A fresh view for one decode."""
        return CausalScorer(self)

    @torch.no_grad()
    def joints(self, requests: Sequence[JointRequest]) -> list[Tensor]:
        """Logits of the positions asked for, the requests packed into one pass.

        Args:
            requests: of different scorers, all made by this model.

        Returns:
            (stop - start, V') float32 for each.

        Raises:
            ValueError: positions out of range.
        """
        segments = [_own(r.scorer).open(r.tokens, r.start, r.stop) for r in requests]
        lengths = [r.stop - r.start for r in requests]  # the last rows of each pass
        rows = [
            Rows(computed, len(computed.hidden) - length, len(computed.hidden))
            for computed, length in zip(self.lean.run(segments), lengths, strict=True)
        ]
        return list(self.lean.logits(rows).split(lengths))


class CausalScorer:
    """Scores drafts in one causal pass each, reusing keys and values of tokens already scored.

    A rejected draft needs no word: positions from ``start`` on are computed anew, and the keys and
    values of the rejected tokens are overwritten. Tokens before ``start`` must not have changed.
    """

    def __init__(self, verifier: QwenVerifier) -> None:
        self.cache = verifier.lean.new_cache()
        self._verifier = verifier

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        """Row i - start is l_AR(. | tokens[:i]) for i in start..stop-1.

        Args:
            tokens: (at least stop - 1,) long; positions from stop - 1 on are not read.
            start: first position to score, >= 1.

        Returns:
            (stop - start, V') float32.

        Raises:
            ValueError: not 1 <= start < stop <= len(tokens) + 1.
        """
        return self._verifier.joints([JointRequest(self._verifier, self, tokens, start, stop)])[0]

    def open(self, tokens: Tensor, start: int, stop: int) -> Segment:
        """The tokens to read: row i comes from the output at i - 1, so start - 1 .. stop - 2."""
        if not 1 <= start < stop <= len(tokens) + 1:
            raise ValueError(
                f"start={start}, stop={stop}: need 1 <= start < stop <= {len(tokens) + 1}, one "
                "past the tokens given"
            )
        first = min(self.cache.stop, start - 1)
        self.cache.reserve(len(tokens))
        return Segment(tokens[first : stop - 1].to(self._verifier.device), first, self.cache)


def _own(scorer: JointScorer) -> CausalScorer:
    if not isinstance(scorer, CausalScorer):
        raise TypeError(f"{type(scorer).__name__} is not a scorer of this model")
    return scorer


def load_qwen2_checkpoint(
    directory: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Qwen2ForCausalLM:
    """A Qwen2 model from a directory in the published format; ``dtype`` None keeps the stored one.

    Raises:
        ApdError: files are missing, corrupt, or not a Qwen2 checkpoint.
    """
    published = read_config(directory, Qwen2Config.model_type)
    config = read_qwen2_config(Qwen2Config, published, directory)
    return build_model(Qwen2ForCausalLM, config, read_tensors(directory, device, dtype), directory)


def save_qwen2_checkpoint(
    model: Qwen2ForCausalLM, directory: Path, dtype: torch.dtype | None = None
) -> None:
    """Write configuration and weights in the published format, weights as ``dtype``."""
    config = write_qwen2_config(model.config, architecture="Qwen2ForCausalLM")
    write_checkpoint(directory, config, parameters_to_store(model), dtype)


def load_verifier(
    directory: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> QwenVerifier:
    """A verifier or baseline from a local directory.

    Raises:
        ApdError: files are missing, corrupt, or not a Qwen2 checkpoint.
    """
    tokenizer = load_tokenizer(directory)
    model = load_qwen2_checkpoint(directory, device, dtype)
    ends = end_token_ids(directory, model.config.eos_token_id, tokenizer)
    return QwenVerifier(model, tokenizer, ends)
