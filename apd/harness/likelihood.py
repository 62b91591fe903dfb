r"""Log likelihoods of texts, by the chain rule: exact for causal models and for dLLMs.

A causal model scores a text in one pass. A masked diffusion model read left to right, one token at
a time, is the autoregressive law p_AR(y | x) = prod_i p_D(y_i | x, y_<i, masks), the quality target
of decoding with K = 1; scoring takes one pass per token, which are independent and run in batches.
For the law that masked diffusion models are trained by see `apd.harness.diffusion_bound`.

Laws are those that decoders sample from at T = 1 without a nucleus: ids that are never sampled have
probability 0. Values are in nats. P is the length of the context, L the number of scored tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from apd.decoding import AutoregressiveLM, CanvasRequest, DiffusionLM, JointRequest
from apd.decoding.precision import as_loaded
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs

Item = TypeVar("Item")


@dataclass(frozen=True)
class Passage:
    """Token ids of a text to be scored, behind token ids that are given.

    Raises:
        ValueError: there is no context; a text without one is scored behind an end-of-text token.
    """

    context: tuple[int, ...]
    continuation: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.context:
            raise ValueError(
                "context=() is not allowed: it must hold at least one token; begin with the "
                "end-of-text token"
            )

    def tokens(self) -> Tensor:
        """(P + L,) long."""
        return torch.tensor((*self.context, *self.continuation), dtype=torch.long)


@dataclass(frozen=True)
class LogLikelihood:
    """The score of one passage.

    Attributes:
        value: log likelihood, or the bound on it, in nats.
        greedy: whether every token is the most likely one, the tokens before it given. The bound
            knows nothing of it and leaves None.
        stderr: standard error of a Monte Carlo estimate; 0 for exact values.
    """

    value: float
    greedy: bool | None = None
    stderr: float = 0.0


@torch.inference_mode()
@as_loaded
def causal_log_likelihood(
    model: AutoregressiveLM, passages: Sequence[Passage], *, batch_size: int = 8
) -> list[LogLikelihood]:
    """log p(y | x) = sum_i log p(y_i | x, y_<i) under a causal model, `batch_size` texts a pass."""
    forbidden = forbidden_tokens(model)
    scores = [LogLikelihood(0.0, True) for _ in passages]  # of an empty text
    scored = [(number, p) for number, p in enumerate(passages) if p.continuation]
    for batch in batches(scored, batch_size):
        requests = [
            JointRequest(model, model.scorer(), p.tokens(), len(p.context), len(p.tokens()))
            for _, p in batch
        ]
        for (number, p), logits in zip(batch, model.joints(requests), strict=True):
            log_probs, greedy = of_tokens(logits, p.continuation, forbidden)
            scores[number] = LogLikelihood(float(log_probs.sum()), bool(greedy.all()))
    return scores


@torch.inference_mode()
@as_loaded
def left_to_right_log_likelihood(
    dllm: DiffusionLM,
    passages: Sequence[Passage],
    *,
    max_lookahead: int | None = None,
    canvas_length: int | None = None,
    batch_size: int = 8,
) -> list[LogLikelihood]:
    """log p_AR(y | x) = sum_i log p_D(y_i | x, y_<i, masks), `batch_size` tokens a pass.

    Args:
        dllm: p_D.
        passages: what to score.
        max_lookahead: M, masked positions shown from the scored one on; None for all.
        canvas_length: positions behind the context, scored or not, as `max_new_tokens` in decoding.
            None ends the canvas with the passage, which tells the model how long the text is.
        batch_size: canvases of a pass.

    Raises:
        ValueError: M < 1, or a passage does not fit the canvas.
    """
    if max_lookahead is not None and max_lookahead < 1:
        raise ValueError(
            f"max_lookahead={max_lookahead} is not allowed: it must be None or at least 1; "
            "None shows the whole masked suffix"
        )
    forbidden = forbidden_tokens(dllm)
    places = [(number, i) for number, p in enumerate(passages) for i in range(len(p.continuation))]
    values, greedy = [0.0] * len(passages), [True] * len(passages)
    for batch in batches(places, batch_size):
        requests = [
            frontier_request(dllm, passages[number], i, max_lookahead, canvas_length)
            for number, i in batch
        ]
        for (number, i), logits in zip(batch, dllm.canvases(requests), strict=True):
            token = passages[number].continuation[i : i + 1]
            log_prob, is_greedy = of_tokens(logits, token, forbidden)
            values[number] += float(log_prob)
            greedy[number] = greedy[number] and bool(is_greedy)
    return [LogLikelihood(v, g) for v, g in zip(values, greedy, strict=True)]


@torch.inference_mode()
@as_loaded
def is_greedy_left_to_right(dllm: DiffusionLM, passage: Passage) -> bool:
    """Whether left-to-right decoding at T = 0 writes this passage; it stops at the first no."""
    forbidden = forbidden_tokens(dllm)
    for i in range(len(passage.continuation)):
        logits = dllm.canvases([frontier_request(dllm, passage, i)])[0]
        if not bool(of_tokens(logits, passage.continuation[i : i + 1], forbidden)[1]):
            return False
    return True


def of_tokens(logits: Tensor, tokens: Sequence[int], forbidden: Tensor) -> tuple[Tensor, Tensor]:
    """The law's log probability of each token, and whether it is the most likely one.

    Args:
        logits: (k, V') raw logits.
        tokens: k token ids.
        forbidden: (V,) bool, ids of probability 0.

    Returns:
        (k,) float64 in nats, and (k,) bool.
    """
    log_probs = tempered_log_probs(logits, 1.0, forbidden)  # (k, V)
    wanted = torch.tensor(tokens, dtype=torch.long, device=log_probs.device)
    return log_probs.gather(-1, wanted[:, None]).squeeze(-1), log_probs.argmax(-1) == wanted


def frontier_request(
    dllm: DiffusionLM,
    passage: Passage,
    i: int,
    max_lookahead: int | None = None,
    canvas_length: int | None = None,
) -> CanvasRequest:
    """The law of token i: context, the first i tokens, then min(M, n - t) masks from t = P + i."""
    length = len(passage.continuation) if canvas_length is None else canvas_length
    if length < len(passage.continuation):
        raise ValueError(
            f"canvas_length={length} is not allowed: it must be at least the "
            f"{len(passage.continuation)} tokens of the text; use None"
        )
    masks = length - i if max_lookahead is None else min(max_lookahead, length - i)
    t = len(passage.context) + i
    tokens = torch.cat((passage.tokens()[:t], torch.full((masks,), dllm.mask_token_id)))
    return CanvasRequest(dllm, tokens, range(t, t + 1))


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive slices of at most `size` items. Raises ValueError for a size below 1."""
    if size < 1:
        raise ValueError(f"batch_size={size} is not allowed: it must be at least 1; use 8, say")
    return (items[start : start + size] for start in range(0, len(items), size))
