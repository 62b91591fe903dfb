"""Decoders: Algorithm 1 and everything it is compared with, one result type for all.

`adaptive` is Adaptive Parallel Decoding; `left_to_right` accepts a fixed number of tokens per
iteration; `any_order` fills the positions the model is surest of; `autoregressive` is the baseline.
Models come in through the protocols of `apd.decoding.protocols`.
"""

from apd.decoding.acceptance import Acceptance
from apd.decoding.adaptive import AdaptiveConfig, adaptive
from apd.decoding.any_order import AnyOrderConfig, any_order
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive
from apd.decoding.batch import (
    adaptive_batch,
    any_order_batch,
    autoregressive_batch,
    left_to_right_batch,
)
from apd.decoding.config import LookaheadConfig, Noise, SamplingConfig
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right
from apd.decoding.protocols import (
    AutoregressiveLM,
    CanvasRequest,
    DiffusionLM,
    JointRequest,
    JointScorer,
    MarginalRequest,
    MarginalWindow,
    TextModel,
)
from apd.decoding.result import DecodeResult, Iteration
from apd.decoding.stream import Stream
from apd.decoding.unmasking import Order

__all__ = [
    "Acceptance",
    "AdaptiveConfig",
    "AnyOrderConfig",
    "AutoregressiveConfig",
    "AutoregressiveLM",
    "CanvasRequest",
    "DecodeResult",
    "DiffusionLM",
    "Iteration",
    "JointRequest",
    "JointScorer",
    "LeftToRightConfig",
    "LookaheadConfig",
    "MarginalRequest",
    "MarginalWindow",
    "Noise",
    "Order",
    "SamplingConfig",
    "Stream",
    "TextModel",
    "adaptive",
    "adaptive_batch",
    "any_order",
    "any_order_batch",
    "autoregressive",
    "autoregressive_batch",
    "left_to_right",
    "left_to_right_batch",
]
