"""What every decoder returns: the tokens, their text, and a trace of how they came about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any

from apd.decoding.config import SamplingConfig
from apd.decoding.protocols import TextModel
from apd.display.html import coloured_html

REPR_CHARACTERS = 40  # of the text in a result's repr


@dataclass(frozen=True)
class Iteration:
    """One pass through a decoder's loop.

    Attributes:
        index: 0, 1, 2, ...
        start: frontier t, the first position that was undecoded (absolute, the prompt counts).
        draft: tokens drafted; for positions start, start + 1, ... in left-to-right decoders. APD
            looks at its draft chunk by chunk, so what lies behind the chunk of the first
            disagreement is not there. Decoders that only look at tokens they commit (fixed K, any
            order) draft what they accept.
        target: the verifier's tokens for the same positions, or None without a verifier.
        accepted: tokens committed to the canvas, those behind an end token included.
        positions: absolute positions of `accepted`, ascending.
        dllm_s, verifier_s, rest_s: seconds in the dLLM, in the autoregressive model, elsewhere.
    """

    index: int
    start: int
    draft: tuple[int, ...]
    target: tuple[int, ...] | None
    accepted: tuple[int, ...]
    positions: tuple[int, ...]
    dllm_s: float
    verifier_s: float
    rest_s: float


@dataclass(frozen=True, repr=False)
class DecodeResult:
    """The outcome of one decode. A notebook shows its text coloured by iteration.

    Attributes:
        tokens: generated tokens up to and including the first end token. A decode that was stopped
            early holds the tokens before the first position still undecoded.
        text: `tokens` as text, special tokens skipped.
        prompt_length: P, tokens in the prompt.
        iterations: the trace.
        finished: whether an end token ended the text (rather than the length or a stop request).
        generated_tokens: len(tokens).
        generated_tokens_reference: tokens committed in all iterations, as the reference
            implementation counts for APD and left to right: those accepted behind an end token
            (padding) are included. Its any-order and LLaDA counts stop at the end token.
        dllm_forwards, verifier_forwards: forward passes. An iteration of APD makes one pass of the
            dLLM, and one of the verifier for each chunk of the draft it looks at. The passes of an
            autoregressive decode are counted under the verifier, the autoregressive role. A
            model that drafts for another is counted under the dLLM, whatever its kind.
        wall_s: seconds spent decoding: the sum of its iterations'. What the caller of a stream does
            between two of them does not count.
        config: the settings, with the seed of this decode.
        models: those that decoded, the one whose tokens these are first. They stay behind when a
            result is pickled or copied.
    """

    tokens: tuple[int, ...]
    text: str
    prompt_length: int
    iterations: tuple[Iteration, ...]
    finished: bool
    generated_tokens: int
    generated_tokens_reference: int
    dllm_forwards: int
    verifier_forwards: int
    wall_s: float
    config: SamplingConfig | None = None
    models: tuple[TextModel, ...] = field(default=(), compare=False)

    @property
    def tokens_per_iteration(self) -> float:
        """Generated tokens / iterations, up to and including the end token."""
        return _ratio(self.generated_tokens, len(self.iterations))

    @property
    def tokens_per_iteration_reference(self) -> float:
        """Tokens per iteration with the reference's count of tokens."""
        return _ratio(self.generated_tokens_reference, len(self.iterations))

    @property
    def throughput(self) -> float:
        """Generated tokens per second of decoding."""
        return _ratio(self.generated_tokens, self.wall_s)

    @property
    def latency_s(self) -> float:
        """Seconds until the whole text is there: `wall_s`."""
        return self.wall_s

    @property
    def dllm_s(self) -> float:
        """Seconds spent in the dLLM."""
        return sum(iteration.dllm_s for iteration in self.iterations)

    @property
    def verifier_s(self) -> float:
        """Seconds spent in the autoregressive model."""
        return sum(iteration.verifier_s for iteration in self.iterations)

    def to_dict(self) -> dict[str, Any]:
        """Fields, trace and derived figures as plain numbers, strings, lists and dicts."""
        derived = (
            "tokens_per_iteration",
            "tokens_per_iteration_reference",
            "throughput",
            "latency_s",
            "dllm_s",
            "verifier_s",
        )
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "models"}
        own["iterations"] = [asdict(iteration) for iteration in self.iterations]
        own["config"] = None if self.config is None else asdict(self.config)
        return _plain(own) | {name: getattr(self, name) for name in derived}

    @property
    def summary(self) -> str:
        """How much was decoded in how many iterations, in words."""
        tokens = _counted(self.generated_tokens, "token")
        iterations = _counted(len(self.iterations), "iteration")
        return f"{tokens} in {iterations}, {self.tokens_per_iteration:.1f} per iteration"

    def __repr__(self) -> str:
        shown = self.text[:REPR_CHARACTERS]
        dots = "..." if len(self.text) > len(shown) else ""
        return f"DecodeResult({shown!r}{dots}, {self.summary}, {self.wall_s:.2f} s)"

    def _repr_html_(self) -> str:
        """The text coloured by iteration, and a line that sums it up; for notebooks."""
        if not self.models:
            return f"<pre>{escape(repr(self))}</pre>"
        return f"{coloured_html(self, self.models[0].detokenize)}<p>{escape(self.summary)}</p>"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"models": ()}


def length_to_end(tokens: Sequence[int], end_token_ids: Collection[int]) -> tuple[int, bool]:
    """Number of tokens up to and including the first end token, and whether there is one."""
    for index, token in enumerate(tokens):
        if token in end_token_ids:
            return index + 1, True
    return len(tokens), False


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0


def _plain(value: Any) -> Any:
    """Tuples become lists, so that the result equals its own JSON round trip."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
