"""The reference code's decoding written out position by position, from its description.

The yardstick for `apd.decoding.reference`, independent of it but for the noise, which is an input.
Sampling is written as the reference writes it: probabilities over powers of exponential noise.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from naive_apd import FIELDS, banned_ids, gumbel_row, top_p
from torch import Tensor

from apd.decoding import AutoregressiveLM, DiffusionLM
from apd.decoding.reference import ReferenceConfig


@dataclass
class NaiveTrace:
    """What was drafted, wanted and kept in every iteration; the text follows from it."""

    drafts: list[list[int]]
    targets: list[list[int]]
    accepted: list[list[int]]


class UnknownToken(Exception):
    """The verifier was to read a token that it has no embedding for."""


def naive_reference(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: ReferenceConfig,
    deviations: Collection[str],
) -> NaiveTrace:
    """Decode with some deviations; `kv_window`, `acceptance` and the switches are not read."""
    x, P, V = prompt_ids.tolist(), len(prompt_ids), dllm.vocab_size
    n, T = P + config.max_new_tokens, config.temperature
    cut = "cut_vocabulary" in deviations
    banned = dllm.forbidden_token_ids.tolist() if cut else banned_ids(dllm, verifier)
    last_ends = dllm.end_of_text_ids if "count_padding" in deviations else dllm.end_token_ids
    fresh = "fresh_noise" in deviations or config.noise == "fresh"
    trace, left_over = NaiveTrace([], [], []), None
    while len(x) < n and last_ends.isdisjoint(x[P:]):
        t, draw = len(x), FIELDS * len(trace.drafts) if fresh else 0
        m = min(config.max_lookahead or n, n - t)
        masks = [dllm.mask_token_id] * m
        l_d = dllm.canvas_logits(torch.tensor(x + masks))[t:].double()  # (m, V)
        l_d[:, banned] = -torch.inf
        exponential = [(-gumbel_row(config.seed, t + i, V, draw)).exp() for i in range(m)]
        draft = []
        for i in range(m):
            p = top_p((l_d[i] / (T or 1.0)).softmax(-1), config.top_p)
            power = T if "squared_temperature" in deviations else 1.0
            draft.append(int((p if T == 0 else p / exponential[i] ** power).argmax()))
        if max(draft) >= verifier.vocab_size:
            raise UnknownToken
        l_ar = verifier.scorer().logits(torch.tensor(x + draft), t, t + m).double()  # (m, V')
        rows = list(l_ar)
        if left_over is not None:
            rows[0] = left_over
        target = []
        for i in range(m):
            both = min(V, verifier.vocab_size)
            scores = mixed(l_d[i, :both], rows[i][:both], config.mixture_weight)
            scores[[token for token in banned if token < both]] = -torch.inf
            if T and "greedy_target" not in deviations:
                scores = (scores / T).softmax(-1) / exponential[i][:both]
            target.append(int(scores.argmax()))
        a = 1
        while a < m and draft[a] == target[a]:
            a += 1
        left_over = rows[-1] if a == m and "stale_verifier" in deviations else None
        x += draft[:a]
        for kept, new in zip(
            (trace.drafts, trace.targets, trace.accepted), (draft, target, draft[:a]), strict=True
        ):
            kept.append(new)
    return trace


def mixed(l_d: Tensor, l_ar: Tensor, R: float) -> Tensor:
    """R l_D + (1 - R) l_AR, where an expert without weight has no zeros either."""
    return l_d.clone() if R == 1 else l_ar.clone() if R == 0 else R * l_d + (1 - R) * l_ar
