"""Settings shared by all decoders, validated when they are made."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from apd.decoding.setting import setting

Noise = Literal["fresh", "position"]


def require(satisfied: bool, name: str, value: object, allowed: str, remedy: str) -> None:
    """Raise a ValueError that names the value, the allowed range and the remedy."""
    if not satisfied:
        raise ValueError(f"{name}={value!r} is not allowed: it must be {allowed}; {remedy}")


def is_int(value: object, minimum: int) -> bool:
    """Whether `value` is an integer (a bool is not) and at least `minimum`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def is_real(value: object) -> bool:
    """Whether `value` is a finite int or float (a bool is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def require_choice(name: str, value: object, choices: object) -> None:
    """Raise a ValueError unless `value` is one of the strings of the Literal type `choices`."""
    allowed = get_args(choices)
    require(value in allowed, name, value, f"one of {', '.join(allowed)}", "choose one of these")


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How tokens are drawn, by whichever decoder.

    Attributes:
        noise: "fresh" draws new Gumbel noise every iteration; "position" makes it a pure function
            of (seed, absolute position, token).
        temperature: T >= 0, dimensionless; logits are divided by it, 0 is argmax everywhere.
        top_p: nucleus mass in (0, 1] kept of the law that drafts; 1 keeps every token.
        seed: integer >= 0, fixes all noise.
        max_new_tokens: size in tokens of the canvas behind the prompt.

    Raises:
        ValueError: a value is out of range; the message names value, range and remedy.
    """

    noise: Noise = setting("fresh", "drawn per iteration or by position", metavar="KIND", symbol="")
    temperature: float = setting(0.2, "0 is greedy", metavar="T", symbol="T")
    top_p: float = setting(0.95, "nucleus of the draft", metavar="P", symbol="P")
    seed: int = setting(0, "fixes all noise", metavar="N", stored=False)
    max_new_tokens: int = setting(
        256, "canvas behind the prompt, tokens", metavar="N", symbol="length"
    )

    def __post_init__(self) -> None:
        require_choice("noise", self.noise, Noise)
        t, p, length = self.temperature, self.top_p, self.max_new_tokens
        positive = is_real(t) and t >= 0
        require(positive, "temperature", t, "a finite number >= 0", "0 is greedy decoding")
        require(is_real(p) and 0 < p <= 1, "top_p", p, "in (0, 1]", "1.0 keeps every token")
        require(is_int(self.seed, 0), "seed", self.seed, "an integer >= 0", "use 0, 1, 2, ...")
        require(is_int(length, 1), "max_new_tokens", length, "an integer >= 1", "use 256, say")

    @property
    def greedy(self) -> bool:
        """Whether T = 0, so that every choice is an argmax and no noise is needed."""
        return self.temperature == 0


@dataclass(frozen=True, kw_only=True)
class LookaheadConfig(SamplingConfig):
    """The knobs of decoders that move left to right over a masked suffix.

    Attributes:
        kv_window: W >= 1, decoded tokens behind the frontier whose keys and values are recomputed
            every iteration, or None to recompute everything.
        max_lookahead: M >= 1, masked positions shown to the dLLM, or None for the whole suffix.
    """

    kv_window: int | None = setting(
        None, "decoded tokens recomputed, or none for all", metavar="W", symbol="W"
    )
    max_lookahead: int | None = setting(
        None, "masked tokens shown, or none for all", metavar="M", symbol="M"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value, remedy in (
            ("kv_window", self.kv_window, "None recomputes every position"),
            ("max_lookahead", self.max_lookahead, "None shows the whole masked suffix"),
        ):
            valid = value is None or is_int(value, 1)
            require(valid, name, value, "None or an integer >= 1", remedy)

    def lookahead_stop(self, start: int, end: int) -> int:
        """One past the last position of the lookahead from `start`: min(start + M, n)."""
        return end if self.max_lookahead is None else min(start + self.max_lookahead, end)
