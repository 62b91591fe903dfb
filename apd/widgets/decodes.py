"""Recording decodes for the stepper: drafts, what was accepted, and the laws behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from apd.analysis.replay import replay, verifier_of
from apd.decoding import AdaptiveConfig, adaptive
from apd.display import StreamingDetokenizer, visible
from apd.models.pairs import Pair

TOP_TOKENS = 3
LEAST_SHOWN = 0.0005  # probabilities have three decimals


def record_decode(pair: Pair, prompt_ids: Tensor, config: AdaptiveConfig) -> list[dict[str, Any]]:
    """Decode and return one record an iteration.

    A record has start (tokens decoded before it), drafted (positions the dLLM filled), accepted (a
    count), tokens (accepted ones up to and including an end token) and their text, draft and target
    (ids of the accepted positions and a few after them), times_s (dLLM, verifier, rest), and laws:
    for each of these positions the likeliest tokens of p_D, p̂_AR and p_T at the decode's
    temperature, as [id, probability].

    Raises:
        ValueError: the pair has no verifier, or the prompt is malformed.
    """
    result = adaptive(pair.dllm, verifier_of(pair), prompt_ids, config)
    stream = StreamingDetokenizer(pair.dllm.detokenize)
    records: list[dict[str, Any]] = []
    for iteration, laws in replay(pair, prompt_ids, config, result.iterations):
        shown = len(laws[0])
        kept = _up_to_end(iteration.accepted, pair.dllm.end_token_ids)
        end = len(prompt_ids) + config.max_new_tokens
        times = (iteration.dllm_s, iteration.verifier_s, iteration.rest_s)
        records.append(
            {
                "start": iteration.start - len(prompt_ids),
                "drafted": config.lookahead_stop(iteration.start, end) - iteration.start,
                "accepted": len(iteration.accepted),
                "tokens": len(kept),
                "text": visible("".join(map(stream.push, kept))),
                "draft": list(iteration.draft[:shown]),
                "target": list((iteration.target or ())[:shown]),
                "times_s": [round(seconds, 5) for seconds in times],
                "laws": [list(row) for row in zip(*map(_top_tokens, laws), strict=True)],
            }
        )
    records[-1]["text"] += visible(stream.flush())
    return records


def token_texts(pair: Pair, decodes: Sequence[Sequence[dict[str, Any]]]) -> dict[str, str]:
    """Text of every token id that occurs in the records, special tokens by their names."""
    ids: set[int] = set()
    for record in (record for records in decodes for record in records):
        ids.update(record["draft"], record["target"])
        ids.update(token for laws in record["laws"] for law in laws for token, _ in law)
    return {str(i): visible(str(pair.tokenizer.decode([i]))) for i in sorted(ids)}


def _top_tokens(log_law: Tensor) -> list[list[list[float]]]:
    """The likeliest tokens of each row, (c, V) -> c lists of [id, probability]."""
    top = log_law.exp().topk(min(TOP_TOKENS, log_law.shape[-1]), dim=-1)
    rows = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return [
        [[i, round(p, 3)] for i, p in zip(ids, ps, strict=True) if p >= LEAST_SHOWN]
        for ids, ps in rows
    ]


def _up_to_end(tokens: Sequence[int], end_token_ids: frozenset[int]) -> list[int]:
    ends = [place for place, token in enumerate(tokens) if token in end_token_ids]
    return list(tokens[: ends[0] + 1] if ends else tokens)
