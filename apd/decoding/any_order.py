"""Any-order decoding: fill the masked positions the model is surest of, step by step (Table 1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import SamplingConfig, is_int, is_real, require, require_choice
from apd.decoding.noise import IterationNoise
from apd.decoding.passes import Steps, decode_all
from apd.decoding.protocols import CanvasRequest, DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult
from apd.decoding.setting import setting
from apd.decoding.unmasking import (
    Order,
    Schedule,
    above_threshold,
    most_certain,
    position_scores,
    positions_per_step,
    positions_per_step_of_dream,
    shares_left_masked,
    those_that_reach,
)
from apd.decoding.warpers import forbidden_tokens, nucleus, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class AnyOrderConfig(SamplingConfig):
    """Settings of any-order decoding.

    Attributes:
        order: "random", "confidence", "margin", "entropy" (Dream's), or "low_confidence" (LLaDA's).
        num_steps: iterations over which the positions are spread; None is one per token.
        schedule: how they are spread. "even", LLaDA's too; "dream", Dream's own, which rounds down
            and fills what is left in the last step. There a random order fills each position by a
            draw of its own, and how many it fills is random as well.
        block_length: decode blocks of this many positions one after the other; None is one block.
        threshold: instead of a fixed count, fill every position whose score is above this, at least
            one per step; for orders whose score is a probability or a gap between two.

    The other settings are those of `SamplingConfig`.
    """

    order: Order = "confidence"
    num_steps: int | None = setting(
        None, "steps, or none for one a token", metavar="N", symbol="steps"
    )
    schedule: Schedule = setting(
        "even", "how steps share the tokens", metavar="KIND", symbol="", earlier="even"
    )
    block_length: int | None = setting(
        None, "blocks decoded one after the other, tokens", metavar="B", symbol="block"
    )
    threshold: float | None = setting(
        None, "confidence above which every token is taken", metavar="P"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("order", self.order, Order)
        require_choice("schedule", self.schedule, Schedule)
        block, steps, length = self.block_length, self.num_steps, self.max_new_tokens
        valid = block is None or (is_int(block, 1) and length % block == 0)
        allowed = f"None or a divisor of max_new_tokens={length}"
        require(valid, "block_length", block, allowed, "fill the canvas with whole blocks")
        blocks = len(self.block_starts)
        valid = steps is None or (is_int(steps, 1) and steps <= length and steps % blocks == 0)
        allowed = f"None or a multiple of {blocks} (the number of blocks), at most {length}"
        require(valid, "num_steps", steps, allowed, "None takes one step per token")
        self._check_threshold()

    def _check_threshold(self) -> None:
        limit, scored = self.threshold, self.order in ("confidence", "margin", "low_confidence")
        if limit is None:
            return
        valid = is_real(limit) and 0 <= limit <= 1
        require(valid, "threshold", limit, "None or in [0, 1]", "use for example 0.9")
        allowed = "None unless order is confidence, margin or low_confidence"
        require(scored, "threshold", limit, allowed, f"change order={self.order!r}")
        allowed, remedy = "None when num_steps is given", "set only one of the two"
        require(self.num_steps is None, "threshold", limit, allowed, remedy)
        allowed = "None when schedule is 'dream'"
        require(self.schedule == "even", "threshold", limit, allowed, remedy)

    @property
    def block_starts(self) -> range:
        """Offsets of the blocks behind the prompt; the step is the length of a block."""
        return range(0, self.max_new_tokens, self.block_length or self.max_new_tokens)

    def plan(self) -> Iterator[tuple[int, int | float]]:
        """Per step: offset of its block behind the prompt, and how many positions to fill.

        Dream's random order fills no certain number. There it is a float, which the uniform number
        of a position must reach: the share that stays masked if that number is new in every step,
        else the time, from 1 down to 0, at which the position is filled.
        """
        length = self.block_starts.step
        steps_per_block = (self.num_steps or self.max_new_tokens) // len(self.block_starts)
        amounts: Sequence[int | float]
        if self.schedule == "even":
            amounts = positions_per_step(length, steps_per_block)
        elif self.order == "random":
            shares = shares_left_masked(steps_per_block)
            amounts = (shares if self.noise == "fresh" else shares.cumprod(0)).tolist()
        else:
            amounts = positions_per_step_of_dream(length, steps_per_block)
        for block_start in self.block_starts:
            for amount in amounts:
                yield block_start, amount


def any_order(
    dllm: DiffusionLM,
    prompt_ids: Tensor,
    config: AnyOrderConfig = AnyOrderConfig(),
) -> DecodeResult:
    """Propose a token for every masked position, fill the best scored ones, repeat.

    The whole canvas is decoded, whatever stands behind an end token; the result counts up to the
    first one, and `generated_tokens_reference` counts everything.

    Args:
        dllm: p_D, gives marginal logits for the whole canvas.
        prompt_ids: (P,) long.
        config: order, steps, blocks and sampling settings.

    Returns:
        Tokens, text and trace. Raises ValueError for a malformed prompt.
    """
    return decode_all(any_order_steps, (dllm,), [prompt_ids], config)[0]


def any_order_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: AnyOrderConfig, run: DecodeRecorder
) -> Steps:
    """The loop, which yields for the logits of the canvas wherever it needs them."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    P = len(prompt_ids)
    forbidden = forbidden_tokens(dllm)  # (V,)
    masked = torch.arange(len(canvas), device=dllm.device) >= P  # (n,) bool

    for block_start, amount in config.plan():
        block = slice(P + block_start, P + block_start + config.block_starts.step)
        open_positions = masked[block].nonzero().squeeze(-1) + block.start  # (N,)
        if len(open_positions) == 0:
            continue  # a threshold, or chance, finished this block ahead of plan
        noise = IterationNoise(config, dllm.vocab_size, open_positions, run.index)
        rows = range(block.start, block.stop)
        logits = yield CanvasRequest(dllm, canvas, rows)  # (block, V)
        logits = logits[open_positions - block.start]  # (N, V)
        log_raw = tempered_log_probs(logits, 1.0, forbidden)
        log_probs = tempered_log_probs(logits, config.temperature, forbidden)
        log_probs = nucleus(log_probs, config.top_p).log_softmax(-1)
        candidates = noise.draw_shared(log_probs)  # (N,)
        scores = position_scores(config.order, log_probs, log_raw, candidates, noise)  # (N,)
        if config.threshold is not None:
            chosen = above_threshold(scores, config.threshold)
        elif isinstance(amount, int):
            chosen = most_certain(scores, amount)
        else:
            chosen = those_that_reach(scores, amount)
        accepted, positions = candidates[chosen], open_positions[chosen]
        start = int(masked.long().argmax())
        canvas[positions], masked[positions] = accepted, False
        yield run.record(start=start, draft=accepted.tolist(), positions=positions.tolist())
