"""A decoder that the package does not know: the file and the row of "Adding a decoder"."""

from dataclasses import dataclass

import torch
from torch import Tensor

from apd.decoding.canvas import blank_canvas
from apd.decoding.config import SamplingConfig, is_int, require
from apd.decoding.decoder import Decoder, Look
from apd.decoding.expected_passes import Passes
from apd.decoding.passes import Steps
from apd.decoding.protocols import CanvasRequest, DiffusionLM
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.setting import setting
from apd.decoding.warpers import forbidden_tokens, tempered_log_probs


@dataclass(frozen=True, kw_only=True)
class StrideConfig(SamplingConfig):
    """Settings of the toy decoder.

    Attributes:
        stride: distance in tokens between the positions that one step fills, >= 1.
        backwards: whether steps run from right to left.
    """

    stride: int = setting(2, "positions between those of a step", metavar="S", symbol="S")
    backwards: bool = setting(False, "steps from right to left")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(is_int(self.stride, 1), "stride", self.stride, "an integer >= 1", "use 2, say")


def stride_steps(
    dllm: DiffusionLM, prompt_ids: Tensor, config: StrideConfig, run: DecodeRecorder
) -> Steps:
    """Fill every S-th position with its likeliest token, then those beside them, in S steps."""
    canvas = blank_canvas(prompt_ids, config.max_new_tokens, dllm.mask_token_id, dllm.device)
    P, n = len(prompt_ids), len(canvas)
    offsets = range(min(config.stride, n - P))
    for offset in reversed(offsets) if config.backwards else offsets:
        logits = yield CanvasRequest(dllm, canvas, range(P, n))  # (n - P, V)
        best = tempered_log_probs(logits, 1.0, forbidden_tokens(dllm)).argmax(-1)  # (n - P,)
        positions = torch.arange(P + offset, n, config.stride)
        canvas[positions] = best[positions - P]
        yield run.record(start=P, draft=best[positions - P].tolist(), positions=positions.tolist())


STRIDE = Decoder(
    name="stride",
    settings=StrideConfig,
    steps=stride_steps,
    models=("dllm",),
    passes=lambda config, tokens: Passes(dllm=config.stride),
    look=Look("every S-th position", "#777733", "8"),
    lm_eval=("apd-stride",),
    spellings=("every_nth",),
)


@dataclass(frozen=True, kw_only=True)
class LaterConfig(StrideConfig):
    """The settings of a later version of the toy decoder, with one more."""

    patience: int = setting(5, "does nothing here", metavar="N", earlier=0)


LATER = Decoder(
    name="stride",
    settings=LaterConfig,
    steps=stride_steps,
    models=("dllm",),
    passes=STRIDE.passes,
    look=STRIDE.look,
)
