"""Algorithm 1 with attempts to improve it: each is a setting, and all of them are off by default.

With every setting off this is `apd.decoding.adaptive`, token for token (but for ties, which
rounding decides). What each of them changes::

    t = first position that is not decoded
    propose   sparse_lookahead: show the dLLM every S-th mask behind the lookahead, too
              uncertain_first: fix the tokens at the k positions where the verifier is least sure,
              and predict the others once more given these
    verify    verifier_temperature: p̂_AR^(1/tau) instead of p̂_AR
    mix       entropy_decay, distance_decay: R_i = R exp(-c H_i - d (i - t)) instead of R
              exaggeration: go on from the mixture, away from the draft's law, by a share of the way
    accept    corrections: at a disagreement commit the target's token and verify what is left of
              the draft after it; the iteration ends with the C-th of these

What they promise. With a perfect verifier, R = 0, noise by position and shared acceptance the text
is that of one token at a time with the same masks in sight, however tokens are drafted, so that
`uncertain_first` does not change it; nor does `exaggeration`, of any size, which moreover forgives
a verifier that errs a little (see `target_law`). `sparse_lookahead`, like M, says which masks these
are. `corrections` keep the law of such a text under either kind of noise and under every rule that
draws its target, but where a plain iteration would have left a rejected position to the dLLM they
leave it to the verifier: with an imperfect one the text is further from the dLLM's own. They commit
the target's token, an exaggerated one if it is, so that both together are not exact.
`verifier_temperature` and the decays change what is accepted, and promise nothing.
"""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.acceptance import accepted_count, couple_target
from apd.decoding.adaptive import AdaptiveConfig
from apd.decoding.canvas import blank_canvas
from apd.decoding.chunks import VerificationPace
from apd.decoding.config import is_int, is_real, require
from apd.decoding.finite import Request
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps
from apd.decoding.protocols import (
    AutoregressiveLM,
    CanvasRequest,
    DiffusionLM,
    JointRequest,
    JointScorer,
    MarginalRequest,
    MarginalWindow,
)
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.warpers import (
    forbidden_tokens,
    nucleus,
    tempered_log_probs,
    tempered_logits,
)

WITHIN = 16  # positions among which `uncertain_first` chooses, and which it then drafts
LEAST = -745.0  # log probability of what a law excludes, where its weight is negative


@dataclass(frozen=True, kw_only=True)
class VariantConfig(AdaptiveConfig):
    """Settings of APD with attempts to improve it.

    Attributes:
        verifier_temperature: tau > 0, as a multiple of T; below 1 the verifier exaggerates.
        entropy_decay: c >= 0 per nat; R counts for less where the draft's law is uncertain.
        distance_decay: d >= 0 per position; R counts for less further ahead of the frontier.
        exaggeration: beta >= 0; the target is moved on by this share of its step from the draft.
        corrections: C >= 0, disagreements of an iteration at which the target's token is committed.
        uncertain_first: k >= 0, positions whose tokens are fixed first; each iteration then takes
            two passes of each model and drafts at most `WITHIN` tokens, and `kv_window` holds for
            the first of its two passes alone.
        sparse_lookahead: S >= 0; behind the M masks of the lookahead the dLLM is shown every S-th
            to the end of the canvas, so that it knows how much room there is. Nothing is drafted
            there. 0 shows none; more needs an M, and no `uncertain_first`.

    The other settings are those of `AdaptiveConfig`.
    """

    verifier_temperature: float = setting(
        1.0, "the verifier's own, in units of T", metavar="TAU", symbol="tau"
    )
    entropy_decay: float = setting(0.0, "R falls with the draft's entropy, per nat", metavar="C")
    distance_decay: float = setting(0.0, "R falls ahead of the frontier, per token", metavar="D")
    exaggeration: float = setting(0.0, "share by which the target overshoots", metavar="BETA")
    corrections: int = setting(0, "disagreements replaced by the target's token", metavar="C")
    uncertain_first: int = setting(0, "the verifier's uncertain positions fixed first", metavar="N")
    sparse_lookahead: int = setting(
        0, "every S-th mask behind M shown, too", metavar="S", symbol="S", earlier=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        tau = self.verifier_temperature
        valid, remedy = is_real(tau) and tau > 0, "1 is the verifier as it is"
        require(valid, "verifier_temperature", tau, "a finite number > 0", remedy)
        for name in ("entropy_decay", "distance_decay", "exaggeration"):
            value = getattr(self, name)
            valid = is_real(value) and value >= 0
            require(valid, name, value, "a finite number >= 0", "0 is Algorithm 1")
        for name in ("corrections", "uncertain_first", "sparse_lookahead"):
            value = getattr(self, name)
            require(is_int(value, 0), name, value, "an integer >= 0", "0 is Algorithm 1")
        stride = self.sparse_lookahead
        for name, possible, remedy in (
            ("max_lookahead", self.max_lookahead is not None, "without M all masks are shown"),
            ("uncertain_first", not self.uncertain_first, "use one of the two"),
        ):
            allowed = f"0 with {name}={getattr(self, name)!r}"
            require(possible or not stride, "sparse_lookahead", stride, allowed, remedy)

    def beyond(self, stop: int, end: int) -> range | None:
        """Masks that are shown behind a lookahead that ends at `stop`, of a canvas of `end`."""
        stride = self.sparse_lookahead
        return range(stop - 1 + stride, end, stride) if stride else None


def target_law(
    log_marginal: Tensor, log_joint: Tensor, distance: Tensor, config: VariantConfig
) -> Tensor:
    """log p_T up to a constant per position, of whichever variant.

    With m = R_i log u + (1 - R_i) log w / tau, the target is m + beta (m - log u): the mixture with
    the weight (1 + beta) R_i - beta, which may be negative. Where w is the chain's own law z, R = 0
    and tau = 1, the log-odds of z lie between those of u and of the target whatever beta is, which
    is all that exactness needs; and they still do if no log-odds of w errs by more than
    beta / (1 + beta) of their step from u to z.

    Args:
        log_marginal: (c, V) log u, normalised, before the nucleus.
        log_joint: (c, V) log w, up to a constant per position.
        distance: (c,) i - t.

    Returns:
        (c, V) float64.
    """
    R = torch.full((len(distance), 1), config.mixture_weight, dtype=torch.float64)
    R = R.to(log_marginal.device)
    if config.entropy_decay or config.distance_decay:
        entropy = torch.special.entr(log_marginal.exp()).sum(-1)  # (c,) nats
        R = R * (-config.entropy_decay * entropy - config.distance_decay * distance).exp()[:, None]
    R = R - config.exaggeration * (1 - R)  # (c, 1)
    trusted = torch.where(R < 0, log_marginal.clamp_min(LEAST), log_marginal)
    joint = log_joint / config.verifier_temperature
    # an expert without weight is ignored altogether, its zeros included
    return (R * trusted).where(R != 0, 0.0) + ((1 - R) * joint).where(R != 1, 0.0)


def variant_steps(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: VariantConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop of Algorithm 1, line by line that of `adaptive_steps`, with what is switched on."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    forbidden = forbidden_tokens(dllm, verifier)  # (V,)
    window, scorer = dllm.window(config.kv_window), verifier.scorer()
    pace = VerificationPace(config.verify_chunk)
    variant = _Variant(dllm, verifier, window, scorer, forbidden, config)

    t, n = len(prompt_ids), len(canvas)
    while t < n and not run.ended:
        stop = config.lookahead_stop(t, n)
        log_ahead: Tensor | None = None  # (m, V) marginals, if they are not read chunk by chunk
        chunks = pace.chunks(t, stop)
        if config.uncertain_first and stop > t + 1:
            log_ahead = yield from variant.uncertain_first(canvas, t, stop, run.index)
            chunks = iter([range(t, t + len(log_ahead))])
        drafted = canvas.clone()
        drafts: list[int] = []
        targets: list[int] = []
        a = corrected = 0
        for chunk in chunks:
            # propose
            if log_ahead is None:
                beyond = config.beyond(stop, n)
                logits = yield MarginalRequest(
                    dllm, window, canvas, t, stop, chunk, beyond
                )  # (c, V)
                log_marginal = tempered_log_probs(logits, config.temperature, forbidden)
            else:
                log_marginal = log_ahead
            log_draft = nucleus(log_marginal, config.top_p)  # (c, V)
            draft = variant.noise(chunk, run.index).draw_shared(log_draft)  # (c,)
            drafted[chunk.start : chunk.stop] = draft
            drafts += draft.tolist()

            # verify and accept what is left of the chunk, again after each correction
            left = chunk
            while left:
                part = slice(left.start - chunk.start, None)
                target = yield from variant.targets(
                    drafted, left, t, log_marginal[part], log_draft[part], run.index
                )
                targets[left.start - t :] = target
                agreed = accepted_count(
                    drafts[left.start - t :], target, always_first=left.start == t
                )
                a += agreed
                if agreed == len(left) or corrected == config.corrections:
                    break
                drafted[t + a] = target[agreed]
                a, corrected = a + 1, corrected + 1
                left = range(t + a, left.stop) if corrected < config.corrections else range(0)
            if a < chunk.stop - t or (config.corrections and corrected == config.corrections):
                break

        # commit
        canvas[t : t + a] = drafted[t : t + a]
        accepted = drafted[t : t + a].tolist()
        yield run.record(start=t, draft=drafts, target=targets, accepted=accepted)
        pace.note(a)
        t += a


@dataclass(frozen=True)
class _Variant:
    """What the loop holds on to, and the parts of it that are not Algorithm 1's own."""

    dllm: DiffusionLM
    verifier: AutoregressiveLM
    window: MarginalWindow
    scorer: JointScorer
    forbidden: Tensor
    config: VariantConfig

    def noise(self, positions: range, iteration: int) -> IterationNoise:
        """The noise of an iteration at consecutive positions."""
        where = torch.arange(positions.start, positions.stop, device=self.dllm.device)
        return IterationNoise(self.config, self.dllm.vocab_size, where, iteration)

    def targets(
        self,
        drafted: Tensor,
        left: range,
        t: int,
        log_marginal: Tensor,
        log_draft: Tensor,
        iteration: int,
    ) -> Generator[Request, Tensor, list[int]]:
        """Target tokens for the positions `left`, given the draft before each of them."""
        config = self.config
        logits = yield JointRequest(self.verifier, self.scorer, drafted, left.start, left.stop)
        log_joint = tempered_logits(logits, config.temperature, self.forbidden)
        distance = torch.arange(left.start - t, left.stop - t, device=self.dllm.device)
        log_target = target_law(log_marginal, log_joint, distance, config)
        draft, noise = drafted[left.start : left.stop], self.noise(left, iteration)
        chosen: list[int] = couple_target(config.rule, draft, log_draft, log_target, noise).tolist()
        return chosen

    def uncertain_first(
        self, canvas: Tensor, t: int, stop: int, iteration: int
    ) -> Generator[Request, Tensor, Tensor]:
        """Log marginals of the next positions, given tokens where the verifier is least sure.

        The first token of the iteration is fixed as well, drawn from the marginals that know
        nothing of the others, so that its law is that of Algorithm 1.

        Returns:
            (m, V), m <= `WITHIN`: at fixed positions the law that their tokens were drawn from.
        """
        ahead, T = range(t, min(t + WITHIN, stop)), self.config.temperature
        logits = yield MarginalRequest(self.dllm, self.window, canvas, t, stop, ahead)
        log_first = tempered_log_probs(logits, T, self.forbidden)  # (m, V)
        noise = self.noise(ahead, iteration)
        draft = noise.draw_shared(nucleus(log_first, self.config.top_p))
        drafted = canvas[:stop].clone()
        drafted[ahead.start : ahead.stop] = draft
        logits = yield JointRequest(self.verifier, self.scorer, drafted, t, ahead.stop)
        law = tempered_log_probs(logits, T, self.forbidden).exp()
        doubt = torch.special.entr(law).sum(-1)  # (m,) nats
        count = min(self.config.uncertain_first, len(ahead) - 1)
        order = doubt[1:].sort(descending=True, stable=True).indices + 1
        fixed = torch.cat((torch.zeros_like(order[:1]), order[:count]))  # (1 + count,)
        tokens = canvas[:stop].clone()
        tokens[t + fixed] = draft[fixed]
        logits = yield CanvasRequest(self.dllm, tokens, ahead)
        log_again = tempered_log_probs(logits, T, self.forbidden)
        log_again[fixed] = log_first[fixed]
        return log_again
