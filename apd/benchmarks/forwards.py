"""How lean a forward pass is: its time over that of the matrix products it consists of.

At the sizes of the mini models a product takes microseconds, and what a framework does between
products can take longer than they do. The yardstick is the bare products, one after another on
matrices of the same shapes, with nothing between them: every layer's four products with weights,
its two attention products, and the output layer, on the rows that the pass has to compute. They are
timed twice: as torch multiplies by default, and with the weights laid out in blocks as the package
has them (``apd.models.products``), which is the stricter yardstick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from apd.benchmarks.models import BenchModels, any_prompt
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import Task, best_of, ratio, spread, take_turns
from apd.costmodel import Architecture
from apd.decoding.chunks import VerificationPace
from apd.decoding.protocols import MarginalRequest
from apd.models import Pair
from apd.models.products import Matrix, times

LENGTHS = (2, 8, 32, 64, 100)  # positions in a pass
CONTEXT = 128  # positions before the frontier
CALLS = 20  # calls of which the shortest counts

Call = Callable[[], object]


@dataclass(frozen=True)
class PassShape:
    """A pass at a frontier that CONTEXT positions precede.

    Attributes:
        model: "dllm" or "verifier".
        decoded: positions before the frontier that are computed again.
        ahead: positions computed from the frontier on.
        rows: of these, how many have their logits asked for.
    """

    model: str
    decoded: int
    ahead: int
    rows: int

    @property
    def positions(self) -> int:
        """Positions computed."""
        return self.decoded + self.ahead


def compare_forwards(
    pair: Pair,
    settings: BenchSettings,
    tokens_per_iteration: float,
    lengths: Sequence[int] = LENGTHS,
    calls: int = CALLS,
) -> dict[str, Any]:
    """Time of passes over that of their bare products: in one iteration, and shape by shape.

    Args:
        pair: the models.
        settings: R, W and M, which with acceptance say what an iteration computes; repetitions.
        tokens_per_iteration: mean acceptance a. The dLLM computes W + a - 1 decoded positions and
            M masked ones, and the verifier the first chunk of these.
        lengths: positions in the passes of the second part.
        calls: in each of which the shortest counts.

    Returns:
        Median and quartiles over rounds for the two passes of an iteration together; `blocked`, the
        same against products of blocked weights; and `by_shape`: model, positions, milliseconds of
        the pass and of the products, and their ratio.
    """
    models = BenchModels.of(pair)
    shapes: list[dict[str, Any]] = []
    for length in lengths:
        window, ahead = length // 2, length - length // 2
        for shape in (
            PassShape("dllm", window, ahead, ahead),
            PassShape("verifier", 0, length, length),
        ):
            seconds = take_turns(_timed(models, shape, calls), settings.rounds)
            shapes.append(
                {
                    "model": shape.model,
                    "positions": length,
                    **{f"{name}_ms": 1e3 * spread(s).median for name, s in seconds.items()},
                    **_over_products(seconds),
                }
            )
    iteration = passes_over_products(models, settings, tokens_per_iteration, calls)
    return {**iteration, "by_shape": shapes}


def passes_over_products(
    models: BenchModels, settings: BenchSettings, tokens_per_iteration: float, calls: int = CALLS
) -> dict[str, Any]:
    """The first part of `compare_forwards`: the two passes of an iteration together."""
    timed = [_timed(models, shape, calls) for shape in _iteration(settings, tokens_per_iteration)]
    together = {name: _sum_of([tasks[name] for tasks in timed]) for name in timed[0]}
    return _over_products(take_turns(together, settings.rounds))


def _iteration(settings: BenchSettings, tokens_per_iteration: float) -> tuple[PassShape, ...]:
    """The passes of one iteration."""
    accepted = round(tokens_per_iteration)
    pace = VerificationPace(None)
    for _ in range(CALLS):  # until it expects what is accepted
        pace.note(accepted)
    chunk = len(next(pace.chunks(0, settings.max_lookahead)))
    return (
        PassShape("dllm", settings.kv_window + accepted - 1, settings.max_lookahead, chunk),
        PassShape("verifier", 0, chunk, chunk),
    )


def _timed(models: BenchModels, shape: PassShape, calls: int) -> dict[str, Task]:
    """Seconds of the pass, of its bare products, and of these with weights in blocks."""
    module = getattr(models, shape.model).model
    size = (shape.positions, shape.rows, CONTEXT - shape.decoded)
    return {
        "pass": best_of(timed_pass(models, shape), calls),
        "products": best_of(bare_products(module, *size), calls),
        "blocked": best_of(bare_products(module, *size, blocked=True), calls),
    }


def _sum_of(tasks: Sequence[Task]) -> Task:
    return lambda: sum(task() for task in tasks)


def _over_products(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """The time of passes over that of their products, by either yardstick."""
    return {
        **ratio(seconds["pass"], seconds["products"]).as_dict(),
        "blocked": ratio(seconds["pass"], seconds["blocked"]).as_dict(),
    }


def timed_pass(models: BenchModels, shape: PassShape) -> Call:
    """One pass of a shape, as decoders ask for it."""
    start, stop = CONTEXT, CONTEXT + shape.ahead
    tokens = any_prompt((models.dllm, models.verifier), stop + 1, seed=1).to(models.dllm.device)
    if shape.model == "verifier":
        scorer = models.verifier.scorer()
        scorer.logits(tokens, start, start + 1)  # everything before is computed once
        return lambda: scorer.logits(tokens, start, stop)
    window = models.dllm.window(shape.decoded)
    rows = range(start, start + shape.rows)
    request = MarginalRequest(models.dllm, window, tokens, start, stop, rows)
    models.dllm.marginals([request])
    return lambda: models.dllm.marginals([request])


@torch.no_grad()
def bare_products(
    module: Any, positions: int, rows: int, context: int, *, blocked: bool = False
) -> Callable[[], None]:
    """The products of a pass and nothing else, as a function without arguments.

    Args:
        module: a transformers causal LM, whose shapes, dtype and device are used.
        positions: T, positions computed.
        rows: of them, those whose logits are wanted; the last layer needs only its keys and values
            for the others.
        context: keys in front of the positions.
        blocked: whether weights are laid out for oneDNN, where that is possible.
    """
    shape = Architecture.from_config(module.config, "the model timed")
    like = module.lm_head.weight
    queries, keys = shape.heads * shape.head_dim, 2 * shape.kv_heads * shape.head_dim
    products: list[tuple[Tensor, Matrix]] = []

    def add(height: int, inputs: int, outputs: int) -> None:
        matrix = Matrix(like.new_empty(outputs, inputs).normal_(0, 0.02))
        values = like.new_empty(height, inputs).normal_()
        products.append((values, matrix.in_blocks() if blocked else matrix))

    for _ in range(shape.layers - 1):
        for inputs, outputs in shape.layer_shapes:
            add(positions, inputs, outputs)
    add(positions, shape.hidden, keys)
    add(rows, shape.hidden, queries)
    for inputs, outputs in shape.layer_shapes[1:]:
        add(rows, inputs, outputs)
    add(rows, shape.hidden, shape.vocabulary)
    heights = [positions] * (shape.layers - 1) + [rows]
    length = context + positions
    scores = [like.new_empty(shape.heads, h, length).normal_() for h in heights]
    heads = [like.new_empty(shape.heads, h, shape.head_dim).normal_() for h in heights]
    stored = like.new_empty(shape.heads, length, shape.head_dim).normal_()

    @torch.inference_mode()
    def run() -> None:
        for values, matrix in products:
            times(values, matrix)
        for score, head in zip(scores, heads, strict=True):
            torch.bmm(head, stored.transpose(1, 2))
            torch.bmm(score, stored)

    return run
