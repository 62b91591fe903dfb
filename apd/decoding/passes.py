"""Decoders as generators: they ask for logits, and whoever drives them runs the models.

A decoder's loop yields a request wherever the pseudocode evaluates a model, and is sent the logits;
it yields each iteration once that is finished. Driven alone, each request is answered at once.
Driven together, the requests of several decodes are answered in one pass, while each decode keeps
its own frontier, noise and pace: batching cannot change what a decoder does, because it is the same
loop.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from apd.decoding.config import SamplingConfig
from apd.decoding.finite import FiniteLogits, Request
from apd.decoding.precision import as_loaded
from apd.decoding.protocols import TextModel
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult, Iteration
from apd.decoding.stopwatch import start_stopwatch

Steps = Generator[Request | Iteration, Tensor, None]
# A decoder's loop: takes its models, the prompt, its settings and a recorder.
Loop = Callable[..., Steps]


class Decode:
    """A decode under way: its loop, and the recorder that its model time is charged to.

    Args:
        loop: `adaptive_steps` and the like.
        models: those that the loop takes, the one whose tokens it emits first.
        prompt_ids: (P,) long.
        config: the loop's settings.
    """

    def __init__(
        self, loop: Loop, models: Sequence[TextModel], prompt_ids: Tensor, config: Any
    ) -> None:
        self.recorder = DecodeRecorder(models, prompt_ids.numel(), config)
        self.steps = loop(*models, prompt_ids, config, self.recorder)


def decode_all(
    loop: Loop,
    models: Sequence[TextModel],
    prompts: Sequence[Tensor],
    config: SamplingConfig,
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """Decode prompts together to their ends.

    Args:
        loop, models, config: see `Decode`; shared by all.
        prompts: (P_b,) long each, of any lengths.
        seeds: one for each prompt instead of `config.seed`.

    Returns:
        A result for each prompt, in their order. Model times are each decode's equal share of the
        passes it took part in; wall time is the batch's own clock.

    Raises:
        ValueError: a malformed prompt, or another number of seeds than of prompts.
    """
    seeds = [config.seed] * len(prompts) if seeds is None else seeds
    if len(seeds) != len(prompts):
        raise ValueError(
            f"{len(seeds)} seeds for {len(prompts)} prompts: give one for each prompt, or None to "
            "use the configuration's for all"
        )
    decodes = [
        Decode(loop, models, prompt, replace(config, seed=seed))
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    for _ in drive(decodes):
        pass
    return [decode.recorder.result() for decode in decodes]


@torch.inference_mode()
def drive(decodes: Sequence[Decode]) -> Iterator[Iteration]:
    """Drive decodes to their ends, answering their requests in common passes.

    A decode that ends leaves the batch. Requests for joint logits are answered before those for
    marginals: a decode that is ahead waits for the others, so that passes stay full.

    Yields:
        Each iteration when it is finished. What the caller does with it is not on the decode's
        clock.
    """
    for decode in decodes:
        decode.recorder.start()
    waiting: dict[int, Request] = {}
    finite = FiniteLogits()
    answers: dict[int, Tensor | None] = dict.fromkeys(range(len(decodes)))
    while answers:
        for index, answer in answers.items():
            request = yield from _until_request(decodes[index], answer)
            if request is not None:
                waiting[index] = request
        finite.check()
        answers = _answer(decodes, waiting, finite)
        for index in answers:
            del waiting[index]


def _until_request(
    decode: Decode, answer: Tensor | None
) -> Generator[Iteration, None, Request | None]:
    """Go on with a decode, past the iterations it finishes, up to its next request, or its end."""
    try:
        said = next(decode.steps) if answer is None else decode.steps.send(answer)
        while isinstance(said, Iteration):
            before = time.perf_counter()
            yield said
            decode.recorder.set_aside(time.perf_counter() - before)
            said = next(decode.steps)
    except StopIteration:
        return None
    return said


@as_loaded
def _answer(
    decodes: Sequence[Decode], waiting: dict[int, Request], finite: FiniteLogits
) -> dict[int, Tensor | None]:
    """Answer all waiting requests of one kind in one pass, and charge its time."""
    if not waiting:
        return {}
    first = min(waiting.values(), key=lambda request: request.role != "verifier")
    chosen = {
        index: request
        for index, request in waiting.items()
        if (type(request), request.role) == (type(first), first.role)
        and request.model is first.model
    }
    stop = start_stopwatch(first.model.device)
    logits = first.answer(list(chosen.values()))  # type: ignore[arg-type]
    seconds = stop()
    finite.note(first.model, list(chosen.values()), logits)
    for index, request in chosen.items():
        share, new_pass = 1 / len(chosen), request.opens_pass
        decodes[index].recorder.charge(first.role, seconds, share, new_pass=new_pass)
    return dict(zip(chosen, logits, strict=True))
