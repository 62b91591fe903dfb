"""Adaptive Parallel Decoding, Algorithm 1 of the paper."""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.acceptance import Acceptance, accepted_count, couple_target
from apd.decoding.canvas import blank_canvas
from apd.decoding.chunks import VerificationPace
from apd.decoding.config import LookaheadConfig, is_int, is_real, require, require_choice
from apd.decoding.contenders import Contenders
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps, decode_all
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, JointRequest, MarginalRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult
from apd.decoding.setting import setting
from apd.decoding.warpers import log_weights, nucleus
from apd.mixture import mixture_logits


@dataclass(frozen=True, kw_only=True)
class AdaptiveConfig(LookaheadConfig):
    """Settings of Adaptive Parallel Decoding; the defaults are the paper's.

    Attributes:
        mixture_weight: R in [0, 1], trust in the dLLM's marginals.
        acceptance: "gumbel" (Algorithm 1), "greedy" (the reference code), "independent", "maximal".
        verify_chunk: positions of the lookahead drafted and verified at a time, >= 1. It changes
            the time, never a token; None follows recent acceptance lengths.

    The other settings are those of `LookaheadConfig` and `SamplingConfig`.
    """

    mixture_weight: float = setting(
        0.7, "trust in the dLLM's marginals, 0 to 1", metavar="R", symbol="R", always_named=True
    )
    acceptance: Acceptance = setting("gumbel", "how tokens are accepted", metavar="RULE", symbol="")
    verify_chunk: int | None = setting(None, "positions verified at a time", stored=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        weight = self.mixture_weight
        remedy = "1 trusts the marginals alone, 0 the verifier alone"
        require(is_real(weight) and 0 <= weight <= 1, "mixture_weight", weight, "in [0, 1]", remedy)
        require_choice("acceptance", self.acceptance, Acceptance)
        chunk = self.verify_chunk
        valid = chunk is None or is_int(chunk, 1)
        remedy = "None follows recent acceptance lengths"
        require(valid, "verify_chunk", chunk, "None or an integer >= 1", remedy)

    @property
    def rule(self) -> Acceptance:
        """The acceptance rule in force: at temperature 0 all of them are the greedy one."""
        return "greedy" if self.greedy else self.acceptance


def adaptive(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: AdaptiveConfig = AdaptiveConfig(),
) -> DecodeResult:
    """Decode with Algorithm 1: the dLLM drafts, the verifier decides how much of the draft stays.

    Args:
        dllm: p_D, gives marginal logits for the masked positions.
        verifier: p̂_AR, scores a whole draft in one causal pass; same token ids as the dLLM.
        prompt_ids: (P,) long.
        config: R, W, M, acceptance rule and sampling settings.

    Returns:
        Tokens, text and trace. Raises ValueError for a malformed prompt.
    """
    return decode_all(adaptive_steps, (dllm, verifier), [prompt_ids], config)[0]


def adaptive_steps(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: AdaptiveConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop of Algorithm 1, which yields for logits wherever it evaluates a model.

    It also yields each finished iteration (see `apd.decoding.passes`).

    What it computes for a lookahead it computes chunk by chunk, and stops at the chunk with the
    first disagreement: nothing after that can matter.
    """
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    T, R = config.temperature, config.mixture_weight
    contenders = Contenders((dllm, verifier), T, all_allowed=config.rule == "maximal")
    window, scorer = dllm.window(config.kv_window), verifier.scorer()
    pace = VerificationPace(config.verify_chunk)

    t, n = len(prompt_ids), len(canvas)
    positions = torch.arange(n, device=dllm.device)
    while t < n and not run.ended:
        stop = config.lookahead_stop(t, n)
        drafted = canvas.clone()
        drafts: list[int] = []
        targets: list[int] = []
        a = 0
        for chunk in pace.chunks(t, stop):
            here = positions[chunk.start : chunk.stop]  # (c,)
            noise = IterationNoise(config, dllm.vocab_size, here, run.index)

            # propose: x̂_i = argmax_v (log p_D + g), of the C tokens that can be drawn
            logits = yield MarginalRequest(dllm, window, canvas, t, stop, chunk)  # (c, V)
            marginal_logits = contenders.known(logits)
            drawn = contenders.between((1.0, marginal_logits))  # (C,) token ids
            log_marginal = log_weights(marginal_logits, T, drawn).log_softmax(-1)  # (c, C)
            log_draft = nucleus(log_marginal, config.top_p)  # (c, C)
            noise = noise.among(drawn)
            draft = noise.draw_shared(log_draft)  # (c,)

            # verify: l_AR given the prefix and the draft before each position
            drafted[chunk.start : chunk.stop] = draft
            logits = yield JointRequest(verifier, scorer, drafted, chunk.start, chunk.stop)
            joint_logits = contenders.known(logits)

            # mix: p_T = p_D^R · p̂_AR^(1-R) / Z, of the C' tokens that can be drawn from it
            drawn = contenders.between((R, marginal_logits), (1 - R, joint_logits))  # (C',)
            log_marginal = log_weights(marginal_logits, T, drawn)  # (c, C')
            log_joint = log_weights(joint_logits, T, drawn)  # (c, C')
            log_target = mixture_logits(log_marginal, log_joint, R)  # (c, C')

            # accept: the first token of the iteration, and on while draft and target agree
            noise = noise.among(drawn)
            target = couple_target(config.rule, draft, log_draft, log_target, noise)  # (c,)
            tokens = torch.stack((draft, target)).tolist()  # the only wait for the device
            drafts += tokens[0]
            targets += tokens[1]
            agreed = accepted_count(*tokens, always_first=chunk.start == t)
            a += agreed
            if agreed < len(chunk):
                break

        # commit
        canvas[t : t + a] = drafted[t : t + a]
        yield run.record(start=t, draft=drafts, target=targets, count=a)
        pace.note(a)
        t += a
