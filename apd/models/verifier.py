"""A model read left to right: the verifier's joint p̂_AR, and the autoregressive baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, Qwen2ForCausalLM

from apd.decoding.protocols import JointRequest, JointScorer
from apd.models.assembly import parameters_to_store
from apd.models.causal import load_causal, read_causal_config
from apd.models.checkpoint import write_checkpoint
from apd.models.inference import inference_pass
from apd.models.positions import PositionLimit
from apd.models.qwen2_format import write_qwen2_config
from apd.models.segments import Rows, Segment
from apd.models.vocabulary import check_ids, end_token_ids, load_tokenizer, unsampled_ids


class CausalVerifier:
    """A causal language model with its tokenizer.

    Attributes:
        name: what messages call it.
        all_finite: no logit is infinite unless something is broken.
        inference: the pass behind all logits.
        vocab_size: V', rows of the output layer.
        end_token_ids: end of sequence and end of turn.
        forbidden_token_ids: (F,) long, never to be sampled: rows that are no token, and the mask.
    """

    all_finite = True

    def __init__(
        self,
        model: Any,
        tokenizer: PreTrainedTokenizerBase,
        end_token_ids: frozenset[int],
        name: str = "the verifier",
    ) -> None:
        self.model = model.eval()
        self.name = name
        self.inference = inference_pass(model, causal=True)
        self.limit = PositionLimit(name, model.config)
        self.tokenizer = tokenizer
        self.vocab_size: int = len(model.get_output_embeddings().weight)
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
        return self.model.get_input_embeddings().weight.device

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
            Rows(computed, len(s.tokens) - length, len(s.tokens))
            for computed, s, length in zip(
                self.inference.run(segments), segments, lengths, strict=True
            )
        ]
        return list(self.inference.logits(rows).split(lengths))


class CausalScorer:
    """Scores drafts in one causal pass each, reusing keys and values of tokens already scored.

    A rejected draft needs no word: positions from ``start`` on are computed anew, and the keys and
    values of the rejected tokens are overwritten. Tokens before ``start`` must not have changed.
    """

    def __init__(self, verifier: CausalVerifier) -> None:
        self.cache = verifier.inference.new_cache()
        self._verifier = verifier
        self._checked = False

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
        if not self._checked:
            self._verifier.limit.check(len(tokens))
            self._checked = True
        first = min(self.cache.stop, start - 1)
        self.cache.reserve(len(tokens))
        ids = tokens[first : stop - 1].to(self._verifier.device)
        return Segment(ids, first, self.cache, outputs=stop - start)


def _own(scorer: JointScorer) -> CausalScorer:
    if not isinstance(scorer, CausalScorer):
        raise TypeError(f"{type(scorer).__name__} is not a scorer of this model")
    return scorer


def save_qwen2_checkpoint(
    model: Qwen2ForCausalLM, directory: Path, dtype: torch.dtype | None = None
) -> None:
    """Write configuration and weights in the published format, weights as ``dtype``."""
    config = write_qwen2_config(model.config, architecture="Qwen2ForCausalLM")
    write_checkpoint(directory, config, parameters_to_store(model), dtype)


def load_verifier(
    directory: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> CausalVerifier:
    """A verifier or baseline from a local directory.

    Raises:
        ApdError: files are missing or corrupt, or not those of a causal language model.
    """
    read_causal_config(directory)  # says what it is before anything of it is missed
    tokenizer = load_tokenizer(directory)
    model = load_causal(directory, device, dtype)
    ends = end_token_ids(directory, model.config.eos_token_id, tokenizer)
    rows = len(model.get_input_embeddings().weight)
    check_ids(directory, rows, tokenizer, {f"end token {i}": i for i in sorted(ends)})
    return CausalVerifier(model, tokenizer, ends, directory.name)
