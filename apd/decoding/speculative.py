"""Speculative decoding: a drafter proposes K tokens, the large autoregressive model verifies them.

Sources: Leviathan, Kalman and Matias 2023, arXiv 2211.17192, Algorithm 1; Chen et al. 2023, arXiv
2302.01318, Algorithm 2. APD turned round: there the large model drafts and a small one decides how
much is kept, here the large one decides.

Its steps::

    t = first position that is not decoded; q = laws of the drafter, p = laws of the large model
    draft     x̂_t ... x̂_(t+K-1)  from the small autoregressive model, one pass a token, q_i its
              conditionals; or from the dLLM, one pass for all, q_i its marginals
    verify    p_i given x_<t, x̂_t ... x̂_(i-1) for i = t ... t+K, in one causal pass
    target    y_i ~ p_i, equal to x̂_i with probability min(1, p_i(x̂_i) / q_i(x̂_i)), and from
              (p_i - q_i)+ normalised where it is not
    commit    x̂_t, ... while they equal y_t, ..., then the first y that differs; where none does,
              one more token from p_(t+K)

What it promises: the text has exactly the law of `autoregressive` on the large model at the same
temperature, top-p and length, whatever the drafter; at temperature 0 it is the same text. A worse
drafter costs passes, nothing else. With the acceptance rule "gumbel" the target shares the
drafter's noise instead, y_i = argmax(log p_i + g_i). Fewer tokens are accepted, but with position
noise the text is that of `autoregressive` under the same seed, token for token.

Either kind of noise will do: the noise of a position decides nothing that is kept before the
iteration in which the position is committed.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from apd.decoding.acceptance import Acceptance, accepted_count, couple_target
from apd.decoding.canvas import blank_canvas
from apd.decoding.config import Noise, SamplingConfig, is_int, require, require_choice
from apd.decoding.finite import Request
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps
from apd.decoding.protocols import AutoregressiveLM, JointRequest, JointScorer
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import Iteration
from apd.decoding.setting import setting
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs

Coupling = Literal["maximal", "gumbel"]


@dataclass(frozen=True, kw_only=True)
class SpeculativeConfig(SamplingConfig):
    """Settings of speculative decoding.

    Attributes:
        draft_length: K >= 1; the authors use 1 to 10 with a small autoregressive drafter.
        acceptance: "maximal" is the authors' rule, "gumbel" shares the drafter's noise.

    The other settings are those of `SamplingConfig`; the nucleus is kept of both models' laws.
    """

    draft_length: int = setting(5, "tokens drafted in an iteration", metavar="K", symbol="K")
    acceptance: Coupling = setting("maximal", "how tokens are accepted", metavar="RULE", symbol="")
    noise: Noise = "position"

    def __post_init__(self) -> None:
        super().__post_init__()
        length = self.draft_length
        require(is_int(length, 1), "draft_length", length, "an integer >= 1", "use for example 5")
        require_choice("acceptance", self.acceptance, Coupling)

    @property
    def rule(self) -> Acceptance:
        """The acceptance rule in force: at temperature 0 both are the greedy one."""
        return "greedy" if self.greedy else self.acceptance


def speculative_steps(
    target: AutoregressiveLM,
    drafter: AutoregressiveLM,
    prompt_ids: Tensor,
    config: SpeculativeConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop with an autoregressive drafter, whose passes are counted where drafts are."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, 0, target.device)
    forbidden = forbidden_tokens(target, drafter)  # (V,)
    drafting, verifying = drafter.scorer(), target.scorer()

    t, n = len(prompt_ids), len(canvas)
    while t < n and not run.ended:
        drafted, laws = canvas.clone(), []
        for i in range(t, min(t + config.draft_length, n)):
            logits = yield JointRequest(drafter, drafting, drafted, i, i + 1, role="dllm")
            position = torch.arange(i, i + 1, device=target.device)
            noise = IterationNoise(config, target.vocab_size, position, run.index)
            log_probs = tempered_log_probs(logits, config.temperature, forbidden)
            laws.append(nucleus(log_probs, config.top_p))  # (1, V)
            drafted[i : i + 1] = noise.draw_shared(laws[-1])
        tokens = yield from verified(target, verifying, drafted, t, torch.cat(laws), config, run)
        canvas[t : t + len(tokens)] = tokens
        t += len(tokens)


def verified(
    target: AutoregressiveLM,
    scorer: JointScorer,
    drafted: Tensor,
    t: int,
    log_draft: Tensor,
    config: SpeculativeConfig,
    run: DecodeRecorder,
) -> Generator[Request | Iteration, Tensor, Tensor]:
    """The second half of an iteration: verify, choose targets, commit.

    Args:
        target, scorer: the large model and its view of this decode.
        drafted: (n,) long, the canvas with k drafted tokens from t on.
        t: first position that is not decoded.
        log_draft: (k, V) log laws that the draft was drawn from, up to a constant per position.

    Returns:
        (a,) long, the tokens to commit from t on, 1 <= a <= k + 1. Their iteration is recorded.
    """
    k = len(log_draft)
    stop = min(t + k + 1, len(drafted))
    logits = yield JointRequest(target, scorer, drafted, t, stop)  # (k + 1 or k, V)
    log_probs = tempered_log_probs(logits, config.temperature, forbidden_tokens(target))
    log_target = nucleus(log_probs, config.top_p)

    positions = torch.arange(t, stop, device=target.device)
    noise, last = (
        IterationNoise(config, target.vocab_size, part, run.index)
        for part in (positions[:k], positions[k:])
    )
    draft = drafted[t : t + k]
    agreeing = couple_target(config.rule, draft, log_draft, log_target[:k], noise)  # (k,)
    further = last.draw_shared(log_target[k:]) if stop > t + k else draft[:0]  # (1 or 0,)
    drafts, targets = draft.tolist(), torch.cat((agreeing, further)).tolist()
    a = accepted_count(drafts, targets[:k], always_first=False)
    yield run.record(start=t, draft=drafts, target=targets, accepted=targets[: a + 1])
    return torch.tensor(targets[: a + 1], device=target.device)
