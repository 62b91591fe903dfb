"""The bookkeeping of one decode: clocks, forward counts, trace."""

import time
from collections.abc import Callable, Sequence

import torch

from apd.decoding.config import SamplingConfig
from apd.decoding.protocols import Role, TextModel
from apd.decoding.result import DecodeResult, Iteration, length_to_end


class DecodeRecorder:
    """Watches a decoder's loop so that the loop itself holds nothing but the algorithm.

    A pass through the loop is model passes, whose time is charged by whoever runs them, then
    `record`. The host waits for a GPU at the start of a decode; from then on, the tokens that each
    iteration hands over already tell that its work is done.
    """

    def __init__(
        self, models: Sequence[TextModel], prompt_length: int, config: SamplingConfig
    ) -> None:
        self.ended = False  # an end token has been accepted
        self._models = tuple(models)
        self._prompt_length = prompt_length
        self._config = config
        self._iterations: list[Iteration] = []
        self._decoded: dict[int, int] = {}  # position -> token, without those masked again
        self._forwards: dict[Role, int] = {"dllm": 0, "verifier": 0}
        self._charges: list[tuple[Role, Callable[[], float], float]] = []
        self._wall_s = self._iteration_start_s = 0.0

    @property
    def index(self) -> int:
        """Index of the iteration under way."""
        return len(self._iterations)

    def start(self) -> None:
        """Start the clock, once the devices have done the work that was queued before."""
        for device in {model.device for model in self._models if model.device.type == "cuda"}:
            torch.cuda.synchronize(device)
        self._iteration_start_s = time.perf_counter()

    def set_aside(self, seconds: float) -> None:
        """Take time that was spent elsewhere off the iteration under way."""
        self._iteration_start_s += seconds

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
        accepted: Sequence[int] | None = None,
        positions: Sequence[int] | None = None,
        remasked: Sequence[int] = (),
    ) -> Iteration:
        """Close the iteration: append it to the trace and return it.

        Args:
            start: frontier t of the iteration.
            draft, target: tokens that were compared; no target without a verifier.
            count: a, how many drafted tokens were committed; None for all.
            accepted: what was committed, where that is not the first of the draft.
            positions: where, absolute and ascending; None for start, start + 1, ...
            remasked: positions of earlier iterations that are masked again.
        """
        committed = tuple(draft[:count] if accepted is None else accepted)
        where = tuple(positions or range(start, start + len(committed)))
        self._decoded.update(zip(where, committed, strict=True))
        for position in remasked:
            del self._decoded[position]
        self.ended = not self._models[0].end_token_ids.isdisjoint(self._decoded.values())
        now = time.perf_counter()
        elapsed, self._iteration_start_s = now - self._iteration_start_s, now
        pass_s: dict[Role, float] = {"dllm": 0.0, "verifier": 0.0}
        for role, seconds, share in self._charges:
            pass_s[role] += share * seconds()
        iteration = Iteration(
            index=self.index,
            start=start,
            draft=tuple(draft),
            target=None if target is None else tuple(target),
            accepted=committed,
            positions=where,
            dllm_s=pass_s["dllm"],
            verifier_s=pass_s["verifier"],
            rest_s=elapsed - sum(pass_s.values()),
        )
        self._iterations.append(iteration)
        self._charges = []
        self._wall_s += elapsed
        return iteration

    def result(self) -> DecodeResult:
        """What has been decoded so far: the tokens behind the prompt up to the first gap."""
        tokens: list[int] = []
        while (position := self._prompt_length + len(tokens)) in self._decoded:
            tokens.append(self._decoded[position])
        length, finished = length_to_end(tokens, self._models[0].end_token_ids)
        return DecodeResult(
            tokens=tuple(tokens[:length]),
            text=self._models[0].detokenize(tokens[:length]),
            prompt_length=self._prompt_length,
            iterations=tuple(self._iterations),
            finished=finished,
            generated_tokens=length,
            generated_tokens_reference=sum(len(i.accepted) for i in self._iterations),
            dllm_forwards=self._forwards["dllm"],
            verifier_forwards=self._forwards["verifier"],
            wall_s=self._wall_s,
            config=self._config,
            models=self._models,
        )
