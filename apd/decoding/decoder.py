"""A decoder as a row of the registry: all that the rest of the package asks about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from torch import Tensor

from apd.decoding.config import SamplingConfig
from apd.decoding.expected_passes import Passes
from apd.decoding.passes import Loop, decode_all
from apd.decoding.result import DecodeResult
from apd.decoding.setting import Setting, settings_of
from apd.decoding.stream import Stream

Kind = Literal["dllm", "verifier", "baseline"]
KINDS = (
    ("dllm",),
    ("dllm", "verifier"),
    ("baseline",),
    ("dllm", "baseline"),
    ("baseline", "dllm"),
    ("baseline", "verifier"),
)


@dataclass(frozen=True)
class Look:
    """How a decoder looks in every figure: name in legends, #rrggbb, matplotlib marker and line."""

    label: str
    colour: str
    marker: str
    line: str = "-"


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoder:
    """A decoder.

    Attributes:
        name: in configurations, tables and ``--algorithm``.
        settings: its settings class, every field with a default.
        steps: its loop, called with its models, a prompt, settings and a recorder; see
            `apd.decoding.passes`. One prompt and several run the same loop.
        models: the kinds of model that it takes, in the order of its loop.
        passes: expected passes of a decode, from its settings and the tokens of a typical answer.
        look: in figures.
        fixed: settings that the row decides, such as the order of an any-order decoder.
        lm_eval: the names of its lm-eval models. One that begins with "dream-" or "llada-" takes a
            dLLM of that family alone.
        spellings: what the paper's code calls it.

    Raises:
        ValueError: a name, the models or a fixed setting is not allowed.
        TypeError: a setting has no default, or no type that a table and a flag can hold.
    """

    name: str
    settings: type[SamplingConfig]
    steps: Loop
    models: tuple[Kind, ...]
    passes: Callable[[Any, float], Passes]
    look: Look
    fixed: Mapping[str, Any] = field(default_factory=dict)
    lm_eval: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+", self.name):
            raise ValueError(f"decoder name {self.name!r}: use letters, digits and _ only")
        if self.models not in KINDS:
            allowed = "; ".join(", ".join(kinds) for kinds in KINDS)
            raise ValueError(
                f"decoder {self.name!r}: models {self.models} are not one of {allowed}"
            )
        unknown = sorted(set(self.fixed) - set(settings_of(self.settings)))
        if unknown:
            raise ValueError(
                f"decoder {self.name!r} fixes {unknown[0]!r}, which {self.settings.__name__} lacks"
            )

    @cached_property
    def free(self) -> Mapping[str, Setting]:
        """The settings that a user may choose, by name; the seed is the experiment's."""
        taken = {*self.fixed, "seed"}
        return {k: v for k, v in settings_of(self.settings).items() if k not in taken}

    @cached_property
    def stored(self) -> Mapping[str, Setting]:
        """The free settings that tables have columns for."""
        return {k: v for k, v in self.free.items() if v.stored}

    @property
    def on_baseline(self) -> bool:
        """Whether it decodes with an autoregressive baseline of the pair, which is to be named."""
        return "baseline" in self.models

    @property
    def verified(self) -> bool:
        """Whether the pair's verifier takes part."""
        return "verifier" in self.models

    def decode(
        self, models: Sequence[Any], prompt_ids: Tensor, config: SamplingConfig
    ) -> DecodeResult:
        """Decode one prompt.

        Args:
            models: one of each kind in `self.models`, in that order.
            prompt_ids: (P,) long.
            config: of class `self.settings`.
        """
        return decode_all(self.steps, models, [prompt_ids], config)[0]

    def decode_batch(
        self,
        models: Sequence[Any],
        prompts: Sequence[Tensor],
        config: SamplingConfig,
        seeds: Sequence[int] | None = None,
    ) -> list[DecodeResult]:
        """Decode prompts, (P_b,) long each, in common passes; see `apd.decoding.batch`."""
        return decode_all(self.steps, models, prompts, config, seeds)

    def stream(self, models: Sequence[Any], prompt_ids: Tensor, config: SamplingConfig) -> Stream:
        """A decode that yields its iterations as they are finished; see `decode`."""
        return Stream(self.steps, models, prompt_ids, config)
