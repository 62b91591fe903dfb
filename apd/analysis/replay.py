"""A finished decode once more: the laws behind its iterations, and those that are worth a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from apd.decoding import AdaptiveConfig, DecodeResult, Iteration
from apd.decoding.canvas import blank_canvas
from apd.decoding.protocols import AutoregressiveLM
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs
from apd.mixture import mixture_log_probs
from apd.models.pairs import Pair

SHOWN_AFTER_REJECTION = 3  # drafted positions looked at after the accepted ones

Laws = tuple[Tensor, Tensor, Tensor]
"""log p_D (before the nucleus), log p̂_AR and log p_T, (c, V) each."""


@torch.inference_mode()
def replay(
    pair: Pair, prompt_ids: Tensor, config: AdaptiveConfig, iterations: Sequence[Iteration]
) -> Iterator[tuple[Iteration, Laws]]:
    """Lead both models through a finished decode again, and look at the laws on the way.

    Yields:
        Each iteration with its laws at the accepted positions and a few behind them.

    Raises:
        ValueError: the pair has no verifier.
    """
    verifier = verifier_of(pair)
    dllm, forbidden = pair.dllm, forbidden_tokens(pair.dllm, verifier)
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    window, scorer = dllm.window(config.kv_window), verifier.scorer()
    for iteration in iterations:
        t, a = iteration.start, len(iteration.accepted)
        shown = min(len(iteration.draft), a + SHOWN_AFTER_REJECTION)
        drafted = canvas.clone()
        drafted[t : t + len(iteration.draft)] = torch.tensor(iteration.draft, device=dllm.device)
        raw = (
            window.logits(canvas, t, config.lookahead_stop(t, len(canvas)))[:shown],
            scorer.logits(drafted, t, t + shown),
        )
        marginal, joint = (tempered_log_probs(row, config.temperature, forbidden) for row in raw)
        yield (
            iteration,
            (marginal, joint, mixture_log_probs(marginal, joint, config.mixture_weight)),
        )
        canvas[t : t + a] = drafted[t : t + a]


def laws_of(pair: Pair, prompt_ids: Tensor, result: DecodeResult, iteration: Iteration) -> Laws:
    """The laws of one iteration of a decode by APD, at the positions that `replay` looks at."""
    assert isinstance(result.config, AdaptiveConfig)
    upto = result.iterations[: iteration.index + 1]
    *_, (_, laws) = replay(pair, prompt_ids, result.config, upto)
    return laws


def worked_iterations(pair: Pair, result: DecodeResult) -> tuple[Iteration, Iteration]:
    """Two iterations of a decode by APD to read: one that went far, and one that did not.

    Of those that ended where draft and target were two different words or numbers, the one that
    accepted most and the one that accepted fewest; the first of equals. A decode without any has
    its longest and shortest iterations returned.
    """
    readable = [step for step in result.iterations if _parts_at_words(pair, step)]
    found = readable or list(result.iterations)
    longest = max(found, key=lambda step: len(step.accepted))
    return longest, min(found, key=lambda step: len(step.accepted))


def _parts_at_words(pair: Pair, step: Iteration) -> bool:
    a = len(step.accepted)
    if step.target is None or a >= len(step.draft):
        return False
    texts = [pair.dllm.detokenize([tokens[a]]).strip() for tokens in (step.draft, step.target)]
    return texts[0] != texts[1] and all(text.isalnum() for text in texts)


def verifier_of(pair: Pair) -> AutoregressiveLM:
    """The pair's verifier; ValueError if it has none."""
    if pair.verifier is None:
        raise ValueError(f"pair {pair.name!r} has no verifier: choose one that has, such as 'mini'")
    return pair.verifier
