"""The names under which lm-eval finds this package's decoders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelName:
    """What a name stands for.

    Attributes:
        algorithm: a decoder, by its name in :mod:`apd.decoding.configuration`.
        family: "Dream" or "llada", the model type of the dLLM; None for any.
        pair: the pair that is used unless the arguments name one.
    """

    algorithm: str
    family: str | None = None
    pair: str = "mini"


_FAMILIES = {"dream": ("Dream", "mini"), "llada": ("llada", "mini-llada")}
_ORDERS = {  # name of a decoding order: the algorithm
    "left-to-right": "left_to_right",
    "random": "random",
    "entropy": "entropy",
    "margin": "margin",
    "low-confidence": "low_confidence",
}
# What each family's own code calls decoding by confidence.
_CONFIDENCE = {"dream": "confidence", "llada": "low_confidence"}

MODEL_NAMES: dict[str, ModelName] = {
    "apd": ModelName("apd"),
    "apd-left-to-right": ModelName("left_to_right"),
    "qwen": ModelName("autoregressive"),
} | {
    f"{prefix}-{name}": ModelName(algorithm, family, pair)
    for prefix, (family, pair) in _FAMILIES.items()
    for name, algorithm in {**_ORDERS, "confidence": _CONFIDENCE[prefix]}.items()
}
