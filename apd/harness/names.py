"""The names under which lm-eval finds this package's decoders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apd.decoding.registry import decoders


@dataclass(frozen=True)
class ModelName:
    """What a name stands for.

    Attributes:
        algorithm: a decoder, by its name in the registry.
        family: "Dream" or "llada", the model type of the dLLM; None for any.
        pair: the pair that is used unless the arguments name one.
    """

    algorithm: str
    family: str | None = None
    pair: str = "mini"


_FAMILIES = {"dream": ModelName("", "Dream"), "llada": ModelName("", "llada", "mini-llada")}


def model_names() -> dict[str, ModelName]:
    """What every name stands for: the lm-eval names of all registered decoders."""
    return {
        name: replace(_FAMILIES.get(name.partition("-")[0], ModelName("")), algorithm=row.name)
        for row in decoders()
        for name in row.lm_eval
    }
