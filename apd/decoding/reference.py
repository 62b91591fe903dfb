"""Algorithm 1 as the paper's reference code runs it: each of its deviations is a switch.

With all switches off this is `apd.decoding.adaptive` with noise by position, token for token (but
for ties, which rounding decides); with all of them on it does what the published code does, and
what made the published numbers. Found by reading github.com/danielmisrael/apd; logits are l_D and
l_AR, T the temperature.

Deviations that cost time and change no token have no switch. This loop has one of them: like the
reference it drafts and verifies whole lookaheads, although acceptance stops at a disagreement.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from apd.decoding.acceptance import accepted_count, couple_target
from apd.decoding.adaptive import AdaptiveConfig
from apd.decoding.canvas import blank_canvas
from apd.decoding.config import Noise, require
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps, decode_all
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, JointRequest, MarginalRequest
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult
from apd.decoding.setting import setting
from apd.decoding.warpers import (
    forbidden_tokens,
    nucleus,
    tempered_log_probs,
    tempered_logits,
)
from apd.errors import ApdError
from apd.mixture import mixture_logits

DEVIATIONS = (
    "greedy_target",
    "squared_temperature",
    "fresh_noise",
    "count_padding",
    "cut_vocabulary",
    "stale_verifier",
)


@dataclass(frozen=True, kw_only=True)
class ReferenceConfig(AdaptiveConfig):
    """Settings of APD with the reference code's deviations; `DEVIATIONS` names the switches.

    Attributes:
        greedy_target: the target is argmax_v (R l_D + (1-R) l_AR); the shared noise never reaches
            it, and the acceptance rule is "greedy" whatever `acceptance` says.
        squared_temperature: the draft divides by T and multiplies the noise by T,
            argmax_v (top_p(l_D / T) + T g), which samples at temperature T^2.
        fresh_noise: g is drawn anew in every iteration, whatever `noise` says.
        count_padding: only the end of the text, not the end of a turn, ends the decode. The tokens
            of its iterations are then what the reference counts (`generated_tokens_reference`);
            the text still ends at the first end token.
        cut_vocabulary: l_D is cut to the verifier's vocabulary where both are mixed, not before the
            draft, which may hold any token of the dLLM; nor are the verifier's own ids excluded.
        stale_verifier: after a lookahead that was accepted whole, l_AR of the last position is
            taken for that of the next one, which is the first of its iteration.
    """

    noise: Noise = "position"
    greedy_target: bool = setting(False, "accept the mixture's argmax, without noise")
    squared_temperature: bool = setting(False, "draft at temperature T squared")
    fresh_noise: bool = setting(False, "draw noise per iteration")
    count_padding: bool = setting(False, "go on past an end of turn, and count it")
    cut_vocabulary: bool = setting(False, "cut the dLLM's logits after drafting")
    stale_verifier: bool = setting(False, "use old logits after a full acceptance")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in DEVIATIONS:
            value = getattr(self, name)
            require(isinstance(value, bool), name, value, "true or false", "false is Algorithm 1")


def reference(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: ReferenceConfig = ReferenceConfig(),
) -> DecodeResult:
    """Decode as the reference code does where the switches say so; otherwise as `adaptive`.

    Args:
        dllm, verifier, prompt_ids: as of `adaptive`.
        config: switches, R, W, M and sampling settings.

    Returns:
        Tokens, text and trace. Raises ValueError for a malformed prompt, and ApdError where the
        reference code fails: the draft holds a token that the verifier has no embedding for.
    """
    return decode_all(reference_steps, (dllm, verifier), [prompt_ids], config)[0]


def reference_steps(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompt_ids: Tensor,
    config: ReferenceConfig,
    run: DecodeRecorder,
) -> Steps:
    """The loop of Algorithm 1, line by line that of `adaptive_steps`, with the deviations."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    forbidden = forbidden_tokens(*((dllm,) if config.cut_vocabulary else (dllm, verifier)))  # (V,)
    window, scorer = dllm.window(config.kv_window), verifier.scorer()
    sampling = replace(config, noise="fresh") if config.fresh_noise else config
    rule = "greedy" if config.greedy_target else config.rule
    stale: Tensor | None = None  # (1, V')

    t, n = len(prompt_ids), len(canvas)
    ended = False
    while t < n and not ended:
        stop = config.lookahead_stop(t, n)
        positions = torch.arange(t, stop, device=dllm.device)  # (m,)
        noise = IterationNoise(sampling, dllm.vocab_size, positions, run.index)

        # propose: x̂_i = argmax_v (log p_D + g), or argmax_v (log p_D + T g)
        every = range(t, stop)
        marginal_logits = yield MarginalRequest(dllm, window, canvas, t, stop, every)  # (m, V)
        log_marginal = tempered_log_probs(marginal_logits, config.temperature, forbidden)
        log_draft = nucleus(log_marginal, config.top_p)  # (m, V)
        if config.squared_temperature and not config.greedy:
            log_draft = log_draft / config.temperature
        draft = noise.draw_shared(log_draft)  # (m,)
        _require_known(draft, verifier)

        # verify
        drafted = torch.cat((canvas[:t], draft, canvas[stop:]))
        joint_logits = yield JointRequest(verifier, scorer, drafted, t, stop)  # (m, V')
        if stale is not None:
            joint_logits = torch.cat((stale, joint_logits[1:]))
        log_joint = tempered_logits(joint_logits, config.temperature, forbidden)  # (m, V)

        # mix, and cut what the verifier lacks
        log_target = mixture_logits(log_marginal, log_joint, config.mixture_weight)  # (m, V)
        log_target[:, verifier.vocab_size :] = -torch.inf

        # accept: the first token is, so no target at position t can matter, stale or not
        target = couple_target(rule, draft, log_draft, log_target, noise)  # (m,)
        tokens = torch.stack((draft, target)).tolist()
        a = accepted_count(*tokens, always_first=True)
        whole = config.stale_verifier and a == len(every)
        stale = joint_logits[-1:] if whole else None

        # commit
        canvas[t : t + a] = draft[:a]
        yield run.record(start=t, draft=tokens[0], target=tokens[1], count=a)
        t += a
        ended = run.ended
        if config.count_padding:
            ended = not dllm.end_of_text_ids.isdisjoint(tokens[0][:a])


def _require_known(draft: Tensor, verifier: AutoregressiveLM) -> None:
    """Refuse a draft that the verifier cannot read."""
    highest = int(draft.max())
    if highest >= verifier.vocab_size:
        raise ApdError(
            f"the draft holds token {highest}, but the verifier knows {verifier.vocab_size} ids; "
            "the reference code fails here: decode without cut_vocabulary"
        )
