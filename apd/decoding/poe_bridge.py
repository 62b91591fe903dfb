"""PoE-Bridge: several drafts of the dLLM on their way to a large autoregressive model.

Source: Shi, Trippe, Leskovec, Ermon and Xu 2026, arXiv 2606.08048, and its published code. Like APD
it goes by the product of both models, but the autoregressive model is the large one, whose law is
the goal, and the product is a bridge to it.

Its steps::

    t = first position that is not decoded; p_D = marginals given x_<t, from one pass
    for each window of B positions, while all of the last one was kept:
        draft     x^k ~ p_D^(1/T_k), k = 1 ... N, each in its nucleus; T_1 = T, ..., T_N = T_high
        verify    p_AR given x_<i, for the windows of all candidates in one pass
        accept    the bridge is b_k ~ (p_D^R p_AR^(1-R))^(1/T_k); keep x^k_i with probability
                  min(1, b_k / p_k), p_k the law that drafted; in place of the first one not kept
                  draw from (b_k - p_k)+ normalised
        choose    a candidate by what p_AR thinks of what is kept of it
        commit    its tokens

How it chooses. By the paper with importance weights prod p_AR^(1/T) / b_k ("resample"). Its code
takes the candidate with the largest mean of log p_AR - log p_D ("likeliest", the default), of raw
logits; here of log probabilities, as logits of two models differ by constants that do not cancel.
Left out is the code's exception of taking first tokens unasked once an end token is drafted.

What it promises: with one candidate the law of the bridge at every position, given where the dLLM's
pass began; at R = 0 that of the large model, for any number of candidates at one temperature that
are resampled. Otherwise the large model's law in the limit of many candidates, resampled.
"""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from apd.decoding.acceptance import Acceptance, accepted_count, couple_target
from apd.decoding.canvas import blank_canvas
from apd.decoding.config import LookaheadConfig, is_int, is_real, require, require_choice
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps
from apd.decoding.protocols import (
    AutoregressiveLM,
    DiffusionLM,
    JointRequest,
    MarginalRequest,
    PackedRequest,
)
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.warpers import (
    forbidden_tokens,
    nucleus,
    tempered_log_probs,
    tempered_logits,
)
from apd.mixture import mixture_logits

Choice = Literal["likeliest", "resample"]
HIGHEST = 0.7  # temperature of the authors' last candidate


@dataclass(frozen=True, kw_only=True)
class PoEBridgeConfig(LookaheadConfig):
    """Settings of PoE-Bridge; the defaults are its authors'.

    Attributes:
        mixture_weight: R in [0, 1], the dLLM's share in the bridge.
        candidates: N >= 1; at temperature 0, where all would be the same, there is one.
        verify_window: B >= 1, positions drafted and verified at a time.
        high_temperature: T_high >= T, of the last candidate; None is the authors' 0.7, or T if that
            is higher.
        choice: "likeliest", the published code's, or "resample", the paper's.

    The other settings are those of `LookaheadConfig`.
    """

    mixture_weight: float = setting(
        0.3, "trust in the dLLM's marginals, 0 to 1", metavar="R", symbol="R", always_named=True
    )
    candidates: int = setting(4, "drafts that are verified together", metavar="N", symbol="N")
    verify_window: int = setting(
        32, "positions drafted and verified at a time", metavar="B", symbol="B"
    )
    high_temperature: float | None = setting(
        None, "of the last candidate, none for 0.7 or T", metavar="T", symbol="high"
    )
    choice: Choice = setting("likeliest", "how a candidate is chosen", metavar="RULE", symbol="")

    def __post_init__(self) -> None:
        super().__post_init__()
        weight, high = self.mixture_weight, self.high_temperature
        remedy = "1 trusts the marginals alone, 0 the large model alone"
        require(is_real(weight) and 0 <= weight <= 1, "mixture_weight", weight, "in [0, 1]", remedy)
        for name, remedy in (("candidates", "1 is one draft"), ("verify_window", "use 32, say")):
            value = getattr(self, name)
            require(is_int(value, 1), name, value, "an integer >= 1", remedy)
        valid = high is None or (is_real(high) and high >= self.temperature)
        allowed, remedy = f"None or >= T={self.temperature}", "T itself makes all candidates alike"
        require(valid, "high_temperature", high, allowed, remedy)
        require_choice("choice", self.choice, Choice)

    @property
    def temperatures(self) -> list[float]:
        """T_1, ..., T_N."""
        T, count = self.temperature, 1 if self.greedy else self.candidates
        high = max(T, HIGHEST) if self.high_temperature is None else self.high_temperature
        return [T + k * (high - T) / max(1, count - 1) for k in range(count)]

    @property
    def rule(self) -> Acceptance:
        """How drafts are coupled to the bridge."""
        return "greedy" if self.greedy else "maximal"


@dataclass(frozen=True)
class _Draft:
    """A window as one candidate has it.

    Attributes:
        T: its temperature.
        tokens: (b,) long.
        log_marginal, log_law: (b, V) log p_D^(1/T), and the same in its nucleus, which drafted.
        noise: the candidate's own.
    """

    T: float
    tokens: Tensor
    log_marginal: Tensor
    log_law: Tensor
    noise: IterationNoise


@dataclass(frozen=True)
class _Candidate:
    """A drafted window, verified.

    Attributes:
        draft, target: tokens; the first of the target that differs is the correction.
        kept: how many tokens of the draft are kept.
        score: what the choice goes by.
    """

    draft: list[int]
    target: list[int]
    kept: int
    score: float

    @property
    def tokens(self) -> list[int]:
        """What would be committed: the kept tokens and, unless that is all, the correction."""
        return self.target[: self.kept + 1]


def poe_bridge_steps(
    dllm: DiffusionLM,
    large: AutoregressiveLM,
    prompt_ids: Tensor,
    config: PoEBridgeConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop; an iteration is a pass of the dLLM with all the windows that it serves."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    forbidden = forbidden_tokens(dllm, large)  # (V,)
    window, temperatures = dllm.window(config.kv_window), config.temperatures
    N, t, n = len(temperatures), len(prompt_ids), len(canvas)
    # noise of its own for every candidate, and for the choice among them
    own = [replace(config, seed=config.seed + (k << 32)) for k in range(N + 1)]
    scorers = [large.scorer() for _ in temperatures]
    unread = [t] * N  # from where on a scorer has not read what was committed

    while t < n and not run.ended:
        start, stop, whole = t, config.lookahead_stop(t, n), True
        drafts: list[int] = []
        targets: list[int] = []
        accepted: list[int] = []
        while whole and t < stop and dllm.end_token_ids.isdisjoint(accepted):
            part = range(t, min(t + config.verify_window, stop))
            positions = torch.arange(part.start, part.stop, device=dllm.device)  # (b,)

            # draft
            logits = yield MarginalRequest(dllm, window, canvas, start, stop, part)  # (b, V)
            log_drafter = tempered_log_probs(logits, 1.0, forbidden)
            window_drafts, asked = [], []
            for k, T in enumerate(temperatures):
                noise = IterationNoise(own[k], dllm.vocab_size, positions, run.index)
                log_marginal = tempered_log_probs(logits, T, forbidden)
                log_law = nucleus(log_marginal, config.top_p)
                draft = _Draft(T, noise.draw_shared(log_law), log_marginal, log_law, noise)
                drafted = canvas.clone()
                drafted[positions] = draft.tokens
                window_drafts.append(draft)
                asked.append(JointRequest(large, scorers[k], drafted, unread[k], part.stop))

            # verify
            packed = yield PackedRequest(tuple(asked))
            rows = packed.split([len(request.rows) for request in asked])

            # accept
            candidates = [
                _verified(draft, joint[-len(part) :], log_drafter, forbidden, config)
                for draft, joint in zip(window_drafts, rows, strict=True)
            ]

            # choose
            scores = torch.tensor([each.score for each in candidates], dtype=torch.float64)
            if config.choice == "resample":
                scores += IterationNoise(own[N], N, positions[:1].cpu(), run.index).shared[0]
            chosen = int(scores.argmax())
            best = candidates[chosen]

            # commit
            tokens = best.tokens
            canvas[t : t + len(tokens)] = torch.tensor(tokens, device=dllm.device)
            unread = [t] * N
            t += len(tokens)
            unread[chosen] = t
            drafts, targets = drafts + best.draft, targets + best.target
            accepted += tokens
            whole = best.kept == len(part)
        yield run.record(start=start, draft=drafts, target=targets, accepted=accepted)


def _verified(
    draft: _Draft, joint: Tensor, log_drafter: Tensor, forbidden: Tensor, config: PoEBridgeConfig
) -> _Candidate:
    """Move a draft to the bridge, and score what is kept of it.

    Args:
        joint: (b, V') logits of the large model, given the draft before each position.
        log_drafter: (b, V) log p_D at temperature 1.
    """
    log_joint = tempered_logits(joint, draft.T, forbidden)
    log_bridge = mixture_logits(draft.log_marginal, log_joint, config.mixture_weight)
    target = couple_target(config.rule, draft.tokens, draft.log_law, log_bridge, draft.noise)
    drafts, targets = draft.tokens.tolist(), target.tolist()
    kept = accepted_count(drafts, targets, always_first=False)
    likeliest = config.choice == "likeliest"
    own = tempered_log_probs(joint, 1.0 if likeliest else config.temperature, forbidden)
    gains = own - (log_drafter if likeliest else log_bridge.log_softmax(-1))  # (b, V)
    of_tokens = gains.gather(-1, target[:, None])[: kept + 1]
    score = of_tokens.mean() if likeliest else of_tokens.sum()
    return _Candidate(drafts, targets, kept, score.item())
