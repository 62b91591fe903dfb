"""A decode that is watched, paused or stopped while it happens."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from apd.decoding.config import SamplingConfig
from apd.decoding.passes import Decode, Loop, drive
from apd.decoding.protocols import TextModel
from apd.decoding.result import DecodeResult, Iteration


class Stream(Iterator[Iteration]):
    """Yields the iterations of a decode as they are finished::

        decode = Stream(adaptive_steps, (dllm, verifier), prompt_ids, AdaptiveConfig())
        for iteration in decode:
            if ...:
                break
        decode.result

    The models run only while the next iteration is waited for: whoever breaks off has stopped the
    decode, and may go on with it later. Time spent between iterations is on no clock of the decode.

    Args:
        loop: a decoder's loop, such as `adaptive_steps`.
        models: those that it takes, the one whose tokens it emits first.
        prompt_ids: (P,) long.
        config: its settings.

    A malformed prompt raises ValueError at the first iteration.
    """

    def __init__(
        self,
        loop: Loop,
        models: Sequence[TextModel],
        prompt_ids: Tensor,
        config: SamplingConfig,
    ) -> None:
        self._decode = Decode(loop, models, prompt_ids, config)
        self._iterations = drive([self._decode])

    def __next__(self) -> Iteration:
        return next(self._iterations)

    @property
    def result(self) -> DecodeResult:
        """What has been decoded so far; all of it once the stream is exhausted."""
        return self._decode.recorder.result()

    def finish(self) -> DecodeResult:
        """Decode to the end, and return the result."""
        for _ in self:
            pass
        return self.result
