"""Decoders as generators: they ask for logits, and whoever drives them runs the models.

A decoder's loop yields a request wherever the pseudocode evaluates a model, and is sent the logits.
Driven alone, each request is answered at once. Driven together, the requests of several decodes are
answered in one pass, while each decode keeps its own frontier, noise and pace: batching cannot
change what a decoder does, because it is the same loop.
"""

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

from torch import Tensor

from apd.decoding.finite import FiniteLogits, Request
from apd.decoding.protocols import (
    AutoregressiveLM,
    CanvasRequest,
    DiffusionLM,
    JointRequest,
    MarginalRequest,
    TextModel,
)
from apd.decoding.recorder import DecodeRecorder, Role
from apd.decoding.result import DecodeResult
from apd.decoding.stopwatch import start_stopwatch

Steps = Generator[Request, Tensor, DecodeResult]


class Decode(NamedTuple):
    """A decode under way: its loop, and the recorder that its model time is charged to."""

    steps: Steps
    recorder: DecodeRecorder


class Models(NamedTuple):
    """The models that answer requests; a decoder that needs only one leaves the other out."""

    dllm: DiffusionLM | None = None
    verifier: AutoregressiveLM | None = None


def run_decodes(models: Models, decodes: Sequence[Decode]) -> list[DecodeResult]:
    """Drive decodes to their ends, answering their requests in common passes.

    A decode that ends leaves the batch. Requests for joint logits are answered before those for
    marginals: a decode that is ahead waits for the others, so that passes stay full.

    Returns:
        The results, in the order of `decodes`.
    """
    results: dict[int, DecodeResult] = {}
    waiting: dict[int, Request] = {}
    finite = FiniteLogits()
    answers: dict[int, Tensor | None] = dict.fromkeys(range(len(decodes)))
    while answers:
        for index, answer in answers.items():
            try:
                steps = decodes[index].steps
                waiting[index] = next(steps) if answer is None else steps.send(answer)
            except StopIteration as ended:
                results[index] = ended.value
        finite.check()
        answers = _answer(models, decodes, waiting, finite)
        for index in answers:
            del waiting[index]
    return [results[index] for index in range(len(decodes))]


def _answer(
    models: Models,
    decodes: Sequence[Decode],
    waiting: dict[int, Request],
    finite: FiniteLogits,
) -> dict[int, Tensor | None]:
    """Answer all waiting requests of one kind in one pass, and charge its time."""
    for kind in (JointRequest, CanvasRequest, MarginalRequest):
        chosen = {i: request for i, request in waiting.items() if isinstance(request, kind)}
        if chosen:
            role, model, answer = _model(models, kind)
            stop = start_stopwatch(model.device)
            logits = answer(list(chosen.values()))
            seconds = stop()
            finite.note(model, list(chosen.values()), logits)
            for index, request in chosen.items():
                recorder = decodes[index].recorder
                recorder.charge(role, seconds, 1 / len(chosen), new_pass=request.opens_pass)
            return dict(zip(chosen, logits, strict=True))
    return {}


def _model(models: Models, kind: type) -> tuple[Role, TextModel, Callable[..., list[Tensor]]]:
    """Who answers requests of this kind."""
    if kind is JointRequest and models.verifier is not None:
        return "verifier", models.verifier, models.verifier.joints
    if kind is CanvasRequest and models.dllm is not None:
        return "dllm", models.dllm, models.dllm.canvases
    if kind is MarginalRequest and models.dllm is not None:
        return "dllm", models.dllm, models.dllm.marginals
    raise TypeError(f"a decode makes a {kind.__name__}, but no model was given to answer it")
