"""Recording what W and M act on: how keys and values age, and where the dLLM means to end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from apd.analysis import KVStaleness, end_probability, kv_staleness_by_origin
from apd.analysis.replay import verifier_of
from apd.decoding import AdaptiveConfig, adaptive
from apd.display import visible
from apd.models.pairs import Pair
from apd.runs.decode import problem_seed

MEASURES = ("key_step", "value_step", "key_drift", "value_drift")
FRACTIONS = (0.0, 0.25, 0.5, 0.75)  # of the answer, decoded before looking for its end


def record_staleness(
    pair: Pair, prompts: Sequence[Tensor], *, max_new_tokens: int, max_distance: int
) -> dict[str, Any]:
    """Mean staleness over the answers that APD gives to `prompts`.

    Returns:
        distances 1..D, layers and answers (counts), and in origins, for the tokens of the answer
        and for those of the prompt, the four measures of `apd.analysis.KVStaleness` as lists
        (layers, D), weighted by the tokens at each distance.
    """
    found = []
    for number, prompt_ids in enumerate(prompts):
        answer = _answer(pair, prompt_ids, number, max_new_tokens, None)[0]
        size = {"max_new_tokens": max_new_tokens, "max_distance": max_distance}
        found.append(kv_staleness_by_origin(pair.dllm, prompt_ids, answer, **size))
    of_prompt, of_answer = zip(*found, strict=True)
    origins = {"answer": _mean_staleness(of_answer), "prompt": _mean_staleness(of_prompt)}
    return {
        "distances": of_answer[0].distances.tolist(),
        "layers": len(origins["answer"]["key_step"]),
        "answers": len(prompts),
        "origins": origins,
    }


def _mean_staleness(found: Sequence[KVStaleness]) -> dict[str, Any]:
    """Each measure, (layers, D): the mean over texts, weighted by their tokens at a distance."""
    counts = np.array([one.count for one in found], dtype=float)  # (answers, D)
    total = np.where(counts.sum(axis=0) > 0, counts.sum(axis=0), np.nan)  # (D,)
    measures = {}
    for name in MEASURES:
        values = np.nan_to_num(np.array([getattr(one, name) for one in found]))
        measures[name] = _rounded((values * counts[:, None]).sum(axis=0) / total)
    return measures


def record_lookahead(
    pair: Pair, prompts: Sequence[Tensor], lookaheads: Sequence[int | None], *, max_new_tokens: int
) -> dict[str, Any]:
    """End-token probabilities and answers for every M of `lookaheads`, the widest one last.

    Returns:
        lookaheads, fractions; profiles, (M, fractions, offsets): the probability of an end token at
        each masked position, averaged over the prompts, null where M shows none; lengths, (M,
        prompts): tokens of the answers up to and including the end token; answers, (M,): the text
        given to the first prompt.
    """
    lengths: list[list[int]] = []
    texts: list[str] = []
    answers: list[Tensor] = []
    for lookahead in lookaheads:
        decodes = [
            _answer(pair, prompt_ids, number, max_new_tokens, lookahead)
            for number, prompt_ids in enumerate(prompts)
        ]
        answers = [answer for answer, _ in decodes]
        lengths.append([len(answer) for answer in answers])
        texts.append(decodes[0][1])
    profiles = np.array(
        [
            _mean_profile(pair, prompts, answers, fraction, lookaheads, max_new_tokens)
            for fraction in FRACTIONS
        ]
    )  # (fractions, M, offsets)
    return {
        "lookaheads": list(lookaheads),
        "fractions": list(FRACTIONS),
        "profiles": _rounded(profiles.swapaxes(0, 1)),
        "lengths": lengths,
        "answers": texts,
    }


def length_changes(
    pair: Pair, prompts: Sequence[Tensor], lookahead: int, *, max_new_tokens: int
) -> tuple[float, float]:
    """Mean and standard error, over prompts, of log(length with M / length without a limit)."""
    lengths = np.array(
        [
            [
                len(_answer(pair, prompt_ids, number, max_new_tokens, m)[0])
                for m in (lookahead, None)
            ]
            for number, prompt_ids in enumerate(prompts)
        ]
    )  # (prompts, 2)
    change = np.log(lengths[:, 0] / lengths[:, 1])
    return float(change.mean()), float(change.std(ddof=1) / np.sqrt(len(change)))


def _mean_profile(
    pair: Pair,
    prompts: Sequence[Tensor],
    answers: Sequence[Tensor],
    fraction: float,
    lookaheads: Sequence[int | None],
    max_new_tokens: int,
) -> np.ndarray:
    """(M, max_new_tokens) mean end probability behind that fraction of the answers."""
    table = np.full((len(prompts), len(lookaheads), max_new_tokens), np.nan)
    for row, prompt_ids, answer in zip(table, prompts, answers, strict=True):
        decoded = answer[: int(fraction * len(answer))]
        found = end_probability(
            pair.dllm, prompt_ids, decoded, lookaheads, max_new_tokens=max_new_tokens
        )
        row[:, : found.shape[1]] = found
    seen = (~np.isnan(table)).sum(axis=0)
    return np.where(seen > 0, np.nansum(table, axis=0) / np.maximum(seen, 1), np.nan)


def _answer(
    pair: Pair, prompt_ids: Tensor, number: int, max_new_tokens: int, lookahead: int | None
) -> tuple[Tensor, str]:
    """Ids (N,) and text of APD's answer with the paper's settings and position noise."""
    config = AdaptiveConfig(
        noise="position",
        seed=problem_seed(0, number),
        max_lookahead=lookahead,
        max_new_tokens=max_new_tokens,
    )
    result = adaptive(pair.dllm, verifier_of(pair), prompt_ids, config)
    return torch.tensor(result.tokens, dtype=torch.long), visible(result.text)


def _rounded(values: np.ndarray) -> Any:
    """Nested lists of four decimals; nan, which JSON lacks, becomes None."""
    if values.ndim > 1:
        return [_rounded(row) for row in values]
    return [None if np.isnan(value) else round(float(value), 4) for value in values]
