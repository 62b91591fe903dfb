"""The bookkeeping of one decode: clocks, forward counts, trace, callback, stop request."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from apd.decoding.protocols import TextModel
from apd.decoding.result import DecodeResult, Iteration, length_to_end

OnIteration = Callable[[Iteration], None]
ShouldStop = Callable[[], bool]
Role = Literal["dllm", "verifier"]


class DecodeRecorder:
    """Watches a decoder's loop so that the loop itself holds nothing but the algorithm.

    A pass through the loop is `proceed`, model passes, whose time is charged by whoever runs them,
    then `record`. The host waits for a GPU at the start and the end of a decode; in between, the
    tokens that each iteration hands over already tell that its work is done.
    """

    def __init__(
        self,
        models: Sequence[TextModel],
        prompt_length: int,
        on_iteration: OnIteration | None,
        should_stop: ShouldStop | None,
    ) -> None:
        self.ended = False  # an end token has been accepted
        self._model = models[0]
        self._cuda = {model.device for model in models if model.device.type == "cuda"}
        self._prompt_length = prompt_length
        self._on_iteration = on_iteration
        self._should_stop = should_stop
        self._stopped = False
        self._iterations: list[Iteration] = []
        self._forwards: dict[Role, int] = {"dllm": 0, "verifier": 0}
        self._charges: list[tuple[Role, Callable[[], float], float]] = []
        self._callback_s = 0.0
        self._start_s = self._iteration_start_s = self._now()

    @property
    def index(self) -> int:
        """Index of the iteration under way."""
        return len(self._iterations)

    def proceed(self) -> bool:
        """Start the next iteration, or return False once a stop has been asked for."""
        self._stopped = self._stopped or (self._should_stop is not None and self._should_stop())
        self._charges = []
        self._iteration_start_s = time.perf_counter()
        return not self._stopped

    def charge(
        self, role: Role, seconds: Callable[[], float], share: float, *, new_pass: bool
    ) -> None:
        """Charge model time to the iteration under way, and count the pass if it is a new one.

        Args:
            role: which model.
            seconds: gives the time of the pass once the device has finished it.
            share: of it that is this decode's, less than 1 in a pass made for several.
            new_pass: whether it is a pass of its own.
        """
        self._charges.append((role, seconds, share))
        self._forwards[role] += new_pass

    def record(
        self,
        *,
        start: int,
        draft: Sequence[int],
        target: Sequence[int] | None = None,
        count: int | None = None,
        positions: Sequence[int] | None = None,
    ) -> None:
        """Close the iteration: append it to the trace and hand it to the callback.

        Args:
            start: frontier t of the iteration.
            draft, target: tokens that were compared; no target without a verifier.
            count: a, how many drafted tokens were committed; None for all.
            positions: where, absolute and ascending; None for start, start + 1, ...
        """
        committed = tuple(draft[:count])
        self.ended = self.ended or not self._model.end_token_ids.isdisjoint(committed)
        elapsed = time.perf_counter() - self._iteration_start_s
        pass_s: dict[Role, float] = {"dllm": 0.0, "verifier": 0.0}
        for role, seconds, share in self._charges:
            pass_s[role] += share * seconds()
        iteration = Iteration(
            index=self.index,
            start=start,
            draft=tuple(draft),
            target=None if target is None else tuple(target),
            accepted=committed,
            positions=tuple(positions or range(start, start + len(committed))),
            dllm_s=pass_s["dllm"],
            verifier_s=pass_s["verifier"],
            rest_s=elapsed - sum(pass_s.values()),
        )
        self._iterations.append(iteration)
        if self._on_iteration is not None:
            before = time.perf_counter()
            self._on_iteration(iteration)
            self._callback_s += time.perf_counter() - before

    def result(self, decoded: Tensor) -> DecodeResult:
        """The result, given the tokens decoded without a gap behind the prompt. (N,) long."""
        wall_s = self._now() - self._start_s - self._callback_s
        tokens: list[int] = decoded.tolist()
        length, finished = length_to_end(tokens, self._model.end_token_ids)
        return DecodeResult(
            tokens=tuple(tokens[:length]),
            text=self._model.detokenize(tokens[:length]),
            prompt_length=self._prompt_length,
            iterations=tuple(self._iterations),
            finished=finished,
            generated_tokens=length,
            generated_tokens_reference=sum(len(i.accepted) for i in self._iterations),
            dllm_forwards=self._forwards["dllm"],
            verifier_forwards=self._forwards["verifier"],
            wall_s=wall_s,
        )

    def _now(self) -> float:
        """The clock, read after the devices' queued work."""
        for device in self._cuda:
            torch.cuda.synchronize(device)
        return time.perf_counter()
