"""A masked diffusion model as decoding sees it: logits for positions, any shift undone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from apd.decoding.protocols import (
    CanvasCache,
    CanvasRequest,
    MarginalRequest,
    MarginalWindow,
    ShadowRequest,
)
from apd.errors import ApdError
from apd.models.bidirectional import BidirectionalLM
from apd.models.families import family_of, is_shifted, load_bidirectional
from apd.models.inference import inference_pass
from apd.models.kv_cache import KeyValueCache
from apd.models.marginal_passes import MarginalPasses
from apd.models.positions import PositionLimit
from apd.models.quantization import Precision, quantize_weights
from apd.models.segments import Rows, Segment
from apd.models.shadow import shadow_segment
from apd.models.vocabulary import (
    check_ids,
    declared_id,
    end_token_ids,
    find_mask_token,
    load_tokenizer,
    unsampled_ids,
)


class MaskedDiffusionLM:
    """p_D: a masked diffusion model with its tokenizer.

    Attributes:
        name: what messages call it.
        all_finite: no logit is infinite unless something is broken.
        inference: the pass behind all logits.
        vocab_size: V, rows of the output layer.
        mask_token_id: stands for an undecoded position.
        end_token_ids: end of sequence and end of turn.
        forbidden_token_ids: (F,) long, never to be sampled: the mask, rows that are no token, and
            in a pair the ids that the verifier does not know.
    """

    all_finite = True

    def __init__(
        self,
        model: BidirectionalLM,
        tokenizer: PreTrainedTokenizerBase,
        end_token_ids: frozenset[int],
        never_sampled: set[int] | None = None,
        name: str = "the dLLM",
    ) -> None:
        self.model = model
        self.name = name
        self.inference = inference_pass(model, causal=False)
        self.limit = PositionLimit(name, model.config)
        self.tokenizer = tokenizer
        self.vocab_size: int = model.config.vocab_size
        self.mask_token_id: int = model.config.mask_token_id
        self.end_token_ids = end_token_ids
        forbidden = unsampled_ids(self.vocab_size, tokenizer, self.mask_token_id)
        self.forbidden_token_ids = torch.tensor(
            sorted(i for i in forbidden | (never_sampled or set()) if i < self.vocab_size),
            dtype=torch.long,
            device=self.device,
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are; token ids are moved there."""
        return self.model.lm_head.weight.device

    @property
    def end_of_text_ids(self) -> frozenset[int]:
        """End of sequence as the model's configuration names it; an end of turn is not there."""
        ends = self.model.config.eos_token_id
        return frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])

    def detokenize(self, token_ids: Sequence[int]) -> str:
        """Text of the tokens, special tokens skipped."""
        return str(self.tokenizer.decode(list(token_ids), skip_special_tokens=True))

    def window(self, kv_window: int | None) -> MarginalPasses:
        """A fresh view for one decode that recomputes the last W = ``kv_window`` decoded tokens."""
        return MarginalPasses(self, kv_window)

    @torch.no_grad()
    def marginals(self, requests: Sequence[MarginalRequest]) -> list[Tensor]:
        """Logits of the rows asked for, the requests packed into one pass through the layers.

        Args:
            requests: of different windows, all made by this model.

        Returns:
            (len(rows), V) float32 for each.

        Raises:
            ValueError: positions out of range, or rows of a pass that is not under way.
        """
        windows = [_own(request.window) for request in requests]
        pairs = list(zip(windows, requests, strict=True))
        opening = [(window, r) for window, r in pairs if r.opens_pass]
        segments = [window.open(r.tokens, r.start, r.stop, r.beyond) for window, r in opening]
        if segments:
            for (window, _), computed in zip(opening, self.inference.run(segments), strict=True):
                window.computed = computed
        rows = [window.rows(r) for window, r in pairs]
        logits = self.inference.logits(rows)
        return list(logits.split([len(r.rows) for r in requests]))

    def canvas_logits(self, tokens: Tensor) -> Tensor:
        """(L,) long -> (L, V) float32, row i for position i.

        A shifted model predicts nothing for position 0; as in Dream's own code, row 0 then repeats
        the first output.
        """
        return self.canvases([CanvasRequest(self, tokens, range(len(tokens)))])[0]

    @torch.no_grad()
    def canvases(self, requests: Sequence[CanvasRequest]) -> list[Tensor]:
        """Rows of ``canvas_logits`` of several canvases, packed into one pass.

        Returns:
            (len(rows), V) float32 for each.
        """
        for request in requests:
            self.limit.check(len(request.tokens))
        segments = [self._segment(request) for request in requests]
        wanted, offset = [], self.model.prediction_offset
        for computed, request in zip(self.inference.run(segments), requests, strict=True):
            before = computed.segment.first + offset
            first, stop = request.rows.start - before, request.rows.stop - before
            if first < 0:  # nothing stands before position 0
                wanted.append(Rows(computed, 0, 1))
            if stop > max(first, 0):
                wanted.append(Rows(computed, max(first, 0), stop))
        logits = self.inference.logits(wanted)
        return list(logits.split([len(r.rows) for r in requests]))

    @torch.no_grad()
    def shadowed(self, requests: Sequence[ShadowRequest]) -> list[Tensor]:
        """Logits of a block, and of a shadow of it (`apd.models.shadow`).

        Returns:
            (2 len(rows), V) float32 for each.

        Raises:
            ApdError: the model does not run through the lean pass.
        """
        if not self.inference.takes_sight:
            raise ApdError(
                f"{self.name} runs through transformers' own pass, which has no shadow of a block: "
                "use another decoder than wino"
            )
        for request in requests:
            self.limit.check(len(request.tokens))
        offset = self.model.prediction_offset
        caches = [self.inference.new_cache() for _ in requests]
        whole = [
            Segment(r.tokens.to(self.device), 0, cache)
            for r, cache in zip(requests, caches, strict=True)
        ]
        blocks = [
            Rows(computed, r.rows.start - offset, r.rows.stop - offset)
            for computed, r in zip(self.inference.run(whole), requests, strict=True)
        ]
        lengths = [len(r.rows) for r in requests]
        seen = self.inference.logits(blocks).split(lengths)
        shadows = [
            shadow_segment(r, cache, self.mask_token_id, offset)
            for r, cache in zip(requests, caches, strict=True)
        ]
        hidden = self.inference.logits(
            [Rows(p, 0, B) for p, B in zip(self.inference.run(shadows), lengths, strict=True)]
        ).split(lengths)
        return [torch.cat(pair) for pair in zip(seen, hidden, strict=True)]

    def canvas_cache(self) -> CanvasCache:
        """An empty cache for one decode's canvas.

        Raises:
            ApdError: the model keeps no keys and values between passes.
        """
        if not self.inference.keeps_keys:
            raise ApdError(
                f"{self.name} keeps no keys and values between passes: use cache=none, which "
                "recomputes everything"
            )
        return self.inference.new_cache()

    def _segment(self, request: CanvasRequest) -> Segment:
        """What a request computes: the whole canvas, or a part with the rest in its cache.

        Under a shifted prediction the position before the part is computed with it, since the
        part's first row is that position's output.

        Raises:
            ValueError: the rows are not among the recomputed ones.
        """
        tokens, part, cache = request.tokens.to(self.device), request.recomputed, request.cache
        if cache is None or part is None:
            return Segment(tokens, 0, self.inference.new_cache() if cache is None else cache)
        rows = request.rows
        if not part.start <= rows.start < rows.stop <= part.stop:
            raise ValueError(
                f"rows {rows.start}..{rows.stop - 1} are not among the recomputed positions "
                f"{part.start}..{part.stop - 1}; recompute them, or ask for others"
            )
        first, n = max(0, part.start - self.model.prediction_offset), len(tokens)
        if part.stop < n and not isinstance(cache, KeyValueCache):
            raise ApdError(
                f"{self.name} runs through transformers' own pass, which keeps no keys behind a "
                "block: use cache=prefix or cache=none"
            )
        return Segment(tokens[first : part.stop], first, cache, end=n)


def _own(window: MarginalWindow) -> MarginalPasses:
    if not isinstance(window, MarginalPasses):
        raise TypeError(f"{type(window).__name__} is not a window of this model")
    return window


def load_diffusion(
    directory: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    verifier_unknown: set[int] | None = None,
    *,
    mask_token: str | int | None = None,
    shifted: bool | None = None,
    quantize: Precision | None = None,
) -> MaskedDiffusionLM:
    """A masked diffusion model of any family from a local directory.

    Args:
        verifier_unknown: ids that its verifier does not know.
        mask_token: a token or its id; None for the one that the checkpoint names.
        shifted: whether output i predicts position i + 1; None leaves it to the family.
        quantize: what to make of the linear weights; None leaves them.

    Raises:
        ApdError: files are missing or corrupt, of no family, or do not belong together.
    """
    is_shifted(family_of(directory), shifted, directory)
    tokenizer = load_tokenizer(directory)
    declared = declared_id(directory, "mask_token_id")
    mask = find_mask_token(directory, tokenizer, declared, mask_token)
    if tokenizer.mask_token is None and mask in tokenizer.added_tokens_decoder:
        tokenizer.mask_token = tokenizer.added_tokens_decoder[mask].content  # no word of a prompt
    model = load_bidirectional(directory, "cpu" if quantize else device, dtype, shifted)
    model.config.mask_token_id = mask
    ends = end_token_ids(directory, model.config.eos_token_id, tokenizer)
    ids = {"the mask token": mask} | {f"end token {i}": i for i in sorted(ends)}
    check_ids(directory, model.config.vocab_size, tokenizer, ids)
    if quantize is not None:
        quantize_weights(model, quantize, device)
    return MaskedDiffusionLM(model, tokenizer, ends, verifier_unknown, directory.name)
